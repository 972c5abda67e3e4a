-- Sends the requests of a file in the order that it gives, over and over, and writes what came of
-- them as JSON. The file has the number of different requests; for each, its length in bytes on
-- a line of its own, then its bytes; then, for each to be sent, its number among these.
local requests, order, current = {}, {}, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  for number = 1, file:read("*n") do
    local length = file:read("*n")
    file:read(1)
    requests[number] = file:read(length)
  end
  while true do
    local number = file:read("*n")
    if not number then break end
    order[#order + 1] = number
  end
  file:close()
end

function request()
  current = current % #order + 1
  return requests[order[current]]
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
