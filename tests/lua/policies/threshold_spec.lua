local sandbox = require "sandbox"

local verbs = {}
for _, verb in ipairs { "renew", "ask", "lapse" } do
    verbs[verb] = function(...) return { verb, ... } end
end

describe("threshold", function()
    local policy = sandbox.load("policies/threshold.lua", verbs)
    local options = { threshold = 900, tenants = true }

    it("has the defaults of the system it descends from", function()
        assert.equal("30m", policy.options.check_interval.default)
        assert.equal("15m", policy.options.threshold.default)
        assert.is_true(policy.options.tenants.default)
    end)

    it("renews when the threshold is left", function()
        assert.same({ "renew", 6300, "threshold" },
            policy.decide({ kind = "app", remaining = 7200 }, options))
    end)

    it("renews at once what has less", function()
        assert.same({ "renew", -300, "threshold" },
            policy.decide({ kind = "tenant", remaining = 600 }, options))
    end)

    it("lets tenant tokens lapse when told to", function()
        local off = { threshold = 900, tenants = false }
        assert.equal("lapse",
            policy.decide({ kind = "tenant", remaining = 7200 }, off)[1])
        assert.equal("renew",
            policy.decide({ kind = "app", remaining = 7200 }, off)[1])
    end)
end)
