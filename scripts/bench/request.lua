-- wrk's side of the benchmark. From the environment: BENCH_METHOD, BENCH_PATH and BENCH_BODY, in which each %d is replaced
-- by a number that starts at BENCH_FIRST and grows with every request; or BENCH_LIST, a file whose lines name the values
-- for a %s in the path and one in the body. BENCH_TOKEN goes into the header Authorization; of BENCH_TOKENS, a file, each
-- line into that of one request. Prints one line of JSON: wrk's own summary has no 95th percentile.
local method = os.getenv('BENCH_METHOD')
local path = os.getenv('BENCH_PATH')
local body = os.getenv('BENCH_BODY')
local headers = { ['content-type'] = 'application/json' }
local number = tonumber(os.getenv('BENCH_FIRST') or '1')
local list = os.getenv('BENCH_LIST')
local lines = {}
local token = os.getenv('BENCH_TOKEN')
local tokenFile = os.getenv('BENCH_TOKENS')
local tokens = {}
local sent = 0

if token then
  headers['authorization'] = 'Bearer ' .. token
end
if tokenFile then
  for line in io.lines(tokenFile) do
    tokens[#tokens + 1] = 'Bearer ' .. line
  end
end

if list then
  for line in io.lines(list) do
    lines[#lines + 1] = line
  end
  request = function()
    -- When the list has been used up its last line goes on, and what that is answered counts as unexpected.
    local line = lines[math.min(number, #lines)]
    number = number + 1
    local inPath, inBody = line:match('(%d+) (%d+)')
    return wrk.format(method, path:format(inPath), headers, body:format(inBody))
  end
elseif body then
  request = function()
    number = number + 1
    if tokenFile then
      sent = sent + 1
      headers['authorization'] = tokens[math.min(sent, #tokens)]
    end
    return wrk.format(method, path, headers, body:format(number))
  end
else
  request = function()
    return wrk.format(method, path)
  end
end

done = function(summary, latency)
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50":%.3f,"p95":%.3f,"p99":%.3f}\n',
    summary.requests,
    summary.duration / 1e6,
    summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000,
    latency:percentile(95) / 1000,
    latency:percentile(99) / 1000
  ))
end
