--[[
Forgets reservations of a coupon that exists no longer, once they are recorded as failed. An entry with another number is
another reservation, and stays.

KEYS  1 pending
ARGV  1 n, the number of reservations
      2 .. n+1 user ids, n+2 .. 2n+1 their sequence numbers
Returns how many were forgotten
]]
local n = tonumber(ARGV[1])
local forgotten = 0
for i = 2, n + 1 do
  local number = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if number and tonumber(number) == tonumber(ARGV[i + n]) then
    forgotten = forgotten + redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
return forgotten
