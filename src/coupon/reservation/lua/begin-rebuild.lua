--[[
Takes the rebuild lock and closes the coupon: without its state nobody is admitted. Pending entries stay.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending  6 rebuild lock  7 rebuild users
ARGV  1 token
      2 milliseconds the lock lives
      3 the greatest sequence number of the coupon that the caller has seen, 0 for none
      4 '1' to leave a coupon alone that is loaded, else '0'
Returns { -1 } when another rebuild holds the lock, { -3 } when the coupon is loaded and left alone, else closed:
      { 1, last number of the sequence } which goes on, since nothing was missing
      { 0, last number that is known here } numbers may have been given out above it
]]
--- @include "rebuild-lock.lua"

local filledBy = read('HGET', KEYS[1], 'server')
local reserved = counter(KEYS[2])
local sequence = counter(KEYS[4])
local seen = tonumber(ARGV[3])
-- Here, not before: another instance may have opened it since this one found it closed.
if ARGV[4] == '1' and isLoaded(filledBy, reserved, KEYS[3], sequence, KEYS[5], seen) then
  return { -3 }
end
if isLocked(KEYS[6]) then
  return { -1 }
end
local goesOn = isComplete(filledBy, reserved, KEYS[3], sequence, seen)
redis.call('SET', KEYS[6], lockOf(ARGV[1]), 'PX', ARGV[2])
redis.call('DEL', KEYS[1])
redis.call('UNLINK', KEYS[7])
dropUnless('set', KEYS[3])
dropUnless('string', KEYS[4])
dropUnless('zset', KEYS[5])
return { goesOn and 1 or 0, sequence or 0 }
