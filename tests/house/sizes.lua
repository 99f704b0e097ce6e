-- sizes.lua ROOT - files of at most 500 lines, functions of at most 60.
--
-- By layout and not by parsing: a C function's braces stand in column 0 (the
-- format check sees to it), and the `end` of a named Lua function stands
-- where its line begins.
package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path
local tree = require "tree"

local FILE_LINES, FUNCTION_LINES = 500, 60
local root = assert(arg[1], "usage: sizes.lua ROOT")
local verdict = tree.verdict()

local function measure(path, first, last)
    if last - first + 1 > FUNCTION_LINES then
        verdict.say("%s:%d: a function of %d lines, above %d", path, first,
            last - first + 1, FUNCTION_LINES)
    end
end

local function check_c(path, lines)
    local start
    for number, line in ipairs(lines) do
        if line:find("^{") then
            start = number
        elseif start and line:find("^}") then
            measure(path, start, number)
            start = nil
        end
    end
end

local function opens_function(line)
    local indent = line:match("^(%s*)")
    local rest = line:sub(#indent + 1)
    if rest:find("%f[%w]end%f[%W]") then return nil end
    if rest:find("^function%s") or rest:find("^local%s+function%s")
        or rest:find("^[%w_.%s]+=%s*function%(") then
        return indent
    end
end

local function check_lua(path, lines)
    for number, line in ipairs(lines) do
        local indent = opens_function(line)
        if indent then
            for last = number + 1, #lines do
                if lines[last]:find("^" .. indent .. "end%f[%W]") then
                    measure(path, number, last)
                    break
                end
            end
        end
    end
end

local count = 0
for _, folder in ipairs({ "src", "include", "lua", "policies", "tests",
    "examples" }) do
    for _, path in ipairs(tree.files(root, folder, "*.[ch]", "*.lua",
        "*.mjs")) do
        local lines = {}
        for line in io.lines(root .. "/" .. path) do
            lines[#lines + 1] = line
        end
        if #lines > FILE_LINES then
            verdict.say("%s: %d lines, above %d", path, #lines, FILE_LINES)
        end
        if path:find("%.[ch]$") then check_c(path, lines) end
        if path:find("%.lua$") then check_lua(path, lines) end
        count = count + 1
    end
end
verdict.done(("%d files within size"):format(count))
