-- A day may be served when a reconcile has found it complete in this very server. A lost half of its keys makes it
-- incomplete again: sales without orders, or orders without sales.
local function isComplete(sales, orders, complete, runId)
  return redis.call('GET', complete) == runId and redis.call('EXISTS', sales) == redis.call('EXISTS', orders)
end
