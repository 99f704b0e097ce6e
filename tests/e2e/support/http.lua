-- http.lua - a small HTTP/1.1 client, one connection per request, over TCP or
-- a unix socket. Several requests may be under way at a time.
local canary = require "support.canary"
local uv = require "luv"
local wait = require "support.wait"

local http = {}

local Call = {}
Call.__index = Call

local function unchunk(text)
    local parts, at = {}, 1
    while true do
        local size, start = text:match("^(%x+)[^\r\n]*\r\n()", at)
        if not size then return nil end
        size = tonumber(size, 16)
        if size == 0 then return table.concat(parts) end
        if #text < start + size + 1 then return nil end
        parts[#parts + 1] = text:sub(start, start + size - 1)
        at = start + size + 2
    end
end

local function read_head(text)
    local head, at = text:match("^(.-\r\n)\r\n()")
    if not head then return nil end
    local status = tonumber(head:match("^HTTP/1%.[01] (%d%d%d)"))
    if not status then return nil end
    local headers = {}
    for name, value in head:gmatch("\n([^:\r\n]+):[ \t]*([^\r\n]*)") do
        name = name:lower()
        headers[name] = headers[name] and headers[name] .. ", " .. value
            or value
    end
    return status, headers, text:sub(at)
end

-- The reply in `text` if it is whole; `ended`: no more will come.
local function parse(text, method, ended)
    local status, headers, rest = read_head(text)
    if not status then return nil end
    local body
    local length = tonumber(headers["content-length"])
    if method == "HEAD" or status == 204 or status == 304 then
        body = ""
    elseif (headers["transfer-encoding"] or ""):find("chunked") then
        body = unchunk(rest)
    elseif length then
        body = #rest >= length and rest:sub(1, length)
    else
        body = ended and rest
    end
    return body and { status = status, headers = headers, body = body }
end

local function spell(options)
    if options.raw then return options.raw end
    local lines = { ("%s %s HTTP/1.1"):format(options.method,
        options.path or "/") }
    local headers = { Host = "localhost", Connection = "close" }
    if options.body then headers["Content-Length"] = #options.body end
    for name, value in pairs(options.headers or {}) do
        headers[name] = value or nil
    end
    for name, value in pairs(headers) do
        lines[#lines + 1] = name .. ": " .. value
    end
    return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (options.body or "")
end

local function finish(self, err)
    if self.done then return end
    self.reply = parse(self.text, self.method, true)
    self.err = not self.reply and (err or "the reply is not whole") or nil
    self:close()
end

local function connected(self, text)
    self.stream:write(text)
    self.stream:read_start(function(err, chunk)
        if err or not chunk then return finish(self, err) end
        self.text = self.text .. chunk
        if parse(self.text, self.method, false) then finish(self) end
    end)
end

-- Starts a request: `unix` (a path) or `url` ("http://127.0.0.1:80/path", an
-- address, no name), method, path, headers (false takes one out), body; or
-- `raw`, the bytes to send. Its .text is what has come so far.
function http.start(options)
    local self = setmetatable({ text = "", method = options.method or "GET",
        what = options.path or options.url or options.unix,
        is_engine = options.unix ~= nil }, Call)
    local function done(err)
        if err then return finish(self, err) end
        connected(self, spell({ method = self.method, path = options.path,
            headers = options.headers, body = options.body,
            raw = options.raw }))
    end
    if options.unix then
        self.stream = uv.new_pipe()
        self.stream:connect(options.unix, done)
    else
        local host, port, path = options.url:match("^http://([^:/]+):(%d+)(.*)")
        assert(host, "no address and port in " .. options.url)
        if not options.path and path ~= "" then
            options.path = path
        end
        self.stream = uv.new_tcp()
        assert(self.stream:connect(host, tonumber(port), done))
    end
    return self
end

-- Ends it, also a reply that never ends; a second time it does nothing.
function Call:close()
    self.done = true
    if not self.stream:is_closing() then self.stream:close() end
end

-- A token is the product of a good answer to the question for one.
local function assert_no_secret(self)
    local product = self.reply and self.reply.status == 200
        and self.what:find("^/v1/token/") ~= nil
    canary.assert_none(self.text, "the reply to " .. self.what, product)
end

-- The reply { status, headers, body }, or nil and the reason that there is
-- none. Header names are in lower case. An engine's reply is searched for
-- secrets.
function Call:wait(seconds)
    local ok, err = pcall(wait.wait_until, function() return self.done end,
        seconds or 10, "the reply to " .. self.what)
    if not ok then
        self:close()
        return nil, err
    end
    if self.is_engine then assert_no_secret(self) end
    return self.reply, self.err
end

function http.request(options)
    return http.start(options):wait(options.seconds)
end

return http
