--[[
Decides, in the order given, which users get a slot of a coupon. A refusal changes nothing.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending
ARGV  1 the greatest sequence number of the coupon that the caller has seen, 0 for none
      2 '1' to ignore the window and the pause (the retry of a failure), else '0'
      3 .. user ids, at least one
Returns for each user the sequence number (> 0), or
      -1 not loaded    -2 inactive          -3 not started
      -4 expired       -5 already reserved  -6 sold out
]]
--- @include "loaded.lua"

local function refuseAll(refusal)
  local answers = {}
  for i = 3, #ARGV do
    answers[i - 2] = refusal
  end
  return answers
end

local definition = read('HMGET', KEYS[1], 'server', 'active', 'startsAt', 'expiresAt', 'total') or {}
local reserved = counter(KEYS[2])
local sequence = counter(KEYS[4])
if not isLoaded(definition[1], reserved, KEYS[3], sequence, KEYS[5], tonumber(ARGV[1])) then
  return refuseAll(-1)
end

if ARGV[2] ~= '1' then
  if definition[2] ~= '1' then
    return refuseAll(-2)
  end
  -- One clock for all instances: the server's.
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if now < tonumber(definition[3]) then
    return refuseAll(-3)
  end
  if now >= tonumber(definition[4]) then
    return refuseAll(-4)
  end
end

local room = tonumber(definition[5]) - reserved
local answers = {}
local admitted = {} -- number, user id, number, user id ...
for i = 3, #ARGV do
  local answer
  -- Already reserved comes before sold out: a holder who asks again learns that they hold it.
  if room > #admitted / 2 then
    if redis.call('SADD', KEYS[3], ARGV[i]) == 1 then
      answer = sequence + #admitted / 2 + 1
      admitted[#admitted + 1] = string.format('%.0f', answer)
      admitted[#admitted + 1] = ARGV[i]
    else
      answer = -5
    end
  else
    answer = redis.call('SISMEMBER', KEYS[3], ARGV[i]) == 1 and -5 or -6
  end
  answers[i - 2] = answer
end

if #admitted > 0 then
  redis.call('INCRBY', KEYS[2], #admitted / 2)
  redis.call('INCRBY', KEYS[4], #admitted / 2)
  redis.call('ZADD', KEYS[5], unpack(admitted))
end
return answers
