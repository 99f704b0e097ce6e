-- credential_spec.lua - a secret that its issuer refuses, and the next one.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local tmp = require "support.tmp"
local wait = require "support.wait"

local CONFIG = [[
return { sources = {
  crm = { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = "crm", client_secret = secret.file "%s/only",
    insecure_http = true, keep = { "client/read" },
    tokens = { read = { scope = "r" }, write = { scope = "w" } } },
  turned = { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = "turned", insecure_http = true, keep = { "client" },
    client_secret = { secret.file "%s/current", secret.file "%s/next" } },
} }
]]

describe("a secret that is refused", function()
    local issuer, subject, dir

    local function calls_of(client)
        local count = 0
        for _, call in ipairs(issuer:stats().log) do
            if call.client == client then count = count + 1 end
        end
        return count
    end

    local function explained(key)
        local reply = assert(subject:http { path = "/v1/explain/" .. key })
        return cjson.decode(reply.body).source.credential
    end

    setup(function()
        dir = tmp.dir()
        tmp.write(dir .. "/only", "fake-secret\n")
        tmp.write(dir .. "/current", "stale-secret\n")
        tmp.write(dir .. "/next", "fake-secret\n")
        issuer = fake.start()
        subject = engine.start { config = CONFIG:format(issuer.url, dir,
            issuer.url, dir, dir) }
    end)

    teardown(function()
        subject:stop()
        issuer:stop()
    end)

    it("gives way to the next one at the cost of one call", function()
        local answer, status = subject:token("turned/client", "wait=5s")
        assert.equal(200, status)
        assert.is_true(issuer:accepts(answer.token))
        assert.equal(2, calls_of("turned"))
        assert.equal("next", explained("turned/client").in_use)
        assert.is_false(explained("turned/client").refused)
    end)

    it("costs one call, whatever is asked for then", function()
        assert.equal(1, calls_of("crm"))
        tmp.write(dir .. "/only", "stale-secret\n")
        assert.equal(0, (subject:cli("reload")))
        for _ = 1, 20 do
            local answer, status = subject:token("crm/client/write",
                "wait=5s")
            assert.equal(503, status)
            assert.equal("credential", answer.class)
            assert.is_true(answer.retry_after > 0)
            assert.equal(0, (subject:cli("refresh", "crm/client/read")))
        end
        assert.equal(2, calls_of("crm"))
        assert.is_true(explained("crm/client/read").refused)
        assert.equal(200, select(2, subject:token("crm/client/read")))
    end)

    it("is replaced in its file and works without a reload", function()
        tmp.write(dir .. "/only", "fake-secret\n")
        wait.wait_until(function()
            local _, status = subject:token("crm/client/write",
                "wait=1s")
            return status == 200
        end, 20, "a token")
        assert.is_false(explained("crm/client/read").refused)
    end)
end)
