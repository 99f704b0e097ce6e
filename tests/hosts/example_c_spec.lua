-- example_c_spec.lua - examples/c, as it is run by a user.
local engine = require "support.engine"
local process = require "support.process"

describe("examples/c", function()
    local function run(...)
        local code, out, err = process.run { path = "examples/c/run",
            args = { ... }, env = { TOKENG_BIN = engine.program() },
            seconds = 50 }
        return code, out, err
    end

    it("prints the header for a request", function()
        local code, out, err = run()
        assert.equal(0, code, err)
        assert.matches("^Authorization: Bearer %S+\n$", out)
    end)

    it("goes on when the first token is refused", function()
        local code, out, err = run("--reject")
        assert.equal(0, code, err)
        assert.matches("^Authorization: Bearer %S+\n$", out)
    end)

    it("says how it is called", function()
        local code, out, err = run("--help")
        assert.equal(64, code)
        assert.equal("", out)
        assert.equal("usage: examples/c/run [--reject]\n", err)
    end)
end)
