--[[
Confirms reservations whose rows are committed: they are no longer pending, and their users hold a slot. Safe to repeat.
While the coupon is not loaded its users only go (back) into pending: the rebuild keeps pending, and the sweep confirms
them afterwards.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending
ARGV  1 run_id of the server this connection talks to
      2 n, the number of reservations
      3 .. n+2 user ids, n+3 .. 2n+2 their sequence numbers
Returns 1 when confirmed, 0 when the coupon is not loaded
]]
--- @include "loaded.lua"

local n = tonumber(ARGV[2])
local reserved = redis.call('GET', KEYS[2])
if not isLoaded(redis.call('HGET', KEYS[1], 'runId'), ARGV[1], reserved, KEYS[3], KEYS[4]) then
  for i = 3, n + 2 do
    redis.call('ZADD', KEYS[5], 'NX', ARGV[i + n], ARGV[i])
  end
  return 0
end

redis.call('ZREM', KEYS[5], unpack(ARGV, 3, n + 2))
-- Users who are missing: Redis lost them after it had admitted them.
local added = redis.call('SADD', KEYS[3], unpack(ARGV, 3, n + 2))
if added > 0 then
  redis.call('INCRBY', KEYS[2], added)
end
return 1
