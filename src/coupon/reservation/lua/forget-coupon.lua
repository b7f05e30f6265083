--[[
Deletes the keys of a coupon that has nothing pending.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending
Returns 1, or 0 when something is pending: then nothing changes
]]
if redis.call('EXISTS', KEYS[5]) == 1 then
  return 0
end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return 1
