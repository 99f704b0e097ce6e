-- faults_spec.lua - one issuer for each of its bad days, all at the same time:
-- callers who hold a token notice nothing, and the first good answer ends the
-- retries. In shortened time: a token lives 12 s and is renewed when 6 remain;
-- the bad days begin with the first token and end when 3 s are left of it.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local http = require "support.http"
local wait = require "support.wait"

local LIFE_SECONDS = 12
local FAULTS_END_SECONDS = 9
local RETRY_AFTER_SECONDS = 2
local RETRY_LEAST_MS = 250
local ROUNDING_MS = 2
local CALL_MS = 800 -- what the slow issuer takes, and the timeout of others

-- The switches of each bad day, and the word for its calls in the issuer's log
-- where that is not the day's own.
local DAYS = {
    error = { on = { error_rate = 1 }, off = { error_rate = 0 } },
    limit = { on = { rate_limit_rate = 1, retry_after_s =
        RETRY_AFTER_SECONDS }, off = { rate_limit_rate = 0 } },
    ok_error = { on = { ok_error_rate = 1 }, off = { ok_error_rate = 0 },
        feishu = "2200", oauth2 = "server_error" },
    empty = { on = { empty_rate = 1 }, off = { empty_rate = 0 } },
    garbage = { on = { garbage_rate = 1 }, off = { garbage_rate = 0 } },
    outage = { on = { outage = true }, off = { outage = false } },
    hang = { on = { outage = "hang" }, off = { outage = false } },
}

-- Two sources for each day: DAY_feishu and DAY_oauth2.
local SOURCES = [[
  ["%s_feishu"] = { provider = "feishu", base_url = "%s", app_id = "app",
    app_secret = secret.env "FAULT_SECRET", insecure_http = true,
    facts = { renewable = { last = "6s" } }, keep = { "tenant" },
    timeout = "%dms" },
  ["%s_oauth2"] = { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = "client", client_secret = secret.env "FAULT_SECRET",
    insecure_http = true, keep = { "client" }, timeout = "%dms",
    tokens = { cold = { scope = "cold" } } },
]]
local CONFIG = [[
return {
  policy = { "threshold", check_interval = "1s", threshold = "6s" },
  sources = { %s },
}
]]

