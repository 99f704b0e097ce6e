-- selftest.lua CC LUACHECK CLANG_FORMAT LUAJIT - each house check is seen to
-- pass on a small good tree, and to fail when that tree breaks its rule.
local here = arg[0]:gsub("[^/]*$", "")
local repository = here .. "../.."
local cc, luacheck, clang_format, luajit = table.unpack(arg, 1, 4)

local root = os.tmpname()
os.remove(root)

local function shell(command, ...)
    return os.execute((command):format(...))
end

local function write(path, text)
    assert(shell("mkdir -p '%s/%s'", root, path:match("^(.*)/") or "."))
    local file = assert(io.open(root .. "/" .. path, "w"))
    file:write(text)
    file:close()
end

local GOOD = {
    ["CMakeLists.txt"] = "tokeng_room(base low.c)\ntokeng_room(net high.c)\n",
    ["src/base/low.h"] = "int low(void);\n",
    ["src/base/low.c"] = '#include "base/low.h"\n\n#include <stdio.h>\n',
    ["src/net/high.h"] = '#include "base/low.h"\n',
    ["src/net/high.c"] = '#include "net/high.h"\n\n#include <uv.h>\n',
    ["tests/unit/base/test_low.c"] = "int main(void);\n",
    ["tests/unit/net/test_high.c"] = "int main(void);\n",
    ["policies/plain.lua"] = "return { decide = function() end }\n",
    ["tests/lua/policies/plain_spec.lua"] = "describe('plain', print)\n",
    ["docs/regressions.md"] = "\n| 1 | a | `tests/a.c` `one` |\n"
        .. "| 2 | b | `tests/b_spec.lua` `says two` |\n"
        .. "| 3 | c | not yet: d |\n",
    ["tests/a.c"] = "static void one(void);\n\nint main(void)\n{\n"
        .. "    one();\n}\n",
    ["tests/b_spec.lua"] = 'it("says two", print)\n',
    ["exports.txt"] = "tokeng_abi\n",
    ["tokeng.h"] = "#define TOKENG_ABI 3\n/* ffi:begin */\n"
        .. "unsigned tokeng_abi(void);\n/* ffi:end */\n",
    ["lib.c"] = "unsigned tokeng_abi(void) { return 3; }\n",
}

-- Lays the good tree anew, with `changes` over it (false takes a file out).
local function lay(changes, flags)
    assert(shell("rm -rf '%s' && mkdir '%s'", root, root))
    assert(shell("cp '%s/.clang-format' '%s/.luacheckrc' '%s'", repository,
        repository, root))
    local files = {}
    for path, text in pairs(GOOD) do files[path] = text end
    for path, text in pairs(changes) do files[path] = text end
    for path, text in pairs(files) do
        if text then write(path, text) end
    end
    assert(shell("'%s' -shared -fPIC '%s/lib.c' -o '%s/lib.so' %s", cc, root,
        root, flags or ""))
end

local function script(name, ...)
    return ("lua5.4 '%s%s.lua' %s"):format(here, name, table.concat({ ... },
        " "))
end

local CHECKS = {
    layers = script("layers", root),
    listed = script("listed", root),
    sizes = script("sizes", root),
    regressions = script("regressions", root),
    format = script("format", root, clang_format),
    exports = script("exports", root .. "/lib.so", root .. "/exports.txt"),
    needs = script("needs", root .. "/lib.so"),
    ffi = ("'%s' '%sffi.lua' '%s/tokeng.h' '%s/lib.so'"):format(luajit, here,
        root, root),
    luacheck = ("cd '%s' && '%s' -q policies tests"):format(root, luacheck),
}

local function run(name)
    local pipe = assert(io.popen(("{ %s; } 2>&1"):format(CHECKS[name])))
    local text = pipe:read("a")
    return pipe:close() and true or false, text
end

