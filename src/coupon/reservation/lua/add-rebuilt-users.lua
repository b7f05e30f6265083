--[[
Adds users who hold a row to the set that a rebuild collects.

KEYS  1 rebuild lock  2 rebuild users
ARGV  1 token  2 milliseconds the lock lives  3 .. user ids, at least one
Returns 1, or 0 when the lock belongs to someone else by now
]]
--- @include "rebuild-lock.lua"

if redis.call('GET', KEYS[1]) ~= lockOf(ARGV[1]) then
  return 0
end
-- unpack is limited to some 8,000 values.
for first = 3, #ARGV, 5000 do
  redis.call('SADD', KEYS[2], unpack(ARGV, first, math.min(first + 4999, #ARGV)))
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
