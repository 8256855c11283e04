-- wrk: one signed webhook again and again; prints a line of JSON at the end.
local file = io.open(os.getenv("PAYLOAD"), "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Hub-Signature-256"] = "sha256=" .. os.getenv("SIGNATURE")
file:close()

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%f,"p99_us":%d,"errors":%d}\n', summary.requests, summary.duration / 1e6,
    latency:percentile(99), errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
