-- tokeng_spec.lua - resty.tokeng in a real nginx, with the engine and the fake
-- issuer behind it.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local nginx = require "support.nginx"
local wait = require "support.wait"

local CONFIG = [[
local variants = {}
for i = 1, 100 do variants["k" .. i] = { scope = "k" .. i } end
return {
  policy = { "threshold", check_interval = "1s", threshold = "60s" },
  sources = {
    crm = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "crm", client_secret = secret.env "CRM_SECRET",
      insecure_http = true, tokens = variants, max_concurrent = 100 },
    slow = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "slow", client_secret = secret.env "CRM_SECRET",
      insecure_http = true },
  },
}
]]

-- /get/KEY?min_ttl=&newer_than=&wait= tells what get says, /apply/KEY which
-- header a request has afterwards, /reject/KEY?generation=.
local SERVER = [[
  location ~ ^/get/(.*)$ {
    content_by_lua_block {
      local args = ngx.req.get_uri_args()
      local token, err, info = require "resty.tokeng".get(ngx.var[1], {
        min_ttl = tonumber(args.min_ttl), wait = tonumber(args.wait),
        newer_than = tonumber(args.newer_than) })
      ngx.print(require "cjson".encode { token = token, err = err,
        info = info })
    }
  }
  location ~ ^/apply/(.*)$ {
    content_by_lua_block {
      local tokeng = require "resty.tokeng"
      local token, err = tokeng.apply(ngx.var[1])
      ngx.print(require "cjson".encode { token = token, err = err,
        headers = ngx.req.get_headers() })
    }
  }
  location ~ ^/reject/(.*)$ {
    content_by_lua_block {
      local ok, err = require "resty.tokeng".reject(ngx.var[1],
        tonumber(ngx.var.arg_generation))
      ngx.print(require "cjson".encode { ok = ok, err = err })
    }
  }
  location = /state {
    content_by_lua_block {
      ngx.print(require "cjson".encode(require "resty.tokeng".state()))
    }
  }
]]

describe("resty.tokeng", function()
    local issuer, slow, subject, host

    local function say(path)
        local reply = assert(host:get(path))
        assert.equal(200, reply.status, host.process.err)
        return cjson.decode(reply.body)
    end

    local function start_engine(dir)
        return engine.start { config = CONFIG:format(issuer.url, slow.url),
            dir = dir, env = { CRM_SECRET = "fake-secret" } }
    end

    setup(function()
        issuer, slow = fake.start(), fake.start("--outage", "hang")
        subject = start_engine()
        host = nginx.start { run = subject.dir .. "/run", server = SERVER }
    end)

    teardown(function()
        host:stop()
        subject:stop()
        issuer:stop()
        slow:stop()
    end)

    it("gives a token that nobody had yet, and then has it itself", function()
        local first = say("/get/crm/client")
        assert.is_true(issuer:accepts(first.token))
        assert.equal("fresh", first.info.state)
        assert.equal(1, say("/state").entries)
        local again = say("/get/crm/client")
        assert.equal(first.token, again.token)
        assert.equal(first.info.generation, again.info.generation)
    end)

    it("sets the header that the kind declares", function()
        local told = say("/apply/crm/client")
        assert.equal("Bearer " .. told.token, told.headers.authorization)
    end)

    it("says what is wrong with a key", function()
        assert.equal("unknown_source", say("/get/nobody/client").err)
        assert.equal("bad_key", say("/get/crm/cl%20ient?wait=1").err)
        assert.equal("bad_key", say("/get/crm/client%3fwait=9s").err)
    end)

    it("gives a newer token after a reject", function()
        local before = say("/get/crm/client/k1")
        local generation = before.info.generation
        assert.is_true(say("/reject/crm/client/k1?generation="
            .. ("%d"):format(generation)).ok)
        local after = say("/get/crm/client/k1?newer_than="
            .. ("%d"):format(generation))
        assert.not_equal(before.token, after.token)
        assert.is_true(after.info.generation > generation)
        assert.equal(after.token, say("/get/crm/client/k1").token)
    end)

    it("asks once for a cold key, however many wait for it", function()
        local before = #issuer:stats().log
        issuer:control { latency_ms = 3000 }
        local waiting = {}
        for i = 1, 100 do waiting[i] = host:start_get("/get/crm/client/k2") end
        wait.wait_until(function() return say("/state").waiting == 100 end, 20,
            "all to wait")
        assert.equal(1, say("/state").calls)
        issuer:control { latency_ms = 0 }
        local tokens = {}
        for _, call in ipairs(waiting) do
            tokens[cjson.decode(assert(call:wait(20)).body).token] = true
        end
        local token = next(tokens)
        assert.is_nil(next(tokens, token))
        assert.equal(before + 1, #issuer:stats().log)
    end)

    it("delays no key by another that is slow", function()
        local held = host:start_get("/get/slow/client?wait=3")
        wait.wait_until(function() return say("/state").calls == 1 end, 10,
            "the slow call")
        for i = 3, 20 do
            assert.is_string(say("/get/crm/client/k" .. i).token)
        end
        assert.is_nil(held.done)
        assert.equal("timeout", cjson.decode(assert(held:wait(20)).body).err)
    end)

    it("keeps each caller's own deadline", function()
        local long = host:start_get("/get/slow/client?wait=4")
        local short = say("/get/slow/client?wait=0.2")
        assert.equal("timeout", short.err)
        assert.is_nil(long.done)
        assert(long:wait(20))
        wait.wait_until(function() return say("/state").calls == 0 end, 10,
            "the end of all calls")
    end)
end)
