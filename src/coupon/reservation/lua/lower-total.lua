--[[
Writes a definition with a smaller total, unless more slots than that are held already. Runs before MySQL is changed, so
that nobody is admitted to a slot that is about to go.

KEYS  1 state  2 reserved  3 users  4 sequence
ARGV  1 run_id of the server this connection talks to
      2 the new total
      3 .. field, value, field, value ...
Returns -1 lowered, -2 the coupon is not loaded, else the number of slots held, which is more than the new total
]]
--- @include "loaded.lua"

local reserved = redis.call('GET', KEYS[2])
if not isLoaded(redis.call('HGET', KEYS[1], 'runId'), ARGV[1], reserved, KEYS[3], KEYS[4]) then
  return -2
end
if tonumber(reserved) > tonumber(ARGV[2]) then
  return tonumber(reserved)
end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
return -1
