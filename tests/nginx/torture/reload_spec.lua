-- reload_spec.lua - nginx is reloaded and its workers are killed under load:
-- 500 callers wait for 50 keys that nobody has asked for yet, and as many for
-- a page that only sleeps. Who waits for tokens loses no more.
local engine = require "support.engine"
local fake = require "support.fake"
local http = require "support.http"
local nginx = require "support.nginx"
local tmp = require "support.tmp"
local uv = require "luv"
local wait = require "support.wait"

local CALLERS, KEYS, LATENCY_MS = 500, 50, 200
local RELOADS, KILLS = 20, 10
-- Two seconds is what is promised, of a machine that does nothing else.
local EXIT_SECONDS = 10

local CONFIG = [[
return { sources = { people = { provider = "people",
  token_url = "%s/oauth2/token", insecure_http = true,
  max_concurrent = 200, max_keys = 100000 } } }
]]

local PROVIDER = [[
local provider = { api = 1, name = "people" }
provider.settings = { token_url = { type = "url", required = true } }
provider.identity = { "token_url" }
provider.kinds = {
  user = { renewable = "always", overlap = "own_life", subject = "any" },
}
function provider.fetch(key, settings)
  local reply, err = http.post { url = settings.token_url, form = {
    grant_type = "client_credentials", scope = key.subject,
    client_id = "crm", client_secret = "fake-secret" } }
  if not reply then return nil, err end
  local answer = json.decode(reply.body)
  return { token = answer.access_token, expires_in = answer.expires_in }
end
return provider
]]

local SERVER = [[
  location ~ ^/get/(.*)$ {
    content_by_lua_block {
      local token, err = require "resty.tokeng".get(ngx.var[1], { wait = 20 })
      if not token then
        ngx.log(ngx.ERR, "no token: ", err)
        return ngx.exit(503)
      end
      ngx.print(ngx.worker.pid())
    }
  }
  location = /sleep {
    content_by_lua_block { ngx.sleep(0.2) ngx.print(ngx.worker.pid()) }
  }
]]

describe("nginx under load", function()
    local issuer, subject, host
    local is_over, phase = false, 0
    local seen

    -- One caller after the other asks on a connection of its own. `lost` are
    -- the requests that got no answer, `bad` those that got a wrong one.
    local function caller(kind, path)
        local function ask()
            if is_over then return end
            local client, text = uv.new_pipe(), ""
            local function done()
                if client:is_closing() then return end
                client:close()
                local status = text:match("^HTTP/1.1 (%d+)")
                if status == "200" then
                    seen[kind].good = seen[kind].good + 1
                elseif status then
                    seen[kind].bad = seen[kind].bad + 1
                else
                    seen[kind].lost = seen[kind].lost + 1
                end
                ask()
            end
            client:connect(host.socket, function(err)
                if err then return done() end
                client:write("GET " .. path() .. " HTTP/1.1\r\nHost: x\r\n"
                    .. "Connection: close\r\n\r\n")
                client:read_start(function(read_err, chunk)
                    if read_err or not chunk then return done() end
                    text = text .. chunk
                end)
            end)
        end
        ask()
    end

    local function worker_pids()
        local file = io.open(("/proc/%d/task/%d/children"):format(
            host.process.pid, host.process.pid))
        local pids = {}
        for pid in file:read("a"):gmatch("%d+") do
            pids[tonumber(pid)] = true
        end
        file:close()
        return pids
    end

    local function is_gone(pid)
        return not worker_pids()[pid]
    end

    local function start_load()
        is_over = false
        seen = { tokens = { good = 0, bad = 0, lost = 0 },
            sleep = { good = 0, bad = 0, lost = 0 } }
        for i = 1, CALLERS do
            caller("tokens", function()
                return ("/get/people/user/p%d-%d"):format(phase, i % KEYS)
            end)
            caller("sleep", function() return "/sleep" end)
        end
    end

    local function end_load()
        is_over = true
        wait.sleep_ms(2000)
        print(("tokens: %d good, %d bad, %d lost; sleep: %d good, %d bad, "
            .. "%d lost"):format(seen.tokens.good, seen.tokens.bad,
            seen.tokens.lost, seen.sleep.good, seen.sleep.bad,
            seen.sleep.lost))
    end

    setup(function()
        issuer = fake.start("--latency", LATENCY_MS .. "ms")
        local dir = tmp.dir()
        uv.fs_mkdir(dir .. "/providers", 448)
        tmp.write(dir .. "/providers/people.lua", PROVIDER)
        subject = engine.start { dir = dir, config = CONFIG:format(issuer.url),
            args = { "--log-level", "warn" } }
        host = nginx.start { run = subject.dir .. "/run", server = SERVER,
            workers = 2 }
    end)

    teardown(function()
        host:stop()
        subject:stop()
        issuer:stop()
    end)

    it("loses nothing when it is reloaded, and old workers are soon gone",
        function()
            start_load()
            local longest = 0
            for _ = 1, RELOADS do
                phase = phase + 1
                local before = worker_pids()
                host.process:signal("sighup")
                local began = wait.now_ms()
                wait.wait_until(function()
                    for pid in pairs(before) do
                        if not is_gone(pid) then return false end
                    end
                    return true
                end, EXIT_SECONDS, "the end of the old workers")
                longest = math.max(longest, wait.now_ms() - began)
            end
            end_load()
            print(("longest life after a reload: %d ms"):format(longest))
            assert.equal(0, seen.tokens.bad)
            assert.is_true(seen.tokens.lost <= seen.sleep.lost)
        end)

    it("answers again at once when its workers are killed", function()
        start_load()
        for _ = 1, KILLS do
            phase = phase + 1
            wait.sleep_ms(300)
            local pid = next(worker_pids())
            uv.kill(pid, "sigkill")
            wait.wait_until(function()
                local now = worker_pids()
                return not now[pid] and next(now)
            end, 30, "the next worker")
        end
        end_load()
        assert.equal(0, seen.tokens.bad)
        assert.is_true(seen.tokens.good > 0)
        -- A worker's callers go with it, and chance has it which kind it has
        -- more of, at each kill anew.
        assert.is_true(seen.tokens.lost <= seen.sleep.lost + 2 * CALLERS)
        assert(http.request { unix = host.socket, path = "/pid" })
    end)
end)
