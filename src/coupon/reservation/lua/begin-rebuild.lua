--[[
Takes the rebuild lock and closes the coupon: without its state nobody is admitted. Pending entries stay.

KEYS  1 state  2 sequence  3 rebuild lock  4 rebuild users
ARGV  1 token  2 milliseconds the lock lives  3 run_id of the server this connection talks to
Returns -1 when another rebuild holds the lock, else closed:
      1 the sequence goes on (same server, counter there), 0 the sequence may have been lost
]]
if not redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return -1
end
local runId = redis.call('HGET', KEYS[1], 'runId')
redis.call('DEL', KEYS[1])
redis.call('UNLINK', KEYS[4])
if runId == ARGV[3] and redis.call('EXISTS', KEYS[2]) == 1 then
  return 1
end
return 0
