local sandbox = require "sandbox"

local SETTINGS = {
    token_url = "https://sso.example/token", client_id = "crm",
    client_secret = "secret", scope = "read", auth = "basic",
    default_life = 3600,
}

describe("oauth2", function()
    local provider, calls, answers

    before_each(function()
        provider, calls, answers = sandbox.provider(
            "lua/tokeng/providers/oauth2.lua")
    end)

    local function fetch(answer, settings)
        answers[1] = answer
        return provider.fetch({ kind = "client" },
            setmetatable(settings or {}, { __index = SETTINGS }))
    end

    it("asks by form, with the secret in Basic", function()
        local got = fetch { body = { access_token = "abc", expires_in = 60,
            token_type = "Bearer", scope = "read" } }
        assert.equal("abc", got.token)
        assert.equal(60, got.expires_in)
        assert.same({ scope = "read", token_type = "Bearer" },
            got.attributes)
        assert.equal(SETTINGS.token_url, calls[1].url)
        assert.same({ grant_type = "client_credentials", scope = "read" },
            calls[1].form)
        assert.same({ "crm", "secret" }, calls[1].basic)
        assert.is_falsy(calls[1].basic_raw)
    end)

    it("leaves Basic unencoded when told to", function()
        fetch({ body = { access_token = "abc" } }, { basic_raw = true })
        assert.is_true(calls[1].basic_raw)
    end)

    it("puts the secret into the form when told to", function()
        fetch({ body = { access_token = "abc" } }, { auth = "post" })
        assert.is_nil(calls[1].basic)
        assert.equal("crm", calls[1].form.client_id)
        assert.equal("secret", calls[1].form.client_secret)
    end)

    it("keeps the secret out of the URL, however it is shown", function()
        for i, auth in ipairs { "basic", "post" } do
            fetch({ body = { access_token = "abc" } }, { auth = auth })
            assert.equal(SETTINGS.token_url, calls[i].url)
        end
    end)

    it("asks for scope, audience, resource and further fields", function()
        fetch({ body = { access_token = "abc" } }, { scope = "write",
            audience = "api", resource = "https://api.example",
            params = { tenant = "t1", grant_type = "password" } })
        assert.same({ grant_type = "client_credentials", scope = "write",
            audience = "api", resource = "https://api.example",
            tenant = "t1" }, calls[1].form)
    end)

    it("has keys without a subject and with the name of a variant", function()
        assert.equal("variant", provider.kinds.client.subject)
    end)

    it("takes the default life when the issuer names none", function()
        assert.equal(3600,
            fetch({ body = { access_token = "abc" } }).expires_in)
    end)

    it("reads a form where others send JSON", function()
        local got = fetch { body = "access_token=abc&expires_in=60" }
        assert.equal("abc", got.token)
        assert.equal("60", got.expires_in)
        assert.equal("a+b/c==",
            fetch { body = "access_token=a%2Bb%2fc%3D%3D" }.token)
        assert.equal("read write",
            fetch { body = "access_token=a&scope=read+write" }
                .attributes.scope)
    end)

    it("takes no word of an error for one when it is empty", function()
        for _, word in ipairs { "", 0, false } do
            assert.equal("abc", fetch { body = {
                access_token = "abc", error = word } }.token)
        end
    end)

    it("keeps no attribute that is too long or no text", function()
        assert.is_nil(fetch { body = { access_token = "abc",
            scope = ("x"):rep(600), token_type = 7 } }.attributes)
        assert.is_nil(fetch { body = "access_token=abc&scope=a%00b" }
            .attributes)
    end)

    it("classes every failure", function()
        local cases = {
            { 400, { error = "invalid_scope" }, "config", "invalid_scope" },
            { 400, { error = "invalid_grant" }, "reauthorize",
                "invalid_grant" },
            { 401, { error = "invalid_client" }, "credential",
                "invalid_client" },
            { 200, { error = "invalid_client" }, "credential",
                "invalid_client" },
            { 400, { error = "invalid_target" }, "config",
                "invalid_target" },
            { 400, { error = "unauthorized_client" }, "config",
                "unauthorized_client" },
            { 400, { error = "something_else" }, "config",
                "something_else" },
            { 200, { error = "something_else" }, "transient",
                "something_else" },
            { 200, "error=server_error", "transient", "server_error" },
            { 503, { error = { code = 503 } }, "transient", "503" },
            { 429, { error = "invalid_client" }, "rate", "invalid_client" },
            { 200, "access_token=%zz", "transient", "malformed_answer" },
            { 401, "<html>", "credential", "http_401" },
            { 302, "", "config", "http_302" },
            { 404, "no", "config", "http_404" },
            { 408, "", "transient", "http_408" },
            { 429, "", "rate", "http_429" },
            { 500, "oops", "transient", "http_500" },
            { 502, "<html>", "transient", "http_502" },
            { 503, { error = "temporarily_unavailable" }, "transient",
                "temporarily_unavailable" },
            { 200, "", "transient", "empty_answer" },
            { 200, "garbage", "transient", "malformed_answer" },
            { 200, "[]", "transient", "no_token" },
            { 200, { access_token = 7 }, "transient", "no_token" },
            { 200, { token_type = "Bearer" }, "transient", "no_token" },
        }
        for _, case in ipairs(cases) do
            local got, err = fetch { status = case[1], body = case[2] }
            assert.is_nil(got, case[4])
            assert.equal(case[3], err.class, case[4])
            assert.equal(case[4], err.code)
        end
    end)

    it("passes on how long to wait", function()
        local _, err = fetch { status = 429, retry_after = 17 }
        assert.equal(17, err.retry_after)
    end)

    it("passes on that the issuer could not be reached", function()
        local refused = { class = "transient", code = "connect" }
        local got, err = fetch { error = refused }
        assert.is_nil(got)
        assert.equal(refused, err)
    end)
end)
