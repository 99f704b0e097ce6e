-- attack_spec.lua - sources under policies that attack whenever they are
-- called, beside one whose policy does its work: all have their tokens, and
-- the scripts are named and set aside.
local engine = require "support.engine"
local fake = require "support.fake"
local tmp = require "support.tmp"
local wait = require "support.wait"

local ATTACKS = {
    loop = "while true do end",
    recursion = "local function f() return f() + 1 end return f()",
    memory = "local t = {} while true do t[#t + 1] = ('x'):rep(1000) end",
    pcall = "while true do pcall(function() while true do end end) end",
    sort = "local t = {} for i = 1, 1e5 do t[i] = -i end "
        .. "while true do table.sort(t) end",
    state = "local s = {} policy.state = s for i = 1, 1e5 do s[i] = s end",
    options = "options.threshold = 0 / 0 error(setmetatable({}, {}))",
    text = "local s = ('a'):rep(200000) while true do s:find('ab') end",
}

local SCRIPT = [[
local policy = { api = 1, name = "NAME", state = {} }
policy.options = { check_interval = { default = "100ms" },
  threshold = { default = "1s" } }
function policy.decide(token, options) ATTACK end
function policy.learn(token, event) local options = {} ATTACK end
function policy.tick(fleet, options) ATTACK end
return policy
]]

local SOURCE = [[
  NAME = { provider = "oauth2", token_url = "URL/oauth2/token",
    client_id = "NAME", client_secret = secret.env "CRM_SECRET",
    insecure_http = true, keep = { "client" }, policy = POLICY },
]]

local function fill(text, values)
    return (text:gsub("%u+", values))
end

describe("policies that attack", function()
    local issuer, subject

    local function sources(dir)
        local list = { fill(SOURCE, { NAME = "good", URL = issuer.url,
            POLICY = '{ "threshold", check_interval = "1s", '
                .. 'threshold = "2s" }' }) }
        for name, attack in pairs(ATTACKS) do
            local path = tmp.write(("%s/%s.lua"):format(dir, name),
                fill(SCRIPT, { NAME = name, ATTACK = attack }))
            list[#list + 1] = fill(SOURCE, { NAME = name, URL = issuer.url,
                POLICY = ("{ %q }"):format(path) })
        end
        return "return { sources = {\n" .. table.concat(list) .. "} }\n"
    end

    setup(function()
        issuer = fake.start("--life", "8s")
        subject = engine.start { config = sources(tmp.dir()),
            env = { CRM_SECRET = "fake-secret" } }
    end)

    teardown(function()
        subject:stop()
        issuer:stop()
    end)

    it("are renewed by the built-in rule", function()
        local before = {}
        for name in pairs(ATTACKS) do
            before[name] = subject:token(name .. "/client").generation
        end
        wait.wait_until(function()
            for name in pairs(ATTACKS) do
                local answer, status = subject:token(name .. "/client")
                assert.equal(200, status)
                if answer.generation == before[name] then return false end
            end
            return true
        end, 30, "a renewal of each")
    end)

    -- Each new token is a decision to make.
    local function renew_often(name)
        local key = name .. "/client"
        for _ = 1, 10 do
            local before = subject:token(key).generation
            assert.equal(202, subject:http { method = "POST",
                path = "/v1/refresh/" .. key }.status)
            wait.wait_until(function()
                return subject:token(key).generation > before
            end, 10, "another token")
        end
    end

    it("are set aside, and named with their line", function()
        for name in pairs(ATTACKS) do renew_often(name) end
        local text = subject:http { path = "/metrics" }.body
        local said = subject.process:said()
        for name in pairs(ATTACKS) do
            assert.truthy(text:find('tokeng_policy_out{policy="[^"]*/' .. name
                .. '%.lua"} 1\n'), name)
            assert.truthy(said:find(name .. ".lua:", 1, true), name)
        end
    end)

    it("leave the other source alone", function()
        local _, out = subject:cli("explain", "good/client")
        assert.falsy(out:find("built%-in"))
        assert.truthy(out:find("threshold", 1, true))
        local text = subject:http { path = "/metrics" }.body
        assert.truthy(text:find('policy_out{policy="threshold"} 0', 1, true))
    end)
end)
