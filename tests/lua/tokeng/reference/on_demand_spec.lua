local sandbox = require "sandbox"

describe("the reference on_demand", function()
    it("never asks for a refresh", function()
        local policy = sandbox.load("lua/tokeng/reference/on_demand.lua",
            { lapse = function(why) return { "lapse", why } end })
        assert.same({ "lapse", "on demand" }, policy.decide({}, {}))
    end)
end)
