-- listed.lua ROOT - every source file is built and has its test, every script
-- has its spec, and no test is left of a file that is gone.
package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path
local tree = require "tree"

-- Files without a test of their own, and why.
local EXEMPT = {
    ["src/cli/main.c"] = "the program's entry: every e2e test runs it, and a "
        .. "test executable has a main of its own",
}

local root = assert(arg[1], "usage: listed.lua ROOT")
local verdict = tree.verdict()
local build = assert(tree.read(root .. "/CMakeLists.txt"))

local function is_there(path)
    return tree.exists(root .. "/" .. path)
end

-- "tokeng_room(net a.c b.c)" of CMakeLists.txt names net/a.c and net/b.c.
local built = {}
for room, files in build:gmatch("tokeng_room%((%w+)([^)]*)%)") do
    for name in files:gmatch("%S+") do
        built[("src/%s/%s"):format(room, name)] = true
    end
end

local function check_source(path)
    if EXEMPT[path] then return end
    local room, unit = path:match("^src/(%w+)/([%w_]+)%.c$")
    if not room then
        return verdict.say("%s: a source file lies in src/<room>/", path)
    end
    if not built[path] then
        verdict.say("%s is in no tokeng_room of CMakeLists.txt", path)
    end
    local test = ("tests/unit/%s/test_%s.c"):format(room, unit)
    if not is_there(test) then
        verdict.say("%s has no %s", path, test)
    end
end

-- lua/tokeng/a/b.lua has tests/lua/tokeng/a/b_spec.lua, and policies/p.lua
-- has tests/lua/policies/p_spec.lua. What is for nginx alone is tried there:
-- lua/resty/a/b.lua has tests/nginx/a/b_spec.lua.
local function check_script(path)
    local name = path:gsub("^lua/", ""):gsub("%.lua$", "")
    local hosted = name:match("^resty/(.*)$")
    if hosted then
        local spec = ("tests/nginx/%s_spec.lua"):format(hosted)
        if not is_there(spec) then
            verdict.say("%s has no %s", path, spec)
        end
        return
    end
    local spec = ("tests/lua/%s_spec.lua"):format(name)
    if not is_there(spec) then
        verdict.say("%s has no %s", path, spec)
    end
end

local function check_spec(path)
    local name = path:match("^tests/lua/(.*)_spec%.lua$")
    if not is_there("lua/" .. name .. ".lua")
        and not is_there(name .. ".lua")
        and not is_there("tests/lua/" .. name .. ".lua") then
        verdict.say("%s is the spec of no script", path)
    end
end

local function check_test(path)
    local room, unit = path:match("^tests/unit/(%w+)/test_([%w_]+)%.c$")
    if not room or not is_there(("src/%s/%s.c"):format(room, unit)) then
        verdict.say("%s is the test of no source file", path)
    end
end

local function each(check, folder, pattern)
    local files = tree.files(root, folder, pattern)
    for _, path in ipairs(files) do check(path) end
    return #files
end

local count = each(check_source, "src", "*.c")
    + each(check_script, "lua", "*.lua")
    + each(check_script, "policies", "*.lua")
each(check_test, "tests/unit", "test_*.c")
each(check_spec, "tests/lua", "*_spec.lua")
verdict.done(("%d files, each with its test"):format(count))
