-- exports.lua LIBRARY LIST - the library shows exactly the listed symbols.
package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path
local tree = require "tree"

local library, list = arg[1], arg[2]
local verdict = tree.verdict()

local wanted, count = {}, 0
for name in assert(tree.read(list), list):gmatch("%S+") do
    wanted[name] = true
    count = count + 1
end
for line in tree.run(("nm -D --defined-only '%s'"):format(library))
    :gmatch("[^\n]+") do
    local name = line:match("(%S+)$"):gsub("@.*", "")
    if not wanted[name] then
        verdict.say("%s is exported, and not in %s", name, list)
    end
    wanted[name] = nil
end
for name in pairs(wanted) do
    verdict.say("%s is listed, and not exported", name)
end
verdict.done(("%d symbols, all listed"):format(count))
