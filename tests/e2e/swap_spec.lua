-- swap_spec.lua - policies are replaced while the engine runs: over the API,
-- and when their files change. Whatever is wrong with one, the policy before
-- it stays in force.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local tmp = require "support.tmp"
local wait = require "support.wait"

local CONFIG = [[
return {
  sources = {
    crm = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "crm", client_secret = secret.env "SECRET",
      insecure_http = true, keep = { "client" },
      policy = { "own", check_interval = "1s" } },
    hr = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "hr", client_secret = secret.env "SECRET",
      insecure_http = true, keep = { "client" } },
  },
}
]]

-- Renews when `lead` seconds are left, and counts its versions.
local OWN = [[
local policy = { api = 1, name = "own", state = { versions = 0 } }
policy.options = { check_interval = { default = "1s" },
                   lead = { default = %d } }
local mine
function policy.decide(token, options)
    mine = mine or policy.state.versions + 1
    policy.state.versions = mine
    return renew(token.remaining - options.lead, "%s " .. mine)
end
return policy
]]

-- Swaps, each under callers.
local SWAPS = 1000

describe("a policy", function()
    local issuer, subject, file

    local function write_own(lead, word)
        tmp.write(file, OWN:format(lead, word))
    end

    setup(function()
        issuer = fake.start("--life", "2h")
        local dir = tmp.dir()
        assert(os.execute(("mkdir -p '%s/policies'"):format(dir)))
        file = dir .. "/policies/own.lua"
        write_own(100, "first")
        subject = engine.start { dir = dir, env = { SECRET = "fake-secret" },
            config = CONFIG:format(issuer.url, issuer.url) }
    end)

    local function row(source)
        local reply = subject:http { path = "/v1/policies" }
        assert.equal(200, reply.status)
        for _, each in ipairs(cjson.decode(reply.body).sources) do
            if each.source == source then return each end
        end
    end

    local function said(key)
        local reply = subject:http { path = "/v1/explain/" .. key }
        assert.equal(200, reply.status)
        return cjson.decode(reply.body).policy
    end

    local function await(what, is_so)
        wait.wait_until(is_so, 15, what)
    end

    local function await_word(word)
        await(word, function()
            return said("crm/client").why:find(word, 1, true)
        end)
    end

    -- As a copy does it: empty at first, then bit by bit.
    local function write_in_place(text)
        local out = assert(io.open(file, "w"))
        out:setvbuf("no")
        for at = 1, #text, 20 do out:write(text:sub(at, at + 19)) end
        out:close()
    end

    local function put(source, body)
        return subject:http { method = "PUT", path = "/v1/policies/" .. source,
            body = cjson.encode(body) }
    end

    it("is what the configuration says", function()
        local crm, hr = row("crm"), row("hr")
        assert.equal("own", crm.policy)
        assert.equal("configuration", crm.chosen)
        assert.is_false(crm.drift)
        assert.equal(file, crm.path)
        assert.equal("threshold", hr.policy)
    end)

    it("is replaced when its file changes, and its state goes on", function()
        await_word("first 1")
        write_in_place(OWN:format(200, "second"))
        await_word("second 2")
        assert.equal(1, row("crm").swaps)
        assert.equal(0, row("hr").swaps)
    end)

    it("is replaced by a file that takes its name", function()
        write_own(300, "third")
        await_word("third 3")
    end)

    it("stays when its file is broken, half written or fails when asked",
        function()
            for text, why in pairs {
                ["return {"] = "own.lua:1",
                [OWN:format(1, "half"):sub(1, 150)] = "own.lua:",
                [""] = "must return a table",
                [OWN:format(1, "bad"):gsub("return renew", "error")]
                    = "asked about crm/client",
            } do
                write_in_place(text)
                await(why, function()
                    local refused = row("crm").refused
                    return refused ~= cjson.null
                        and refused.why:find(why, 1, true)
                end)
                assert.truthy(said("crm/client").why:find("third", 1, true))
            end
            assert.is_true(row("crm").behind)
            assert.is_true(row("crm").drift)
            write_own(400, "fourth")
            await_word("fourth")
            assert.equal(cjson.null, row("crm").refused)
            assert.is_false(row("crm").drift)
        end)

    it("stays when its file is removed", function()
        assert(os.remove(file))
        await("gone", function() return row("crm").gone end)
        assert.equal(200, select(2, subject:token("crm/client")))
        write_own(500, "fifth")
        await_word("fifth")
        assert.is_false(row("crm").gone)
    end)

    it("that was rolled back does not come again by itself", function()
        local code, out = subject:cli("policy", "rollback", "crm")
        assert.equal(0, code)
        assert.truthy(out:find("own decides for crm again", 1, true), out)
        await_word("fourth 4")
        assert.is_true(row("crm").behind)
        subject.process:signal("sighup")
        await("a reload", function()
            return subject.process.err:find("configuration reloaded", 1, true)
        end)
        await_word("fourth")
        write_own(600, "sixth")
        await_word("sixth")
        assert.is_false(row("crm").behind)
    end)

    it("is chosen by name, with options that are checked", function()
        local reply = put("crm", { policy = "threshold",
            options = { threshold = "20m" } })
        assert.equal(200, reply.status)
        local answer = cjson.decode(reply.body)
        assert.equal("chosen", answer.result)
        assert.same({ asked = 1, renew = 1, ask = 0, lapse = 0, at_once = 0 },
            answer.trial)
        assert.is_true(answer.kept)
        await_word("threshold")
        local crm = row("crm")
        assert.equal("api", crm.chosen)
        assert.is_true(crm.drift)
        assert.equal("own", crm.configured.policy)
        assert.equal("own", crm.before.policy)
        assert.same({ threshold = "20m" }, crm.options)
        local _, out = subject:cli("policy", "list")
        assert.truthy(out:find("configured: own", 1, true), out)
    end)

    it("is not chosen if anything is wrong with the choice", function()
        for _, case in ipairs {
            { { policy = "threshold", options = { treshold = "1m" } },
                "did you mean threshold" },
            { { policy = "threshold", options = { threshold = true } },
                "threshold" },
            { { policy = "nobody" }, "no script named nobody" },
            { { policy = file }, "name of an installed policy" },
            { { policy = "../own" }, "name of an installed policy" },
            { { policy = "own.lua" }, "name of an installed policy" },
            { { policy = "own", code = "x" }, "unknown field" },
            { { options = {} }, "name of an installed policy" },
        } do
            local reply = put("crm", case[1])
            assert.equal(400, reply.status)
            assert.truthy(reply.body:find(case[2], 1, true), reply.body)
        end
        assert.equal(404, put("nobody", { policy = "threshold" }).status)
        assert.same({ threshold = "20m" }, row("crm").options)
    end)

    it("is tried without being chosen", function()
        local code, out = subject:cli("policy", "set", "hr", "own", "lead=9999",
            "--trial")
        assert.equal(0, code)
        assert.truthy(out:find("would do for hr; tried on 1 keys: 1 to renew "
            .. "(1 of them at once)", 1, true), out)
        assert.equal("threshold", row("hr").policy)
    end)

    it("that was chosen holds after a restart, and another reload", function()
        subject:stop()
        subject = engine.start { dir = subject.dir,
            env = { SECRET = "fake-secret" },
            config = CONFIG:format(issuer.url, issuer.url) }
        assert.same({ threshold = "20m" }, row("crm").options)
        assert.is_true(row("crm").drift)
        assert.equal(0, (subject:cli("reload")))
        assert.equal("threshold", row("crm").policy)
    end)

    it("of the configuration comes back by a reset", function()
        local code, out = subject:cli("policy", "reset", "crm")
        assert.equal(0, code)
        assert.truthy(out:find("own decides for crm again", 1, true), out)
        assert.is_false(row("crm").drift)
        -- Its state is as old as it was before the restart.
        await_word("sixth 6")
        assert.equal(0, (subject:cli("policy", "rollback", "crm")))
        assert.equal("threshold", row("crm").policy)
        assert.is_true(row("crm").drift)
        assert.equal(0, (subject:cli("policy", "rollback", "crm")))
        assert.is_false(row("crm").drift)
        code = subject:cli("policy", "rollback", "hr")
        assert.equal(1, code)
    end)

    it("is compared with another that only seems to decide", function()
        local code, out = subject:cli("policy", "compare", "crm", "threshold",
            "threshold=1h")
        assert.equal(0, code)
        assert.truthy(out:find("being taken over", 1, true), out)
        local calls = issuer:stats().issuers.oauth2.calls
        local function both()
            return cjson.decode(subject:http {
                path = "/v1/shadow/crm" }.body)
        end
        await("all keys", function() return both().seconds > 0 end)
        for _ = 1, 10 do subject:token("crm/client") end
        assert.equal(10, both().live.uses)
        assert.equal(10, both().would.uses)
        assert.equal(0, both().would.cold)
        assert.equal(0, (subject:cli("reload")))
        subject:token("crm/client")
        assert.equal(11, both().would.uses)
        assert.equal("own", row("crm").policy)
        assert.equal(calls, issuer:stats().issuers.oauth2.calls)
        local metrics = subject:http { path = "/metrics" }.body
        assert.truthy(metrics:find(
            'tokeng_shadow_uses_total{source="crm",policy="threshold",'
            .. 'role="shadow"} 11', 1, true))
        code = subject:cli("policy", "compare", "crm", "--end")
        assert.equal(0, code)
        code = subject:cli("policy", "compare", "crm")
        assert.equal(1, code)
    end)

    it("a thousand times under callers loses no plan and leaks nothing",
        function()
            local before = subject:token("crm/client").generation
            local calls = issuer:stats().issuers.oauth2.calls
            local function memory()
                return tonumber(tmp.read(("/proc/%d/status"):format(
                    subject.process.pid)):match("VmRSS:%s*(%d+)"))
            end
            local kb
            for i = 1, SWAPS do
                local reply = put("crm", i % 2 == 0 and { policy = "own",
                    options = { lead = 100 + i } } or { policy = "threshold" })
                assert.equal(200, reply.status)
                assert.equal(before, subject:token("crm/client").generation)
                if i == SWAPS // 2 then kb = memory() end
            end
            await_word("sixth")
            local now = said("crm/client")
            assert.equal("renew", now.verb)
            assert.is_true(now.asked_in > 3600)
            assert.equal(calls, issuer:stats().issuers.oauth2.calls)
            assert.is_true(os.getenv("TOKENG_BUILD"):find("[at]san") ~= nil
                or memory() - kb < 2048, ("%d KiB, then %d"):format(kb,
                memory()))
        end)

    it("is the last that is heard of it", function()
        subject:stop()
        issuer:stop()
    end)
end)
