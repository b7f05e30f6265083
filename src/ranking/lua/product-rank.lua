--[[
The rank of one product on a day: most sold first, of equals the lower id first. Changes nothing.

KEYS  1 sales  2 orders  3 reconciled
ARGV  1 product
Returns -1 first when the day is not complete, and nothing more; else
      how many ms ago the last reconcile began, when the product was not sold, or all of it was refunded
      these ms, rank, quantity when it was
]]
--- @include "ms-since-reconcile.lua"

local reconciledMsAgo = msSinceReconcile(KEYS[1], KEYS[2], KEYS[3])
if not reconciledMsAgo then
  return { -1 }
end
local quantity = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not quantity or tonumber(quantity) <= 0 then
  return { reconciledMsAgo }
end
local soldMore = redis.call('ZCOUNT', KEYS[1], '(' .. quantity, '+inf')
local soldLess = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. quantity)
local lowerIdOfEquals = redis.call('ZRANK', KEYS[1], ARGV[1]) - soldLess
return { reconciledMsAgo, soldMore + lowerIdOfEquals + 1, quantity }
