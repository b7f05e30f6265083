--[[
Reads what Redis knows of a coupon at one moment. Changes nothing.

KEYS  1 state  2 reserved  3 users  4 sequence  5 pending
ARGV  1 the greatest sequence number of the coupon that the caller has seen, 0 for none
Returns { loaded 1 or 0, reserved or '', size of users, sequence or '', size of pending, { field, value, ... of the state } }
      A key of another type than it should be counts as missing.
]]
--- @include "loaded.lua"

local reserved = counter(KEYS[2])
local sequence = counter(KEYS[4])
local loaded = isLoaded(read('HGET', KEYS[1], 'server'), reserved, KEYS[3], sequence, KEYS[5], tonumber(ARGV[1]))
return {
  loaded and 1 or 0,
  reserved and string.format('%.0f', reserved) or '',
  read('SCARD', KEYS[3]) or 0,
  sequence and string.format('%.0f', sequence) or '',
  read('ZCARD', KEYS[5]) or 0,
  read('HGETALL', KEYS[1]) or {},
}
