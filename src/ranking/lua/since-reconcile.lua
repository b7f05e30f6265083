--[[
How long ago a day was reconciled, by whichever instance. Changes nothing.

KEYS  1 sales  2 orders  3 reconciled
Returns -1 when the day is not complete, else how many ms ago the last reconcile of it began
]]
--- @include "ms-since-reconcile.lua"

return msSinceReconcile(KEYS[1], KEYS[2], KEYS[3]) or -1