describe("an issuer's bad day", function()
    local issuers, subject, began_ms = {}, nil, nil
    local slow
    local first, gone_stale = {}, {}

    local function start_issuer(...)
        return fake.start("--life", LIFE_SECONDS .. "s", "--window", "6s", ...)
    end

    local function each_key(fn)
        for day, issuer in pairs(issuers) do
            fn(day .. "_feishu/tenant", issuer, day, "feishu")
            fn(day .. "_oauth2/client", issuer, day, "oauth2")
        end
    end


    -- What a caller is given for the key, which has to be good.
    local function read(key, issuer)
        local answer, status = subject:token(key)
        assert.equal(200, status, key)
        assert.is_true(issuer:accepts(answer.token), key)
        return answer
    end

    -- The issuer's log of the one key that is kept.
    local function calls_of(issuer, name)
        local calls = {}
        for _, call in ipairs(issuer:stats().log) do
            if call.issuer == name and call.kind ~= "cold" then
                calls[#calls + 1] = call
            end
        end
        return calls
    end

    setup(function()
        local sources = {}
        for day in pairs(DAYS) do
            local issuer = start_issuer()
            issuers[day] = issuer
            sources[#sources + 1] = SOURCES:format(day, issuer.url, CALL_MS,
                day, issuer.url, CALL_MS)
        end
        slow = start_issuer("--latency", CALL_MS .. "ms")
        sources[#sources + 1] = SOURCES:format("slow", slow.url, 5000,
            "slow", slow.url, 5000)
        began_ms = wait.now_ms()
        subject = engine.start { config = CONFIG:format(table.concat(sources)),
            env = { FAULT_SECRET = "fake-secret" } }
    end)

    teardown(function()
        subject:stop()
        slow:stop()
        for _, issuer in pairs(issuers) do issuer:stop() end
    end)

    it("begins after a good one", function()
        each_key(function(key, issuer)
            first[key] = wait.wait_until(function()
                local answer, status = subject:token(key)
                return status == 200 and answer
            end, 5, "the first token of " .. key)
            assert.is_true(issuer:accepts(first[key].token))
        end)
        for day, issuer in pairs(issuers) do issuer:control(DAYS[day].on) end
    end)

    it("is told to who has no token yet", function()
        for day, issuer in pairs(issuers) do
            local answer, status = subject:token(
                day .. "_oauth2/client/cold", "wait=100ms")
            assert.equal(503, status, day)
            assert.is_nil(answer.token)
            assert.is_false(issuer:accepts("cold"))
        end
    end)

    it("is not noticed by who holds a token", function()
        while wait.now_ms() < began_ms + FAULTS_END_SECONDS * 1000 do
            each_key(function(key, issuer)
                local answer = read(key, issuer)
                assert.equal(first[key].token, answer.token, key)
                gone_stale[key] = gone_stale[key] or answer.state == "stale"
            end)
            wait.sleep_ms(200)
        end
        each_key(function(key)
            assert.is_true(gone_stale[key], key .. " was never stale")
        end)
    end)

    it("ends with the first good answer", function()
        for day, issuer in pairs(issuers) do issuer:control(DAYS[day].off) end
        each_key(function(key, issuer)
            -- The token of the start ends 12 s after it.
            local left = began_ms + LIFE_SECONDS * 1000 - wait.now_ms()
            wait.wait_until(function()
                local answer = read(key, issuer)
                return answer.generation > first[key].generation
                    and answer.state == "fresh"
            end, left / 1000, "a new token of " .. key)
        end)
    end)

    it("leaves no retries behind", function()
        local counts = {}
        each_key(function(key, issuer, _, name)
            counts[key] = #calls_of(issuer, name)
        end)
        wait.sleep_ms(2000)
        each_key(function(key, issuer, _, name)
            local calls = calls_of(issuer, name)
            assert.equal(counts[key], #calls, key)
            assert.equal("issued", calls[#calls].result, key)
        end)
    end)

    -- Calls fn(span_ms) for each call that follows one that met the day.
    local function each_retry(issuer, day, name, fn)
        local calls = calls_of(issuer, name)
        for number = 2, #calls do
            if calls[number - 1].result == (DAYS[day][name] or day) then
                fn(calls[number].at_ms - calls[number - 1].at_ms)
            end
        end
    end

    it("is met by retries that keep their distance", function()
        each_key(function(key, issuer, day, name)
            local retries = 0
            each_retry(issuer, day, name, function(span_ms)
                retries = retries + 1
                assert.is_true(span_ms >= RETRY_LEAST_MS - ROUNDING_MS,
                    ("%s: %d ms"):format(key, span_ms))
            end)
            assert.is_true(retries >= 1, key .. " was not tried again")
        end)
    end)

    it("brings no call before the time that a 429 asks for", function()
        for _, name in ipairs { "feishu", "oauth2" } do
            each_retry(issuers.limit, "limit", name, function(span_ms)
                assert.is_true(span_ms >= RETRY_AFTER_SECONDS * 1000
                    - ROUNDING_MS,
                    ("%s: %d ms"):format(name, span_ms))
            end)
        end
    end)

    it("that is merely slow costs no caller with a token anything", function()
        local calls = {}
        for number = 1, 8 do
            calls[number] = http.start { unix = subject.socket,
                path = "/v1/token/slow_oauth2/client/cold?wait=5s" }
        end
        local hit_at = wait.now_ms()
        read("slow_oauth2/client", slow)
        assert.is_true(wait.now_ms() - hit_at < CALL_MS / 2)
        local tokens = {}
        for number, call in ipairs(calls) do
            local reply = assert(call:wait(10))
            assert.equal(200, reply.status)
            tokens[cjson.decode(reply.body).token] = number
        end
        -- All of them waited for the same call.
        assert.is_not_nil(next(tokens))
        assert.is_nil(next(tokens, (next(tokens))))
        assert.equal(1, slow:stats().issuers.oauth2.clients.client.kinds.cold
            .calls)
    end)
end)
