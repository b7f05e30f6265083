--[[
The products sold most on a day. Changes nothing. One of which everything was refunded was not sold.

KEYS  1 sales  2 orders  3 reconciled
ARGV  1 how many products at most
Returns -1 first when the day is not complete, and nothing more; else
      how many ms ago the last reconcile began, product, quantity, product, quantity ...: the right products, those of
      equal quantity in no particular order
]]
--- @include "ms-since-reconcile.lua"

local reconciledMsAgo = msSinceReconcile(KEYS[1], KEYS[2], KEYS[3])
if not reconciledMsAgo then
  return { -1 }
end
local limit = tonumber(ARGV[1])
local answer = { reconciledMsAgo }
local top = redis.call('ZREVRANGE', KEYS[1], 0, limit - 1, 'WITHSCORES')
while #top > 0 and tonumber(top[#top]) <= 0 do
  top[#top] = nil
  top[#top] = nil
end
if #top == 0 then
  return answer
end

-- Of those that sold as much as the last one, ZREVRANGE has taken the highest ids. Wanted are the lowest.
local last = top[#top]
local i = 1
while top[i + 1] ~= last do
  answer[#answer + 1] = top[i]
  answer[#answer + 1] = top[i + 1]
  i = i + 2
end
local tied = redis.call('ZRANGEBYSCORE', KEYS[1], last, last, 'LIMIT', 0, (#top - i + 1) / 2)
for _, product in ipairs(tied) do
  answer[#answer + 1] = product
  answer[#answer + 1] = last
end
return answer
