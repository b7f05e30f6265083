--[[
Begins a reconcile of a day. Where half of its counts is lost, the other half goes too: then all is counted anew.

KEYS  1 sales  2 orders  3 reconciled  4 reconciling
ARGV  1 token of this reconcile
      2 ms until the day's keys expire
Returns when it began, in ms by this server's clock: what the end of the reconcile has to be told
]]
--- @include "is-half-lost.lua"
--- @include "now-ms.lua"
--- @include "../../platform/redis/lua/server-identity.lua"

if isHalfLost(KEYS[1], KEYS[2]) then
  -- The other reconciles under way must not call complete what they counted before.
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
end
redis.call('SADD', KEYS[4], ARGV[1] .. ' ' .. serverIdentity())
redis.call('PEXPIRE', KEYS[4], ARGV[2])
return nowMs()
