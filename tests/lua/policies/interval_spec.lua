local sandbox = require "sandbox"

describe("interval", function()
    local policy = sandbox.policy("policies/interval.lua")

    it("renews at an age", function()
        assert.same({ "renew", 3000, "age" },
            policy.decide({ age = 600 }, { every = 3600 }))
        assert.same({ "renew", -400, "age" },
            policy.decide({ age = 4000 }, { every = 3600 }))
    end)
end)
