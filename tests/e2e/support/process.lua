-- process.lua - programs that a test starts. Every wait has an end, and none
-- outlives the test: end_all kills what is left, and a child dies with the
-- test that was killed itself.
local canary = require "support.canary"
local uv = require "luv"
local wait = require "support.wait"

local process = {}

local Process = {}
Process.__index = Process

local alive = {}

-- How long the pipes of an ended program may stay open: by its children.
local DRAIN_SECONDS = 5

local function environment(changes)
    local all = uv.os_environ()
    for name, value in pairs(changes or {}) do
        all[name] = value or nil
    end
    local list = {}
    for name, value in pairs(all) do list[#list + 1] = name .. "=" .. value end
    return list
end

local function collect(self, pipe, field)
    self.open = self.open + 1
    pipe:read_start(function(err, chunk)
        if chunk and not err then
            self[field] = self[field] .. chunk
        else
            self.open = self.open - 1
            pipe:close()
        end
    end)
end

local function feed(self, pipe, text)
    pipe:write(text or "", function() pipe:close() end)
    self.stdin = nil
end

-- Starts options.path with options.args; options.env adds to the environment
-- (false: takes out), options.cwd, options.input is what it reads; options.name
-- is what it becomes, if not what it starts as.
function process.start(options)
    local self = setmetatable({ out = "", err = "", open = 0,
        name = options.name or options.path:match("[^/]*$"),
        args = options.args or {} }, Process)
    local stdin, stdout, stderr = uv.new_pipe(), uv.new_pipe(), uv.new_pipe()
    local args = { "--pdeathsig", "KILL", "--", options.path }
    for _, arg in ipairs(options.args or {}) do
        args[#args + 1] = tostring(arg)
    end
    local handle, pid
    handle, pid = uv.spawn("setpriv", { args = args,
        env = environment(options.env), cwd = options.cwd,
        stdio = { stdin, stdout, stderr } },
        function(code, signal)
            self.code, self.signal_number = code, signal
            alive[self] = nil
            handle:close()
        end)
    assert(handle, pid)
    self.handle, self.pid = handle, pid
    alive[self] = true
    collect(self, stdout, "out")
    collect(self, stderr, "err")
    feed(self, stdin, options.input)
    return self
end

-- A program that was ended by a signal has exit code 0, too.
local function describe_end(self)
    if not self.code then return "running" end
    if self.signal_number ~= 0 then return "signal " .. self.signal_number end
    return "exit " .. self.code
end

-- All that it has said, for a failed test's message.
function Process:said()
    return ("%s (pid %d, %s)\nstdout: %s\nstderr: %s"):format(self.name,
        self.pid, describe_end(self), self.out, self.err)
end

local function find_line(text, plain)
    for line in text:gmatch("([^\n]*)\n") do
        if line:find(plain, 1, true) then return line end
    end
end

-- The first whole line on stdout or stderr with the plain text in it.
function Process:wait_line(plain, seconds)
    return wait.wait_until(function()
        local line = find_line(self.out, plain) or find_line(self.err, plain)
        if not line and self.code and self.open == 0 then
            error(("ended without a line '%s': %s"):format(plain,
                self:said()), 0)
        end
        return line
    end, seconds, function()
        return ("a line '%s' of %s"):format(plain, self:said())
    end)
end

-- name: "sigterm", "sigkill", ...
function Process:signal(name)
    if not self.code then assert(self.handle:kill(name)) end
end

-- A token is the product of `tokeng get`, and of nothing else. Help tells the
-- secret that all fake issuers know.
local function assert_no_secret(self)
    if self.name ~= "tokeng" then return end
    local args = " " .. table.concat(self.args, " ") .. " "
    if args:find(" %-?%-?help ") then return end
    canary.assert_none(self.err, "stderr of tokeng" .. args)
    canary.assert_none(self.out, "stdout of tokeng" .. args,
        self.args[1] == "get")
end

-- Its exit code and the number of the signal that ended it, or 0. What tokeng
-- has said is searched for secrets.
function Process:wait_exit(seconds)
    wait.wait_until(function() return self.code end, seconds,
        function() return "the end of " .. self:said() end)
    pcall(wait.wait_until, function() return self.open == 0 end,
        DRAIN_SECONDS)
    assert_no_secret(self)
    return self.code, self.signal_number
end

-- Asks it to end, and waits.
function Process:stop(seconds)
    self:signal("sigterm")
    return self:wait_exit(seconds or 10)
end

-- Runs a program to its end: code, stdout, stderr.
function process.run(options)
    local self = process.start(options)
    self:wait_exit(options.seconds or 20)
    return self.code, self.out, self.err
end

function process.end_all()
    local left = {}
    for self in pairs(alive) do
        left[#left + 1] = self
        self:signal("sigkill")
    end
    for _, self in ipairs(left) do self:wait_exit(5) end
end

return process
