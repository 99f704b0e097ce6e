-- run.lua ROOT WORK [NAME...] - takes each guarantee out of a copy of the code
-- (tests/mutants/list.lua) and sees that the tests named there fail.
--
-- The copy and its build stay in WORK, so that a mutant costs the building of
-- what it changes. Prints a line each, and fails if a mutant survives.
package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path
local edit = require "edit"
local list = require "list"

local root, work = arg[1], arg[2]
assert(work, "usage: run.lua ROOT WORK [NAME...]")
local copy, build = work .. "/tree", work .. "/build"

local function run(format, ...)
    return (os.execute(format:format(...)))
end

local function must(...)
    if not run(...) then
        io.stderr:write("failed: ", (...):format(select(2, ...)), "\n")
        os.exit(2)
    end
end

-- The files of the tree as they are; times are kept, so that nothing is built
-- twice.
local function prepare()
    must("mkdir -p '%s'", copy)
    must("cd '%s' && git ls-files -co --exclude-standard -z | "
        .. "tar --null -T - --ignore-failed-read -cf - 2>/dev/null | "
        .. "tar -xf - -C '%s'", root, copy)
    must("ln -sfn '%s/tests/e2e/node_modules' '%s/tests/e2e/node_modules'",
        root, copy)
    -- What was built of them last may have been a mutant.
    for _, mutant in ipairs(list) do
        must("touch '%s/%s'", copy, mutant.file)
    end
    must("cmake -S '%s' -B '%s' -DCMAKE_BUILD_TYPE=Debug >'%s/log' 2>&1",
        copy, build, work)
end

-- "unit.engine.plan" is built as test_engine_plan; all else runs the program,
-- some of it with the clocks that are preloaded.
local function target_of(test)
    local room, unit = test:match("^unit%.(%w+)%.(.+)$")
    return room and ("test_%s_%s"):format(room, unit) or "tokeng_cli clocks"
end

local function build_for(mutant)
    local targets = {}
    for _, test in ipairs(mutant.tests) do
        targets[#targets + 1] = target_of(test)
    end
    return run("cmake --build '%s' -j2 --target %s >'%s/log' 2>&1", build,
        table.concat(targets, " "), work)
end

local function passes(test)
    return run("cd '%s' && ctest -R '^%s$' --no-tests=error --timeout 60 "
        .. ">'%s/log' 2>&1", build, test:gsub("%.", "[.]"), work)
end

-- The tests that passed although the guarantee was gone.
local function survivors(mutant)
    local passed = {}
    for _, test in ipairs(mutant.tests) do
        if passes(test) then passed[#passed + 1] = test end
    end
    return passed
end

local function try(mutant)
    local path = copy .. "/" .. mutant.file
    local whole = edit.read(path)
    edit.write(path, assert(edit.apply(whole, mutant)))
    local is_built = build_for(mutant)
    local passed = is_built and survivors(mutant) or {}
    edit.write(path, whole)
    if not is_built then return "does not build, see " .. work .. "/log" end
    if #passed > 0 then return "survives " .. table.concat(passed, ", ") end
end

-- A test that fails without a mutant would seem to kill every one.
local function must_pass_unchanged(mutants)
    local seen = {}
    for _, mutant in ipairs(mutants) do
        if not build_for(mutant) then
            error("the code as it is does not build, see " .. work .. "/log", 0)
        end
        for _, test in ipairs(mutant.tests) do
            if not seen[test] and not passes(test) then
                error(test .. " fails with the code as it is", 0)
            end
            seen[test] = true
        end
    end
end

local function chosen()
    if #arg == 2 then return list end
    local some = {}
    for _, mutant in ipairs(list) do
        for i = 3, #arg do
            if mutant.name == arg[i] then some[#some + 1] = mutant end
        end
    end
    assert(#some == #arg - 2, "no such mutant")
    return some
end

prepare()
local mutants = chosen()
must_pass_unchanged(mutants)
local killed, survived = 0, 0
for _, mutant in ipairs(mutants) do
    local trouble = try(mutant)
    print(("%-30s %s"):format(mutant.name, trouble or "killed by "
        .. table.concat(mutant.tests, ", ")))
    io.stdout:flush()
    if trouble then survived = survived + 1 else killed = killed + 1 end
end
print(("mutants: %d killed, %d survived"):format(killed, survived))
os.exit(survived == 0)
