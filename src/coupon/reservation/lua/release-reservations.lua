--[[
Gives back the slots of reservations that ended as FAILED: the compensation. A slot is released only when the user is
pending with this very number, so a second release changes nothing, and no one else's slot is ever touched. While the
coupon is not loaded nothing changes: the entries stay pending, and the sweep releases them after the rebuild. Whose
reservations have ended is told on the channel of the coupon, after everything else.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending
ARGV  1 n, the number of reservations
      2 .. n+1 user ids, n+2 .. 2n+1 their sequence numbers
      2n+2 the channel  2n+3 the name of the instance that releases
Returns { how many slots were given back, or -1 when the coupon is not loaded, why the others could not be told, '' when
      they were }
]]
--- @include "loaded.lua"
--- @include "tell-of-outcomes.lua"

local n = tonumber(ARGV[1])
if not isLoaded(read('HGET', KEYS[1], 'server'), counter(KEYS[2]), KEYS[3], counter(KEYS[4]), KEYS[5], 0) then
  return { -1, '' }
end

local released = 0
for i = 2, n + 1 do
  local number = redis.call('ZSCORE', KEYS[5], ARGV[i])
  if number and tonumber(number) == tonumber(ARGV[i + n]) then
    redis.call('ZREM', KEYS[5], ARGV[i])
    if redis.call('SREM', KEYS[3], ARGV[i]) == 1 then
      redis.call('DECR', KEYS[2])
      released = released + 1
    end
  end
end
return { released, tellOfOutcomes(ARGV[2 * n + 2], ARGV[2 * n + 3], 2, n + 1) }
