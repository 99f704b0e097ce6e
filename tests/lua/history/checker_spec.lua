-- checker_spec.lua - the checker of histories sees what is wrong, and nothing
-- else: a good history, and for each rule one that breaks it alone.
local checker = require "history.checker"

-- A key whose token is fetched at 0 for a first caller and renewed at 6.
local function good()
    return {
        calls = {
            { key = "a", began = 0, ended = 0.2, wait = 5, status = 200,
              token = "t1", generation = 1, expires_in = 9 },
            { key = "a", began = 5, ended = 5.01, wait = 5, status = 200,
              token = "t1", generation = 1, expires_in = 5 },
            { key = "a", began = 7, ended = 7.01, wait = 5, status = 200,
              token = "t2", generation = 2, expires_in = 9 },
            { key = "a", began = 8, ended = 9, wait = 1, newer_than = 2,
              status = 503, code = "timeout" },
            { key = "a", began = 8, wait = 1, ended = 8.5 },
        },
        rejects = {},
        issuer = {
            { key = "a", began = 0.05, ended = 0.15, token = "t1",
              ends = 10.05 },
            { key = "a", began = 6, ended = 6.1, token = "t2", ends = 16 },
            { key = "b", began = 0, ended = 3 },
        },
        withdrawn = {},
        limits = { half = 5, grace = 2, per_second = 1, quota_of = "a" },
    }
end

local function breaks(rule, change)
    it("finds what breaks " .. rule, function()
        local history = good()
        change(history)
        local broken = checker.check(history)
        assert.is_truthy(broken[rule])
        broken[rule] = nil
        assert.same({}, broken)
    end)
end

describe("the checker of histories", function()
    it("has nothing to say of a good one", function()
        assert.same({}, (checker.check(good())))
    end)

    breaks("single_flight", function(h)
        table.insert(h.issuer, { key = "b", began = 1, ended = 2 })
    end)
    breaks("no_dead_token", function(h)
        table.insert(h.calls, { key = "a", began = 17, ended = 17.1, wait = 5,
            status = 200, token = "t2", generation = 2 })
    end)
    breaks("no_dead_token", function(h) h.calls[2].expires_in = 6 end)
    breaks("no_foreign_token", function(h)
        table.insert(h.calls, { key = "c", began = 7, ended = 7.1, wait = 5,
            status = 200, token = "t2", generation = 2 })
    end)
    breaks("no_foreign_token", function(h)
        table.insert(h.calls, { key = "c", began = 7, ended = 7.1, wait = 5,
            status = 200, token = "made up", generation = 1 })
    end)
    breaks("generations_grow", function(h)
        table.insert(h.calls, { key = "a", began = 7.5, ended = 7.6, wait = 5,
            status = 200, token = "t1", generation = 1 })
    end)
    breaks("generation_is_token", function(h)
        h.calls[3].generation = 1
        h.calls[4] = nil
        h.calls[5] = nil
    end)
    breaks("waits_end", function(h) h.calls[4].ended = 11.5 end)
    breaks("good_token_stays", function(h)
        table.insert(h.calls, { key = "a", began = 7.5, ended = 7.6, wait = 5,
            status = 503, code = "issuer_failed" })
    end)
    breaks("newer_is_newer", function(h) h.calls[3].newer_than = 2 end)
    breaks("renewed_in_time", function(h)
        h.issuer[2].began, h.issuer[2].ended = 4, 4.1
        h.issuer[2].ends = 17
        h.calls[2].began, h.calls[2].ended = 3, 3.01
    end)
    breaks("within_quota", function(h)
        for i = 1, 4 do
            table.insert(h.issuer, { key = "ab" .. i, began = i / 2,
                ended = i / 2 })
        end
    end)

    breaks("generation_is_token", function(h)
        h.calls[2].generation, h.calls[3].generation = 2, 3
    end)

    it("lets a withdrawn token be refused and fetched early", function()
        local h = good()
        h.withdrawn[1] = { key = "a", at = 3 }
        h.issuer[2].began, h.issuer[2].ended = 4, 4.1
        h.issuer[2].ends = 17
        h.calls[2] = { key = "a", began = 3.05, ended = 3.5, wait = 0,
            status = 503 }
        assert.same({}, (checker.check(h)))
    end)

    it("lets a token be renewed early that did not do", function()
        local h = good()
        h.rejects[1] = { key = "a", began = 3, ended = 3, generation = 1 }
        h.issuer[2].began, h.issuer[2].ended = 4, 4.1
        h.issuer[2].ends = 17
        h.calls[2].began, h.calls[2].ended = 3, 3.01
        assert.same({}, (checker.check(h)))
    end)

    it("minds no wait of a caller who went away", function()
        local h = good()
        h.calls[5].ended = 100
        assert.same({}, (checker.check(h)))
    end)
end)
