local sandbox = require "sandbox"

describe("foresight", function()
    local policy
    local options = { check_interval = 60, cold_cost = 10 }
    local shares = { [20] = 0.5 }

    before_each(function()
        policy = sandbox.policy("policies/foresight.lua")
    end)

    local function decide(fields)
        return policy.decide(sandbox.token(fields, shares), options)
    end

    it("waits until a token is two ticks from its end", function()
        assert.same({ "ask", 7080, "in use until its end is near" },
            decide { hour = 3 })
    end)

    it("renews then what will be used within a life", function()
        assert.same({ "renew", -20, "a use is likely" },
            decide { hour = 9, remaining = 100 })
    end)

    it("lets the rest end, and looks before each half hour", function()
        assert.same({ "ask", 1560, "no use is likely yet" },
            decide { hour = 3, remaining = 100 })
        assert.same({ "ask", 660, "no use is likely yet" },
            decide { hour = 3.25, remaining = 0 })
    end)

    it("fetches an ended token before its use, not hours before", function()
        assert.equal("ask", decide { hour = 9, remaining = 0 }[1])
        assert.equal("renew", decide { hour = 9.95, remaining = 0 }[1])
    end)

    it("weighs by what a cold caller costs", function()
        local rare = { [20] = 0.07 }
        local token = sandbox.token({ hour = 9, remaining = 100 }, rare)
        assert.equal("ask", policy.decide(token, options)[1])
        assert.equal("renew", policy.decide(token,
            { check_interval = 60, cold_cost = 30 })[1])
    end)

    it("decides at once where a life is short for its ticks", function()
        assert.same({ "renew", 180, "a use is likely" },
            decide { hour = 10, life = 300, remaining = 300 })
    end)

    it("keeps a new key fresh for some hours", function()
        local first = { hour = 15, remaining = 100, rate = 1,
            idle_before = math.huge, idle = 7100 }
        assert.equal("renew", decide(first)[1])
        first.idle = 6 * 3600
        assert.equal("ask", decide(first)[1])
    end)

    it("learns from days, and from nothing else", function()
        local token = sandbox.token({}, {}, { [20] = true })
        policy.learn(token, "cold")
        assert.equal(0, policy.state.used_of_step[1])
        policy.learn(token, "day")
        assert.equal(4, policy.state.used_of_step[1])
    end)
end)
