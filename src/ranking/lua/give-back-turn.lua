--[[
Gives back the turn of a job, unless it is another one's by now.

KEYS  1 turn
ARGV  1 token with which it was taken
Returns 1 when it is free now, 0 when it was over
]]

if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
