-- Sends the requests of a file one after another, and writes what came of them as JSON.
-- The file has, for each request, its length in bytes on a line of its own, then its bytes.
local requests, current = {}, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  while true do
    local length = file:read("*n")
    if not length then break end
    file:read(1)
    requests[#requests + 1] = file:read(length)
  end
  file:close()
end

function request()
  current = current + 1
  return requests[(current - 1) % #requests + 1]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    'JSON {"requests": %d, "microseconds": %d, "bytes": %d, "refused": %d, "timeouts": %d, '
      .. '"broken": %d, "p50": %d, "p95": %d, "p99": %d}\n',
    summary.requests, summary.duration, summary.bytes, errors.status, errors.timeout,
    errors.connect + errors.read + errors.write,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
