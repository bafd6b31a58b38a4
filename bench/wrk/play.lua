-- Plays requests that were written beforehand, and checks every answer. Told by the arguments after `--`:
--   requests=FILE  whole requests, each ended by a zero byte; with order=chain one, which has {token} and {length}
--   order=loop     the requests over and over (the default)
--   order=once     each once; the run ends when there are no more
--   order=chain    the request for each line of tokens=FILE, and then for the refresh token in each answer
--   threads=N      of which each takes its share of the file
--   status=N, place=body|location, marker=PATTERN   what an answer has to be
--   collect=FILE   where each thread writes the codes or bodies of the answers, with its number at the end

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  threads[#threads + 1] = thread
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

-- The parts of a file that are this thread's.
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

-- What is returned is not sent any more, or its answer not read.
function run_out()
  exhausted = true
  wrk.thread:stop()
  return "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
end

function response(status, headers, body)
  if exhausted or wrong then return end
  answers = answers + 1
  local text = body
  if options.place == "location" then text = headers["Location"] or headers["location"] or "" end
  if status ~= status_wanted or not text:find(marker) then
    wrong = string.format("answer %d was %d with %s", answers, status, readable(text == "" and body or text))
    wrk.thread:stop()
    return
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

-- Without what could be a token, a code or an id.
function readable(text)
  text = text:sub(1, 4000):gsub("[%w%%%-_.~+/=]+", function(word)
    if #word > 24 and word:find("%d") then return "(" .. #word .. " characters)" end
  end)
  return text:sub(1, 600)
end

local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return string.format("\\u%04x", c:byte()) end) .. '"'
end

function done(summary, latency)
  local wrong, exhausted = "null", false
  for _, thread in ipairs(threads) do
    local words = thread:get("wrong")
    if words and wrong == "null" then wrong = quoted(words) end
    exhausted = exhausted or thread:get("exhausted") == true
  end
  local errors = summary.errors
  io.write(string.format(
    '\nresult {"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"maxMs":%.3f,"socketErrors":%d,"timeouts":%d,"wrong":%s,"exhausted":%s}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, errors.connect + errors.read + errors.write, errors.timeout, wrong, tostring(exhausted)
  ))
end
