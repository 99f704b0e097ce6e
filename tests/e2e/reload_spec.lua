-- reload_spec.lua - what a reload changes and what it leaves alone, by SIGHUP
-- and by command, under callers who notice nothing.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local http = require "support.http"
local tmp = require "support.tmp"
local wait = require "support.wait"

-- crm, with what a test changes; and another one that stays as it is.
local CONFIG = [[
return {
  %s
  policy = { "threshold", check_interval = "%s", threshold = "15m" },
  sources = {
    crm = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "%s", client_secret = secret.file "%s",
      insecure_http = true, keep = { "client", "client/*" }, %s
      tokens = { read = { scope = "%s" }, write = { scope = "w" } } },
    other = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "other", client_secret = secret.file "%s",
      insecure_http = true, keep = { "client" } },
  },
}
]]

-- Reloads in the quick suite; each is a new configuration in full.
local RELOADS = 100
-- What an allocator may keep of a hundred configurations.
local GROWTH_KB = 4096
-- A sanitizer keeps what was freed.
local IS_SANITIZED = os.getenv("TOKENG_BUILD"):find("[at]san") ~= nil

describe("a reload", function()
    local issuer, subject, secret

    local function config(changes)
        changes = changes or {}
        return CONFIG:format(changes.listen or "", changes.interval or "1m",
            issuer.url, changes.client or "crm", secret, changes.more or "",
            changes.scope or "r", issuer.url, secret)
    end

    local function calls() return issuer:stats().issuers.oauth2.calls end

    local function generations()
        local list = {}
        for _, key in ipairs { "crm/client", "crm/client/read",
            "crm/client/write", "other/client" } do
            local answer, status = subject:token(key)
            assert.equal(200, status)
            list[key] = answer.generation
        end
        return list
    end

    local function count_lines(text)
        local _, count = subject.process.err:gsub(text, "")
        return count
    end

    -- By signal; returns when its result is in the log.
    local function hang_up(text)
        local before = count_lines(text)
        subject.process:signal("sighup")
        wait.wait_until(function() return count_lines(text) > before end, 10,
            text)
    end

    local function reload(changes)
        subject:write_config(config(changes))
        hang_up("configuration reloaded")
    end

    setup(function()
        issuer = fake.start("--life", "2h")
        secret = tmp.dir() .. "/secret"
        tmp.write(secret, "fake-secret\n")
        subject = engine.start { config = config() }
    end)

    it("of the same file keeps every token and calls nobody", function()
        local before, made = generations(), calls()
        reload()
        assert.same(before, generations())
        assert.equal(made, calls())
    end)

    it("leaves nothing that other users may read", function()
        reload()
        local list = io.popen(("find %s/run %s/state -mindepth 1 -perm /o+rwx")
            :format(subject.dir, subject.dir))
        assert.equal("", list:read("a"))
        list:close()
    end)

    it("of what tokens are not for keeps them: secret, policy, limits, route",
        function()
            local before, made = generations(), calls()
            tmp.write(secret, "another\n")
            reload { interval = "7m", more = [[max_keys = 77,
                max_concurrent = 1, timeout = "9s", forget = "1d",
                proxy = "http://127.0.0.1:9", auth = "post",]] }
            assert.same(before, generations())
            assert.equal(made, calls())
            local _, out = subject:cli("explain", "crm/client")
            assert.truthy(out:find("looks every 7m", 1, true), out)
            tmp.write(secret, "fake-secret\n")
            reload()
        end)

    it("of a variant changes only that", function()
        local before, made = generations(), calls()
        reload { scope = "r2" }
        local after = generations()
        assert.is_true(after["crm/client/read"] > before["crm/client/read"])
        after["crm/client/read"] = before["crm/client/read"]
        assert.same(before, after)
        assert.equal(made + 1, calls())
    end)

    it("of the client withdraws all tokens of its source, and no others",
        function()
            local before, made = generations(), calls()
            local old = subject:token("crm/client").token
            reload { client = "crm2", scope = "r2" }
            local after = generations()
            assert.not_equal(old, subject:token("crm/client").token)
            assert.is_true(after["crm/client"] > before["crm/client"])
            assert.is_true(after["crm/client/write"]
                > before["crm/client/write"])
            assert.equal(before["other/client"], after["other/client"])
            assert.equal(made + 3, calls())
        end)

    it("drops what was on its way for the old client", function()
        issuer:control { latency_ms = 300 }
        assert.equal(0, (subject:cli("refresh", "crm/client")))
        reload { client = "crm3" }
        generations()
        issuer:control { latency_ms = 0 }
        local after = subject:token("crm/client")
        assert.is_true(issuer:accepts(after.token))
        local _, out = subject:cli("explain", "crm/client")
        assert.truthy(out:find("none on its way; 0 of", 1, true), out)
        assert.equal(after.generation,
            subject:token("crm/client").generation)
        reload()
    end)

    it("that takes a source out withdraws it at once", function()
        subject:write_config(config():gsub("other = ", "third = "))
        hang_up("configuration reloaded")
        local _, status = subject:token("other/client", "wait=0s")
        assert.equal(404, status)
        reload()
        assert.is_true(generations()["other/client"] > 0)
    end)

    it("of a broken file changes nothing, and every problem is in the log",
        function()
            generations()
            local made = calls()
            subject:write_config((config():gsub("client_id", "client_idd")
                :gsub("check_interval", "chek_interval")))
            hang_up("configuration not reloaded")
            assert.truthy(subject.process.err:find("client_idd", 1, true))
            assert.truthy(subject.process.err:find("chek_interval", 1, true))
            generations()
            subject:write_config("return {")
            hang_up("configuration not reloaded")
            generations()
            assert.equal(made, calls())
            reload()
        end)

    it("opens and closes sockets, and leaves the others' callers alone",
        function()
            local here, there = subject.socket, subject.dir .. "/run/b.sock"
            issuer:control { outage = "hang" }
            subject:cli("refresh", "crm/client")
            local path = "/v1/token/crm/client?wait=20s&newer_than="
                .. ("%d"):format(subject:token("crm/client").generation)
            local waiting = http.start { unix = here, path = path }
            reload { listen = ('listen = { "unix:%s", "unix:%s" },'):format(
                here, there) }
            assert.equal(200, http.request { unix = there,
                path = "/livez" }.status)
            reload { listen = ('listen = { "unix:%s" },'):format(there) }
            assert.is_nil(http.request { unix = here, path = "/livez" })
            issuer:control { outage = false }
            assert.equal(200, assert(waiting:wait(30)).status)
            subject:write_config(config { listen = 'listen = { "unix:'
                .. subject.dir .. '/no/c.sock" },' })
            hang_up("configuration not reloaded")
            assert.equal(200, http.request { unix = there,
                path = "/livez" }.status)
            subject:write_config(config())
            hang_up("configuration reloaded")
            assert.equal(200, subject:http { path = "/livez" }.status)
            assert.is_nil(http.request { unix = there, path = "/livez" })
        end)

    local function resident_kb()
        return tonumber(tmp.read(("/proc/%d/status"):format(
            subject.process.pid)):match("VmRSS:%s*(%d+)"))
    end

    local function open_files()
        local list = io.popen(("ls /proc/%d/fd | wc -l"):format(
            subject.process.pid))
        local count = tonumber(list:read("a"))
        list:close()
        return count
    end

    it("a hundred times under callers leaks nothing and loses nothing",
        function()
            local before, made = generations(), calls()
            for _ = 1, 20 do hang_up("configuration reloaded") end
            local files, kb = open_files(), resident_kb()
            for i = 1, RELOADS do
                local call = http.start { unix = subject.socket,
                    path = "/v1/token/crm/client" }
                hang_up("configuration reloaded")
                local reply = assert(call:wait(10))
                assert.equal(200, reply.status)
                assert.equal(before["crm/client"],
                    cjson.decode(reply.body).generation, i)
            end
            assert.same(before, generations())
            assert.equal(made, calls())
            wait.wait_until(function() return open_files() <= files end, 10,
                ("%d files open, as before"):format(files))
            assert.is_true(IS_SANITIZED or resident_kb() - kb < GROWTH_KB,
                ("%d KiB, then %d"):format(kb, resident_kb()))
        end)

    it("is the last that is heard of it", function()
        subject:stop()
        issuer:stop()
    end)
end)
