--[[
Adds users who hold a row to the set that a rebuild collects, and renews the lock.

KEYS  1 rebuild lock  2 rebuild users
ARGV  1 token  2 milliseconds the lock lives  3 .. user ids, at least one
Returns 1, or 0 when the lock belongs to someone else by now
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
-- unpack is limited to some 8,000 values.
for first = 3, #ARGV, 5000 do
  redis.call('SADD', KEYS[2], unpack(ARGV, first, math.min(first + 4999, #ARGV)))
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
