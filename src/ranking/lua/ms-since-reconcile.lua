--- @include "is-half-lost.lua"
--- @include "reconciled-at.lua"

-- How many ms ago the last reconcile began that has found the day complete in this very server; nil when the day may not
-- be served: none has, or half of its keys is lost, or nobody knows how long ago it was, since the server's clock was set
-- back.
local function msSinceReconcile(sales, orders, reconciled)
  local beganAt = reconciledAt(reconciled)
  if not beganAt or isHalfLost(sales, orders) then
    return nil
  end
  local ms = nowMs() - beganAt
  if ms < 0 then
    return nil
  end
  return ms
end
