local sandbox = require "sandbox"

describe("recent", function()
    local policy = sandbox.policy("policies/recent.lua")

    local function decide(fields, within)
        return policy.decide(sandbox.token(fields),
            { check_interval = 60, cold_cost = 10, within = within or 0 })
    end

    it("waits until a token is two ticks from its end", function()
        assert.same({ "ask", 7080, "in use until its end is near" },
            decide {})
    end)

    it("renews then what was used within cold_cost - 1 lives", function()
        assert.same({ "renew", -20, "used recently" },
            decide { remaining = 100, idle = 9 * 7200 })
        assert.same({ "lapse", "not used recently" },
            decide { remaining = 100, idle = 9 * 7200 + 1 })
    end)

    it("goes by `within` where it is set", function()
        assert.equal("lapse",
            decide({ remaining = 100, idle = 3601 }, 3600)[1])
        assert.equal("renew",
            decide({ remaining = 100, idle = 3600 }, 3600)[1])
    end)

    it("lets a key that was never used end", function()
        assert.equal("lapse", decide { remaining = 100, idle = math.huge }[1])
    end)

    it("decides at once where a life is short for its ticks", function()
        assert.same({ "renew", 180, "used recently" },
            decide { life = 300, remaining = 300 })
    end)
end)
