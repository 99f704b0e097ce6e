-- example_spec.lua - examples/nginx, as it is run by a user.
local cjson = require "cjson"
local engine = require "support.engine"
local http = require "support.http"
local process = require "support.process"
local tmp = require "support.tmp"
local uv = require "luv"
local wait = require "support.wait"

local OK = '{"code":0,"msg":"ok"}'
local REFUSED = '{"code":99991663,"msg":"Invalid access token"}'

-- An API that refuses its first token in Feishu's way, with status 200. Tells
-- which tokens it has seen.
local function start_api()
    local server, seen = uv.new_tcp(), {}
    assert(server:bind("127.0.0.1", 0))
    server:listen(16, function()
        local client = uv.new_tcp()
        server:accept(client)
        client:read_start(function(_, chunk)
            if not chunk then return client:close() end
            local token = chunk:match("Authorization: Bearer ([^\r\n]+)")
            seen[#seen + 1] = token
            local body = token == seen[1] and REFUSED or OK
            client:write(("HTTP/1.1 200 OK\r\nContent-Type: application/json; "
                .. "charset=utf-8\r\nContent-Length: %d\r\n\r\n%s"):format(
                #body, body))
        end)
    end)
    return server, ("127.0.0.1:%d"):format(server:getsockname().port), seen
end

describe("examples/nginx", function()
    local example, socket, issuer

    local function start(...)
        socket = tmp.dir() .. "/nginx.sock"
        example = process.start { path = "examples/nginx/run",
            args = { "--listen", "unix:" .. socket, ... },
            env = { TOKENG_BIN = engine.program() } }
        example:wait_line("ready:", 30)
        issuer = assert(example.out:match("issuer:%s+(%S+)"))
    end

    local function get(path)
        local call = http.start { unix = socket, path = path }
        call.is_engine = false
        return assert(call:wait(20))
    end

    local function stats()
        return cjson.decode(assert(http.request { url = issuer,
            path = "/_stats?log=1000" }).body)
    end

    after_each(function()
        example:stop(20)
    end)

    it("gives each request a token that the API accepts", function()
        start()
        for _ = 1, 5 do assert.equal(200, get("/_check").status) end
        assert.equal(1, #stats().log)
    end)

    it("asks again with a newer token when the API answers 401", function()
        start()
        local folder = example.out:match("logs:%s+(%S+)")
        local _, token = process.run { path = engine.program(), args = { "get",
            "feishu/tenant", "--socket", folder .. "/run/tokeng.sock" } }
        assert.equal(200, get("/_check").status)
        assert(http.request { url = issuer, method = "POST", path = "/_revoke",
            body = cjson.encode { token = token:gsub("%s", "") } })
        assert.equal(200, get("/_check").status)
        assert.equal(2, #stats().log)
    end)

    it("reports a token that Feishu refuses in a body", function()
        local api, address, seen = start_api()
        start("--api", address)
        assert.equal(REFUSED, get("/open-apis/x").body)
        wait.wait_until(function() return get("/open-apis/x").body == OK end,
            20, "a newer token")
        assert.not_equal(seen[1], seen[#seen])
        api:close()
    end)
end)
