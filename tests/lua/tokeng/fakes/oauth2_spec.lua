local fakes = require "support.fakes"

describe("the fake OAuth 2.0 server", function()
    local ask

    before_each(function() ask = fakes.open("oauth2") end)

    -- `basic` is { id, secret } or nil.
    local function call(path, form, basic, now, more)
        local request = { method = "POST", path = path, form = form,
            basic = basic and { id = basic[1], secret = basic[2] } }
        for name, value in pairs(more or {}) do request[name] = value end
        return ask(request, now or 0)
    end

    local GOOD = { "crm", "fake-secret" }

    local function token(form, basic, now, more)
        form.grant_type = form.grant_type or "client_credentials"
        return call("/oauth2/token", form, basic, now, more)
    end

    local function issue(form, now)
        local status, _, answer = token(form or {}, GOOD, now)
        assert.equal(200, status)
        return answer.body, answer
    end

    local function assert_error(status, word, got, headers, answer)
        assert.equal(word, answer.body.error)
        assert.equal(status, got)
        assert.equal(word, answer.result)
        return headers
    end

    it("gives a new token on every call, the old one stays good", function()
        local first, answer = issue()
        local second, again = issue({}, 10)
        assert.not_equal(first.access_token, second.access_token)
        assert.equal("Bearer", second.token_type)
        assert.equal(3600, second.expires_in)
        assert.equal("issued", answer.result)
        assert.equal(0, answer.remaining)
        assert.equal(3590, again.remaining)
        local function check(body, now)
            return (ask({ control = "check", token = body.access_token }, now))
        end
        assert.equal(200, check(first, 3599))
        assert.equal(404, check(first, 3600))
        assert.equal(200, check(second, 3600))
    end)

    it("forbids caches to keep the answer", function()
        local _, headers = token({}, GOOD)
        assert.equal("no-store", headers["Cache-Control"])
    end)

    it("echoes the scope and counts it as a kind", function()
        local body, answer = issue { scope = "read write" }
        assert.equal("read write", body.scope)
        assert.equal("read write", answer.kind)
        assert.is_nil((issue()).scope)
    end)

    it("takes the secret in the form, too", function()
        local status, _, answer = token { client_id = "crm",
            client_secret = "fake-secret" }
        assert.equal(200, status)
        assert.equal("crm", answer.client)
    end)

    it("takes exactly one way of showing the secret", function()
        assert_error(400, "invalid_request", token({ client_id = "crm",
            client_secret = "fake-secret" }, GOOD))
    end)

    it("takes an id in the form beside Basic", function()
        assert.equal(200, (token({ client_id = "crm" }, GOOD)))
    end)

    it("turns away a client that it does not know with 401", function()
        for _, case in ipairs {
            { {}, nil }, { {}, { "crm", "bad" } },
            { { client_id = "crm" }, nil },
            { { client_id = "crm", client_secret = "bad" }, nil },
        } do
            local headers = assert_error(401, "invalid_client",
                token(case[1], case[2]))
            assert.truthy(headers["WWW-Authenticate"]:find("^Basic "))
        end
        ask = fakes.open("oauth2", { clients = { crm = "s" } })
        assert_error(401, "invalid_client", token({}, { "x", "s" }))
        assert.equal(200, (token({}, { "crm", "s" })))
    end)

    it("has one grant", function()
        assert_error(400, "unsupported_grant_type",
            token({ grant_type = "password" }, GOOD))
        assert_error(400, "invalid_request", call("/oauth2/token", {}, GOOD))
        assert_error(400, "invalid_request", call("/oauth2/token", nil, GOOD))
    end)

    it("gives the scope forbidden to nobody", function()
        for _, scope in ipairs { "forbidden", "a forbidden", "forbidden b" } do
            assert_error(400, "invalid_scope", token({ scope = scope }, GOOD))
        end
        assert.equal(200, (token({ scope = "unforbidden" }, GOOD)))
    end)

    it("introspects its tokens for clients that it knows", function()
        local body = issue({ scope = "a", audience = "api" }, 100)
        local status, _, answer = call("/oauth2/introspect",
            { token = body.access_token }, GOOD, 110)
        assert.equal(200, status)
        assert.same({ active = true, token_type = "Bearer",
            client_id = "crm", scope = "a", aud = "api",
            iat = fakes.wall - 10, exp = fakes.wall + 3590 }, answer.body)
        assert.is_nil(answer.result)
        _, _, answer = call("/oauth2/introspect",
            { token = body.access_token }, GOOD, 3700)
        assert.same({ active = false }, answer.body)
        assert_error(401, "invalid_client", call("/oauth2/introspect",
            { token = body.access_token }))
        assert_error(400, "invalid_request", call("/oauth2/introspect", {},
            GOOD))
    end)

    it("calls a revoked token inactive", function()
        local body = issue()
        ask({ control = "revoke", token = body.access_token }, 1)
        local _, _, answer = call("/oauth2/introspect",
            { token = body.access_token }, GOOD, 1)
        assert.same({ active = false }, answer.body)
    end)

    it("has no other paths and methods", function()
        assert.equal(404, (call("/oauth2/authorize", {})))
        local status, headers = ask({ method = "GET",
            path = "/oauth2/token" }, 0)
        assert.equal(405, status)
        assert.equal("POST", headers.Allow)
    end)

    it("tells of limits and mishaps in the words of OAuth", function()
        local status, headers, answer = token({}, GOOD, 0,
            { fault = "limit", retry_after = 4 })
        assert.equal(429, status)
        assert.equal("4", headers["Retry-After"])
        assert.equal("temporarily_unavailable", answer.body.error)
        assert.equal("limit", answer.result)
        assert.equal("crm", answer.client)
        assert_error(200, "server_error", token({}, GOOD, 0,
            { fault = "ok_error" }))
    end)
end)
