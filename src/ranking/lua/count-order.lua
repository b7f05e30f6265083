--[[
Counts the lines of a paid order, once, however often it is called.

KEYS  1 sales  2 orders  3 complete
ARGV  1 run_id of the server this connection talks to
      2 ms until the day's keys expire
      3 order id
      4 .. product, quantity, product, quantity ..., at least one pair
Returns two numbers
      1 when the order was counted, 0 when it had been before
      1 when the day is complete, 0 when it has to be reconciled
]]
--- @include "is-complete.lua"

local complete = isComplete(KEYS[1], KEYS[2], KEYS[3], ARGV[1]) and 1 or 0
local counted = redis.call('SADD', KEYS[2], ARGV[3])
if counted == 1 then
  for i = 4, #ARGV, 2 do
    redis.call('ZINCRBY', KEYS[1], ARGV[i + 1], ARGV[i])
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
return { counted, complete }
