-- faults.lua - a program whose allocations or system calls fail at will
-- (tests/faults/faults.c).
local tmp = require "support.tmp"

local faults = {}

local Faults = {}
Faults.__index = Faults

local WHAT = { nothing = 0, allocations = 1, calls = 2 }
local FORMAT = "i8i8i8i8i8"
local NEVER = 1 << 60

-- The numbers of Linux.
faults.errors = { EINTR = 4, EIO = 5, EAGAIN = 11, ENOMEM = 12, ENFILE = 23,
    EMFILE = 24, ENOSPC = 28, ECONNRESET = 104 }

local function write(self, ...)
    local file = assert(io.open(self.path, "r+b"))
    file:write(FORMAT:pack(...))
    file:close()
end

function faults.new()
    local self = setmetatable({ path = tmp.dir() .. "/faults" }, Faults)
    tmp.write(self.path, ("\0"):rep(40))
    self.env = { TOKENG_TEST_FAULTS = self.path,
        LD_PRELOAD = assert(os.getenv("TOKENG_BUILD"))
            .. "/tests/faults.so" }
    return self
end

-- From now on the allocations or calls from the number `from` on fail, `many`
-- of them (1); without `from` they are only counted.
function Faults:begin(what, from, error, many)
    write(self, WHAT[what], error or 0, from or NEVER, many or 1, 0)
end

-- Nothing fails any more. How many there were.
function Faults:stop()
    local seen = self:seen()
    write(self, WHAT.nothing, 0, NEVER, 1, 0)
    return seen
end

function Faults:seen()
    local _, _, _, _, seen = FORMAT:unpack(tmp.read(self.path))
    return seen
end

return faults
