-- P6 in one place: the keys of a coupon may be trusted only when they are complete and were loaded into the very server
-- process that answers now. Another run_id means a restart or a fail-over, after which they may be seconds old.
local function isLoaded(stateRunId, runId, reserved, users, sequence)
  return stateRunId == runId
    and reserved ~= false
    and redis.call('EXISTS', sequence) == 1
    and redis.call('SCARD', users) == tonumber(reserved)
end
