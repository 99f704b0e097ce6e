-- tcp_spec.lua - the API on loopback TCP: an API key opens what it was allowed,
-- and nothing else does.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local http = require "support.http"
local tmp = require "support.tmp"
local wait = require "support.wait"

-- SHA-256 of "reader" and of "scraper".
local READER =
    "3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30"
local SCRAPER =
    "7c09b62405a2c0917f8b7440599ce947d2dc40bc8ece294d8be99fd808b593f0"

local SOURCE = [[ { provider = "oauth2", token_url = "%s/oauth2/token",
  client_id = "crm", client_secret = secret.file "%s", insecure_http = true,
  keep = { "client" } }, ]]

local READER_KEY = ([[{ name = "reader", sha256 = "%s",
  allow = { "get crm/*", "reject crm/*" } }, ]]):format(READER)
local SCRAPER_KEY = ([[{ name = "scraper", sha256 = "%s",
  allow = { "metrics" } }, ]]):format(SCRAPER)

-- Callers who are gone before their answer.
local GONE = 50

describe("the API on TCP", function()
    local issuer, subject, secret, dir, url

    local function config(api_keys, listen)
        local source = SOURCE:format(issuer.url, secret)
        return ([[return { listen = { "unix:%s/run/tokeng.sock", %s },
          api_keys = { %s }, sources = { crm = %s hr = %s } }]]):format(dir,
            listen or [["tcp:127.0.0.1:0"]], api_keys, source, source)
    end

    -- The status, the decoded answer and its headers.
    local function ask(api_key, path, more)
        local headers = { Authorization = api_key and "Bearer " .. api_key }
        for name, value in pairs(more or {}) do headers[name] = value end
        local reply = assert(http.request { url = url, path = path,
            headers = headers })
        local ok, answer = pcall(cjson.decode, reply.body)
        return reply.status, ok and answer or reply.body, reply.headers
    end

    local function assert_problem(status, code, ...)
        local got, problem, headers = ask(...)
        assert.equal(status, got)
        assert.equal("application/problem+json", headers["content-type"])
        assert.equal("about:blank", problem.type)
        assert.equal(status, problem.status)
        assert.equal(code, problem.code)
        assert.equal("string", type(problem.title))
        assert.equal("string", type(problem.detail))
        return problem, headers
    end

    local function reload(text, line)
        local _, before = subject.process.err:gsub(line, "")
        subject:write_config(text)
        subject.process:signal("sighup")
        wait.wait_until(function()
            local _, now = subject.process.err:gsub(line, "")
            return now > before
        end, 20, line)
    end

    setup(function()
        issuer = fake.start("--life", "2h")
        dir = tmp.dir()
        secret = dir .. "/secret"
        tmp.write(secret, "fake-secret\n")
        subject = engine.start { dir = dir,
            config = config(READER_KEY .. SCRAPER_KEY) }
        url = assert(subject.process.err:match(
            "listening[^\n]*(http://127%.0%.0%.1:%d+)"), subject.process.err)
    end)

    it("gives a token for an API key", function()
        local status, answer = ask("reader", "/v1/token/crm/client")
        assert.equal(200, status)
        assert.is_true(issuer:accepts(answer.token))
    end)

    it("asks who has none, or a wrong one, who he is", function()
        for _, api_key in ipairs { false, "", "reade", "readers", READER } do
            for _, path in ipairs { "/v1/token/crm/client", "/livez", "/",
                "/metrics", "/v1/token/nope/client" } do
                local _, headers = assert_problem(401, "unauthorized", api_key,
                    path)
                assert.equal('Bearer realm="tokeng"',
                    headers["www-authenticate"])
            end
        end
    end)

    it("opens what the API key was allowed and no more", function()
        assert.equal(200, (ask("scraper", "/metrics")))
        assert.equal(200, (ask("scraper", "/livez")))
        assert_problem(403, "forbidden", "reader", "/metrics")
        assert_problem(403, "forbidden", "reader", "/v1/tokens")
        assert_problem(403, "forbidden", "reader", "/v1/explain/crm/client")
        assert_problem(404, "not_found", "reader", "/v2")
        local _, headers = assert_problem(405, "method_not_allowed", "reader",
            "/v1/reload")
        assert.equal("POST", headers.allow)
    end)

    it("does not tell a foreign source from none", function()
        local hidden = assert_problem(404, "unknown_source", "reader",
            "/v1/token/hr/client")
        local absent = assert_problem(404, "unknown_source", "reader",
            "/v1/token/no/client")
        assert.equal(absent.detail, (hidden.detail:gsub("hr", "no")))
        assert_problem(404, "unknown_source", "scraper",
            "/v1/token/crm/client")
    end)

    it("reads no spelling of a foreign key as one that is allowed", function()
        for _, key in ipairs { "crm/../hr/client", "crm/%2e%2e/hr/client",
            "crm/..%2fhr%2fclient", "crm//../hr/client", "%68r/client",
            "hr%2fclient", "/hr/client", "./hr/client", "hr/./client",
            "crm%00/../hr/client", "hr/client%00", "crm;/hr/client",
            "hr\xef\xbc\x8fclient", "crm/\xc0\xae\xc0\xae/hr/client",
            "hr/client?key=crm/client", "hr/client#crm/client",
            "crm\\..\\hr/client" } do
            local status, answer = ask("reader", "/v1/token/" .. key)
            assert.is_true(status == 400 or status == 404,
                key .. ": " .. status)
            assert.is_nil(answer.token)
        end
    end)

    it("refuses what a web page may have sent", function()
        local good = { Host = url:match("//(.*)") }
        assert.equal(200, (ask("reader", "/livez", good)))
        for _, host in ipairs { "evil.example", "evil.example:7070",
            "localhost.evil.example", "10.0.0.1" } do
            assert_problem(403, "foreign", "reader", "/v1/token/crm/client",
                { Host = host })
        end
        assert_problem(403, "foreign", "reader", "/v1/token/crm/client",
            { Origin = "null" })
    end)

    it("is free again when callers have hung up", function()
        issuer:control { outage = "hang" }
        assert(subject:http { method = "DELETE",
            path = "/v1/token/crm/client" })
        local calls = {}
        for n = 1, GONE do
            calls[n] = http.start { url = url,
                path = "/v1/token/crm/client?wait=5s",
                headers = { Authorization = "Bearer reader" } }
        end
        wait.wait_until(function()
            local list = assert(subject:http { path = "/v1/tokens?source=crm" })
            return cjson.decode(list.body).tokens[1].waiting == GONE
        end, 20, "callers who wait")
        for _, call in ipairs(calls) do call:close() end
        wait.wait_until(function()
            local reply = assert(subject:http { path = "/metrics" })
            return reply.body:find("\ntokeng_connections 1\n", 1, true)
        end, 20, "the places of those who have gone")
        issuer:control { outage = false }
        assert.equal(200, (ask("reader", "/livez")))
    end)

    it("follows a reload: API keys at once, and its listener", function()
        reload(config(SCRAPER_KEY), "configuration reloaded")
        assert_problem(401, "unauthorized", "reader", "/v1/token/crm/client")
        assert.equal(200, (ask("scraper", "/metrics")))
        reload(config(""), "needs api_keys")
        assert.equal(200, (ask("scraper", "/metrics")))
        reload(config("", ""), "configuration reloaded")
        assert.is_nil((http.request { url = url, path = "/livez" }))
        assert.equal(200, (select(2, subject:token("hr/client"))))
    end)

    teardown(function()
        subject:stop()
        issuer:stop()
    end)
end)
