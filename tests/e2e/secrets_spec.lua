-- secrets_spec.lua - where the secrets of a running engine are, and where they
-- are not.
local canary = require "support.canary"
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local http = require "support.http"
local memory = require "support.memory"
local process = require "support.process"
local tls = require "support.tls"
local tmp = require "support.tmp"
local uv = require "luv"
local wait = require "support.wait"

local CONFIG = [[
return {
  policy = { "threshold", check_interval = "1m", threshold = "15m" },
  sources = {
    %s
    other = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "other", client_secret = secret.file "%s",
      insecure_http = true, keep = { "client" } },
  },
}
]]
local SOURCES = [[
    crm = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "crm", client_secret = secret.file "%s",
      insecure_http = true, keep = { "client" } },
    post = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "crm", client_secret = secret.file "%s", auth = "post",
      ca_file = "%s", keep = { "client" } },
    app = { provider = "feishu", base_url = "%s", app_id = "crm",
      app_secret = secret.file "%s", insecure_http = true,
      keep = { "tenant" } },
]]

local ENV_CONFIG = [[
return { %s
  sources = {
    crm = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "crm", client_secret = secret.env "CRM_SECRET",
      insecure_http = true, keep = { "client" },
      tokens = { read = { scope = "r" } } },
  },
}
]]

local CLOEXEC = tonumber("2000000", 8) -- O_CLOEXEC of Linux

-- A sanitizer keeps what was freed, and only root may look.
local CAN_SEE = uv.getuid() == 0
    and not os.getenv("TOKENG_BUILD"):find("[at]san")

-- An allocator writes into the first bytes of what was freed.
local TAIL = -20

