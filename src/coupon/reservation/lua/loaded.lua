--- @include "server-identity.lua"

-- The answer of a reading command; false when the key is missing or of another type.
local function read(...)
  local answer = redis.pcall(...)
  if type(answer) == 'table' and answer.err then
    return false
  end
  return answer
end

-- The value of a counter; nil when it is missing, or no number.
local function counter(key)
  return tonumber(read('GET', key) or nil)
end

-- What someone made something else of is lost; what is written there next must not fail half way.
local function dropUnless(kind, key)
  if redis.call('TYPE', key).ok ~= kind then
    redis.call('UNLINK', key)
  end
end

-- P6 in one place: the keys of a coupon may be trusted only when they are complete, agree, and were filled by the very
-- server that answers now; and when the sequence has reached every number that the caller has seen.
local function isLoaded(filledBy, reserved, users, sequence, pending, seen)
  return reserved ~= nil
    and sequence ~= nil
    and sequence >= seen
    and read('SCARD', users) == reserved
    and read('ZCARD', pending) ~= false
    and filledBy == serverIdentity()
end
