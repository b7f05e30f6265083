--[[
Takes the rebuild lock and closes the coupon: without its state nobody is admitted. Pending entries stay.

KEYS  1 state  2 sequence  3 rebuild lock  4 rebuild users
ARGV  1 token  2 milliseconds the lock lives  3 run_id of the server this connection talks to
Returns -1 when another rebuild holds the lock, else closed:
      -2 the sequence may have been lost, else the last number of the sequence, which goes on (same server, counter there)
]]
if not redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return -1
end
local runId = redis.call('HGET', KEYS[1], 'runId')
redis.call('DEL', KEYS[1])
redis.call('UNLINK', KEYS[4])
local sequence = redis.call('GET', KEYS[2])
if runId == ARGV[3] and sequence then
  return tonumber(sequence)
end
return -2
