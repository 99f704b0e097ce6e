-- helper.lua - what busted runs before an end-to-end spec: afterwards nothing
-- that the spec started or wrote is left, whether it passed or not.
local busted = require "busted"

-- Loaded here, before busted gives each file modules of its own: there is one
-- loop, one list of processes.
local uv = require "luv"
local process = require "support.process"
local tmp = require "support.tmp"

-- A program or a server that is gone is an error of the write, not our end.
local sigpipe = uv.new_signal()
sigpipe:start("sigpipe")
sigpipe:unref()

-- luv crashes when Lua ends before a handle's close callback has run.
local function close_handles()
    uv.walk(function(handle)
        if not handle:is_closing() then handle:close() end
    end)
    uv.run()
end

busted.subscribe({ "suite", "end" }, function()
    local ok, err = pcall(process.end_all)
    tmp.end_all()
    close_handles()
    if not ok then
        io.stderr:write(err, "\n")
        os.exit(1)
    end
    return nil, true
end)
