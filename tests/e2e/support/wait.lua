-- wait.lua - waiting for something to become true, on the luv loop.
local uv = require "luv"

local wait = {}

local POLL_MS = 10

-- Milliseconds of a clock that never goes back.
function wait.now_ms()
    return uv.hrtime() // 1000000
end

-- Runs the loop for that long.
function wait.sleep_ms(ms)
    local timer, is_over = uv.new_timer(), false
    timer:start(ms, 0, function() is_over = true end)
    repeat uv.run("once") until is_over
    timer:close()
end

-- Runs the loop until fn() is true, and returns what it returned; after
-- `seconds` it is an error that says `what` was waited for (a text, or a
-- function that makes one).
function wait.wait_until(fn, seconds, what)
    local deadline = wait.now_ms() + seconds * 1000
    local timer = uv.new_timer()
    timer:start(POLL_MS, POLL_MS, function() end)
    local ok, result
    repeat
        ok, result = pcall(fn)
        if not ok or result then break end
        uv.run("once")
    until wait.now_ms() > deadline
    timer:stop()
    timer:close()
    if not ok then error(result, 0) end
    if result then return result end
    if type(what) == "function" then what = what() end
    error(("waited %s s for %s"):format(seconds, what or "a condition"), 2)
end

return wait
