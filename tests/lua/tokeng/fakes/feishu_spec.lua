local cjson = require "cjson"
local fakes = require "support.fakes"

local TENANT = "/open-apis/auth/v3/tenant_access_token/internal"
local APP = "/open-apis/auth/v3/app_access_token/internal"

describe("the fake Feishu", function()
    local ask

    before_each(function() ask = fakes.open("feishu") end)

    local function post(path, body, more)
        local request = { method = "POST", path = path,
            body = type(body) == "table" and cjson.encode(body) or body }
        for name, value in pairs(more or {}) do request[name] = value end
        return request
    end

    -- The body of a good call, and what it tells the statistics.
    local function fetch(path, now, id)
        local status, headers, answer = ask(post(path, {
            app_id = id or "cli_a", app_secret = "fake-secret" }), now)
        assert.equal(200, status)
        assert.same({}, headers)
        assert.equal(0, answer.body.code)
        assert.equal("ok", answer.body.msg)
        return answer.body, answer
    end

    -- The code and message of a call that is refused with status 200.
    local function refused(body)
        local status, _, answer = ask(post(TENANT, body), 0)
        assert.equal(200, status)
        assert.equal(tostring(answer.body.code), answer.result)
        return answer.body.code, answer.body.msg, answer.body
    end

    it("gives a tenant token of two hours", function()
        local body, answer = fetch(TENANT, 100)
        assert.equal("t-", body.tenant_access_token:sub(1, 2))
        assert.equal(7200, body.expire)
        assert.is_nil(body.app_access_token)
        assert.equal("issued", answer.result)
        assert.equal("cli_a", answer.client)
        assert.equal("tenant", answer.kind)
    end)

    it("gives the same token while 30 minutes or more remain", function()
        local first = fetch(TENANT, 0)
        for _, now in ipairs { 0.5, 3600, 5399.9, 5400 } do
            local body, answer = fetch(TENANT, now)
            assert.equal(first.tenant_access_token, body.tenant_access_token)
            assert.equal(math.floor(7200 - now), body.expire)
            assert.equal("repeated", answer.result)
            assert.equal(7200 - now, answer.remaining)
        end
    end)

    it("gives a new one below 30 minutes, beside the old one", function()
        local old = fetch(TENANT, 0).tenant_access_token
        local body, answer = fetch(TENANT, 5400.1)
        local new = body.tenant_access_token
        assert.not_equal(old, new)
        assert.equal(7200, body.expire)
        assert.equal("issued", answer.result)
        for _, token in ipairs { old, new } do
            assert.equal(200, (ask({ control = "check", token = token },
                7199.9)))
        end
        assert.equal(404, (ask({ control = "check", token = old }, 7200)))
        assert.equal(200, (ask({ control = "check", token = new }, 7200)))
        -- Within the window the newest is given, not a third one.
        assert.equal(new, fetch(TENANT, 5500).tenant_access_token)
    end)

    it("keeps app and tenant tokens, and apps, apart", function()
        local tenant = fetch(TENANT, 0).tenant_access_token
        local app, answer = fetch(APP, 0)
        assert.equal("app", answer.kind)
        assert.not_equal(tenant, app.app_access_token)
        assert.equal(app.app_access_token, app.tenant_access_token)
        assert.not_equal(tenant, fetch(TENANT, 0, "b").tenant_access_token)
        assert.equal(app.app_access_token, fetch(APP, 9).app_access_token)
    end)

    it("does the same with shortened time", function()
        ask = fakes.open("feishu", { life = 20, window = 5 })
        local first = fetch(TENANT, 0)
        assert.equal(20, first.expire)
        assert.equal(first.tenant_access_token,
            fetch(TENANT, 15).tenant_access_token)
        assert.not_equal(first.tenant_access_token,
            fetch(TENANT, 15.1).tenant_access_token)
    end)

    it("gives a revoked token again until its window opens", function()
        local token = fetch(TENANT, 0).tenant_access_token
        ask({ control = "revoke", token = token }, 1)
        assert.equal(404, (ask({ control = "check", token = token }, 1)))
        assert.equal(token, fetch(TENANT, 1).tenant_access_token)
        assert.not_equal(token, fetch(TENANT, 5401).tenant_access_token)
    end)

    it("refuses what is malformed with 10003", function()
        for _, body in ipairs { "", "{", "[]", '"text"', "7", "{}",
            '{"app_id":"a"}', '{"app_id":"","app_secret":"s"}',
            '{"app_id":"a","app_secret":""}',
            '{"app_id":1,"app_secret":"s"}' } do
            local code, message, answer = refused(body)
            assert.equal(10003, code)
            assert.equal("invalid param", message)
            assert.same({}, answer.data)
        end
    end)

    it("refuses a wrong secret and an unknown app with 10014", function()
        ask = fakes.open("feishu", { clients = { cli_a = "good" } })
        local code, message = refused { app_id = "cli_a", app_secret = "bad" }
        assert.equal(10014, code)
        assert.equal("app secret invalid", message)
        code, message = refused { app_id = "cli_b", app_secret = "good" }
        assert.equal(10014, code)
        assert.equal("app id not exists", message)
    end)

    it("has no other paths and methods", function()
        assert.equal(404, (ask(post("/open-apis/auth/v3/x", {}), 0)))
        assert.equal(404, (ask({ method = "GET", path = TENANT }, 0)))
    end)

    it("tells of a frequency limit as the live service does", function()
        local status, headers, answer = ask(post(TENANT, {
            app_id = "cli_a", app_secret = "fake-secret" },
            { fault = "limit", retry_after = 3 }), 0)
        assert.equal(429, status)
        assert.equal("3", headers["x-ogw-ratelimit-reset"])
        assert.equal("3", headers["Retry-After"])
        assert.equal(99991400, answer.body.code)
        assert.equal("limit", answer.result)
        assert.equal("cli_a", answer.client)
    end)

    it("tells of a mishap with status 200", function()
        local status, _, answer = ask(post(TENANT, {
            app_id = "cli_a", app_secret = "fake-secret" },
            { fault = "ok_error" }), 0)
        assert.equal(200, status)
        assert.equal(2200, answer.body.code)
        assert.is_nil(answer.body.tenant_access_token)
    end)
end)
