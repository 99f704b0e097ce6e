-- first_spec.lua - the tokens that a worker keeps: as many as it may, and none
-- that has been replaced.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local nginx = require "support.nginx"
local wait = require "support.wait"

local CONFIG = [[
local variants = {}
for i = 1, 20 do variants["k" .. i] = { scope = "k" .. i } end
return { sources = { crm = { provider = "oauth2",
  token_url = "%s/oauth2/token", client_id = "crm",
  client_secret = secret.env "CRM_SECRET", insecure_http = true,
  tokens = variants } } }
]]

local SERVER = [[
  location ~ ^/get/(.*)$ {
    content_by_lua_block {
      ngx.print((require "resty.tokeng".get(ngx.var[1])))
    }
  }
  location = /state {
    content_by_lua_block {
      ngx.print(require "cjson".encode(require "resty.tokeng".state()))
    }
  }
]]

describe("the tokens that a worker keeps", function()
    local issuer, subject, host

    local function get(key)
        return assert(host:get("/get/crm/client" .. key)).body
    end

    setup(function()
        issuer = fake.start()
        subject = engine.start { config = CONFIG:format(issuer.url),
            env = { CRM_SECRET = "fake-secret" } }
        host = nginx.start { run = subject.dir .. "/run", server = SERVER,
            init = "entries = 6" }
    end)

    teardown(function()
        host:stop()
        subject:stop()
        issuer:stop()
    end)

    it("are no more than it may, and all are good", function()
        local tokens = {}
        for round = 1, 3 do
            for i = 1, 20 do
                local token = get("/k" .. i)
                assert.equal(tokens[i] or token, token, round)
                tokens[i] = token
                local state = cjson.decode(assert(host:get("/state")).body)
                assert.is_true(state.entries <= 6)
            end
        end
    end)

    it("are left for a newer one at once", function()
        local before = get("")
        local function renew()
            return subject:http { method = "POST",
                path = "/v1/refresh/crm/client" }
        end
        assert.equal(202, renew().status)
        local after
        wait.wait_until(function()
            after = assert(subject:token("crm/client")).token
            return after ~= before
        end, 20, "a newer token")
        assert.equal(after, get(""))
    end)

    it("count as used", function()
        get("")
        local function hits()
            return tonumber(assert(subject:http { path = "/metrics" }).body
                :match('tokeng_hits_total{source="crm"} (%d+)'))
        end
        local before = hits()
        wait.wait_until(function()
            get("")
            return hits() > before
        end, 20, "the use to be noted")
    end)
end)
