-- issuer.lua - tests/e2e/oidc/issuer.mjs, an issuer that is not of our make.
local cjson = require "cjson"
local http = require "support.http"
local process = require "support.process"

local issuer = {}

local Issuer = {}
Issuer.__index = Issuer

-- life: of its tokens, in seconds; port: 0 or none for a free one.
function issuer.start(life, port)
    local self = setmetatable({}, Issuer)
    self.process = process.start { path = "node",
        args = { "tests/e2e/oidc/issuer.mjs", "--life", life, "--port",
            port or 0 } }
    local line = self.process:wait_line("listening on http", 30)
    self.url = assert(line:match("http://%S+"))
    self.port = tonumber(self.url:match(":(%d+)$"))
    return self
end

-- What it has counted since it started: { issued, failed }.
function Issuer:stats()
    local reply = assert(http.request { url = self.url, path = "/_stats" })
    return cjson.decode(reply.body)
end

-- Whether it knows the token and holds it for valid.
function Issuer:is_active(token)
    local reply = assert(http.request { url = self.url, method = "POST",
        path = "/token/introspection",
        headers = { ["Content-Type"] = "application/x-www-form-urlencoded" },
        body = "client_id=crm-post&client_secret=crm-post-secret&token="
            .. token })
    assert(reply.status == 200, reply.body)
    return cjson.decode(reply.body).active
end

-- Gone at once, its connections with it.
function Issuer:kill()
    self.process:signal("sigkill")
    self.process:wait_exit(10)
end

return issuer
