--- @include "../../../platform/redis/lua/server-identity.lua"

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

-- P5: nothing is missing, it was filled by the very server that answers now, and the sequence has reached every number
-- that the caller has seen. Then it goes on after the next rebuild, too.
local function isComplete(filledBy, reserved, users, sequence, seen)
  local held = read('SCARD', users)
  return reserved ~= nil
    and sequence ~= nil
    and sequence >= seen
    and held ~= false
    and (held > 0 or reserved == 0)
    and filledBy == serverIdentity()
end

-- P6 in one place: the keys of a coupon may be trusted only when they are complete, and agree.
local function isLoaded(filledBy, reserved, users, sequence, pending, seen)
  return read('SCARD', users) == reserved
    and read('ZCARD', pending) ~= false
    and isComplete(filledBy, reserved, users, sequence, seen)
end
