-- format.lua ROOT CLANG_FORMAT - every C file is as clang-format leaves it.
package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path
local tree = require "tree"

local root, program = arg[1], arg[2]
local verdict = tree.verdict()

local files = {}
for _, folder in ipairs({ "src", "include", "tests", "examples" }) do
    for _, path in ipairs(tree.files(root, folder, "*.[ch]")) do
        files[#files + 1] = ("'%s'"):format(path)
    end
end
if #files == 0 then verdict.done("no C file") end

local pipe = assert(io.popen(("cd '%s' && '%s' --style=file --dry-run -Werror "
    .. "%s 2>&1"):format(root, program, table.concat(files, " "))))
local said, seen = {}, {}
for line in pipe:lines() do
    said[#said + 1] = line
    local path = line:match("^([^:]+):%d+:%d+: error: .*clang%-format")
    if path and not seen[path] then
        seen[path] = true
        verdict.say("%s: run clang-format -i on it", path)
    end
end
if not pipe:close() and not next(seen) then
    verdict.say("clang-format failed: %s", table.concat(said, "\n"))
end
verdict.done(("%d files formatted"):format(#files))
