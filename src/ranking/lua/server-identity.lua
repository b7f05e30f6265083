-- Who answers: the process (run_id) and the history of writes that it continues (master_replid). The same process that
-- followed another server for a while may hold less than before. A field that the server hides counts as empty.
local function serverIdentity()
  local info = redis.call('INFO', 'server', 'replication')
  return (string.match(info, '\nrun_id:(%w+)') or '') .. ':' .. (string.match(info, '\nmaster_replid:(%w+)') or '')
end
