--[[
Writes the definition of a coupon when it is newer than the one that is there.

KEYS  1 state
ARGV  1 version
      2 .. field, value, field, value ...
Returns 1 published, 0 not newer, -1 no state of this server (the rebuild brings the definition)
]]
--- @include "loaded.lua"

local state = read('HMGET', KEYS[1], 'server', 'version') or {}
if state[1] ~= serverIdentity() then
  return -1
end
if tonumber(ARGV[1]) <= tonumber(state[2]) then
  return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
