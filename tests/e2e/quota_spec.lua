-- quota_spec.lua - what the issuer allows is not exceeded: no call is answered
-- with 429, and what has to wait says so.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"

local QUOTA = 6

local CONFIG = [[
return { sources = { crm = { provider = "oauth2",
  token_url = "%s/oauth2/token", client_id = "crm",
  client_secret = secret.env "CRM_SECRET", insecure_http = true,
  quota = { per_minute = %d },
  tokens = { a = { scope = "a" }, b = { scope = "b" }, c = { scope = "c" },
             d = { scope = "d" }, e = { scope = "e" }, f = { scope = "f" } },
  keep = { "client", "client/a", "client/b", "client/c", "client/d",
           "client/e" } } } }
]]

describe("a quota", function()
    local issuer, subject

    setup(function()
        issuer = fake.start("--quota", QUOTA)
        subject = engine.start { config = CONFIG:format(issuer.url, QUOTA),
            env = { CRM_SECRET = "fake-secret" } }
    end)

    teardown(function()
        subject:stop()
        issuer:stop()
    end)

    local function metric(name)
        local reply = assert(subject:http { path = "/metrics" })
        return tonumber(reply.body:match("\n" .. name:gsub("%p", "%%%0")
            .. " (%d+)"))
    end

    it("as large as the number of keys lets all be fetched", function()
        assert.equal(QUOTA, issuer:stats().issuers.oauth2.calls)
        assert.equal(0, metric('tokeng_refreshes_total{source="crm",'
            .. 'result="failed"}'))
        assert.equal(0, metric('tokeng_budget_left{source="crm",'
            .. 'window="minute"}'))
    end)

    it("that is used up makes a forced refresh and a new key wait", function()
        local code = subject:cli("refresh", "crm/client")
        assert.equal(0, code)
        local answer, status = subject:token("crm/client/f", "wait=100ms")
        assert.equal(503, status)
        assert.equal("timeout", answer.code)
        local reply = assert(subject:http { path = "/v1/explain/crm/client" })
        local explained = cjson.decode(reply.body)
        assert.equal("queued", explained.next.what)
        assert.is_true(explained.next["in"] > 30)
        assert.equal(0, explained.refresh.budget.minute)
        assert.equal(QUOTA, issuer:stats().issuers.oauth2.calls)
    end)

    it("is not lent again by a reload", function()
        local code = subject:cli("reload")
        assert.equal(0, code)
        local _, status = subject:token("crm/client/f", "wait=100ms")
        assert.equal(503, status)
        assert.equal(QUOTA, issuer:stats().issuers.oauth2.calls)
        _, status = subject:token("crm/client")
        assert.equal(200, status)
    end)
end)
