--[[
Decides whether a user gets a slot of a coupon. A refusal changes nothing.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending
ARGV  1 user id
      2 run_id of the server this connection talks to
      3 '1' to ignore the window and the pause (the retry of a failure), else '0'
Returns the sequence number (> 0), or
      -1 not loaded    -2 inactive          -3 not started
      -4 expired       -5 already reserved  -6 sold out
]]
--- @include "loaded.lua"

local definition = redis.call('HMGET', KEYS[1], 'runId', 'active', 'startsAt', 'expiresAt', 'total')
local reserved = redis.call('GET', KEYS[2])
if not isLoaded(definition[1], ARGV[2], reserved, KEYS[3], KEYS[4]) then
  return -1
end

if ARGV[3] ~= '1' then
  if definition[2] ~= '1' then
    return -2
  end
  -- One clock for all instances: the server's.
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if now < tonumber(definition[3]) then
    return -3
  end
  if now >= tonumber(definition[4]) then
    return -4
  end
end

-- Before sold out: a holder who asks again learns that they hold it.
if redis.call('SISMEMBER', KEYS[3], ARGV[1]) == 1 then
  return -5
end
if tonumber(reserved) >= tonumber(definition[5]) then
  return -6
end

redis.call('INCR', KEYS[2])
redis.call('SADD', KEYS[3], ARGV[1])
local number = redis.call('INCR', KEYS[4])
redis.call('ZADD', KEYS[5], number, ARGV[1])
return number
