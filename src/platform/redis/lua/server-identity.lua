-- Who answers: the process (run_id) and the history of writes that it continues (master_replid). Another process, or the
-- same one after it followed another server for a while, may hold less than what was answered before. A field that the
-- server hides counts as empty. Asked here and not by the client, so that the answer is of the moment of the script and
-- of the server that runs it, whichever that is.
local function serverIdentity()
  local info = redis.call('INFO', 'server', 'replication')
  local runId = string.match(info, '\nrun_id:(%w+)') or ''
  local replicationId = string.match(info, '\nmaster_replid:(%w+)') or ''
  return runId .. ':' .. replicationId, runId
end