describe("the memory of an engine", function()
    local SECRET = "canary-secret-" .. ("0123456789abcdef"):rep(2) .. "-of-crm"
    local KEYS = { "crm/client", "post/client", "app/tenant" }
    local issuer, others, dir, subject
    local tls_url, ca_file
    local connections = {}

    local function config(sources)
        return CONFIG:format(sources, others.url, dir .. "/other")
    end

    local function sources()
        local url, path = issuer.url, dir .. "/crm"
        return SOURCES:format(url, path, tls_url, path, ca_file, url, path)
    end

    -- A request on a connection that stays open, as programs keep theirs:
    -- returns the status.
    local function ask(connection, method, path, body)
        local text = ""
        local pipe = connections[connection] or uv.new_pipe()
        if not connections[connection] then
            connections[connection] = pipe
            pipe:connect(subject.socket)
        end
        pipe:read_stop()
        pipe:read_start(function(_, chunk) text = text .. (chunk or "") end)
        pipe:write(("%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            .. "application/json\r\nContent-Length: %d\r\n\r\n%s"):format(
            method, path, #body, body))
        return wait.wait_until(function()
            return text:match("^HTTP/1.1 (%d+) .*\r\n\r\n{.*}")
        end, 10, path)
    end

    setup(function()
        if not CAN_SEE then return end
        issuer = fake.start("--life", "2h", "--secret", "crm=" .. SECRET)
        others = fake.start("--life", "2h")
        tls_url, ca_file = tls.start(issuer.url:match("%d+$"))
        dir = tmp.dir()
        tmp.write(dir .. "/crm", SECRET .. "\n")
        tmp.write(dir .. "/other", "fake-secret\n")
        subject = engine.start { config = config(sources()) }
    end)

    -- Gets the token on two paths, reports it, and gets the next: both tokens.
    local function use(key)
        local token = subject:token(key).token
        subject:cli("get", key)
        assert.equal("200", ask("get", "GET", "/v1/token/" .. key, ""))
        assert.is_true(memory.count(subject.process.pid, token) > 0)
        assert.equal("202", ask("reject", "POST", "/v1/reject/" .. key,
            cjson.encode { token = token }))
        return token, subject:token(key).token
    end

    local function places_of(texts)
        local places = {}
        for _, text in ipairs(texts) do
            local count, where = memory.count(subject.process.pid,
                text:sub(TAIL))
            if count > 0 then places[#places + 1] = where end
        end
        return table.concat(places, "\n")
    end

    it("holds neither secret nor token of a source that was taken out",
        function()
            if not CAN_SEE then return pending("of plain builds, by root") end
            local texts = { SECRET, canary.base64("crm:" .. SECRET) }
            for _, key in ipairs(KEYS) do
                local old, new = use(key)
                texts[#texts + 1] = old
                texts[#texts + 1] = new
            end
            assert.is_true(memory.count(subject.process.pid, SECRET) > 0)
            subject:write_config(config(""))
            subject.process:signal("sighup")
            subject.process:wait_line("configuration reloaded", 10)
            assert.equal("", places_of(texts))
        end)

    teardown(function() if subject then subject:stop() end end)
end)

describe("the process of an engine", function()
    local issuer, subject

    setup(function()
        issuer = fake.start("--life", "2h")
        subject = engine.start { env = { CRM_SECRET = "fake-secret" },
            config = ENV_CONFIG:format("", issuer.url) }
    end)

    local function read(name)
        return canary.read(("/proc/%d/%s"):format(subject.process.pid, name))
    end

    it("has overwritten the secret that it was started with", function()
        local environ = read("environ")
        assert.truthy(environ:find("CRM_SECRET=\0\0\0", 1, true))
        assert.is_nil(canary.find(environ .. read("cmdline")))
    end)

    it("hands no descriptor to a child, not even under callers", function()
        issuer:control { outage = "hang" }
        local waiting = http.start { unix = subject.socket,
            path = "/v1/token/crm/client/read?wait=20s" }
        wait.wait_until(function()
            return subject:http { path = "/metrics" }.body:find(
                'tokeng_refreshes_active{source="crm"} 1', 1, true)
        end, 10, "a call that hangs")
        local count = 0
        local folder = ("/proc/%d/fdinfo"):format(subject.process.pid)
        for name in uv.fs_scandir_next, uv.fs_scandir(folder) do
            local flags = read("fdinfo/" .. name):match("flags:%s*(%d+)")
            -- One that was closed since has no flags.
            if flags and tonumber(name) > 2 then
                count = count + 1
                assert.truthy(tonumber(flags, 8) & CLOEXEC ~= 0, uv.fs_readlink(
                    ("/proc/%d/fd/%s"):format(subject.process.pid, name)))
            end
        end
        assert.is_true(count > 5)
        waiting:close()
        issuer:control { outage = false }
    end)

    it("leaves no core", function()
        assert.truthy(read("limits"):find("Max core file size +0 +0 "))
    end)

    it("says whether its secrets can be swapped out", function()
        local text = subject:http { path = "/metrics" }.body
        assert.truthy(text:find("\ntokeng_secret_memory_locked [01]\n"))
        local bytes = text:match("\ntokeng_secret_memory_bytes (%d+)\n")
        assert.is_true(tonumber(bytes) >= 4096)
    end)

    it("starts only with locked secrets where that is required", function()
        -- A sanitizer's mlock does nothing, and says that it did.
        if not CAN_SEE then return pending("of plain builds, by root") end
        local dir = tmp.dir()
        tmp.write(dir .. "/tokeng.lua", ENV_CONFIG:format(
            "require_mlock = true,", issuer.url))
        local code, _, err = process.run { path = "setpriv", args = {
            "--inh-caps", "-ipc_lock", "--bounding-set", "-ipc_lock",
            "prlimit", "--memlock=0", engine.program(), "run", "-c",
            dir .. "/tokeng.lua", "--dir", dir },
            env = { CRM_SECRET = "fake-secret" } }
        assert.equal(78, code)
        assert.truthy(err:find("require_mlock", 1, true), err)
        assert.truthy(err:find("LimitMEMLOCK=", 1, true), err)
    end)

    teardown(function() if subject then subject:stop() end end)
end)

-- What a provider does with its secret and its issuer's answer, as badly as it
-- can; the kind says how.
local BAD_PROVIDER = [[
local provider = { api = 1, name = "bad" }
provider.settings = { url = { type = "url" }, password = { type = "secret" } }
provider.kinds = { say = { renewable = "always", subject = "any" } }
local ways = {
  log = function(secret) log(secret) log(tostring(secret)) end,
  raise = function(secret) error(secret) end,
  join = function(secret) error("the secret is " .. secret) end,
  index = function(secret) error(secret.bytes) end,
  text = function(secret) error(string.format("%s", secret)) end,
  code = function(secret) return { class = "config", code = secret } end,
  token = function(_, token) log(token) error("bad " .. token) end,
  echo = function(_, token) return { class = "config", code = token } end,
}
function provider.fetch(key, settings)
  local reply = http.post { url = settings.url, form = {
    grant_type = "client_credentials" }, basic = { "crm", settings.password } }
  local answer = reply and json.decode(reply.body) or {}
  return nil, ways[key.subject](settings.password, answer.access_token or "")
end
return provider
]]
local BAD_CONFIG = [[
return { sources = { bad = { provider = "bad", url = "%s/oauth2/token",
  insecure_http = true, password = secret.file "%s" } } }
]]

describe("a provider that says too much", function()
    local issuer, subject

    setup(function()
        local dir = tmp.dir()
        assert(os.execute("mkdir " .. dir .. "/providers"))
        tmp.write(dir .. "/providers/bad.lua", BAD_PROVIDER)
        tmp.write(dir .. "/password", "fake-secret\n")
        issuer = fake.start("--life", "2h")
        subject = engine.start { dir = dir,
            config = BAD_CONFIG:format(issuer.url, dir .. "/password") }
    end)

    for _, way in ipairs { "log", "raise", "join", "index", "text", "code",
        "token", "echo" } do
        it("shows nothing: " .. way, function()
            local answer = subject:token("bad/say/" .. way, "wait=5s")
            assert.is_nil(answer.token)
            local _, out, err = subject:cli("explain", "bad/say/" .. way)
            assert.is_nil(canary.find(out .. err .. subject.process.err))
        end)
    end

    it("and yet says what it can", function()
        local said = subject.process.err
        for _, text in ipairs { 'text=secret(', "concatenate a secret",
            'why="bad.lua:', 'code=hidden', "bad ******" } do
            assert.truthy(said:find(text, 1, true), text .. said)
        end
    end)

    teardown(function() if subject then subject:stop() end end)
end)
