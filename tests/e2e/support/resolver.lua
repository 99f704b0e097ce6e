-- resolver.lua PORT FILE - a name server on loopback, for a namespace of its
-- own: good.* is 127.0.0.1, mute.* gets no answer, no other name exists. It
-- writes the names that it was asked for to the file.
local uv = require "luv"

local ADDRESS = "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\127\0\0\1"
local A = 1

local function read_question(packet)
    local labels, at = {}, 13
    while packet:byte(at) ~= 0 do
        local label = string.unpack("s1", packet, at)
        labels[#labels + 1] = label
        at = at + 1 + #label
    end
    return table.concat(labels, "."), string.unpack(">I2", packet, at + 1),
        packet:sub(13, at + 4)
end

local function answer(packet)
    local name, kind, question = read_question(packet)
    local is_good = name:find("^good%.") ~= nil
    local has_address = is_good and kind == A
    if name:find("^mute%.") then return nil, name end
    return packet:sub(1, 2) .. string.pack(">I2I2I2I2I2",
        is_good and 0x8180 or 0x8183, 1, has_address and 1 or 0, 0, 0)
        .. question .. (has_address and ADDRESS or ""), name
end

local log = assert(io.open(arg[2], "a"))
local server = uv.new_udp()
assert(server:bind("127.0.0.1", tonumber(arg[1])))
server:recv_start(function(err, packet, from)
    if err or not packet then return end
    local reply, name = answer(packet)
    log:write(name, "\n")
    log:flush()
    if reply then server:send(reply, from.ip, from.port) end
end)
print("listening on " .. server:getsockname().port)
io.stdout:flush()
uv.run()
