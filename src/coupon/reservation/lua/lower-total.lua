--[[
Writes a newer definition with a smaller total, unless more slots than that are held already. Runs before MySQL is
changed, so that nobody is admitted to a slot that is about to go. One that comes late, when it has been put back under a
newer version, changes nothing.

KEYS  1 state  2 reserved  3 users  4 sequence
ARGV  1 run_id of the server this connection talks to
      2 version
      3 the new total
      4 .. field, value, field, value ...
Returns -1 lowered, -2 the coupon is not loaded, -3 not newer, else the number of slots held, which is more than the new total
]]
--- @include "loaded.lua"

local reserved = redis.call('GET', KEYS[2])
if not isLoaded(redis.call('HGET', KEYS[1], 'runId'), ARGV[1], reserved, KEYS[3], KEYS[4]) then
  return -2
end
if tonumber(ARGV[2]) <= tonumber(redis.call('HGET', KEYS[1], 'version')) then
  return -3
end
if tonumber(reserved) > tonumber(ARGV[3]) then
  return tonumber(reserved)
end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
return -1
