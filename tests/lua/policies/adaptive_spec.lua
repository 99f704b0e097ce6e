local sandbox = require "sandbox"

local HOUR, DAY = 3600, 86400

describe("adaptive", function()
    local policy, options

    before_each(function()
        policy = sandbox.policy("policies/adaptive.lua")
        options = { check_interval = 60, cold_cost = 10, cold_per_10k = 200,
            calls_per_day = 0 }
    end)

    -- A day in which `cold` of 10,000 callers waited.
    local function day(cold, calls)
        for _ = 1, 24 do
            policy.tick({ uses = 10000 / 24, cold = cold / 24,
                calls = (calls or 0) / 24, elapsed = HOUR }, options)
        end
    end

    local function decide(fields, shares)
        return policy.decide(sandbox.token(fields, shares or {}), options)
    end

    it("moves once a day", function()
        policy.tick({ uses = 500, cold = 100, calls = 9, elapsed = DAY - 1 },
            options)
        assert.equal(10, options.cold_cost)
        policy.tick({ uses = 0, cold = 0, calls = 0, elapsed = 1 }, options)
        assert.is_true(options.cold_cost > 10)
    end)

    it("spends more when more callers waited than may", function()
        day(400)
        assert.is_true(options.cold_cost > 10)
    end)

    it("spends less when fewer did", function()
        day(100)
        assert.is_true(options.cold_cost < 10)
    end)

    it("stays where it is on target", function()
        day(200)
        assert.is_true(math.abs(options.cold_cost - 10) < 0.01)
    end)

    it("takes no large step for one bad day", function()
        day(10000)
        assert.is_true(options.cold_cost < 12)
    end)

    it("says when its target cannot be reached", function()
        for _ = 1, 60 do day(1000) end
        assert.equal(200, options.cold_cost)
        assert.same({ "ask", 1560,
            "no use is likely yet; target not reachable" },
            decide { remaining = 0, idle = 90 * HOUR })
        assert.same({ "renew", -20,
            "a use is likely; target not reachable" },
            decide({ remaining = 100, hour = 10 }, { [20] = 0.9 }))
        day(150)
        assert.equal("no use is likely yet",
            decide { remaining = 0, idle = 90 * HOUR }[3])
    end)

    it("never spends more calls than it may", function()
        options.calls_per_day = 1000
        day(1000, 950)
        assert.is_true(options.cold_cost < 10)
        assert.is_false(policy.state.reachable)
        day(1000, 500)
        assert.is_true(policy.state.reachable)
    end)

    it("goes down to a plain cache and no further", function()
        for _ = 1, 60 do day(0) end
        assert.equal(1.1, options.cold_cost)
    end)

    it("decides as foresight does", function()
        local other = sandbox.policy("policies/foresight.lua")
        for hour = 0, 23.75, 0.25 do
            for _, remaining in ipairs { 7200, 100, 0 } do
                local token = sandbox.token({ hour = hour,
                    remaining = remaining }, { [20] = 0.5 })
                assert.same(other.decide(token, options),
                    policy.decide(token, options))
            end
        end
        policy.learn(sandbox.token({}, {}, { [20] = true }), "day")
        assert.equal(4, policy.state.experience.used_of_step[1])
    end)
end)
