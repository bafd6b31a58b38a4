-- Sends prepared requests and checks every answer. Arguments after `--`:
--   requests=FILE  whole requests, each ended by a zero byte; with order=chain one, which has {token} and {length}
--   order=loop     the requests over and over (the default)
--   order=once     each once; the run ends when there are no more
--   order=chain    the request for each line of tokens=FILE, and then for the refresh token in each answer
--   threads=N      each takes its share of the file
--   status=N, place=body|location, marker=PATTERN   the expected answer
--   collect=FILE   each thread writes the codes or bodies of its answers there, with its number at the end of the name

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  options = { order = "loop", place = "body", threads = "1", status = "200" }
  for _, argument in ipairs(args) do
    local name, value = argument:match("^(%w+)=(.*)$")
    if name then options[name] = value end
  end
  status_wanted, marker, answers, position = tonumber(options.status), options.marker, 0, 0
  requests = share(options.requests, "[^%z]+", options.order == "chain")
  if options.order == "chain" then
    head, middle, tail = requests[1]:match("^(.-){length}(.-){token}(.*)$")
    queue, first, last = share(options.tokens, "[^\n]+"), 1, 0
    last = #queue
    fixed = #(middle .. tail):match("\r\n\r\n(.*)$")
  end
  if options.collect then
    collected = assert(io.open(options.collect .. "." .. number, "w"))
    collected:setvbuf("line")
  end
end

-- This thread's part of a file.
function share(path, pattern, all)
  local file = assert(io.open(path, "rb"))
  local parts, n = {}, 0
  for part in file:read("*a"):gmatch(pattern) do
    if all or n % tonumber(options.threads) == number then parts[#parts + 1] = part end
    n = n + 1
  end
  file:close()
  return parts
end

function request()
  if options.order == "chain" then return refresh() end
  position = position + 1
  if position > #requests then
    if options.order == "once" then return run_out() end
    position = 1
  end
  return requests[position]
end

function refresh()
  if first > last then return run_out() end
  local token = queue[first]
  queue[first] = nil
  first = first + 1
  return head .. (fixed + #token) .. middle .. token .. tail
end

function run_out()
  report({ exhausted = true, requests = answers })
  os.exit(0)
end

function response(status, headers, body)
  answers = answers + 1
  local text = body
  if options.place == "location" then text = headers["Location"] or headers["location"] or "" end
  if status ~= status_wanted or not text:find(marker) then
    text = text == "" and body or text
    report({ wrong = string.format("answer %d was %d with %s", answers, status, readable(text)) })
    -- wrk itself would sleep until its time is over.
    os.exit(0)
  end
  if options.order == "chain" then
    last = last + 1
    queue[last] = body:match('"refresh_token"%s*:%s*"([^"]+)"')
  end
  if collected then
    if options.place == "location" then text = text:match("[?&]code=([^&#]+)") end
    collected:write((text:gsub("[\r\n]+", " ")), "\n")
  end
end

-- Removes anything that could be a token, a code or an id.
function readable(text)
  text = text:sub(1, 4000):gsub("[%w%%%-_.~+/=]+", function(word)
    if #word > 24 and word:find("%d") then return "(" .. #word .. " characters)" end
  end)
  return text:sub(1, 600)
end

-- A line that wrk.ts reads.
function report(found)
  local quoted = (found.wrong or ""):gsub('[%c"\\]', function(c) return string.format("\\u%04x", c:byte()) end)
  io.write(string.format(
    '\nresult {"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"maxMs":%.3f,"socketErrors":%d,"timeouts":%d,"wrong":%s,"exhausted":%s}\n',
    found.requests or 0, found.seconds or 0, found.p50Ms or 0, found.p99Ms or 0, found.maxMs or 0,
    found.socketErrors or 0, found.timeouts or 0,
    found.wrong and '"' .. quoted .. '"' or "null", tostring(found.exhausted == true)
  ))
  io.flush()
end

function done(summary, latency)
  local errors = summary.errors
  report({
    requests = summary.requests,
    seconds = summary.duration / 1e6,
    p50Ms = latency:percentile(50) / 1e3,
    p99Ms = latency:percentile(99) / 1e3,
    maxMs = latency.max / 1e3,
    socketErrors = errors.connect + errors.read + errors.write,
    timeouts = errors.timeout,
  })
end
