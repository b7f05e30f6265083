--[[
Confirms reservations whose rows are committed: they are no longer pending, and their users hold a slot. Safe to repeat.
While the coupon is not loaded its users only go (back) into pending: the rebuild keeps pending, and the sweep confirms
them afterwards. What was confirmed is told on the channel of the coupon, after everything else.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending
ARGV  1 n, the number of reservations
      2 .. n+1 user ids, n+2 .. 2n+1 their sequence numbers
      2n+2 the channel  2n+3 the name of the instance that confirms
Returns { 1 when confirmed, 0 when the coupon is not loaded, why the others could not be told, '' when they were }
]]
--- @include "loaded.lua"
--- @include "tell-of-outcomes.lua"

local n = tonumber(ARGV[1])
if not isLoaded(read('HGET', KEYS[1], 'server'), counter(KEYS[2]), KEYS[3], counter(KEYS[4]), KEYS[5], 0) then
  dropUnless('zset', KEYS[5])
  for i = 2, n + 1 do
    redis.call('ZADD', KEYS[5], 'NX', ARGV[i + n], ARGV[i])
  end
  return { 0, '' }
end

redis.call('ZREM', KEYS[5], unpack(ARGV, 2, n + 1))
-- Users who are missing: Redis lost them after it had admitted them.
local added = redis.call('SADD', KEYS[3], unpack(ARGV, 2, n + 1))
if added > 0 then
  redis.call('INCRBY', KEYS[2], added)
end
return { 1, tellOfOutcomes(ARGV[2 * n + 2], ARGV[2 * n + 3], 2, n + 1) }
