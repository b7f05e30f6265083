--- @include "now-ms.lua"

-- When the last reconcile began that has found the day complete in this very server, in ms by its clock; nil when none
-- has. The marker is a run_id, a space and that time.
local function reconciledAt(complete, runId)
  local server, beganAt = string.match(redis.call('GET', complete) or '', '^(.*) (%d+)$')
  if server ~= runId then
    return nil
  end
  return tonumber(beganAt)
end
