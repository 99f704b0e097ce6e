local sandbox = require "sandbox"

describe("fraction", function()
    local policy, clock = sandbox.policy("policies/fraction.lua")

    it("renews at a share of the life", function()
        assert.same({ "renew", 5000 - 1000, "share of its life" },
            policy.decide(sandbox.token { life = 10000, age = 4000 },
                { share = 0.8, spread = 0 }))
    end)

    it("spreads keys and generations, earlier only", function()
        local seen = {}
        clock.hour, clock.minute = 9, 30
        for key = 0, 9 do
            for generation = 1, 10 do
                local seconds = policy.decide(sandbox.token {
                    life = 10000, hour = 9.5 + key / 10,
                    generation = generation },
                    { share = 0.8, spread = 0.1 })[2]
                assert.is_true(seconds > 7000 and seconds <= 8000)
                seen[math.floor(seconds / 100)] = true
            end
        end
        for step = 70, 79 do assert.is_true(seen[step]) end
    end)

    it("answers the same when it is asked again", function()
        local token = sandbox.token { hour = 9.75, age = 100 }
        local options = { share = 0.8, spread = 0.1 }
        local first = policy.decide(token, options)[2]
        token.hour, token.age = token.hour + 1, token.age + 3600
        clock.hour = clock.hour + 1
        assert.is_true(math.abs(policy.decide(token, options)[2]
            - (first - 3600)) < 1e-6)
    end)
end)
