-- support_spec.lua - the tests' own tools: what they wait for, and that every
-- wait of theirs ends.
local canary = require "support.canary"
local http = require "support.http"
local issuer = require "support.issuer"
local process = require "support.process"
local tmp = require "support.tmp"
local uv = require "luv"
local wait = require "support.wait"

describe("process", function()
    it("gives a program's code, output, and its input to it", function()
        local code, out, err = process.run { path = "sh", input = "in\n",
            args = { "-c", "cat; echo $X; echo bad >&2; exit 3" },
            env = { X = "out" } }
        assert.equal(3, code)
        assert.equal("in\nout\n", out)
        assert.equal("bad\n", err)
    end)

    it("says what an ended program said instead of the line", function()
        local child = process.start { path = "sh", args = { "-c",
            "echo other" } }
        local ok, err = pcall(child.wait_line, child, "wanted", 5)
        assert.is_false(ok)
        assert.truthy(err:find("stdout: other", 1, true), err)
    end)

    it("ends waiting for a program that does not end", function()
        local child = process.start { path = "sleep", args = { 60 } }
        assert.is_false(pcall(child.wait_exit, child, 0.1))
        local code, signal = child:stop(5)
        assert.equal(0, code)
        assert.equal(15, signal)
    end)
end)

describe("wait_until", function()
    it("returns what the condition returned", function()
        local calls = 0
        assert.equal("third", wait.wait_until(function()
            calls = calls + 1
            return calls == 3 and "third"
        end, 5))
    end)

    it("names what it waited for in vain", function()
        local ok, err = pcall(wait.wait_until, function() end, 0.05, "rain")
        assert.is_false(ok)
        assert.truthy(err:find("waited 0.05 s for rain", 1, true), err)
    end)

    it("passes an error of the condition on at once", function()
        local before = wait.now_ms()
        local ok, err = pcall(wait.wait_until, function()
            error("broken", 0)
        end, 30)
        assert.is_false(ok)
        assert.equal("broken", err)
        assert.is_true(wait.now_ms() - before < 5000)
    end)
end)

describe("tmp", function()
    it("writes files that only their owner reads", function()
        local path = tmp.write(tmp.dir() .. "/file", "text")
        assert.equal("text", tmp.read(path))
        local _, out = process.run { path = "stat", args = { "-c", "%a",
            path } }
        assert.equal("600\n", out)
    end)
end)

describe("http", function()
    it("has many requests under way, and says who is not there", function()
        local sso = issuer.start(5)
        local path = "/.well-known/openid-configuration"
        local calls = {}
        for i = 1, 20 do
            calls[i] = http.start { url = sso.url, path = path }
        end
        for i = 1, 20 do
            local reply = assert(calls[i]:wait(10))
            assert.equal(200, reply.status)
            assert.truthy(reply.body:find(sso.url, 1, true))
        end
        assert.is_false(sso:is_active("unknown"))

        sso:kill()
        local reply, err = http.request { url = sso.url, path = path }
        assert.is_nil(reply)
        assert.equal("ECONNREFUSED", err)
    end)

    it("ends waiting for a silent server", function()
        local dir = tmp.dir()
        local server = process.start { path = "lua5.4", args = { "-e", [[
            local uv = require "luv"
            local server = uv.new_pipe()
            server:bind("]] .. dir .. [[/silent")
            server:listen(1, function() end)
            print("up")
            io.stdout:flush()
            uv.run()
        ]] } }
        server:wait_line("up", 5)
        local reply, err = http.request { unix = dir .. "/silent",
            seconds = 0.1 }
        assert.is_nil(reply)
        assert.truthy(err:find("waited 0.1 s", 1, true), err)
    end)
end)

-- The marks are put together here, so that no page of a run can hold this file.
describe("the canary", function()
    local SECRET, TOKEN = "fake-" .. "secret", "t-fake-" .. "token-1"

    -- A program named as ours that says `text` on the descriptor.
    local function say(descriptor, text, ...)
        local path = tmp.dir() .. "/tokeng"
        tmp.write(path, ("#!/bin/sh\necho '%s' >&%d\n"):format(text,
            descriptor))
        assert(os.execute("chmod 700 " .. path))
        return pcall(process.run, { path = path, args = { ... } })
    end

    local function sees(ok, err)
        assert.is_false(ok)
        assert.truthy(err:find("a secret or token is seen", 1, true), err)
    end

    it("sees a secret and a token on stderr and stdout", function()
        for _, mark in ipairs { SECRET, TOKEN } do
            sees(say(1, "x" .. mark .. "x", "list"))
            sees(say(2, "x" .. mark .. "x", "get"))
        end
    end)

    it("lets a token pass where it is the product, a secret never", function()
        assert.is_true(say(1, TOKEN, "get"))
        sees(say(1, SECRET, "get"))
        assert.is_true(say(1, "no mark", "list"))
    end)

    it("sees the secret in base64, wherever it begins", function()
        for id = 1, 3 do
            local _, out = process.run { path = "base64",
                input = ("a"):rep(id) .. ":" .. SECRET }
            sees(pcall(canary.assert_none, out, "a header", true))
        end
    end)

    it("sees a secret in an environment and on a command line", function()
        local child = process.start { path = "sleep", args = { 60 },
            env = { LEAK = SECRET } }
        local other = process.start { path = "sh", args = { "-c",
            "sleep 60; : " .. TOKEN } }
        wait.wait_until(function()
            return not pcall(canary.assert_process, child.pid)
                and not pcall(canary.assert_process, other.pid)
        end, 10, "both are seen")
        child:stop()
        other:stop()
    end)

    it("sees a secret in a file below a folder, a token but in a cache",
        function()
            local dir = tmp.dir()
            assert(os.execute("mkdir " .. dir .. "/deep"))
            tmp.write(dir .. "/deep/tokeng.cache", TOKEN)
            canary.assert_folder(dir)
            tmp.write(dir .. "/deep/core", TOKEN)
            sees(pcall(canary.assert_folder, dir))
            tmp.write(dir .. "/deep/core", "")
            tmp.write(dir .. "/deep/tokeng.cache", SECRET)
            sees(pcall(canary.assert_folder, dir))
        end)

    it("sees a token in an engine's page, but in the answer to a get",
        function()
            local path = tmp.dir() .. "/s"
            local server = uv.new_pipe()
            server:bind(path)
            server:listen(5, function()
                local client = uv.new_pipe()
                server:accept(client)
                client:write("HTTP/1.1 200 OK\r\nContent-Length: "
                    .. #TOKEN .. "\r\n\r\n" .. TOKEN)
                client:shutdown()
            end)
            assert.truthy(http.request { unix = path,
                path = "/v1/token/crm/client" })
            sees(pcall(http.request, { unix = path, path = "/metrics" }))
            server:close()
        end)
end)
