--[[
Ends a rebuild: users = users with a row and users who are pending, reserved = their number, and a new state, which opens
the coupon again. Only for the holder of the lock, and only when everyone is there whom they have added.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending  6 rebuild lock  7 rebuild users
ARGV  1 token
      2 how many users the rebuild has added
      3 least value of the sequence
      4 .. field, value, field, value ... of the state
Returns 1, or 0 when the lock belongs to someone else by now, or some of the users are missing
]]
--- @include "rebuild-lock.lua"

if redis.call('GET', KEYS[6]) ~= lockOf(ARGV[1]) or redis.call('SCARD', KEYS[7]) ~= tonumber(ARGV[2]) then
  return 0
end

redis.call('UNLINK', KEYS[3])
if redis.call('EXISTS', KEYS[7]) == 1 then
  redis.call('RENAME', KEYS[7], KEYS[3])
  redis.call('PERSIST', KEYS[3])
end
local page = 1000
local pending = redis.call('ZCARD', KEYS[5])
for first = 0, pending - 1, page do
  redis.call('SADD', KEYS[3], unpack(redis.call('ZRANGE', KEYS[5], first, first + page - 1)))
end
redis.call('SET', KEYS[2], redis.call('SCARD', KEYS[3]))

local sequence = math.max(counter(KEYS[4]) or 0, tonumber(ARGV[3]))
local last = redis.call('ZRANGE', KEYS[5], -1, -1, 'WITHSCORES')
if last[2] then
  sequence = math.max(sequence, tonumber(last[2]))
end
redis.call('SET', KEYS[4], string.format('%.0f', sequence))

local server, runId = serverIdentity()
-- runId is for instances of the version before, beside which this one may run: they know the server by it alone.
redis.call('HSET', KEYS[1], 'server', server, 'runId', runId, unpack(ARGV, 4))
return 1
