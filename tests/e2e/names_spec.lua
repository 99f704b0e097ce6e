-- names_spec.lua - an issuer whose name does not resolve, or whose name server
-- never answers, is a refresh that failed: other sources and the end of the
-- engine do not wait for it.
local engine = require "support.engine"
local namespace = require "support.namespace"
local process = require "support.process"
local tmp = require "support.tmp"
local uv = require "luv"
local wait = require "support.wait"

local SOURCE = [[
  %s = { provider = "oauth2",
    token_url = "http://%s.example:7999/oauth2/token", client_id = "c",
    client_secret = secret.env "NAME_SECRET", insecure_http = true,
    max_keys = 1, timeout = "%s" },
]]
local CONFIG = "return { sources = {" .. SOURCE:format("good", "good", "9s")
    .. SOURCE:format("none", "none", "9s")
    .. SOURCE:format("mute", "mute", "300ms")
    .. SOURCE:format("held", "mute.held", "60s") .. "} }"

describe("the name of an issuer", function()
    local lack = namespace.lacks()
    if lack then
        pending(lack)
        return
    end

    local subject, names

    local function beside(...)
        return process.start { path = "nsenter",
            args = namespace.beside(subject.process.pid, ...) }
    end

    setup(function()
        subject = engine.start { config = CONFIG,
            env = { NAME_SECRET = "fake-secret" },
            under = function(dir)
                names = dir .. "/names"
                -- Who waits for the name server waits longer than for the
                -- engine's end.
                tmp.write(dir .. "/resolv.conf",
                    "nameserver 127.0.0.1\noptions timeout:30\n")
                return namespace.under("-mn", ([[
ip link set lo up
mount --bind '%s/resolv.conf' /etc/resolv.conf
]]):format(dir))
            end }
        beside("lua5.4", uv.cwd() .. "/tests/e2e/support/resolver.lua", 53,
            names)
            :wait_line("listening on ", 20)
        beside(engine.program(), "fake", "--listen", "tcp:127.0.0.1:7999")
            :wait_line("listening on ", 20)
    end)

    local function assert_fails(name, code)
        local answer, status = subject:token(name .. "/client", "wait=9s")
        assert.equal(503, status)
        assert.equal("transient", answer.class)
        assert.equal(code, answer.issuer_code)
    end

    local function wait_asked(name)
        wait.wait_until(function()
            return tmp.read(names):find(name, 1, true)
        end, 10, "a question for " .. name)
    end

    it("may not exist", function() assert_fails("none", "resolve") end)

    it("may get no answer", function() assert_fails("mute", "timeout") end)

    it("keeps no other waiting", function()
        local reply = assert(subject:http {
            path = "/v1/token/held/client?wait=0s" })
        assert.equal(503, reply.status)
        wait_asked("mute.held.example")
        local _, status = subject:token("good/client", "wait=9s")
        assert.equal(200, status)
    end)

    it("does not hold up the end", function() subject:stop() end)
end)
