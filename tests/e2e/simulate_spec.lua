-- simulate_spec.lua - the simulator says of a recording what the engine did
-- while it was made.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local tmp = require "support.tmp"
local wait = require "support.wait"

-- Six seconds stand for the two hours of a token: the engine runs for more than
-- eight hours.
local LIFE_S, RUN_S = 6, 26

-- Renews what was used a short while ago, and lets the rest lapse.
local POLICY = [[
local policy = { api = 1, name = "lately" }
policy.options = { check_interval = { default = "1s" } }
function policy.decide(token)
  if token.idle > 4 then return lapse("idle") end
  return renew(token.remaining - 2, "in use")
end
return policy
]]

local CONFIG = [[
return {
  record = "%s",
  sources = { crm = { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = "crm", client_secret = secret.env "CRM_SECRET",
    insecure_http = true, tokens = { %s } } },
}
]]

-- Of each key: used for `on` seconds, then left alone for `off`.
local KEYS = {
    busy = { on = 60, off = 0 }, often = { on = 5, off = 3 },
    shift = { on = 9, off = 8 }, seldom = { on = 1, off = 9 },
    rare = { on = 1, off = 14 },
}

local function is_on(habit, second, phase)
    return (second + phase) % (habit.on + habit.off) < habit.on
end

local function variants()
    local list = {}
    for name in pairs(KEYS) do
        for phase = 1, 4 do
            list[#list + 1] = ("%s%d = { scope = \"s\" }"):format(name, phase)
        end
    end
    return table.concat(list, ", ")
end

local function use_all(subject, second)
    for name, habit in pairs(KEYS) do
        for phase = 1, 4 do
            if is_on(habit, second, 3 * phase) then
                local _, status = subject:token(("crm/client/%s%d"):format(
                    name, phase))
                assert.equal(200, status)
            end
        end
    end
end

-- The value of a metric, over all its labels.
local function metric(subject, name)
    local sum = 0
    for value in subject:http { path = "/metrics" }.body:gmatch(
        "\n" .. name .. "{[^}]*} (%d+)") do
        sum = sum + tonumber(value)
    end
    return sum
end

local function simulate(subject, recording, policy)
    local code, out, err = subject:cli("simulate", "--trace", recording,
        "--policy", policy, "--window", "0", "--json")
    assert.equal(0, code, err)
    local rows = cjson.decode(out).rows
    return rows[#rows]
end

-- Uses are recorded by the second, and a busy machine is late.
local function assert_near(expected, number, what)
    local room = 2 + expected / 10
    assert.is_true(math.abs(expected - number) <= room,
        ("%s: %s were, %s were simulated"):format(what, expected, number))
end

describe("a recording", function()
    local issuer, subject, recording, policy

    setup(function()
        local dir = tmp.dir()
        recording, policy = dir .. "/uses.csv", dir .. "/lately.lua"
        tmp.write(policy, POLICY)
        issuer = fake.start("--life", LIFE_S .. "s", "--latency", "50ms")
        subject = engine.start {
            config = CONFIG:format(recording, issuer.url, variants()),
            env = { CRM_SECRET = "fake-secret" },
            args = { "--policy", policy },
        }
    end)

    it("gives the calls and cold callers that there were", function()
        local began = wait.now_ms()
        for second = 0, RUN_S do
            local left = began + second * 1000 - wait.now_ms()
            if left > 0 then wait.sleep_ms(left) end
            use_all(subject, second)
        end
        local cold = metric(subject, "tokeng_cold_total")
        local calls = issuer:stats().issuers.oauth2.calls
        subject:stop()
        local row = simulate(subject, recording, policy)
        assert.is_true(calls > 60 and cold > 20)
        assert_near(calls, row.calls, "calls")
        assert_near(cold, row.cold + row.first, "cold callers")
        issuer:stop()
    end)
end)
