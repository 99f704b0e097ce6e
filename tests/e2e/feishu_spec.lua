-- feishu_spec.lua - an issuer that gives the same token again until little of
-- its life remains: the engine asks when there is something to be had, and
-- callers never see an expired token. In shortened time: a token lives 12 s
-- and is renewable in its last 4.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local wait = require "support.wait"

local LIFE_SECONDS, WINDOW_SECONDS = 12, 4
-- Two lives and a half, as seen by callers that read all the time.
local WATCH_SECONDS = 2.5 * LIFE_SECONDS
local READ_EVERY_MS = 100

-- `eager` would renew long before the issuer lets it, `twice` has a threshold
-- above its life, as the default has for a token of ten minutes.
local CONFIG = [[
local function feishu(app_id, threshold)
  return { provider = "feishu", base_url = "%s", insecure_http = true,
    app_id = app_id, app_secret = secret.env "FEISHU_SECRET",
    facts = { renewable = { last = "4s" } }, keep = { "app", "tenant" },
    policy = { "threshold", check_interval = "1s", threshold = threshold } }
end
local function oauth2(client_id, threshold)
  return { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = client_id, client_secret = secret.env "OAUTH_SECRET",
    insecure_http = true, keep = { "client" },
    policy = { "threshold", check_interval = "1s", threshold = threshold } }
end
return { sources = {
  calm = feishu("calm", "3s"), eager = feishu("eager", "9s"),
  rejected = feishu("rejected", "3s"),
  twice = oauth2("twice", "18s"), crm = oauth2("crm", "3s"),
} }
]]

local WATCHED = { "calm/app", "calm/tenant", "eager/app", "eager/tenant",
    "rejected/app", "rejected/tenant", "twice/client", "crm/client" }

describe("a token that is renewable in its last seconds", function()
    local issuer, subject
    local poisoned, watched_from

    setup(function()
        issuer = fake.start("--life", LIFE_SECONDS .. "s", "--window",
            WINDOW_SECONDS .. "s")
        subject = engine.start { config = CONFIG:format(issuer.url,
            issuer.url), env = { FEISHU_SECRET = "fake-secret",
            OAUTH_SECRET = "fake-secret" } }
        watched_from = wait.now_ms()
    end)

    teardown(function()
        subject:stop()
        issuer:stop()
    end)

    local function revoke_and_reject(key)
        local token = assert(subject:token(key))
        issuer:revoke(token.token)
        local reply = assert(subject:http { method = "POST",
            path = "/v1/reject/" .. key,
            body = ('{"generation":%d}'):format(token.generation) })
        assert.equal(202, reply.status)
        return token, cjson.decode(reply.body)
    end

    local function newer_than(token, span)
        return ("wait=%s&newer_than=%d"):format(span, token.generation)
    end

    -- The issuer's log of one client, without calls that are not about tokens.
    local function calls_of(client, kind)
        local calls = {}
        for _, call in ipairs(issuer:stats().log) do
            if call.client == client and (not kind or call.kind == kind) then
                calls[#calls + 1] = call
            end
        end
        return calls
    end

    it("is replaced at once when the issuer always gives a new one", function()
        local old, verdict = revoke_and_reject("crm/client")
        assert.equal("refreshing", verdict.result)
        local new, status = subject:token("crm/client",
            newer_than(old, "5s"))
        assert.equal(200, status)
        assert.is_true(new.generation > old.generation)
        assert.not_equal(old.token, new.token)
        assert.is_true(issuer:accepts(new.token))
    end)

    it("is poisoned when it was rejected and comes back the same", function()
        poisoned = revoke_and_reject("rejected/tenant")
        local answer, status = subject:token("rejected/tenant",
            newer_than(poisoned, "2s"))
        assert.equal(503, status)
        assert.equal("poisoned", answer.code)
        assert.is_true(answer.retry_after > 0)
        answer, status = subject:token("rejected/tenant")
        assert.equal(200, status)
        assert.equal("poisoned", answer.state)
        -- A second report of the same token asks the issuer nothing.
        local _, verdict = revoke_and_reject("rejected/tenant")
        assert.equal("known", verdict.result)
        assert.equal(2, #calls_of("rejected", "tenant"))
    end)

    -- One caller's look at a key: what it got is good, or it is the one that
    -- was revoked above.
    local function look(key)
        local answer, status = subject:token(key)
        assert.equal(200, status, key)
        assert.is_true(answer.expires_in > 0, key)
        if answer.token ~= poisoned.token then
            assert.is_true(issuer:accepts(answer.token), key)
        end
        return answer
    end

    it("is never seen expired, for two lives and a half", function()
        local seen, reads = {}, 0
        while wait.now_ms() < watched_from + WATCH_SECONDS * 1000 do
            for _, key in ipairs(WATCHED) do
                local answer = look(key)
                local last = seen[key] or 0
                assert.is_true(answer.generation >= last, key)
                seen[key] = answer.generation
                reads = reads + 1
            end
            local answer, status = subject:token("rejected/tenant",
                newer_than(poisoned, "0"))
            if status == 200 then
                assert.is_true(answer.generation > poisoned.generation)
                assert.not_equal(poisoned.token, answer.token)
            else
                assert.equal(503, status)
            end
            wait.sleep_ms(READ_EVERY_MS)
        end
        assert.is_true(reads > 200, "only " .. reads .. " reads")
    end)

    it("is asked for in that time only", function()
        for _, client in ipairs { "calm", "eager" } do
            for _, kind in ipairs { "app", "tenant" } do
                local calls = calls_of(client, kind)
                assert.is_true(#calls >= 3 and #calls <= 4,
                    ("%s/%s: %d calls: %s"):format(client, kind, #calls,
                        cjson.encode(calls)))
                for number, call in ipairs(calls) do
                    assert.equal("issued", call.result)
                    assert.is_true(call.remaining_ms < WINDOW_SECONDS * 1000)
                    if number > 1 then
                        assert.is_true(call.remaining_ms > 0, "too late")
                    end
                end
            end
        end
    end)

    it("is explained with its window", function()
        local code, out = subject:cli("explain", "eager/app")
        assert.equal(0, code)
        assert.truthy(out:find("renewable while less than 4s remain", 1, true),
            out)
        local json
        code, json = subject:cli("explain", "eager/app", "--json")
        assert.equal(0, code)
        assert.equal("eager/app", cjson.decode(json).key)
    end)

    it("is new once the window has opened for the rejected one", function()
        local calls = calls_of("rejected", "tenant")
        assert.equal("repeated", calls[2].result)
        assert.equal("issued", calls[3].result)
        assert.is_true(calls[3].remaining_ms > 0)
        assert.equal("fresh", look("rejected/tenant").state)
    end)

    it("costs two calls a life at most when the threshold is above it",
        function()
            local calls = calls_of("twice")
            assert.is_true(#calls >= 4, #calls .. " calls")
            for number = 3, #calls do
                local span_ms = calls[number].at_ms - calls[number - 2].at_ms
                assert.is_true(span_ms >= LIFE_SECONDS * 1000 - 100,
                    span_ms .. " ms")
            end
        end)
end)
