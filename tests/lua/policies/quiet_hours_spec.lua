local sandbox = require "sandbox"

local HOUR = 3600

describe("quiet_hours", function()
    local policy, clock = sandbox.policy("policies/quiet_hours.lua")
    local options

    before_each(function()
        options = { threshold = 300, from = 22, to = 6, weekends = true }
    end)

    -- At a day of the week and a time, for a key that nobody uses.
    local function at(day, hour, minute, fields)
        clock.day, clock.hour, clock.minute = day, hour, minute or 0
        fields = fields or {}
        fields.idle = fields.idle or 50 * HOUR
        return policy.decide(sandbox.token(fields), options)
    end

    it("renews by day", function()
        assert.same({ "renew", 6900, "not quiet" }, at(1, 6))
        assert.same({ "renew", 6900, "not quiet" }, at(4, 21, 59))
    end)

    it("fetches all before a quiet night ends", function()
        assert.same({ "ask", 8 * HOUR - 300, "quiet hours" }, at(1, 22))
        assert.same({ "ask", HOUR - 300, "quiet hours" }, at(2, 5))
        assert.same({ "renew", -300, "not quiet" },
            at(2, 5, 55, { remaining = 0 }))
    end)

    it("is quiet from Friday night to Monday morning", function()
        assert.same({ "ask", 56 * HOUR - 300, "quiet hours" }, at(5, 22))
        assert.same({ "ask", 42 * HOUR - 300, "quiet hours" }, at(6, 12))
        options.weekends = false
        assert.equal("renew", at(6, 12)[1])
    end)

    it("can be quiet by day", function()
        options.from, options.to, options.weekends = 9, 17.5, false
        assert.same({ "ask", 8.5 * HOUR - 300, "quiet hours" }, at(1, 9))
        assert.equal("renew", at(1, 17, 30)[1])
        assert.equal("renew", at(1, 3)[1])
    end)

    it("keeps fresh what is used at night", function()
        assert.equal("renew", at(1, 23, 0, { idle = 600 })[1])
    end)

    it("ends also where it is always quiet", function()
        options.from, options.to = 0, 24
        assert.same({ "ask", 7 * 24 * HOUR - 300, "quiet hours" }, at(1, 0))
    end)

    it("is never quiet from an hour to itself", function()
        options.from, options.to, options.weekends = 5, 5, false
        for hour = 0, 23 do assert.equal("renew", at(3, hour)[1]) end
    end)
end)
