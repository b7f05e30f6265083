--[[
Gives back slots that nobody holds: their users have no row, and lost their pending entry. Only of users who are still in
the set and not pending, and only while the coupon is as it was when they were found: after a rebuild the same user may
have reserved anew.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending
ARGV  1 the epoch in which they were found
      2 .. user ids, at least one
Returns how many slots were given back, or -1 when the coupon is not loaded, or rebuilt since
]]
--- @include "loaded.lua"

local state = read('HMGET', KEYS[1], 'server', 'epoch') or {}
if state[2] ~= ARGV[1] or not isLoaded(state[1], counter(KEYS[2]), KEYS[3], counter(KEYS[4]), KEYS[5], 0) then
  return -1
end

local released = 0
for i = 2, #ARGV do
  if not redis.call('ZSCORE', KEYS[5], ARGV[i]) and redis.call('SREM', KEYS[3], ARGV[i]) == 1 then
    redis.call('DECR', KEYS[2])
    released = released + 1
  end
end
return released
