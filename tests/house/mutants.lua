-- mutants.lua ROOT - the list of mutants fits the code: each change can be
-- made, its tests are there, and docs/guarantees.md names it.
package.path = arg[0]:gsub("[^/]*$", "?.lua;")
    .. arg[0]:gsub("[^/]*$", "../mutants/?.lua;") .. package.path
local edit = require "edit"
local list = require "list"
local tree = require "tree"

local root = assert(arg[1], "usage: mutants.lua ROOT")
local verdict = tree.verdict()
local doc = tree.read(root .. "/docs/guarantees.md") or ""

local function is_test(name)
    local room, unit = name:match("^unit%.(%w+)%.(.+)$")
    if room then
        return tree.exists(("%s/tests/unit/%s/test_%s.c"):format(root, room,
            unit))
    end
    local spec = name:match("^e2e%.(.+)$")
    return spec and tree.exists(("%s/tests/e2e/%s_spec.lua"):format(root,
        spec:gsub("%.", "/")))
end

local known = {}
for _, mutant in ipairs(list) do
    known[mutant.name] = true
    for _, test in ipairs(mutant.tests) do known[test] = true end
end
-- Rows of the table: its second and third column are names.
for names in doc:gmatch("\n|[^|\n]*|([^\n]*)") do
    for name in names:gmatch("`([^`]+)`") do
        if not known[name] then
            verdict.say("docs/guarantees.md names %s, and no mutant has it",
                name)
        end
    end
end

for _, mutant in ipairs(list) do
    local text = tree.read(root .. "/" .. mutant.file) or ""
    local changed, why = edit.apply(text, mutant)
    if not changed then
        verdict.say("%s: %s: %s", mutant.name, mutant.file, why)
    end
    for _, test in ipairs(mutant.tests) do
        if not is_test(test) then
            verdict.say("%s: there is no test %s", mutant.name, test)
        end
        if not doc:find(test, 1, true) then
            verdict.say("docs/guarantees.md does not name %s", test)
        end
    end
    if not doc:find("`" .. mutant.name .. "`", 1, true) then
        verdict.say("docs/guarantees.md does not name %s", mutant.name)
    end
end
verdict.done(("%d mutants"):format(#list))
