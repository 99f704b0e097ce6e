-- fake.lua - `tokeng fake`, the scripted issuer.
local cjson = require "cjson"
local engine = require "support.engine"
local http = require "support.http"
local process = require "support.process"

local fake = {}

local Fake = {}
Fake.__index = Fake

-- Starts it on a free port, with the arguments beside --listen.
function fake.start(...)
    local self = setmetatable({}, Fake)
    self.process = process.start { path = engine.program(),
        args = { "fake", "--listen", "tcp:127.0.0.1:0", ... } }
    local line = self.process:wait_line("tokeng fake: listening on ", 20)
    self.url = assert(line:match("listening on (http://127%.0%.0%.1:%d+)"),
        line)
    return self
end

-- What it has counted, and its last calls, oldest first.
function Fake:stats()
    local reply = assert(http.request { url = self.url,
        path = "/_stats?log=1000" })
    return cjson.decode(reply.body)
end

-- Changes switches while it runs.
function Fake:control(switches)
    local reply = assert(http.request { url = self.url, method = "POST",
        path = "/_control", body = cjson.encode(switches) })
    assert(reply.status == 200, reply.body)
end

-- Whether the issuer accepts the token now.
function Fake:accepts(token)
    local reply = assert(http.request { url = self.url,
        path = "/_check", headers = { Authorization = "Bearer " .. token } })
    return reply.status == 200
end

-- The issuer accepts the token no longer.
function Fake:revoke(token)
    assert(http.request { url = self.url, method = "POST", path = "/_revoke",
        body = cjson.encode { token = token } })
end

function Fake:stop()
    local code, signal = self.process:stop(15)
    engine.assert_no_report(self.process.err)
    if code ~= 0 or signal ~= 0 then
        error("did not end well: " .. self.process:said(), 2)
    end
end

return fake
