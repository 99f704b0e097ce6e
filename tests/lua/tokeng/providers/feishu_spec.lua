local sandbox = require "sandbox"

local SETTINGS = { base_url = "https://open.feishu.cn", app_id = "cli_a1",
    app_secret = "secret" }

describe("feishu", function()
    local provider, calls, answers

    before_each(function()
        provider, calls, answers = sandbox.provider(
            "lua/tokeng/providers/feishu.lua")
    end)

    local function fetch(kind, answer)
        answers[1] = answer
        return provider.fetch({ kind = kind }, SETTINGS)
    end

    it("asks for the tenant token of a self-built app", function()
        local got = fetch("tenant", { body = { code = 0, msg = "ok",
            tenant_access_token = "t-1", expire = 7200 } })
        assert.equal("t-1", got.token)
        assert.equal(7200, got.expires_in)
        assert.equal("https://open.feishu.cn/open-apis/auth/v3/"
            .. "tenant_access_token/internal", calls[1].url)
        assert.same({ app_id = "cli_a1", app_secret = "secret" },
            calls[1].json)
    end)

    it("takes the app token where both are answered", function()
        local got = fetch("app", { body = { code = 0, expire = "3138",
            app_access_token = "a-1", tenant_access_token = "t-1" } })
        assert.equal("a-1", got.token)
        assert.equal("3138", got.expires_in)
    end)

    it("declares that it gives a new token in the last half hour", function()
        assert.same({ last = "30m" }, provider.kinds.tenant.renewable)
        assert.same({ last = "30m" }, provider.kinds.app.renewable)
    end)

    it("reads errors that come with HTTP 200", function()
        local cases = {
            [10003] = "config", [10005] = "credential",
            [10014] = "credential", [10015] = "credential",
            [10012] = "ticket", [2200] = "transient", [99991400] = "rate",
            [12345] = "config",
        }
        for code, class in pairs(cases) do
            local got, err = fetch("tenant", { body = { code = code } })
            assert.is_nil(got)
            assert.equal(class, err.class, tostring(code))
            assert.equal(code, err.code)
        end
    end)

    it("takes what is no answer for a passing trouble", function()
        for _, answer in ipairs {
            { status = 500, body = "oops" }, { status = 502, body = "<html>" },
            { body = "" }, { body = "garbage" }, { body = "7" },
            { status = 404, body = "no" }, { status = 302, body = "" },
            { status = 201, body = { code = 0 } }, { body = {} },
            { body = { code = 0, expire = 7200 } },
            { body = { code = 0, tenant_access_token = 7 } },
            { body = { code = {} } }, { body = { code = 0.5 } },
            { body = { code = "10014" } }, { body = { code = true } },
        } do
            local got, err = fetch("tenant", answer)
            assert.is_nil(got)
            assert.equal("transient", err.class)
        end
    end)

    it("gives the issuer's token of an app, never the app's id", function()
        local got = fetch("app", { body = { code = 0, expire = 7200,
            app_access_token = "a-1" } })
        assert.equal("a-1", got.token)
        assert.is_nil(calls[1].url:find("cli_a1", 1, true))
        assert.is_nil((fetch("app", { body = { code = 0, expire = 7200 } })))
    end)

    it("bears a base_url with a slash at its end", function()
        answers[1] = { body = { code = 0, app_access_token = "a-1" } }
        provider.fetch({ kind = "app" }, { app_id = "a", app_secret = "s",
            base_url = "https://open.larksuite.com/" })
        assert.equal("https://open.larksuite.com/open-apis/auth/v3/"
            .. "app_access_token/internal", calls[1].url)
    end)

    it("passes on that the issuer could not be reached", function()
        local refused = { class = "transient", code = "connect" }
        local got, err = fetch("app", { error = refused })
        assert.is_nil(got)
        assert.equal(refused, err)
    end)

    it("obeys a rate limit in both of its forms", function()
        local _, err = fetch("tenant", { status = 429, retry_after = 5,
            body = { code = 99991400 } })
        assert.equal("rate", err.class)
        assert.equal(5, err.retry_after)
        _, err = fetch("tenant", { status = 429, retry_after = 5, body = "" })
        assert.equal("rate", err.class)
    end)
end)
