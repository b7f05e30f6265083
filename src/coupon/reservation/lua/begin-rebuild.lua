--[[
Takes the rebuild lock and closes the coupon: without its state nobody is admitted. Pending entries stay.

KEYS  1 state  2 reserved  3 users  4 sequence  5 rebuild lock  6 rebuild users
ARGV  1 token  2 milliseconds the lock lives  3 run_id of the server this connection talks to
      4 '1' to leave a coupon alone that is loaded, else '0'
Returns -1 when another rebuild holds the lock, -3 when the coupon is loaded and left alone, else closed:
      -2 the sequence may have been lost, else the last number of the sequence, which goes on (same server, counter there)
]]
--- @include "loaded.lua"

local runId = redis.call('HGET', KEYS[1], 'runId')
-- Here, not before: another instance may have opened it since this one found it closed.
if ARGV[4] == '1' and isLoaded(runId, ARGV[3], redis.call('GET', KEYS[2]), KEYS[3], KEYS[4]) then
  return -3
end
if not redis.call('SET', KEYS[5], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return -1
end
redis.call('DEL', KEYS[1])
redis.call('UNLINK', KEYS[6])
local sequence = redis.call('GET', KEYS[4])
if runId == ARGV[3] and sequence then
  return tonumber(sequence)
end
return -2
