--- @include "loaded.lua"

-- What the holder of a rebuild lock wrote into it: their token, and the server that they rebuild the coupon on. On another
-- one, that may have missed a part of the rebuild, the lock is worth nothing.
local function lockOf(token)
  return token .. '@' .. serverIdentity()
end

-- True while a rebuild is going on here. A lock that names no server is that of an instance of the version before.
local function isLocked(lock)
  local holder = redis.call('GET', lock)
  if not holder then
    return false
  end
  local server = string.match(holder, '@(.*)$')
  return server == nil or server == serverIdentity()
end
