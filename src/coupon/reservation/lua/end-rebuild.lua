--[[
Gives back the rebuild lock, after the swap or when the rebuild failed. A coupon that was not swapped stays closed.

KEYS  1 rebuild lock  2 rebuild users
ARGV  1 token
Returns 1, or 0 when the lock belongs to someone else by now
]]
--- @include "rebuild-lock.lua"

if redis.call('GET', KEYS[1]) ~= lockOf(ARGV[1]) then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('UNLINK', KEYS[2])
return 1
