--[[
Ends a reconcile that has counted every paid order of the day: the day is complete as of its beginning, if nothing was
lost meanwhile. What was paid since it began may have come after it had read that page.

KEYS  1 complete  2 reconciling
ARGV  1 token of this reconcile
      2 run_id of the server this connection talks to
      3 when the reconcile began, as begin-reconcile has answered
      4 ms until the marker expires: before the counts do
Returns 1 when the day is complete, 0 when something was lost since the reconcile began: it has to begin again
]]
--- @include "reconciled-at.lua"
--- @include "../../platform/redis/lua/server-identity.lua"

-- Where the keys were lost the token is, too. A server that went back in time may have it, but not what was counted since.
if redis.call('SREM', KEYS[2], ARGV[1] .. ' ' .. serverIdentity()) == 0 then
  return 0
end
-- One that began later may have ended before. A marker of the future is older, from before the clock was set back.
local known = reconciledAt(KEYS[1], ARGV[2])
if known and known > tonumber(ARGV[3]) and known <= nowMs() then
  return 1
end
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. ARGV[3], 'PX', ARGV[4])
return 1
