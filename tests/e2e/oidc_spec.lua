-- oidc_spec.lua - a token of an issuer that is not of our make (oidc-provider)
-- is fetched, renewed before its end, and outlives the issuer's absence.
local engine = require "support.engine"
local issuer = require "support.issuer"
local wait = require "support.wait"

-- A token of 12 s is renewed when 6 s are left: the other 6 s are what an
-- outage may take here, and half of the life is the earliest time there is.
local LIFE_SECONDS = 12
local CHECK_INTERVAL_MS = 1000

local CONFIG = [[
return {
  policy = { "threshold", check_interval = "1s", threshold = "6s" },
  sources = { crm = { provider = "oauth2", token_url = "%s/token",
    client_id = "crm", client_secret = secret.env "CRM_SECRET",
    scope = "read", insecure_http = true } },
}
]]

describe("a token of oidc-provider", function()
    local sso, subject

    local function read()
        local answer, status = subject:token("crm/client")
        assert.equal(200, status)
        return answer
    end

    local function wait_newer(generation, seconds)
        return wait.wait_until(function()
            local answer = read()
            return answer.generation > generation and answer
        end, seconds, "a generation after " .. generation)
    end

    setup(function()
        sso = issuer.start(LIFE_SECONDS)
        subject = engine.start { config = CONFIG:format(sso.url),
            env = { CRM_SECRET = "crm-secret" } }
    end)

    it("is what `tokeng get` prints, and nothing else", function()
        local code, out, err = subject:cli("get", "crm/client")
        assert.equal("", err)
        assert.equal(0, code)
        local token = out:match("^([!-~]+)\n$")
        assert.truthy(token, out)
        assert.is_true(sso:is_active(token))
        assert.equal(token, read().token)
        assert.equal(1, sso:stats().issued)
    end)

    it("is renewed before it ends, without being asked for", function()
        local before = read()
        local after = wait_newer(before.generation, LIFE_SECONDS)
        assert.not_equal(before.token, after.token)
        assert.is_true(sso:is_active(after.token))
        -- The old one is still good: nobody has met its end.
        assert.is_true(sso:is_active(before.token))
        assert.equal(2, sso:stats().issued)
    end)

    it("is served while the issuer is away, and renewed after", function()
        local before = read()
        local gone_at = wait.now_ms()
        sso:kill()
        wait.wait_until(function()
            local answer = read()
            assert.equal(before.token, answer.token)
            assert.equal(before.generation, answer.generation)
            return answer.state == "stale"
                and wait.now_ms() - gone_at > 2 * CHECK_INTERVAL_MS
        end, LIFE_SECONDS, "a failed renewal")

        sso = issuer.start(LIFE_SECONDS, sso.port)
        local after = wait_newer(before.generation, LIFE_SECONDS)
        assert.is_true(sso:is_active(after.token))
        assert.equal("fresh", after.state)

        -- The retries have ended: the next call is the next renewal.
        local last = wait_newer(after.generation, LIFE_SECONDS)
        assert.is_true(sso:is_active(last.token))
        assert.same({ issued = 2, failed = 0 }, sso:stats())
    end)

    it("ends with its engine", function()
        subject:stop()
    end)
end)
