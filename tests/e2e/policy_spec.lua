-- policy_spec.lua - plans that would hurt are bent, scripts that fail are
-- answered for, and a rejected token is never handed out again.
local engine = require "support.engine"
local fake = require "support.fake"
local tmp = require "support.tmp"
local wait = require "support.wait"

local LIFE_S = 6

-- The threshold is half again as long as a life, as 15 minutes are to 10.
local CONFIG = [[
return {
  policy = { "threshold", check_interval = "1s", threshold = "9s" },
  sources = { crm = { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = "crm", client_secret = secret.env "CRM_SECRET",
    insecure_http = true, keep = { "client" } } },
}
]]

describe("a threshold longer than a life", function()
    local issuer, subject

    setup(function()
        issuer = fake.start("--life", LIFE_S .. "s")
        subject = engine.start { config = CONFIG:format(issuer.url),
            env = { CRM_SECRET = "fake-secret" } }
    end)

    it("costs at most two calls a life", function()
        local began = wait.now_ms()
        wait.wait_until(function()
            local answer, status = subject:token("crm/client")
            assert.equal(200, status)
            assert.is_true(answer.expires_in > 0)
            return wait.now_ms() - began > 2 * LIFE_S * 1000
        end, 3 * LIFE_S, "two lives")
        local lives = (wait.now_ms() - began) / 1000 / LIFE_S
        assert.is_true(issuer:stats().issuers.oauth2.calls
            <= math.ceil(2 * lives) + 1)
    end)

    it("gives another token after a reject", function()
        for _ = 1, 5 do
            local before = subject:token("crm/client")
            local code, out = subject:cli("reject", "crm/client",
                "--generation", ("%d"):format(before.generation))
            assert.equal(0, code)
            assert.truthy(#out > 0)
            local after, status = subject:token("crm/client",
                ("newer_than=%d"):format(before.generation))
            assert.equal(200, status)
            assert.not_equal(before.token, after.token)
            assert.is_true(after.generation > before.generation)
        end
    end)

    it("is not touched by a late report", function()
        local now = subject:token("crm/client")
        local calls = issuer:stats().issuers.oauth2.calls
        local reply = subject:http { method = "POST",
            path = "/v1/reject/crm/client", body = '{"generation":1}' }
        assert.equal(202, reply.status)
        assert.truthy(reply.body:find("late", 1, true))
        assert.equal(now.generation, subject:token("crm/client").generation)
        assert.equal(calls, issuer:stats().issuers.oauth2.calls)
    end)

    it("ends with its engine", function()
        subject:stop()
    end)

    it("may be a policy that fails: the built-in rule answers", function()
        local policy = tmp.dir() .. "/broken.lua"
        tmp.write(policy, "return { api = 1, name = 'broken',\n"
            .. "  decide = function() while true do end end }\n")
        local broken = engine.start { config = CONFIG:format(issuer.url),
            env = { CRM_SECRET = "fake-secret" },
            args = { "--policy", policy } }
        local before = broken:token("crm/client")
        wait.wait_until(function()
            return broken:token("crm/client").generation > before.generation
        end, LIFE_S + 2, "a renewal")
        local _, out = broken:cli("explain", "crm/client")
        assert.truthy(out:find("built%-in"))
        broken:stop()
    end)

    it("may have a typing error, which is told with its line", function()
        local policy = tmp.dir() .. "/typo.lua"
        tmp.write(policy, "return {\n  api = = 1 }\n")
        local code, _, err = subject:cli("check", "-c",
            subject.dir .. "/tokeng.lua", "--policy", policy)
        assert.equal(78, code)
        assert.truthy(err:find("typo.lua:2:", 1, true), err)
        issuer:stop()
    end)
end)
