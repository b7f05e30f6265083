--[[
Writes the definition of a loaded coupon when it is newer than the one that is there.

KEYS  1 state
ARGV  1 version
      2 .. field, value, field, value ...
Returns 1 published, 0 not newer, -1 no state (the rebuild brings the definition)
]]
local version = redis.call('HGET', KEYS[1], 'version')
if not version then
  return -1
end
if tonumber(ARGV[1]) <= tonumber(version) then
  return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
