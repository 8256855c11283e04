-- wrk: webhooks that all are new, of a thousand conversations; prints a line of JSON at the end.
local seed = os.getenv("SEED") or "0"
local format = string.format
local count = 0
local head, tail = '{"object":"whatsapp_business_account","entry":[{"id":"100200300400600","changes":[{"field":"messages","value":' ..
  '{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100001","phone_number_id":"100200300400501"},' ..
  '"contacts":[{"profile":{"name":"Nora Example"},"wa_id":"', '","timestamp":"1764000000","type":"text","text":{"body":"' ..
  string.rep("Can you tell me when my order arrives? ", 2) .. '"}}]}}]}]}'
local thread_id = 0
function setup(thread)
  thread:set("thread_id", thread_id)
  thread_id = thread_id + 1
end
function request()
  count = count + 1
  local user = format("1555%07d", (count * 7919) % 1000)
  local body = head .. user .. '"}],"messages":[{"from":"' .. user .. '","id":"wamid.' .. seed .. "." .. thread_id .. "." .. count .. tail
  return wrk.format("POST", "/webhooks", { ["Content-Type"] = "application/json" }, body)
end
function done(summary, latency)
  local errors = summary.errors
  io.write(format('{"requests":%d,"seconds":%f,"p50_us":%d,"p99_us":%d,"errors":%d}\n', summary.requests,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
