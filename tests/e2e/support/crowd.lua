-- crowd.lua - many callers of an engine at the same time, each on a connection
-- of his own, who remember what they asked and what they got.
local cjson = require "cjson"
local uv = require "luv"
local witness = require "support.witness"

local crowd = {}

local Caller = {}
Caller.__index = Caller

local function read_reply(text)
    local head, at = text:match("^(.-\r\n)\r\n()")
    if not head then return nil end
    local length = tonumber(head:lower():match("content%-length: (%d+)")) or 0
    if #text < at + length - 1 then return nil end
    return tonumber(head:match("^HTTP/1%.1 (%d+)")),
        text:sub(at, at + length - 1), text:sub(at + length)
end

local function hang_up(self)
    if self.stream and not self.stream:is_closing() then
        self.stream:close()
    end
    self.stream = nil
end

local function ended(self, status, body)
    local asked = self.asked
    self.asked = nil
    if not asked then return end
    asked.record.ended = witness.now()
    asked.record.status = status
    if body then asked.done(asked.record, body) end
    self.next()
end

local function connect(self, ready)
    self.stream, self.text = uv.new_pipe(), ""
    local stream = self.stream
    stream:connect(self.socket, function(err)
        if stream ~= self.stream then return end -- he has gone away
        if err then
            hang_up(self)
            return ended(self)
        end
        stream:read_start(function(read_err, chunk)
            if stream ~= self.stream then return end
            if read_err or not chunk then
                hang_up(self)
                return ended(self)
            end
            self.text = self.text .. chunk
            local status, body, rest = read_reply(self.text)
            if status then
                self.text = rest
                ended(self, status, body)
            end
        end)
        ready()
    end)
end

-- Sends a request; `record` gets began, ended and status, `done` the body.
local function ask(self, method, path, body, record, done)
    self.asked = { record = record, done = done }
    local function write()
        record.began = witness.now()
        self.stream:write(("%s %s HTTP/1.1\r\nHost: x\r\n"
            .. "Content-Length: %d\r\n\r\n%s"):format(method, path,
            #(body or ""), body or ""))
    end
    record.began = witness.now()
    if self.stream then write() else connect(self, write) end
end

-- want: wait, min_ttl (seconds), newer_than (a generation).
function Caller:get(history, key, want)
    local record = { key = key, wait = want.wait, min_ttl = want.min_ttl,
        newer_than = want.newer_than }
    local path = ("/v1/token/%s?wait=%dms%s%s"):format(key,
        math.floor(want.wait * 1000),
        want.min_ttl and "&min_ttl=" .. want.min_ttl or "",
        want.newer_than and "&newer_than=" .. want.newer_than or "")
    table.insert(history.calls, record)
    ask(self, "GET", path, nil, record, function(_, body)
        local answer = cjson.decode(body)
        answer.generation = math.tointeger(answer.generation)
        record.token, record.generation = answer.token, answer.generation
        record.expires_in, record.code = answer.expires_in, answer.code
        if record.status == 200 then self.known[key] = answer end
    end)
end

function Caller:reject(history, key, generation)
    local record = { key = key, generation = generation }
    table.insert(history.rejects, record)
    ask(self, "POST", "/v1/reject/" .. key,
        cjson.encode { generation = generation }, record, function() end)
end

-- A token that was never given out.
function Caller:reject_falsely(key)
    ask(self, "POST", "/v1/reject/" .. key,
        cjson.encode { token = "canary-of-nobody" }, {}, function() end)
end

function Caller:post(path)
    ask(self, "POST", path, nil, {}, function() end)
end

function Caller:drop(history, key)
    local record = { key = key }
    ask(self, "DELETE", "/v1/token/" .. key, nil, record, function()
        table.insert(history.withdrawn, { key = key, at = record.began })
        table.insert(history.withdrawn, { key = key, at = record.ended })
    end)
end

-- Goes away in the middle of what he asked.
function Caller:leave()
    hang_up(self)
    ended(self)
end

-- `act` is called with the caller whenever he is free; when it returns false
-- he is done.
function crowd.join(socket, act)
    local self = setmetatable({ socket = socket, known = {} }, Caller)
    self.next = function()
        -- Not from inside a callback of the one before.
        local timer = uv.new_timer()
        timer:start(0, 0, function()
            timer:close()
            if act(self) == false then
                self.is_done = true
                hang_up(self)
            end
        end)
    end
    self.next()
    return self
end

return crowd
