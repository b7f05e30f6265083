--- @include "now-ms.lua"
--- @include "../../platform/redis/lua/server-identity.lua"

-- When the last reconcile began that has found the day complete in this very server, in ms by its clock; nil when none
-- has. The marker is the identity of the server, a space and that time.
local function reconciledAt(reconciled)
  local server, beganAt = string.match(redis.call('GET', reconciled) or '', '^(.*) (%d+)$')
  if server ~= serverIdentity() then
    return nil
  end
  return tonumber(beganAt)
end
