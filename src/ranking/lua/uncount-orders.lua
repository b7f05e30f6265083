--[[
Counts the lines of refunded orders down, each order once, however often it is called. One that was not counted is marked
as counted instead: it never will be. Where half of the day's counts is lost it counts nothing: the reconcile does.

KEYS  1 sales  2 orders  3 reconciled
ARGV  1 ms until the day's keys expire
      2 .. for each order: its number, the marker of its refund, how many lines it has (at least one), and for each line
           product and quantity
Returns two numbers
      1 of how many orders the refund was new; those of the others had been counted before
      2 1 when the day was complete before, 0 when it has to be reconciled
]]
--- @include "ms-since-reconcile.lua"

local complete = msSinceReconcile(KEYS[1], KEYS[2], KEYS[3]) and 1 or 0
if isHalfLost(KEYS[1], KEYS[2]) then
  return { 0, 0 }
end
local uncounted = 0
local i = 2
while i < #ARGV do
  local lines = tonumber(ARGV[i + 2])
  -- Below that it would go back, and round in circles for ever.
  if not lines or lines < 1 then
    return { err = 'ERR an order has a line at least' }
  end
  local nextOrder = i + 3 + 2 * lines
  if redis.call('SADD', KEYS[2], ARGV[i + 1]) == 1 then
    uncounted = uncounted + 1
    local wasCounted = redis.call('SADD', KEYS[2], ARGV[i]) == 0
    for line = i + 3, nextOrder - 1, 2 do
      -- 0, so that the product is there all the same: orders without sales would mean that the sales are lost.
      redis.call('ZINCRBY', KEYS[1], wasCounted and '-' .. ARGV[line + 1] or '0', ARGV[line])
    end
  end
  i = nextOrder
end
if uncounted > 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
return { uncounted, complete }
