--[[
Ends a reconcile that has counted every paid order of the day: the day is complete, if nothing was lost meanwhile.

KEYS  1 complete  2 reconciling
ARGV  1 token of this reconcile
      2 run_id of the server this connection talks to
      3 ms until the marker expires: before the counts do
Returns 1 when the day is complete, 0 when its keys were lost since the reconcile began: it has to begin again
]]

if redis.call('SREM', KEYS[2], ARGV[1]) == 0 then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
