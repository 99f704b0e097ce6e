local cjson = require "cjson"
local sandbox = require "sandbox"

local HOUR, SLOT = 3600, 1800

local function near(expected, actual)
    assert.is_true(math.abs(expected - actual) < 1e-6,
        ("expected %f, got %f"):format(expected, actual))
end

-- The uses that a share of days promises.
local function uses_of(share) return -math.log(1 - 0.98 * share) end

describe("a forecast by habit", function()
    local forecast, clock

    before_each(function()
        forecast, clock = sandbox.policy("lua/tokeng/forecast.lua")
    end)

    it("adds up what each half hour promises", function()
        local token = sandbox.token({ hour = 10 }, { [20] = 0.5, [21] = 0.2,
            [22] = 0.9 })
        near(uses_of(0.5) + uses_of(0.2), forecast.uses(token, HOUR))
        token.hour = 10.25
        near(uses_of(0.5) / 2, forecast.uses(token, SLOT / 2))
        near(0, forecast.uses(token, 0))
    end)

    it("goes on tomorrow past midnight, which may be a weekend", function()
        local token = sandbox.token({ hour = 23.5 }, { [47] = 0.5, [0] = 0.2,
            weekend = { [0] = 0.8 } })
        clock.day, clock.hour = 4, 23
        near(uses_of(0.5) + uses_of(0.2), forecast.uses(token, HOUR))
        clock.day = 5
        near(uses_of(0.5) + uses_of(0.8), forecast.uses(token, HOUR))
    end)

    it("knows that a key's own day may have begun before the local one",
        function()
            local token = sandbox.token({ hour = 0.5 }, {})
            clock.day, clock.hour = 4, 23
            assert.is_true(forecast.is_weekend_tomorrow(token))
            clock.day = 6
            assert.is_false(forecast.is_weekend_tomorrow(token))
            token.hour, clock.hour, clock.day = 12.5, 12, 7
            assert.is_false(forecast.is_weekend_tomorrow(token))
        end)

    it("takes lives of weeks by the day", function()
        local token = sandbox.token({ hour = 3 }, { [20] = 0.5 })
        near(7 * uses_of(0.5), forecast.uses(token, 7 * 24 * HOUR))
    end)

    it("lets no habit promise for ever", function()
        local token = sandbox.token({ hour = 10 }, { [20] = 1 })
        assert.is_true(forecast.uses(token, SLOT) < 5)
    end)

    it("goes by the last hour on a key's first day", function()
        local token = sandbox.token({ idle_before = math.huge, rate = 3 }, {})
        near(6, forecast.uses(token, 2 * HOUR))
        token.idle = 5 * HOUR
        assert.is_true(forecast.uses(token, 2 * HOUR) < 0.05)
    end)

    it("looks again before the next half hour", function()
        local token = sandbox.token({ hour = 10.25 }, {})
        near(SLOT / 2 - 240, forecast.next_look(token, 240))
        token.hour = 10.45
        near(SLOT + 180 - 240, forecast.next_look(token, 240))
    end)
end)

describe("the chance of a use", function()
    local forecast = sandbox.policy("lua/tokeng/forecast.lua")
    local experience

    before_each(function() experience = forecast.experience() end)

    it("is that of habit before there is experience", function()
        local token = sandbox.token({ hour = 10 }, { [21] = 0.5 })
        near(0.49, forecast.chance(experience, token))
        token.hour = 12
        near(0, forecast.chance(experience, token))
    end)

    it("still has some of a use that should have come", function()
        local token = sandbox.token({ hour = 10.5, idle = HOUR },
            { [20] = 0.9 })
        local late = forecast.chance(experience, token)
        assert.is_true(late > 0.2 and late < 0.9)
        token.idle = 60
        assert.is_true(forecast.chance(experience, token) < 0.05)
    end)

    -- At habits of 0.2, what came of it: always or never.
    local function teach(idle_before, today)
        local shares = {}
        for slot = 0, 47 do shares[slot] = 0.05 end
        for _ = 1, 50 do
            forecast.learn(experience, sandbox.token(
                { idle_before = idle_before }, shares, today))
        end
        return shares
    end

    it("becomes what experience shows", function()
        local busy = {}
        for slot = 0, 47 do busy[slot] = true end
        local shares = teach(0, busy)
        assert.is_true(forecast.chance(experience, sandbox.token(
            { hour = 10, idle = 600 }, shares)) > 0.9)
        teach(48 * HOUR, {})
        assert.is_true(forecast.chance(experience, sandbox.token(
            { hour = 10, idle = 60 * HOUR }, shares)) < 0.02)
        assert.is_true(forecast.chance(experience, sandbox.token(
            { hour = 10, idle = 600 }, shares)) > 0.5)
    end)

    it("counts no moment whose outcome is not known yet", function()
        local function moments(fields)
            experience = forecast.experience()
            forecast.learn(experience, sandbox.token(fields, {}))
            local sum = 0
            for _, seen in ipairs(experience.seen_of_step) do
                sum = sum + seen
            end
            return sum
        end
        assert.equal(45, moments { life = 2 * HOUR })
        assert.equal(48, moments { life = 60 })
        assert.equal(0, moments { life = 30 * 24 * HOUR })
        assert.equal(0, moments { idle_before = math.huge })
    end)

    it("counts a use within the life alone", function()
        forecast.learn(experience, sandbox.token({ life = HOUR }, {},
            { [20] = true }))
        assert.equal(2, experience.used_of_step[1])
    end)

    it("learns anew what has changed", function()
        local busy = {}
        for slot = 0, 47 do busy[slot] = true end
        for _ = 1, 20 do teach(0, busy) end
        for _, seen in ipairs(experience.seen) do
            assert.is_true(seen <= 4000)
        end
        for _ = 1, 20 do teach(0, {}) end
        local shares = teach(0, {})
        assert.is_true(forecast.chance(experience, sandbox.token(
            { hour = 10, idle = 12 * HOUR }, shares)) < 0.02)
    end)

    it("keeps its experience in what a policy may keep", function()
        teach(0, { [20] = true })
        assert.is_true(#cjson.encode(experience) < 48 * 1024)
    end)
end)

describe("a refresh is wanted", function()
    local forecast = sandbox.policy("lua/tokeng/forecast.lua")
    local experience = forecast.experience()
    local shares = { [20] = 0.5, [23] = 0.5 }

    local function is_wanted(fields)
        return forecast.is_wanted(experience, sandbox.token(fields, shares),
            0.1, SLOT)
    end

    it("of a token at its end, when a use is likely within a life", function()
        assert.is_true(is_wanted { hour = 10, remaining = 100 })
        assert.is_true(is_wanted { hour = 9, remaining = 100 })
        assert.is_false(is_wanted { hour = 13, remaining = 100 })
    end)

    it("of one that ended, when the use is near", function()
        assert.is_true(is_wanted { hour = 10, remaining = 0 })
        assert.is_false(is_wanted { hour = 9, remaining = 0 })
        assert.is_true(is_wanted { hour = 9.9, remaining = 0 })
    end)
end)
