-- True when sales are there without orders, or orders without sales. What is left cannot be added to: a reconcile throws it
-- away, and counts all orders anew.
local function isHalfLost(sales, orders)
  return redis.call('EXISTS', sales) ~= redis.call('EXISTS', orders)
end
