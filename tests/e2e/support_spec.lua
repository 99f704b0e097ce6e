-- support_spec.lua - the tests' own tools: what they wait for, and that every
-- wait of theirs ends.
local http = require "support.http"
local issuer = require "support.issuer"
local process = require "support.process"
local tmp = require "support.tmp"
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
