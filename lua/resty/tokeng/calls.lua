-- calls.lua - calls to the engine's socket, for all requests of a worker.
--
-- A call is known by its id: who asks for the same thing joins it and shares
-- its result. Calls are made by light threads of their own, which outlive the
-- request that asked, each with one connection at a time: an answer that is
-- long in coming holds up nobody else. There are `max` of them at most; the
-- next call waits in a queue. A thread ends when there is nothing to do, so
-- nothing keeps a worker that is to exit.
local semaphore = require "ngx.semaphore"

local calls = {}

local Calls = {}
Calls.__index = Calls

local QUEUE_MAX = 10000
local CONNECT_MS, SEND_MS, MARGIN_MS = 1000, 1000, 2000
-- The engine ends a connection that is idle for 60 s.
local IDLE_MS = 30000
local BODY_MAX = 64 * 1024
local TRIES = 3
-- How long a call waits for an engine that has just gone, such as in a
-- restart, and how often it is looked for, then and later.
local PATIENCE, LOOK_SOON, LOOK_LATER = 1, 0.1, 1

-- socket: its path; max: connections at a time.
function calls.new(socket, max)
    return setmetatable({ address = "unix:" .. socket, max = max, threads = 0,
        known = {}, queue = {}, first = 1, last = 0, next_look = 0 }, Calls)
end

-- --- the engine, and whether it is there ---

local function note_here(self)
    if not self.away_since then return end
    ngx.log(ngx.NOTICE, "tokeng: the engine at ", self.address, " is back")
    self.away_since = nil
end

local function note_away(self, err)
    local now = ngx.now()
    if not self.away_since then
        ngx.log(ngx.ERR, "tokeng: no engine at ", self.address, " (", err,
            "); tokens that are in the shared cache are served on")
        self.away_since = now
    end
    local soon = now - self.away_since < PATIENCE
    self.next_look = now + (soon and LOOK_SOON or LOOK_LATER)
end

local function connect(self)
    local sock = ngx.socket.tcp()
    sock:settimeouts(CONNECT_MS, SEND_MS, MARGIN_MS)
    local ok, err = sock:connect(self.address)
    if ok then
        note_here(self)
        return sock
    end
    note_away(self, err)
    return nil, err
end

-- All threads together look once every so often: nginx logs each failure.
local function dial(self)
    while true do
        ngx.update_time()
        local now = ngx.now()
        if not self.away_since or now >= self.next_look then
            local sock = connect(self)
            if sock then return sock end
        end
        if ngx.now() - self.away_since >= PATIENCE then return nil end
        ngx.sleep(LOOK_SOON)
    end
end

-- --- one exchange ---

local function spell(request)
    local head = request.method .. " " .. request.path
        .. " HTTP/1.1\r\nHost: tokeng\r\nAccept: application/json\r\n"
    if not request.body then return head .. "\r\n" end
    return head .. "Content-Length: " .. #request.body .. "\r\n\r\n"
        .. request.body
end

local function read_head(sock)
    local line, err = sock:receive("*l")
    if not line then return nil, err end
    local reply = { status = tonumber(line:match("^HTTP/1%.1 (%d%d%d)")) }
    while line ~= "" do
        line, err = sock:receive("*l")
        if not line then return nil, err end
        local name, value = line:match("^([^:]+):%s*(.-)%s*$")
        if name then reply[name:lower()] = value end
    end
    return reply
end

local function read_reply(sock)
    local reply, err = read_head(sock)
    if not reply then return nil, err end
    local length = tonumber(reply["content-length"])
    if not reply.status or not length or length > BODY_MAX then
        return nil, "malformed"
    end
    reply.body, err = sock:receive(length)
    if not reply.body then return nil, err end
    return reply
end

local function exchange(sock, request)
    local ok, err = sock:send(spell(request))
    if not ok then return nil, err end
    sock:settimeouts(CONNECT_MS, SEND_MS, request.wait_ms + MARGIN_MS)
    return read_reply(sock)
