-- tutorial_spec.lua - docs/write-a-policy.md, done as it stands there.
local cjson = require "cjson"
local process = require "support.process"
local tmp = require "support.tmp"

local PAGE = "docs/write-a-policy.md"

-- The first block of code in that language.
local function block(language)
    return assert(tmp.read(PAGE):match("```" .. language .. "\n(.-)```"))
end

describe("the policy that the page makes", function()
    local dir

    local function simulate(policy, ...)
        local path = tmp.write(dir .. "/office.lua", policy)
        return process.run { path = os.getenv("TOKENG_BIN"), seconds = 50,
            args = { "simulate", "--generate", "--keys", "20", "--days", "9",
                "--learn", "2d", "--json", "--policy", path, ... } }
    end

    setup(function() dir = tmp.dir() end)

    it("is tried with several values, beside the references", function()
        local code, out, err = simulate(block "lua", "--set",
            "office.within=1h,3h,9h", "--policy", "foresight")
        assert.equal(0, code, err)
        assert.equal("", err)
        local cold = {}
        for _, row in ipairs(cjson.decode(out).rows) do
            cold[row.name] = row.cold_per_10k
        end
        assert.is_true(cold["office within=1h"] > cold["office within=3h"])
        assert.is_true(cold["office within=3h"] > cold["office within=9h"])
        assert.is_true(cold["on-demand"] > cold["office within=1h"])
        assert.is_true(cold.foresight > 0)
    end)
end)
