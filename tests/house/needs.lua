-- needs.lua LIBRARY - the library needs libc, and nothing else.
package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path
local tree = require "tree"

local verdict = tree.verdict()
-- Not ldd: it would also list what the needed ones need.
for line in tree.run(("objdump -p '%s'"):format(arg[1])):gmatch("[^\n]+") do
    local name = line:match("^%s*NEEDED%s+(%S+)")
    if name and not name:find("^libc%.") and not name:find("^ld%-linux") then
        verdict.say("%s needs %s", arg[1], name)
    end
end
verdict.done("libc alone")
