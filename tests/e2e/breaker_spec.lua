-- breaker_spec.lua - an issuer that does not answer is asked by one call at a
-- time, a reload changes nothing about that, and its first answer ends it.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local wait = require "support.wait"

-- A token of 20 s has a least pause of 250 ms, and 1.5 s between probes.
local LIFE_SECONDS = 20
local FAILURES = 5 -- TK_BREAKER_FAILURES
local KEYS = 12
local WATCH_SECONDS = 3
-- The shortest pause is half of 250 ms.
local PROBES_MAX = WATCH_SECONDS * 1000 / 125

local function config(issuer)
    local tokens = {}
    for number = 1, KEYS do
        tokens[number] = ("k%d = { scope = \"s%d\" }"):format(number, number)
    end
    return ([[
return { policy = { "threshold", check_interval = "1s", threshold = "5s" },
  sources = { crm = { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = "crm", client_secret = secret.env "CRM_SECRET",
    insecure_http = true, max_concurrent = 1, keep = { "client" },
    tokens = { %s } } } }]]):format(issuer.url, table.concat(tokens, ", "))
end

describe("an issuer that is down", function()
    local issuer, subject

    setup(function()
        issuer = fake.start("--life", LIFE_SECONDS .. "s")
        subject = engine.start { config = config(issuer),
            env = { CRM_SECRET = "fake-secret" } }
        issuer:control { outage = true }
    end)

    teardown(function()
        subject:stop()
        issuer:stop()
    end)

    local function ask_for_all()
        for number = 1, KEYS do
            local _, status = subject:token("crm/client/k" .. number,
                "wait=100ms")
            assert.equal(503, status)
        end
    end

    local function source()
        local reply = assert(subject:http { path = "/v1/explain/crm/client" })
        return cjson.decode(reply.body).source
    end

    local function calls() return issuer:stats().issuers.oauth2.calls end

    it("is found down after calls for different keys", function()
        wait.wait_until(function()
            ask_for_all()
            return source().down
        end, 15, "the breaker to open")
        local _, status = subject:token("crm/client")
        assert.equal(200, status)
    end)

    it("gets a bounded number of calls, over a reload too", function()
        local before = calls()
        local until_ms = wait.now_ms() + WATCH_SECONDS * 1000
        assert.equal(0, (subject:cli("reload")))
        assert.is_true(source().down)
        while wait.now_ms() < until_ms do ask_for_all() end
        local spent = (wait.now_ms() - until_ms) / 1000 + WATCH_SECONDS
        local most = FAILURES + PROBES_MAX * spent / WATCH_SECONDS
        assert.is_true(calls() - before <= most,
            ("%d calls in %.1f s"):format(calls() - before, spent))
    end)

    it("is asked for everything again once it answers", function()
        issuer:control { outage = false }
        for number = 1, KEYS do
            wait.wait_until(function()
                local _, status = subject:token("crm/client/k" .. number,
                    "wait=2s")
                return status == 200
            end, 15, "a token of k" .. number)
        end
        assert.is_false(source().down)
    end)
end)
