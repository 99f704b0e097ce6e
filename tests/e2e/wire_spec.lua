-- wire_spec.lua - a connection to an issuer that breaks at any byte, plain or
-- under TLS, is a refresh that failed: the old token stays, no descriptor is
-- left, and the first whole answer is taken.
local chaos = require "support.chaos"
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local proc = require "support.proc"
local tls = require "support.tls"
local wait = require "support.wait"

local SECONDS = 20
local SOURCE = [[
  %s = { provider = "oauth2", token_url = "%s://localhost:%d/oauth2/token",
    client_id = "client", client_secret = secret.env "WIRE_SECRET",
    insecure_http = true, max_keys = 1, keep = { "client" }, timeout = "%s",
    %s },
]]
-- An answer is longer, also one of a session that TLS takes up again.
local CUT_MAX, CUT_EVERY = { http = 100, https = 400 }, { http = 5,
    https = 20 }

local function list_faults(scheme)
    local list = { { name = "deaf", is_deaf = true, code = "timeout" },
        { name = "trickle", trickle = true, is_good = true } }
    for cut = 0, CUT_MAX[scheme], CUT_EVERY[scheme] do
        list[#list + 1] = { name = "end_" .. cut, cut = cut }
        list[#list + 1] = { name = "reset_" .. cut, cut = cut,
            is_reset = true }
    end
    for name, bytes in pairs { garbage = "\1\2\3\r\n\r\n",
        plain = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        record = "\x16\3\3\0\4\xff\xff\xff\xff" } do
        if scheme == "https" then
            list[#list + 1] = { name = name, before = bytes, code = "tls" }
        elseif name ~= "plain" then
            list[#list + 1] = { name = name, before = bytes,
                code = "protocol" }
        end
    end
    return list
end

local CODES = { http = { protocol = true, connect = true },
    https = { protocol = true, connect = true, tls = true } }

for _, scheme in ipairs { "http", "https" } do
describe("a broken connection of " .. scheme, function()
    local faults, issuer, subject = list_faults(scheme), nil, nil

    setup(function()
        issuer = fake.start("--life", "2h")
        local port, more, sources = issuer.url:match("%d+$"), "", {}
        if scheme == "https" then
            local url, cert = tls.start(port)
            port, more = url:match("%d+$"), ("ca_file = %q"):format(cert)
        end
        for n, fault in ipairs(faults) do
            fault.proxy = chaos.start(tonumber(port))
            fault.key = fault.name .. "/client"
            sources[n] = SOURCE:format(fault.name, scheme,
                fault.proxy.own_port, fault.is_deaf and "300ms" or "20s", more)
        end
        subject = engine.start { config = "return { sources = {"
            .. table.concat(sources) .. "} }",
            env = { WIRE_SECRET = "fake-secret" } }
    end)

    teardown(function()
        subject:stop()
        for _, fault in ipairs(faults) do fault.proxy:stop() end
        issuer:stop()
    end)

    local function read(fault)
        local answer, status = subject:token(fault.key, "wait=9s")
        assert.equal(200, status, fault.name)
        return answer
    end

    -- What is told of the key after one more refresh.
    local function refresh(fault)
        local before = fault.proxy.calls
        local reply = assert(subject:http { method = "POST",
            path = "/v1/refresh/" .. fault.key })
        assert.equal(202, reply.status, fault.name)
        return wait.wait_until(function()
            if fault.proxy.calls == before then return nil end
            local told = cjson.decode(assert(subject:http {
                path = "/v1/explain/" .. fault.key }).body)
            return not told.refresh.running and told
        end, SECONDS, "the refresh of " .. fault.name)
    end

    local function assert_fails(fault)
        local old = read(fault)
        fault.proxy:set(fault)
        local failure = refresh(fault).failure
        if fault.is_good then
            return assert.equal(cjson.null, failure, fault.name)
        end
        assert.not_equal(cjson.null, failure, fault.name)
        assert.equal("transient", failure.class, fault.name)
        if fault.code then
            assert.equal(fault.code, failure.code, fault.name)
        end
        assert.is_true(fault.code ~= nil or CODES[scheme][failure.code],
            fault.name .. ": " .. failure.code)
        assert.equal(old.token, read(fault).token, fault.name)
    end

    local function assert_recovers(fault)
        local old = read(fault)
        fault.proxy:set(nil)
        assert.equal(cjson.null, refresh(fault).failure, fault.name)
        assert.is_true(read(fault).generation > old.generation, fault.name)
    end

    it("leaves the old token and no descriptor", function()
        for _, fault in ipairs(faults) do read(fault) end
        local before = proc.descriptors(subject.process.pid)
        for _, fault in ipairs(faults) do assert_fails(fault) end
        wait.wait_until(function()
            return proc.descriptors(subject.process.pid) <= before
        end, SECONDS, "the end of descriptors")
    end)

    it("is forgotten with the next whole answer", function()
        for _, fault in ipairs(faults) do assert_recovers(fault) end
    end)
end)
end
