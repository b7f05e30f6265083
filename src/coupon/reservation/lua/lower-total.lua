--[[
Writes a newer definition with a smaller total, unless more slots than that are held already. Runs before MySQL is
changed, so that nobody is admitted to a slot that is about to go. One that comes late, when it has been put back under a
newer version, changes nothing.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending
ARGV  1 version
      2 the new total
      3 .. field, value, field, value ...
Returns -1 lowered, -2 the coupon is not loaded, -3 not newer, else the number of slots held, which is more than the new total
]]
--- @include "loaded.lua"

local reserved = counter(KEYS[2])
if not isLoaded(read('HGET', KEYS[1], 'server'), reserved, KEYS[3], counter(KEYS[4]), KEYS[5], 0) then
  return -2
end
if tonumber(ARGV[1]) <= tonumber(redis.call('HGET', KEYS[1], 'version')) then
  return -3
end
if reserved > tonumber(ARGV[2]) then
  return reserved
end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
return -1
