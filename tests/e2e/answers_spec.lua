-- answers_spec.lua - every bad answer of an issuer is a failed refresh of the
-- right class: the token that is there stays, memory does not grow, and the
-- next good answer is taken. One source for each answer, at an issuer of its
-- own, so that none is spared for what another did.
local answers = require "support.answers"
local cjson = require "cjson"
local engine = require "support.engine"
local liar = require "support.liar"
local proc = require "support.proc"
local wait = require "support.wait"

local GROWTH_MAX_KIB = 8 * 1024
local AT_A_TIME = 16

local SOURCE = {
    oauth2 = [[ s%d = { provider = "oauth2", token_url = "%s/token",
      client_id = "c", client_secret = secret.env "BAD_SECRET",
      insecure_http = true, max_keys = 1, keep = { "client" },
      timeout = "%s" }, ]],
    feishu = [[ s%d = { provider = "feishu", base_url = "%s", app_id = "a",
      app_secret = secret.env "BAD_SECRET", insecure_http = true,
      max_keys = 1, keep = { "tenant" }, timeout = "%s",
      facts = { renewable = "always" } }, ]],
}
local KIND = { oauth2 = "client", feishu = "tenant" }

for _, provider in ipairs { "oauth2", "feishu" } do
describe("a bad answer of " .. provider, function()
    local list, is_bad, round = answers.all(provider), false, 1
    local subject

    local function say_for(n, case)
        local token = ("canary-token-%d-"):format(n)
        return function()
            if not is_bad then
                return { bytes = answers.good(provider, token .. round) }
            end
            local bytes = case.bytes
            if case.token then bytes = bytes(token .. "odd") end
            return { bytes = bytes, after = case.after }
        end
    end

    local function explain(case)
        local reply = assert(subject:http { path = "/v1/explain/"
            .. case.key })
        return cjson.decode(reply.body)
    end

    setup(function()
        local sources = {}
        for n, case in ipairs(list) do
            case.liar = liar.start(n, say_for(n, case))
            case.key = ("s%d/%s"):format(n, KIND[provider])
            sources[n] = SOURCE[provider]:format(n, case.liar.url,
                case.after == "hang" and "300ms" or "20s")
        end
        subject = engine.start { config = "return { sources = {"
            .. table.concat(sources) .. "} }",
            env = { BAD_SECRET = "canary-secret" } }
    end)

    teardown(function()
        subject:stop()
        for _, case in ipairs(list) do case.liar:stop() end
    end)

    local function force(case)
        local reply = assert(subject:http { method = "POST",
            path = "/v1/refresh/" .. case.key })
        assert.equal(202, reply.status, case.name)
        return cjson.decode(reply.body).result
    end

    -- Refreshes the keys and calls look(case) when each has its answer.
    local function refresh_all(cases, look)
        for first = 1, #cases, AT_A_TIME do
            local last = math.min(first + AT_A_TIME - 1, #cases)
            for n = first, last do
                cases[n].before = cases[n].liar.calls
                assert.equal("refreshing", force(cases[n]), cases[n].name)
            end
            for n = first, last do
                local case = cases[n]
                case.explained = wait.wait_until(function()
                    if case.liar.calls == case.before then return nil end
                    local explained = explain(case)
                    return not explained.refresh.running and explained
                end, 30, "the answer " .. case.name)
                look(case)
            end
        end
    end

    local function assert_failure(case, told)
        local failure = case.explained.failure
        if failure == cjson.null then
            told[#told + 1] = case.name .. ": was taken for good"
        elseif failure.class ~= case.class or failure.code ~= case.code then
            told[#told + 1] = ("%s: %s %s, not %s %s"):format(case.name,
                failure.class, failure.code, case.class, case.code)
        end
    end

    local function assert_good(case, answer, told)
        if case.explained.failure ~= cjson.null then
            told[#told + 1] = case.name .. ": is refused with "
                .. case.explained.failure.code
        elseif answer.expires_in > case.life
            or answer.expires_in < case.life - 60 then
            told[#told + 1] = ("%s: lives %s s, not %s"):format(case.name,
                answer.expires_in, case.life)
        end
    end

    it("has at least 200 that are bad", function()
        local bad = 0
        for _, case in ipairs(list) do
            if case.class then bad = bad + 1 end
        end
        assert.is_true(bad >= 200, bad .. " bad answers")
    end)

    it("leaves the old token, tells its class, and keeps nothing", function()
        local told, before = {}, proc.rss_kib(subject.process.pid)
        is_bad = true
        for n, case in ipairs(list) do case.first = subject:token(case.key)
            assert.equal(("canary-token-%d-1"):format(n), case.first.token)
        end
        refresh_all(list, function(case)
            local answer, status = subject:token(case.key)
            assert.equal(200, status, case.name)
            if case.life then return assert_good(case, answer, told) end
            assert_failure(case, told)
            assert.equal(case.first.token, answer.token, case.name)
            assert.equal(case.first.generation, answer.generation, case.name)
        end)
        assert.equal("", table.concat(told, "\n"))
        local growth = proc.rss_kib(subject.process.pid) - before
        if not proc.is_sanitized(engine.program()) then
            assert.is_true(growth < GROWTH_MAX_KIB, growth .. " KiB more")
        end
    end)

    local function assert_new(case)
        local answer, status = subject:token(case.key)
        assert.equal(200, status, case.name)
        assert.equal(cjson.null, case.explained.failure, case.name)
        assert.is_truthy(answer.token:find("%-2$"), case.name)
        assert.is_true(answer.generation > case.first.generation)
    end

    it("ends with the next good one", function()
        local others = {}
        is_bad, round = false, 2
        for _, case in ipairs(list) do
            if case.class ~= "credential" then others[#others + 1] = case end
        end
        refresh_all(others, assert_new)
    end)

    it("that refuses the credential holds its source until a reload",
        function()
            local refused = {}
            for _, case in ipairs(list) do
                if case.class == "credential" then
                    local before = case.liar.calls
                    assert.equal("refused", force(case), case.name)
                    assert.equal(before, case.liar.calls, case.name)
                    refused[#refused + 1] = case
                end
            end
            assert.is_true(#refused > 0)
            assert.equal(0, (subject:cli("reload")))
            refresh_all(refused, assert_new)
        end)
end)
end