-- { check, what its complaint says, changes, flags of the library }
local BREAKS = {
    { "layers", "looks up or sideways at net/high.h",
        { ["src/base/low.c"] = '#include "base/low.h"\n'
            .. '#include "net/high.h"\n' } },
    { "layers", "looks up or sideways at cache/side.h",
        { ["src/net/high.c"] = '#include "net/high.h"\n'
            .. '#include "cache/side.h"\n' } },
    { "layers", "includes <uv.h>: only ^net/ may",
        { ["src/base/low.c"] = '#include "base/low.h"\n#include <uv.h>\n' } },
    { "layers", "includes <curl/curl.h>: only ^net/client may",
        { ["src/net/high.c"] = '#include "net/high.h"\n'
            .. "#include <curl/curl.h>\n" } },
    { "layers", "includes <glib.h>: no room owns it",
        { ["src/net/high.c"] = '#include "net/high.h"\n#include <glib.h>\n' } },
    { "layers", "circle:",
        { ["src/net/high.h"] = '#include "net/other.h"\n',
            ["src/net/other.c"] = '#include "net/high.h"\n' } },
    { "layers", "write it from its room",
        { ["src/net/high.c"] = '#include "high.h"\n' } },
    { "layers", "its own header is not its first include",
        { ["src/net/high.c"] = '#include <uv.h>\n#include "net/high.h"\n' } },
    { "layers", "it is for libtokeng's users",
        { ["src/net/high.c"] = '#include "net/high.h"\n'
            .. '#include "tokeng.h"\n' } },
    { "layers", "no such room",
        { ["src/attic/old.c"] = "int old;\n" } },
    { "listed", "src/net/high.c has no tests/unit/net/test_high.c",
        { ["tests/unit/net/test_high.c"] = false } },
    { "listed", "src/net/new.c is in no tokeng_room",
        { ["src/net/new.c"] = "int new;\n",
            ["tests/unit/net/test_new.c"] = "int main(void);\n" } },
    { "listed", "has no tests/lua/policies/plain_spec.lua",
        { ["tests/lua/policies/plain_spec.lua"] = false } },
    { "listed", "has no tests/lua/tokeng/providers/new_spec.lua",
        { ["lua/tokeng/providers/new.lua"] = "return {}\n" } },
    { "listed", "test_gone.c is the test of no source file",
        { ["tests/unit/net/test_gone.c"] = "int main(void);\n" } },
    { "listed", "gone_spec.lua is the spec of no script",
        { ["tests/lua/policies/gone_spec.lua"] = "\n" } },
    { "sizes", "501 lines, above 500",
        { ["src/base/low.c"] = ("/* */\n"):rep(501) } },
    { "sizes", "a function of 61 lines",
        { ["src/base/low.c"] = "int low(void)\n{\n" .. ("    low();\n"):rep(59)
            .. "}\n" } },
    { "sizes", "a function of 61 lines",
        { ["policies/plain.lua"] = "local function long()\n"
            .. ("    long()\n"):rep(59) .. "end\n" } },
    { "format", "src/base/low.c: run clang-format -i on it",
        { ["src/base/low.c"] = "int  low;\n" } },
    { "luacheck", "unused variable",
        { ["policies/plain.lua"] = "local unused = 1\n" } },
    { "luacheck", "undefined variable",
        { ["policies/plain.lua"] = "return undefined_name\n" } },
    { "regressions", "1: tests/a.c has no test one",
        { ["tests/a.c"] = "static void one(void);\n" } },
    { "regressions", "2: tests/b_spec.lua has no test says two",
        { ["tests/b_spec.lua"] = 'it("says three", print)\n' } },
    { "regressions", "1: names no test",
        { ["docs/regressions.md"] = "\n| 1 | a | |\n" } },
    { "regressions", "3 follows 1",
        { ["docs/regressions.md"] = "\n| 1 | a | not yet: b |\n"
            .. "| 3 | a | not yet: b |\n" } },
    { "exports", "leak is exported, and not in",
        { ["lib.c"] = GOOD["lib.c"] .. "int leak;\n" } },
    { "exports", "tokeng_more is listed, and not exported",
        { ["exports.txt"] = "tokeng_abi\ntokeng_more\n" } },
    { "needs", "needs libm",
        {}, "-Wl,--no-as-needed -lm" },
    { "ffi", "the header has ABI 3, the library 4",
        { ["lib.c"] = "unsigned tokeng_abi(void) { return 4; }\n" } },
    { "ffi", "tokeng_more",
        { ["tokeng.h"] = GOOD["tokeng.h"]:gsub("/%* ffi:end",
            "int tokeng_more(void);\n%0") } },
    { "ffi", "unsigned_t",
        { ["tokeng.h"] = GOOD["tokeng.h"]:gsub("unsigned", "unsigned_t") } },
}

local wrong = 0
local function complain(text, ...)
    wrong = wrong + 1
    print(text:format(...))
end

lay({})
local seen = {}
for name in pairs(CHECKS) do
    local good, text = run(name)
    if not good then complain("%s fails on a good tree:\n%s", name, text) end
end
for number, case in ipairs(BREAKS) do
    local name, said, changes, flags = table.unpack(case, 1, 4)
    seen[name] = true
    lay(changes, flags)
    local good, text = run(name)
    if good then
        complain("%s passes broken tree %d (%s)", name, number, said)
    elseif not text:find(said, 1, true) then
        complain("%s fails on broken tree %d, but does not say '%s':\n%s",
            name, number, said, text)
    end
end
for name in pairs(CHECKS) do
    if not seen[name] then complain("%s was never seen to fail", name) end
end
shell("rm -rf '%s'", root)
print(("%d broken trees, %d complaints"):format(#BREAKS, wrong))
os.exit(wrong == 0)
