--[[
Ends a reconcile that has counted every paid order of the day: the day is complete as of its beginning, if nothing was
lost meanwhile. What was paid since it began may have come after it had read that page.

KEYS  1 reconciled  2 reconciling
ARGV  1 token of this reconcile
      2 when the reconcile began, as begin-reconcile has answered
      3 ms until the marker expires: before the counts do
Returns 1 when the day is complete, 0 when something was lost since the reconcile began: it has to begin again
]]
--- @include "reconciled-at.lua"

-- Where the keys were lost the token is, too. A server that went back in time may have it, but not what was counted since.
local server = serverIdentity()
if redis.call('SREM', KEYS[2], ARGV[1] .. ' ' .. server) == 0 then
  return 0
end
-- One that began later may have ended before. A marker of the future is older, from before the clock was set back.
local known = reconciledAt(KEYS[1])
if known and known > tonumber(ARGV[2]) and known <= nowMs() then
  return 1
end
redis.call('SET', KEYS[1], server .. ' ' .. ARGV[2], 'PX', ARGV[3])
return 1
