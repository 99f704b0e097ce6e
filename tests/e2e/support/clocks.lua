-- clocks.lua - the clocks of a program that runs, to be stepped at will.
local tmp = require "support.tmp"

local clocks = {}

local Clocks = {}
Clocks.__index = Clocks

local function write(self)
    local file = assert(io.open(self.path, "r+b"))
    file:write(("i8i8i8"):pack(self.wall, self.monotonic, self.boot))
    file:close()
end

function clocks.new()
    local self = setmetatable({ wall = 0, monotonic = 0, boot = 0,
        path = tmp.dir() .. "/clocks" }, Clocks)
    tmp.write(self.path, ("\0"):rep(24))
    local options = os.getenv("ASAN_OPTIONS")
    self.env = { TOKENG_TEST_CLOCKS = self.path,
        LD_PRELOAD = assert(os.getenv("TOKENG_BUILD"))
            .. "/tests/clocks.so",
        ASAN_OPTIONS = (options and options .. ":" or "")
            .. "verify_asan_link_order=0" }
    return self
end

-- Steps one clock, "wall", "monotonic" or "boot", by milliseconds.
function Clocks:step(name, ms)
    self[name] = self[name] + ms
    write(self)
end

return clocks