end

local function put_back(sock, reply, max)
    if (reply.connection or ""):lower() == "close" or ngx.worker.exiting() then
        sock:close()
    else
        sock:setkeepalive(IDLE_MS, max)
    end
end

-- Asked again where the engine was restarted: what is asked of it may be said
-- twice. The idle connections are all bad then, and each is met once.
local function call(self, request)
    local tries, err = 0, nil
    while tries < TRIES do
        local sock = dial(self)
        if not sock then return nil, "no_engine" end
        if sock:getreusedtimes() == 0 then tries = tries + 1 end
        local reply
        reply, err = exchange(sock, request)
        if reply then
            put_back(sock, reply, self.max)
            return reply
        end
        sock:close()
        if err == "timeout" or err == "malformed" then break end
    end
    return nil, err == "timeout" and "timeout" or "no_engine"
end

-- --- the threads ---

local function take(self)
    local first = self.first
    local flight = self.queue[first]
    if not flight then return nil end
    self.queue[first] = nil
    self.first = first + 1
    return flight
end

local function finish(self, flight)
    self.known[flight.id] = nil
    flight.is_done = true
    if flight.waiting > 0 then flight.wake:post(flight.waiting) end
end

local function make(self, flight)
    local request = flight.request
    local reply, err = call(self, request)
    if not reply then
        flight.err = err
        return
    end
    flight.result, flight.err, flight.about = request.read(reply)
end

-- A call that everybody has left is not made.
local function serve(_, self)
    local flight = take(self)
    while flight do
        if flight.waiting > 0 or flight.is_kept then
            local ok, err = pcall(make, self, flight)
            if not ok then
                flight.err = "internal"
                ngx.log(ngx.ERR, "tokeng: ", err)
            end
        end
        finish(self, flight)
        flight = take(self)
    end
    self.threads = self.threads - 1
end

local function start_thread(self)
    if self.threads >= self.max then return true end
    local ok, err = ngx.timer.at(0, serve, self)
    if ok then self.threads = self.threads + 1 end
    return self.threads > 0, err
end

local function join(self, id, request)
    local flight = self.known[id]
    if flight then return flight end
    if self.last - self.first + 1 >= QUEUE_MAX then return nil, "too_many" end
    local wake, err = semaphore.new(0)
    if not wake then return nil, err end
    flight = { id = id, request = request, wake = wake, waiting = 0 }
    self.last = self.last + 1
    self.queue[self.last] = flight
    local ok
    ok, err = start_thread(self)
    if not ok then
        self.queue[self.last] = nil
        self.last = self.last - 1
        return nil, err
    end
    self.known[id] = flight
    return flight
end

-- --- what is seen from outside ---

-- Waits `seconds` for the result of the call `id`. request: method, path,
-- body, wait_ms (how long the engine may take), and read(reply), which makes
-- of a reply what all get: a result, or nil, an error and what is known of it.
function Calls:ask(id, request, seconds)
    local flight, err = join(self, id, request)
    if not flight then return nil, err end
    flight.waiting = flight.waiting + 1
    local ok
    ok, err = flight.wake:wait(seconds)
    if not ok and not flight.is_done then
        flight.waiting = flight.waiting - 1
        return nil, err
    end
    return flight.result, flight.err, flight.about
end

-- Makes the call without waiting for it.
function Calls:post(id, request)
    local flight, err = join(self, id, request)
    if not flight then return nil, err end
    flight.is_kept = true
    return true
end

function Calls:state()
    local state = { threads = self.threads, queued = self.last - self.first + 1,
        calls = 0, waiting = 0, is_away = self.away_since ~= nil }
    for _, flight in pairs(self.known) do
        state.calls = state.calls + 1
        state.waiting = state.waiting + flight.waiting
    end
    return state
end

return calls
