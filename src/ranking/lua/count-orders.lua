--[[
Counts the lines of paid orders, each order once, however often it is called. Where half of the day's counts is lost it
counts nothing: the reconcile does.

KEYS  1 sales  2 orders  3 reconciled
ARGV  1 ms until the day's keys expire
      2 .. for each order: its number, how many lines it has (at least one), and for each line product and quantity
Returns two numbers
      1 how many of the orders were counted; the others had been before
      2 1 when the day was complete before, 0 when it has to be reconciled
]]
--- @include "ms-since-reconcile.lua"

local complete = msSinceReconcile(KEYS[1], KEYS[2], KEYS[3]) and 1 or 0
if isHalfLost(KEYS[1], KEYS[2]) then
  return { 0, 0 }
end
local counted = 0
local i = 2
while i < #ARGV do
  local lines = tonumber(ARGV[i + 1])
  -- Below that it would go back, and round in circles for ever.
  if not lines or lines < 1 then
    return { err = 'ERR an order has a line at least' }
  end
  local nextOrder = i + 2 + 2 * lines
  if redis.call('SADD', KEYS[2], ARGV[i]) == 1 then
    counted = counted + 1
    for line = i + 2, nextOrder - 1, 2 do
      redis.call('ZINCRBY', KEYS[1], ARGV[line + 1], ARGV[line])
    end
  end
  i = nextOrder
end
if counted > 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
return { counted, complete }
