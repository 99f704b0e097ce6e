-- sandbox.lua - a script of ours with stand-ins for what C gives it: plain
-- string functions, json by cjson, and an issuer that answers what a test says.
local cjson = require "cjson"

local sandbox = {}

local function split(text, separator)
    local parts, at = {}, 1
    while true do
        local first, last = string.find(text, separator, at, true)
        parts[#parts + 1] = text:sub(at, (first or 0) - 1)
        if not first then return parts end
        at = last + 1
    end
end

local function without_null(value)
    if value == cjson.null then return nil end
    if type(value) ~= "table" then return value end
    local out = {}
    for name, item in pairs(value) do out[name] = without_null(item) end
    return out
end

local function globals()
    local env = { split = split }
    for _, name in ipairs { "assert", "error", "ipairs", "next", "pairs",
        "pcall", "select", "setmetatable", "tonumber", "tostring", "type",
        "math", "table" } do
        env[name] = _G[name]
    end
    env.string = setmetatable({
        split = split,
        find = function(text, what, from)
            return string.find(text, what, from or 1, true)
        end,
        ends_with = function(text, ending)
            return ending == "" or text:sub(-#ending) == ending
        end,
    }, { __index = string })
    env.json = {
        encode = cjson.encode,
        decode = function(text)
            local ok, value = pcall(cjson.decode, text)
            if ok then return without_null(value) end
            return nil, value
        end,
    }
    return env
end

-- The script's table; `more` are further globals.
function sandbox.load(path, more)
    local env = globals()
    for name, value in pairs(more or {}) do env[name] = value end
    return assert(loadfile(path, "t", env))()
end

-- A policy, or what policies require. Its answers are tables, { "renew",
-- seconds, why } and the like; the clock that it reads comes second.
function sandbox.policy(path)
    local clock = { hour = 0, minute = 0, day = 1, weekend = false }
    local more = { clock = clock }
    for _, verb in ipairs { "renew", "ask", "lapse" } do
        more[verb] = function(...) return { verb, ... } end
    end
    function more.require(name)
        return sandbox.load("lua/" .. name:gsub("%.", "/") .. ".lua", more)
    end
    return sandbox.load(path, more), clock
end

-- What a policy sees of a token; `fields` are further ones. `shares` has the
-- share of working days with a use by half hour, from 0 on, and those of
-- weekend days in `weekend`; `today` has the half hours that were used.
function sandbox.token(fields, shares, today)
    local function slot_of(hour) return math.floor(hour % 24 * 2) end
    local token = { kind = "client", state = "fresh", generation = 1,
        life = 7200, age = 0, remaining = 7200, idle = 0, uses = 1, rate = 1,
        idle_before = 0, hour = 0, weekend = false }
    function token.profile(hour, weekend)
        if weekend == nil then weekend = token.weekend end
        local row = weekend and (shares.weekend or {}) or shares
        return row[slot_of(hour)] or 0
    end
    function token.today(hour) return (today or {})[slot_of(hour)] or false end
    for name, value in pairs(fields) do token[name] = value end
    return token
end

-- A provider whose issuer answers with `answers`, one a call (a table with
-- status, body, retry_after; or nil and an error), and the calls it made.
function sandbox.provider(path)
    local calls, answers = {}, {}
    local function ask(request)
        calls[#calls + 1] = request
        local answer = table.remove(answers, 1)
        if answer.error then return nil, answer.error end
        return { status = answer.status or 200, headers = {},
            body = type(answer.body) == "table"
                and cjson.encode(answer.body) or answer.body or "",
            retry_after = answer.retry_after }
    end
    local provider = sandbox.load(path, {
        http = { get = ask, post = ask }, log = function() end })
    return provider, calls, answers
end

return sandbox
