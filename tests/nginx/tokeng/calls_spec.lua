-- calls_spec.lua - calls to the engine when it is away, when there are more of
-- them than connections, and in a worker that is to exit.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local nginx = require "support.nginx"
local tmp = require "support.tmp"
local uv = require "luv"
local wait = require "support.wait"

local CONFIG = [[
local variants = {}
for i = 1, 20 do variants["k" .. i] = { scope = "k" .. i } end
return { sources = { crm = { provider = "oauth2",
  token_url = "%s/oauth2/token", client_id = "crm",
  client_secret = secret.env "CRM_SECRET", insecure_http = true,
  tokens = variants, max_concurrent = 20 } } }
]]

local SERVER = [[
  location ~ ^/get/(.*)$ {
    content_by_lua_block {
      local token, err = require "resty.tokeng".get(ngx.var[1])
      ngx.print(require "cjson".encode { token = token, err = err })
    }
  }
  location ~ ^/late/(.*)$ {
    header_filter_by_lua_block {
      local token, err = require "resty.tokeng".get(ngx.var[1])
      ngx.header["X-Said"] = token and "token" or err
    }
    return 204;
  }
  location = /state {
    content_by_lua_block {
      ngx.print(require "cjson".encode(require "resty.tokeng".state()))
    }
  }
]]

local ANSWER = ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s")
local BODY = '{"token":"token-of-another","generation":7,"expires_in":60}'
ANSWER = ANSWER:format(#BODY, BODY)

-- A socket that answers the n-th request with answer(n), or hangs up; beside
-- it, a function that tells how many there were.
local function listen(path, answer)
    local server, asked = uv.new_pipe(), 0
    assert(server:bind(path))
    server:listen(16, function()
        local client = uv.new_pipe()
        server:accept(client)
        client:read_start(function(_, chunk)
            if not chunk then return client:close() end
            asked = asked + 1
            local text = answer(asked)
            if text then client:write(text) else client:close() end
        end)
    end)
    return server, function() return asked end
end

describe("calls to the engine", function()
    local issuer, subject, host

    local function say(path)
        return cjson.decode(assert(host:get(path)).body)
    end

    local function start_engine(dir)
        return engine.start { config = CONFIG:format(issuer.url), dir = dir,
            env = { CRM_SECRET = "fake-secret" } }
    end

    local function start_host(options)
        options.run = options.run or subject.dir .. "/run"
        options.server = SERVER
        return nginx.start(options)
    end

    before_each(function()
        issuer = fake.start()
        subject = start_engine()
    end)

    after_each(function()
        if host then host:stop() end
        host = nil
        subject:stop()
        issuer:stop()
    end)

    it("take turns where there are more of them than connections", function()
        host = start_host { init = "connections = 2" }
        issuer:control { latency_ms = 200 }
        local waiting = {}
        for i = 1, 10 do
            waiting[i] = host:start_get("/get/crm/client/k" .. i)
        end
        wait.wait_until(function() return say("/state").queued > 0 end, 10,
            "a queue")
        assert.equal(2, say("/state").threads)
        for _, call in ipairs(waiting) do
            assert.is_string(cjson.decode(assert(call:wait(20)).body).token)
        end
        assert.equal(0, say("/state").threads)
    end)

    it("say that no engine is there, once, and find it again", function()
        host = start_host {}
        local known = say("/get/crm/client").token
        local dir = subject.dir
        subject:kill()
        for _ = 1, 3 do
            assert.equal("no_engine", say("/get/crm/client/k1").err)
        end
        assert.equal(known, say("/get/crm/client").token)
        assert.equal(1, host:count("no engine at"))
        assert.is_true(say("/state").is_away)
        subject = start_engine(dir)
        wait.wait_until(function() return say("/get/crm/client/k1").token end,
            10, "the engine to be found")
        assert.equal(1, host:count("is back"))
    end)

    it("are made again when the engine goes away under them", function()
        local stage = tmp.dir()
        local served, asked = listen(stage .. "/tokeng.sock", function(n)
            return n > 1 and ANSWER or nil
        end)
        host = start_host { run = stage }
        assert.equal("token-of-another", say("/get/crm/client").token)
        assert.equal(2, asked())
        served:close()
    end)

    it("are begun where a request cannot wait for them", function()
        host = start_host {}
        assert.equal("cold", host:get("/late/crm/client").headers["x-said"])
        wait.wait_until(function()
            return host:get("/late/crm/client").headers["x-said"] == "token"
        end, 10, "the token")
    end)

    it("work without a master process", function()
        host = start_host { main = "master_process off;" }
        assert.is_string(say("/get/crm/client").token)
    end)

    it("are finished in a worker that is to exit", function()
        host = start_host {}
        issuer:control { latency_ms = 1000 }
        local old = assert(host:get("/pid")).body
        local call = host:start_get("/get/crm/client/k1")
        wait.wait_until(function() return say("/state").waiting == 1 end, 10,
            "the call")
        host.process:signal("sighup")
        wait.wait_until(function()
            return assert(host:get("/pid")).body ~= old
        end, 10, "the new worker")
        assert.is_string(cjson.decode(assert(call:wait(20)).body).token)
        wait.wait_until(function()
            return not io.open("/proc/" .. old .. "/stat")
        end, 10, "the end of the old worker")
    end)

    it("are not made by a check of the configuration", function()
        local stage = tmp.dir()
        local served, asked = listen(stage .. "/tokeng.sock", function() end)
        assert.equal(0, (nginx.test { run = stage }))
        assert.equal(0, asked())
        served:close()
    end)
end)
