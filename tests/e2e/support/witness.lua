-- witness.lua - an issuer that remembers every call it gets, and what it said,
-- on the clock of the test. Two endpoints: OAuth 2.0 client credentials, a new
-- token on each call; and Feishu's, the same token until its window opens.
--
-- What it does wrong is said by `mood`, a function that is asked once a call:
-- nil (nothing) or { status, body, headers, delay, hang, cut }.
local cjson = require "cjson"
local uv = require "luv"

local witness = {}

local Witness = {}
Witness.__index = Witness

local AGAIN_SECONDS = 0.05

local function now() return uv.hrtime() / 1e9 end

local function unescape(text)
    return (text:gsub("%+", " "):gsub("%%(%x%x)", function(hex)
        return string.char(tonumber(hex, 16))
    end))
end

-- The key that a call is for: the scope names the variant.
local function key_of(path, body)
    if path == "/oauth2/token" then
        local scope = body:match("scope=([^&]*)")
        return "crm/client" .. (scope and "/" .. unescape(scope) or "")
    end
    return "fei/tenant"
end

-- The token now valid under the key, if the issuer would give it again.
local function standing(self, key, at)
    local last = self.last[key]
    if key ~= "fei/tenant" or not last then return nil end
    return last.ends - at >= self.window and last or nil
end

local function give(self, call)
    local last = standing(self, call.key, call.began)
    if last then
        call.token, call.ends, call.repeated = last.token, last.ends, true
        return
    end
    self.serial = self.serial + 1
    call.token = ("canary-%s-%d"):format(call.key:gsub("/", "."), self.serial)
    call.ends = call.began + self.life
    self.last[call.key] = call
end

local function spell(call)
    local left = call.ends - call.began
    if call.key == "fei/tenant" then
        return cjson.encode { code = 0, msg = "ok",
            tenant_access_token = call.token, expire = math.floor(left) }
    end
    return cjson.encode { access_token = call.token, token_type = "Bearer",
        expires_in = left }
end

local function send(conn, call, status, body, headers)
    if call.cancelled then
        call.token = nil
        return
    end
    call.ended = now()
    local lines = { ("HTTP/1.1 %d X"):format(status),
        "Content-Length: " .. #body, "Content-Type: application/json" }
    for name, value in pairs(headers or {}) do
        lines[#lines + 1] = name .. ": " .. value
    end
    conn.stream:write(table.concat(lines, "\r\n") .. "\r\n\r\n" .. body)
    conn.call = nil
end

local function answer(self, conn, call, mood)
    if mood.hang then return end
    if mood.cut then
        call.ended = now()
        self.cut_at[call.key] = call.ended
        conn.call = nil
        conn.stream:close()
    elseif mood.status then
        send(conn, call, mood.status, mood.body or "", mood.headers)
    else
        give(self, call)
        send(conn, call, 200, spell(call))
    end
end

local function after(self, seconds, fn)
    local timer = uv.new_timer()
    self.timers[timer] = true
    timer:start(math.floor(seconds * 1000), 0, function()
        self.timers[timer] = nil
        timer:close()
        fn()
    end)
end

local function take(self, conn, path, body)
    local call = { key = key_of(path, body), began = now() }
    -- libcurl sends a request again when a kept connection is cut before the
    -- first byte of an answer: to the engine that is one call.
    call.is_again = call.began - (self.cut_at[call.key] or 0) < AGAIN_SECONDS
    local mood = self.mood(call) or {}
    table.insert(self.calls, call)
    conn.call = call
    if not mood.delay then return answer(self, conn, call, mood) end
    after(self, mood.delay, function() answer(self, conn, call, mood) end)
end

local function read(self, conn)
    while true do
        local head, at = conn.text:match("^(.-\r\n)\r\n()")
        if not head then return end
        local length = tonumber(head:lower():match("content%-length: (%d+)"))
            or 0
        if #conn.text < at + length - 1 then return end
        local body = conn.text:sub(at, at + length - 1)
        conn.text = conn.text:sub(at + length)
        take(self, conn, head:match("^%u+ ([^ ?]+)"), body)
    end
end

local function hung_up(self, conn)
    if conn.call then
        conn.call.ended, conn.call.cancelled = now(), true
        conn.call.token = nil
        conn.call = nil
    end
    if not conn.stream:is_closing() then conn.stream:close() end
    self.conns[conn] = nil
end

-- options: life and window of its tokens in seconds, mood.
function witness.start(options)
    local self = setmetatable({ life = options.life, window = options.window,
        mood = options.mood, calls = {}, last = {}, conns = {}, timers = {},
        cut_at = {}, serial = 0 }, Witness)
    self.listener = uv.new_tcp()
    assert(self.listener:bind("127.0.0.1", 0))
    assert(self.listener:listen(128, function()
        local conn = { stream = uv.new_tcp(), text = "" }
        self.listener:accept(conn.stream)
        self.conns[conn] = true
        conn.stream:read_start(function(err, chunk)
            if err or not chunk then return hung_up(self, conn) end
            conn.text = conn.text .. chunk
            read(self, conn)
        end)
    end))
    self.url = "http://127.0.0.1:" .. self.listener:getsockname().port
    return self
end

-- What it remembers; a call that is still under way ends now.
function Witness:history()
    for _, call in ipairs(self.calls) do call.ended = call.ended or now() end
    return self.calls
end

function Witness:stop()
    self.listener:close()
    for conn in pairs(self.conns) do hung_up(self, conn) end
    for timer in pairs(self.timers) do timer:close() end
end

witness.now = now

return witness
