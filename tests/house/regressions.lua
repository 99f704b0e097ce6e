-- regressions.lua ROOT - each bug of docs/regressions.md is guarded by a test
-- that is there, or stands among those that cannot happen yet.
package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path
local tree = require "tree"

local PAGE = "docs/regressions.md"
local root = assert(arg[1], "usage: regressions.lua ROOT")
local verdict = tree.verdict()
local page = assert(tree.read(root .. "/" .. PAGE))

-- A test of C is defined and run; a spec's is the whole of what `it` says, or
-- its part before the line is broken.
local function has_test(path, name)
    local text = tree.read(root .. "/" .. path)
    if not text then return false end
    if path:find("%.lua$") then
        return text:find(('it("%s"'):format(name), 1, true) ~= nil
    end
    local _, count = text:gsub("%f[%w_]" .. name .. "%f[^%w_]", "")
    return count >= 2
end

local function check_row(number, row)
    local count = 0
    for path, name in row:gmatch("`(tests/[^`]+)` `([^`]+)`") do
        count = count + 1
        if not has_test(path, name) then
            verdict.say("%s: %d: %s has no test %s", PAGE, number, path, name)
        end
    end
    if count == 0 and not row:find("not yet: %w") then
        verdict.say("%s: %d: names no test", PAGE, number)
    end
end

local last = 0
for number, row in page:gmatch("\n| (%d+) |([^\n]*)") do
    number = tonumber(number)
    if number ~= last + 1 then
        verdict.say("%s: %d follows %d", PAGE, number, last)
    end
    check_row(number, row)
    last = number
end
if last == 0 then verdict.say("%s: has no rows", PAGE) end
verdict.done(("%d bugs, each with its test"):format(last))
