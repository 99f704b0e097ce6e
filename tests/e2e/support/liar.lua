-- liar.lua - issuers, each at an address of its own on loopback, that answer
-- with the bytes that they were given.
local uv = require "luv"

local liar = {}

local Liar = {}
Liar.__index = Liar

local function again(stream, block)
    stream:write(block, function(err)
        if not err and not stream:is_closing() then again(stream, block) end
    end)
end

local function end_stream(stream)
    if not stream:is_closing() then stream:close() end
end

local function answer(self, stream)
    local say = self.say()
    self.calls = self.calls + 1
    local after = say.after or "close"
    if after == "reset" then
        stream:write(say.bytes, function() stream:close_reset() end)
    elseif after == "close" then
        stream:write(say.bytes)
        stream:shutdown()
    elseif after == "hang" then
        stream:write(say.bytes)
    else
        stream:write(say.bytes, function() again(stream, after) end)
    end
end

local function is_whole(text)
    local head, body = text:match("^(.-\r\n\r\n)(.*)$")
    local length = head and head:match("[Cc]ontent%-[Ll]ength: *(%d+)")
    return head and #body >= tonumber(length or 0)
end

local function serve(self)
    local stream, text = uv.new_tcp(), ""
    self.server:accept(stream)
    stream:read_start(function(err, chunk)
        if err or not chunk then return end_stream(stream) end
        text = text .. chunk
        if is_whole(text) then
            text = ""
            answer(self, stream)
        end
    end)
end

-- The nth one; `say` returns { bytes =, after = } as in answers.lua.
function liar.start(n, say)
    local self = setmetatable({ say = say, calls = 0 }, Liar)
    local host = ("127.1.%d.%d"):format(n // 250, n % 250 + 1)
    self.server = uv.new_tcp()
    assert(self.server:bind(host, 0))
    assert(self.server:listen(16, function() serve(self) end))
    self.url = ("http://%s:%d"):format(host, self.server:getsockname().port)
    return self
end

function Liar:stop()
    self.server:close()
end

return liar
