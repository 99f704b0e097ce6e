-- native_spec.lua - loading libtokeng into LuaJIT, and what is said if it
-- cannot be.
local process = require "support.process"
local tmp = require "support.tmp"

local LIBRARY = os.getenv("TOKENG_BUILD") .. "/lib/libtokeng.so.0"

local SCRIPT = [[
package.path = "lua/?.lua"
print(select(2, require "resty.tokeng.native".open(%q, %q)))
]]

describe("libtokeng in LuaJIT", function()
    local function open(library, dir)
        local code, out, err = process.run { path = "luajit",
            args = { "-e", SCRIPT:format(library, dir) } }
        assert.equal(0, code, err)
        return out
    end

    it("gives a handle, also before there is an engine", function()
        assert.matches("^cdata<struct tokeng %*>", open(LIBRARY, "/nowhere"))
    end)

    it("says that it is not there", function()
        assert.matches("libtokeng is not there: .*/nowhere.so", open(
            "/nowhere.so", "/"))
    end)

    it("says which ABI it has and which was expected", function()
        local dir = tmp.dir()
        tmp.write(dir .. "/other.c",
            "unsigned tokeng_abi(void) { return 4711; }")
        assert.equal(0, (process.run { path = "cc", args = { "-shared",
            "-fPIC", "-o", dir .. "/other.so", dir .. "/other.c" } }))
        assert.matches("is for ABI %d+ of libtokeng, and .*/other.so has ABI "
            .. "4711: install both", open(dir .. "/other.so", "/"))
    end)

    it("says that a directory is too long", function()
        assert.matches("malformed", open(LIBRARY, "/" .. ("x"):rep(200)))
    end)
end)
