--[[
Reads what Redis knows of a coupon at one moment. Changes nothing.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending
ARGV  1 run_id of the server this connection talks to
Returns { loaded 1 or 0, reserved or '', size of users, sequence or '', size of pending, { field, value, ... of the state } }
]]
--- @include "loaded.lua"

local reserved = redis.call('GET', KEYS[2])
local loaded = isLoaded(redis.call('HGET', KEYS[1], 'runId'), ARGV[1], reserved, KEYS[3], KEYS[4])
return {
  loaded and 1 or 0,
  reserved or '',
  redis.call('SCARD', KEYS[3]),
  redis.call('GET', KEYS[4]) or '',
  redis.call('ZCARD', KEYS[5]),
  redis.call('HGETALL', KEYS[1]),
}
