-- clocks_spec.lua - lifetimes run on the time since boot: wall time may jump
-- by years, the machine may sleep, and neither serves an expired token nor
-- starts a storm. The issuer's own clocks are left alone.
local cjson = require "cjson"
local clocks = require "support.clocks"
local engine = require "support.engine"
local fake = require "support.fake"
local wait = require "support.wait"

local SECOND, HOUR, YEAR = 1000, 3600 * 1000, 365 * 24 * 3600 * 1000
local LIFE = 2 * HOUR
local KEYS = 30
-- The engine notices within ten seconds that it slept, and has as long again.
local NOTICED_S = 20

local CONFIG = [[
return {
  policy = { "threshold", check_interval = "1m", threshold = "15m" },
  sources = { crm = { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = "crm", client_secret = secret.env "CRM_SECRET",
    insecure_http = true, keep = { %s }, tokens = { %s } } },
}
]]

describe("the engine's clocks", function()
    local issuer, subject, time

    local function calls() return issuer:stats().issuers.oauth2.calls end

    local function key(i) return ("crm/client/k%d"):format(i) end

    setup(function()
        local keep, tokens = {}, {}
        for i = 1, KEYS do
            keep[i] = ('"client/k%d"'):format(i)
            tokens[i] = ('k%d = { scope = "s%d" }'):format(i, i)
        end
        issuer = fake.start("--life", LIFE // SECOND .. "s")
        time = clocks.new()
        time.env.CRM_SECRET = "fake-secret"
        subject = engine.start { env = time.env, config = CONFIG:format(
            issuer.url, table.concat(keep, ", "), table.concat(tokens, ", ")) }
    end)

    -- What all keys are given at once, without waiting for the issuer.
    local function read_all()
        local answers = {}
        for i = 1, KEYS do
            local answer, status = subject:token(key(i), "wait=0s")
            answers[i] = { status = status, generation = answer.generation,
                expires_in = answer.expires_in,
                expires_at = answer.expires_at }
        end
        return answers
    end

    local function settled(before)
        wait.wait_until(function()
            for i, answer in ipairs(read_all()) do
                if answer.status ~= 200 or answer.generation
                    <= before[i].generation then return false end
            end
            return true
        end, NOTICED_S, "new tokens of all keys")
    end

    it("may jump on the wall by seconds and by years: nothing happens",
        function()
            local before, made = read_all(), calls()
            for _, ms in ipairs { SECOND, 60 * SECOND, HOUR, LIFE, 24 * HOUR,
                YEAR, 10 * YEAR } do
                for _, step in ipairs { ms, -2 * ms, ms } do
                    time:step("wall", step)
                    local answer, status = subject:token(key(1), "wait=0s")
                    assert.equal(200, status)
                    assert.equal(before[1].generation, answer.generation)
                    assert.is_true(answer.expires_in
                        <= before[1].expires_in)
                    assert.is_true(answer.expires_in > LIFE / SECOND / 2)
                end
            end
            for i, answer in ipairs(read_all()) do
                assert.equal(before[i].generation, answer.generation)
            end
            assert.equal(made, calls())
        end)

    it("show the wall's time to people, and no other", function()
        local before = read_all()[1].expires_at
        time:step("wall", YEAR)
        local after = read_all()[1].expires_at
        time:step("wall", -YEAR)
        assert.equal(tonumber(before:sub(1, 4)) + 1,
            tonumber(after:sub(1, 4)))
    end)

    it("may step in monotonic time alone: nothing happens", function()
        local before, made = read_all(), calls()
        for _, ms in ipairs { SECOND, HOUR, LIFE, YEAR } do
            time:step("monotonic", ms)
            assert.equal(before[1].generation, read_all()[1].generation)
        end
        assert.equal(made, calls())
    end)

    it("may stand still in a short sleep: nothing is due", function()
        local before, made = read_all(), calls()
        time:step("boot", LIFE // 4)
        for i, answer in ipairs(read_all()) do
            assert.equal(before[i].generation, answer.generation)
            assert.is_true(answer.expires_in <= before[i].expires_in
                - LIFE // 4 // SECOND)
        end
        assert.equal(made, calls())
    end)

    it("notice a sleep into the threshold by themselves, and renew each key "
        .. "once", function()
        local before, made = read_all(), calls()
        time:step("boot", LIFE // 4 * 3 - 10 * 60 * SECOND)
        wait.wait_until(function() return calls() >= made + KEYS end,
            NOTICED_S, "renewals after a sleep")
        settled(before)
        assert.equal(made + KEYS, calls())
    end)

    it("serve nothing that ended in a sleep, and fetch each key once",
        function()
            local before, made = read_all(), calls()
            time:step("boot", LIFE + HOUR)
            for i, answer in ipairs(read_all()) do
                assert.is_true(answer.status ~= 200
                    or answer.generation > before[i].generation)
            end
            settled(before)
            assert.equal(made + KEYS, calls())
        end)

    it("serve nothing that ended in a sleep of years while the issuer is away",
        function()
            issuer:control { outage = true }
            local made = calls()
            time:step("boot", 10 * YEAR)
            for _, answer in ipairs(read_all()) do
                assert.equal(503, answer.status)
            end
            issuer:control { outage = false }
            wait.wait_until(function()
                return read_all()[KEYS].status == 200
            end, 90, "tokens after an outage")
            assert.is_true(calls() <= made + 4 * KEYS, cjson.encode(
                issuer:stats().issuers))
        end)

    it("end with it", function()
        subject:stop()
        issuer:stop()
    end)
end)
