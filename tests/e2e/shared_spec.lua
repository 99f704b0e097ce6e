-- shared_spec.lua - tokens in shared memory: read without the engine, to their
-- ends and never beyond, and from the next engine when there is one.
local clocks = require "support.clocks"
local engine = require "support.engine"
local fake = require "support.fake"
local process = require "support.process"
local wait = require "support.wait"

local LIFE_SECONDS = 6
local HOUR_MS = 3600 * 1000

local CONFIG = [[
return {
  policy = { "threshold", check_interval = "1s", threshold = "2s" },
  sources = { crm = { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = "crm", client_secret = secret.env "CRM_SECRET",
    insecure_http = true, keep = { "client" } } },
}
]]

describe("the shared cache", function()
    local issuer, subject

    local function start(dir)
        return engine.start { config = CONFIG:format(issuer.url), dir = dir,
            env = { CRM_SECRET = "fake-secret" } }
    end

    -- Without a word to an engine: its socket is not where the cache is.
    local function read(env)
        local code, out = process.run { path = engine.program(), env = env,
            args = { "get", "crm/client", "--dir", subject.dir .. "/run" } }
        return code, out:gsub("\n$", "")
    end

    -- As on a machine that has slept for an hour since the engine's last beat;
    -- as on one whose wall clock was set by an hour.
    local function asleep()
        local time = clocks.new()
        time:step("wall", HOUR_MS)
        time:step("boot", HOUR_MS)
        return time.env
    end

    local function set()
        local time = clocks.new()
        time:step("wall", HOUR_MS)
        return time.env
    end

    local function hits()
        local reply = assert(subject:http { path = "/metrics" })
        return tonumber(reply.body:match(
            'tokeng_hits_total{source="crm"} (%d+)'))
    end

    setup(function()
        issuer = fake.start("--life", LIFE_SECONDS .. "s")
        subject = start()
    end)

    teardown(function()
        subject:stop()
        issuer:stop()
    end)

    it("holds what the engine hands out", function()
        local answer = assert(subject:token("crm/client"))
        local code, token = read()
        assert.equal(0, code)
        assert.equal(answer.token, token)
    end)

    it("is not read on after a sleep, before the engine has noticed",
        function()
            local socket = subject.dir .. "/run/tokeng.sock"
            assert(os.rename(socket, socket .. ".away"))
            local code = read(asleep())
            local after_set = read(set())
            assert(os.rename(socket .. ".away", socket))
            assert.not_equal(0, code)
            assert.equal(0, after_set)
        end)

    it("counts as use what its readers read", function()
        local before = hits()
        assert.equal(0, (read()))
        wait.wait_until(function() return hits() > before end, 10,
            "the use to be noted")
    end)

    it("is read to the end of its tokens when the engine was killed",
        function()
            subject:kill()
            local code, token = read()
            assert.equal(0, code)
            assert.is_true(issuer:accepts(token))
            assert.not_equal(0, (read(asleep())))
            wait.wait_until(function() return (read()) ~= 0 end,
                2 * LIFE_SECONDS, "the token to end")
            assert.is_false(issuer:accepts(token))
        end)

    it("is followed by that of the next engine", function()
        subject = start(subject.dir)
        local answer = assert(subject:token("crm/client"))
        local code, token = read()
        assert.equal(0, code)
        assert.equal(answer.token, token)
    end)
end)
