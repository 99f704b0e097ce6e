-- feishu_spec.lua - the fake Feishu in shortened time: it gives a new token in
-- the last part of a life only, and no call is made before that.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local wait = require "support.wait"

local LIFE_S, WINDOW_S = 12, 5

-- The policy wants to renew long before the issuer would give anything new.
local CONFIG = [[
return {
  policy = { "threshold", check_interval = "1s", threshold = "9s" },
  sources = { feishu = { provider = "feishu", base_url = "%s",
    app_id = "cli_a1", app_secret = secret.env "APP_SECRET",
    insecure_http = true, facts = { renewable = { last = "5s" } },
    keep = { "app", "tenant" } } },
}
]]

describe("the fake Feishu", function()
    local issuer, subject

    setup(function()
        issuer = fake.start("--life", LIFE_S .. "s", "--window",
            WINDOW_S .. "s", "--latency", "30ms")
        subject = engine.start { config = CONFIG:format(issuer.url),
            env = { APP_SECRET = "fake-secret" } }
    end)

    it("is never called outside of its window", function()
        local renewals = 0
        wait.wait_until(function()
            for _, kind in ipairs { "app", "tenant" } do
                local answer, status = subject:token("feishu/" .. kind)
                assert.equal(200, status)
                assert.is_true(issuer:accepts(answer.token))
                assert.is_true(answer.expires_in > 0)
            end
            local stats = issuer:stats().issuers.feishu
            renewals = stats.issued - 2
            return renewals >= 4
        end, 3 * LIFE_S + 10, "two renewals of each kind")

        local stats = issuer:stats()
        assert.equal(0, stats.issuers.feishu.repeated)
        assert.same({}, stats.issuers.feishu.errors)
        for _, call in ipairs(stats.log) do
            assert.equal("issued", call.result)
            assert.is_true(call.remaining_ms < WINDOW_S * 1000,
                "called with " .. call.remaining_ms .. " ms left")
        end
    end)

    it("gives the rejected token again, which is not handed on", function()
        -- Just renewed: the window is shut for seconds.
        local before = wait.wait_until(function()
            local answer = subject:token("feishu/tenant")
            return answer.expires_in > WINDOW_S + 4 and answer
        end, LIFE_S + 5, "a young token")
        local reply = subject:http { method = "POST",
            path = "/v1/reject/feishu/tenant",
            body = ('{"generation":%d}'):format(before.generation) }
        assert.equal(202, reply.status)

        local query = ("wait=1s&newer_than=%d"):format(before.generation)
        local problem, status = subject:token("feishu/tenant", query)
        assert.equal(503, status)
        assert.equal("poisoned", problem.code)
        assert.is_nil(reply.body:find(before.token, 1, true))
        -- To others it stays readable.
        local same = subject:token("feishu/tenant")
        assert.equal(before.token, same.token)
        assert.equal("poisoned", same.state)

        local after = wait.wait_until(function()
            local answer, code = subject:token("feishu/tenant", query)
            return code == 200 and answer
        end, LIFE_S + 5, "the next generation")
        assert.not_equal(before.token, after.token)
        assert.is_true(after.generation > before.generation)
        assert.equal("fresh", after.state)
    end)

    it("explains itself", function()
        local code, out = subject:cli("explain", "feishu/app")
        assert.equal(0, code)
        assert.truthy(out:find("renewable while less than 5s remain", 1, true))
        local json
        code, json = subject:cli("explain", "feishu/app", "--json")
        assert.equal(0, code)
        assert.equal("feishu/app", cjson.decode(json).key)
    end)

    it("ends with its engine", function()
        subject:stop()
        issuer:stop()
    end)
end)
