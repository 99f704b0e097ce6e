-- chaos.lua - a proxy on loopback that hands on what it is told to: `fault` is
-- nil, or one of { cut = bytes of the answer, after which it ends; is_reset =
-- whether as a reset; before = bytes in front of the answer; trickle = whether
-- it comes byte by byte; is_deaf = whether nothing is answered }.
local uv = require "luv"

local chaos = {}

local Chaos = {}
Chaos.__index = Chaos

local function drop(self, pair, is_reset)
    self.pairs[pair] = nil
    for _, stream in ipairs { pair.client, pair.server } do
        if not stream:is_closing() then
            if is_reset and stream == pair.client then
                stream:close_reset()
            else
                stream:close()
            end
        end
    end
end

-- Each byte is a write of its own, behind the one before it.
local function trickle(stream, bytes, at)
    if at > #bytes or stream:is_closing() then return end
    stream:write(bytes:sub(at, at), function(err)
        if not err then trickle(stream, bytes, at + 1) end
    end)
end

local function hand_back(self, pair, chunk)
    local fault = self.fault or {}
    if fault.is_deaf then return end
    local cut = fault.cut and fault.cut - pair.count
    pair.count = pair.count + #chunk
    if fault.trickle then return trickle(pair.client, chunk, 1) end
    if not cut or cut > #chunk then return pair.client:write(chunk) end
    pair.client:write(chunk:sub(1, cut), function()
        drop(self, pair, fault.is_reset)
    end)
end

local function join(self, pair)
    local fault = self.fault or {}
    if fault.before then pair.client:write(fault.before) end
    pair.client:read_start(function(err, chunk)
        if err or not chunk then return drop(self, pair) end
        pair.server:write(chunk)
    end)
    pair.server:read_start(function(err, chunk)
        if err or not chunk then return drop(self, pair) end
        hand_back(self, pair, chunk)
    end)
end

local function accept(self)
    local pair = { client = uv.new_tcp(), server = uv.new_tcp(), count = 0 }
    self.listener:accept(pair.client)
    self.pairs[pair] = true
    self.calls = self.calls + 1
    if self.fault and self.fault.cut == 0 then
        return drop(self, pair, self.fault.is_reset)
    end
    pair.server:connect("127.0.0.1", self.port, function(err)
        if err then return drop(self, pair) end
        join(self, pair)
    end)
end

-- In front of a port of 127.0.0.1.
function chaos.start(port)
    local self = setmetatable({ port = port, pairs = {}, calls = 0 }, Chaos)
    self.listener = uv.new_tcp()
    assert(self.listener:bind("127.0.0.1", 0))
    assert(self.listener:listen(16, function() accept(self) end))
    self.own_port = self.listener:getsockname().port
    return self
end

-- For the connections from now on; those that are there end.
function Chaos:set(fault)
    for pair in pairs(self.pairs) do drop(self, pair) end
    self.fault = fault
end

function Chaos:stop()
    self:set(nil)
    self.listener:close()
end

return chaos
