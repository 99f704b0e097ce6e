-- starved.lua - an engine in whose work one allocation or one system call
-- fails, at every point of it: it goes on, its tokens stay good, and it renews
-- them when the fault is over. At the start it may give up with a reason.
local cjson = require "cjson"
local answers = require "support.answers"
local engine = require "support.engine"
local faults = require "support.faults"
local liar = require "support.liar"
local wait = require "support.wait"

local starved = {}

local CONFIG = [[
return { sources = {
  crm = { provider = "oauth2", token_url = "%s/token", client_id = "c",
    client_secret = secret.env "STARVED_SECRET", insecure_http = true,
    max_keys = 8, keep = { "client" } },
  feishu = { provider = "feishu", base_url = "%s", app_id = "a",
    app_secret = secret.env "STARVED_SECRET", insecure_http = true,
    max_keys = 8, facts = { renewable = "always" }, keep = { "tenant" } },
} }
]]
local KEYS = { "crm/client", "feishu/tenant" }
local SECONDS = 10
local MANY, MANY_EVERY = 300, 7
local TOLD_MAX = 5
-- "internal", "temporary" and "configuration".
local GIVES_UP = { [70] = true, [75] = true, [78] = true }

local Starved = {}
Starved.__index = Starved

local function good_issuer(n, provider)
    local self = { given = {} }
    self.liar = liar.start(n, function()
        local token = ("canary-token-%s-%d"):format(provider, #self.given)
        self.given[#self.given + 1] = token
        self.given[token] = true
        return { bytes = answers.good(provider, token), after = "close" }
    end)
    return self
end

function starved.open()
    local self = setmetatable({ faults = faults.new() }, Starved)
    self.issuers = { ["crm/client"] = good_issuer(1, "oauth2"),
        ["feishu/tenant"] = good_issuer(2, "feishu") }
    self.config = CONFIG:format(self.issuers["crm/client"].liar.url,
        self.issuers["feishu/tenant"].liar.url)
    self.env = { STARVED_SECRET = "canary-secret" }
    for name, value in pairs(self.faults.env) do self.env[name] = value end
    return self
end

function Starved:close()
    if self.engine then self.engine:stop() end
    self.engine = nil
    for _, issuer in pairs(self.issuers) do issuer.liar:stop() end
end

function Starved:start()
    self.engine = engine.start { config = self.config, env = self.env,
        dir = self.engine and self.engine.dir }
end

-- One request while something may fail: a reply, or none.
local function try(self, method, path, body)
    return self.engine:http { method = method, path = path, body = body,
        seconds = SECONDS }
end

local function is_idle(self, key)
    local reply = try(self, "GET", "/v1/explain/" .. key)
    if not reply or reply.status ~= 200 then return false end
    local refresh = cjson.decode(reply.body).refresh
    return not refresh.running and not refresh.queued
end

local function wait_idle(self, key)
    wait.wait_until(function()
        return self.engine.process.code or is_idle(self, key)
    end, SECONDS, "the end of the refresh of " .. key)
end

starved.acts = {
    get = function(self)
        for _, key in ipairs(KEYS) do try(self, "GET", "/v1/token/" .. key) end
    end,
    fetch = function(self)
        for _, key in ipairs(KEYS) do
            try(self, "POST", "/v1/refresh/" .. key)
            wait_idle(self, key)
        end
    end,
    reject = function(self)
        for _, key in ipairs(KEYS) do
            try(self, "POST", "/v1/reject/" .. key,
                ('{"generation":%d}'):format(self.before[key].generation))
            wait_idle(self, key)
        end
    end,
    reload = function(self) try(self, "POST", "/v1/reload") end,
    look = function(self)
        for _, path in ipairs { "/metrics", "/v1/tokens", "/readyz",
            "/v1/explain/crm/client", "/nothing" } do
            try(self, "GET", path)
        end
    end,
}

local function assert_lives(self)
    if self.engine.process.code then
        local said = "signal " .. self.engine.process.signal_number
            .. self.engine.process:said()
        self.engine = nil
        error("it ended: " .. said:sub(1, 100) .. said:sub(-2000), 0)
    end
end

local function read(self, key)
    local answer, status = self.engine:token(key)
    if status ~= 200 then return nil end
    assert(self.issuers[key].given[answer.token], "a token of nobody")
    return answer
end

-- The key's token, which has to be the old one or a newer one.
local function assert_kept(self, key)
    local answer = assert(read(self, key), "no token is left")
    assert(answer.generation >= self.before[key].generation,
        "the generation went back")
end

local function renew(self, key)
    local old = assert(read(self, key)).generation
    assert(try(self, "POST", "/v1/refresh/" .. key)).status = 202
    wait.wait_until(function()
        local answer = read(self, key)
        return answer and answer.generation > old
    end, SECONDS, "a new token of " .. key)
end

-- One point: `from` fails while the act runs. How many there were in all.
function Starved:point(act, what, from, error, many)
    self.before = {}
    for _, key in ipairs(KEYS) do self.before[key] = read(self, key) end
    self.faults:begin(what, from, error, many)
    starved.acts[act](self)
    local seen = self.faults:stop()
    assert_lives(self)
    for _, key in ipairs(KEYS) do
        assert_kept(self, key)
        renew(self, key)
    end
    return seen
end

-- A start in which `from` fails: it comes up, or gives up with a reason.
function Starved:start_point(what, from, error, many)
    if self.engine then self.engine:stop() end
    self.engine = nil
    self.faults:begin(what, from, error, many)
    local ok, why = pcall(self.start, self)
    local seen = self.faults:stop()
    if ok then
        for _, key in ipairs(KEYS) do assert(read(self, key)) end
        self.engine:stop()
    else
        local code = tonumber(why:match("exit (%d+)"))
        assert(GIVES_UP[code], why:sub(-3000))
        assert(why:match("stderr: .*tokeng: %S"), "no reason: " .. why)
    end
    self.engine = nil
    return seen
end

function Starved:stop_point(what, from, error, many)
    if self.engine then self.engine:stop() end
    self:start()
    self.faults:begin(what, from, error, many)
    local running = self.engine
    self.engine = nil
    local code, signal = running.process:stop(SECONDS)
    local seen = self.faults:stop()
    assert(signal == 0 and (code == 0 or GIVES_UP[code]),
        running.process:said():sub(-3000))
    return seen
end

-- Calls visit(from, error, many, name) for one in `every` of `count` points,
-- the same in every run: each allocation alone and, of fewer, MANY in a row;
-- each call with each error.
local function each_point(what, count, every, visit)
    for from = every // 2 + 1, count, every do
        if what == "allocations" then
            visit(from, 0, 1, "once")
            if from % MANY_EVERY == 0 then visit(from, 0, MANY, "and more") end
        else
            for name, number in pairs(faults.errors) do
                visit(from, number, 1, name)
            end
        end
    end
end

-- run(what, from, error, many) is one point and returns how many there are.
-- Goes through them and tells, in one error, what went wrong.
local function go_through(self, what, every, run)
    local told, count = {}, run(what)
    each_point(what, count, every, function(from, error, many, name)
        local ok, why = pcall(run, what, from, error, many)
        if ok or #told == TOLD_MAX then return end
        self.faults:stop()
        told[#told + 1] = ("%s: %d of %d, %s: %s"):format(what, from, count,
            name, why)
    end)
    if told[1] then error(table.concat(told, "\n"), 0) end
end

-- All of an act, or of "start" or "stop".
function Starved:go_through(act, what, every)
    go_through(self, what, every, function(...)
        if act == "start" then return self:start_point(...) end
        if act == "stop" then return self:stop_point(...) end
        if not self.engine then self:start() end
        return self:point(act, ...)
    end)
end

return starved
