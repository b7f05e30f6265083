--[[
Renews the rebuild lock, for as long as its holder is at work.

KEYS  1 rebuild lock  2 rebuild users
ARGV  1 token  2 milliseconds the lock lives
Returns 1, or 0 when the lock belongs to someone else by now
]]
--- @include "rebuild-lock.lua"

if redis.call('GET', KEYS[1]) ~= lockOf(ARGV[1]) then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
