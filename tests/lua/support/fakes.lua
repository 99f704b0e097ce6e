-- fakes.lua - the scripts of fake issuers outside of their sandbox: loaded
-- with the names that they find there, and asked as the host asks them.
local cjson = require "cjson"

local fakes = {}

local WALL = 1700000000

local function hex(text)
    return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function decode(text)
    local ok, value = pcall(cjson.decode, text)
    if ok then return value end
    return nil, value
end

-- What stands in for C: digests that only have to differ.
local function environment()
    local env = {
        json = { decode = decode, encode = cjson.encode },
        base64 = { encode_url = hex },
        sha256 = function(text) return text end,
        time = { now = function() return WALL end },
        math = math, string = string, table = table,
    }
    for name in ([[assert error ipairs next pairs pcall select setmetatable
        tonumber tostring type]]):gmatch("%S+") do
        env[name] = _G[name]
    end
    function env.require(name)
        return fakes.load(name:gsub("%.", "/"), env)
    end
    return env
end

-- The table of lua/NAME.lua ("tokeng/fakes/feishu").
function fakes.load(name, env)
    return assert(loadfile("lua/" .. name .. ".lua", "t",
        env or environment()))()
end

-- An issuer with settings over its own: ask(request, now) returns status,
-- headers and answer. Its script has a state of its own.
function fakes.open(name, settings)
    local script = fakes.load("tokeng/fakes/" .. name)
    local state = { settings = { seed = "1" } }
    for key, value in pairs(script.settings) do state.settings[key] = value end
    for key, value in pairs(settings or {}) do state.settings[key] = value end
    return function(request, now)
        request.headers = request.headers or {}
        request.body = request.body or ""
        return script.handle(request, state, now)
    end
end

fakes.wall = WALL

return fakes
