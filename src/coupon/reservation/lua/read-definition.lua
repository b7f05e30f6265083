--[[
Reads the definition of a coupon. Changes nothing.

KEYS  1 state
Returns { field, value, ... of the state }, empty when there is none, or when another server filled it: it may be old
]]
--- @include "loaded.lua"

if read('HGET', KEYS[1], 'server') ~= serverIdentity() then
  return {}
end
return redis.call('HGETALL', KEYS[1])
