-- rehearsal.lua - an engine between a crowd of callers and an issuer with its
-- bad moments, everything drawn from one seed; and the history of it.
local checker = require "history.checker"
local crowd = require "support.crowd"
local engine = require "support.engine"
local uv = require "luv"
local wait = require "support.wait"
local witness = require "support.witness"

local rehearsal = {}

-- In shortened time: a token lives 8 s and is renewed when 4 remain.
local LIFE, WINDOW = 8, 4
local VARIANTS = 24
local PER_SECOND = 12

local CONFIG = [[
return {
  policy = { "threshold", check_interval = "1s", threshold = "4s" },
  sources = {
    crm = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "crm", client_secret = secret.env "REHEARSAL_SECRET",
      insecure_http = true, timeout = "700ms", max_concurrent = 8,
      quota = { per_second = %d }, keep = { "client/v1", "client/v2" },
      tokens = { %s } },
    fei = { provider = "feishu", base_url = "%s", app_id = "app",
      app_secret = secret.env "REHEARSAL_SECRET", insecure_http = true,
      timeout = "700ms", facts = { renewable = { last = "%ds" } },
      keep = { "tenant" } },
  },
}
]]

-- What an issuer does on a bad day, and how often.
local MOODS = {
    { status = 500, body = '{"error":"server_error"}' },
    { status = 503, body = "down for maintenance" },
    { status = 429, body = "{}", headers = { ["Retry-After"] = "1" } },
    { status = 200, body = '{"error":"temporarily_unavailable","code":2200}' },
    { status = 200, body = "" },
    { status = 200, body = "{]<html>" },
    { status = 302, body = "", headers = { Location = "http://127.0.0.1:1" } },
    { cut = true },
    { hang = true },
    { delay = 0.3 },
}

-- A generator of its own, so that a run can be repeated by its seed.
local function dice(seed)
    local state = seed * 2654435761 % 2 ^ 32
    return function(most)
        state = (state * 1664525 + 1013904223) % 2 ^ 32
        return math.floor(state / 2 ^ 32 * most)
    end
end

-- Three good seconds and six bad ones take turns, so that tokens end before
-- they can be renewed; a good second has a bad call now and then, but for the
-- first three, in which the engine gets ready.
local function mood_of(roll, began)
    return function()
        local second = witness.now() - began
        local is_bad = second % 9 > 3
        local share = is_bad and 92 or second > 3 and 6 or 0
        if roll(100) < share then
            return MOODS[roll(#MOODS) + 1]
        end
        return roll(3) == 0 and { delay = roll(60) / 1000 } or nil
    end
end

local function pick_key(roll)
    if roll(6) == 0 then return "fei/tenant" end
    -- Some are asked for all the time, some hardly ever.
    return "crm/client/v" .. math.min(roll(VARIANTS), roll(VARIANTS)) + 1
end

-- What one caller does next.
local function act(run, caller)
    local roll, history = run.roll, run.history
    local key = pick_key(roll)
    local known, dart = caller.known[key], roll(1000)
    local want = { wait = (100 + roll(1400)) / 1000 }
    if witness.now() >= run.ends then return false end
    if dart < 12 and known then
        caller:reject(history, key, known.generation)
    elseif dart < 16 and known and known.generation > 1 then
        caller:reject(history, key, known.generation - 1)
    elseif dart < 20 then
        caller:reject_falsely(key)
    elseif dart < 22 then
        caller:drop(history, key)
    elseif dart < 60 and known then
        want.newer_than = known.generation
        caller:get(history, key, want)
    elseif dart < 90 then
        want.min_ttl = 1 + roll(7)
        caller:get(history, key, want)
    else
        caller:get(history, key, want)
        if dart > 980 then caller:leave() end
    end
end

local function make_config(url)
    local variants = {}
    for i = 1, VARIANTS do
        variants[i] = ('v%d = { scope = "v%d" }'):format(i, i)
    end
    return CONFIG:format(url, PER_SECOND, table.concat(variants, ", "), url,
        WINDOW)
end

-- Somebody who runs the place: reloads and pauses.
local function disturb(subject)
    local timer, round = uv.new_timer(), 0
    timer:start(1500, 1500, function()
        round = round + 1
        subject.process:signal("sighup")
        if round % 3 == 0 then
            local caller
            caller = crowd.join(subject.socket, function()
                if caller.has_paused then return false end
                caller.has_paused = true
                caller:post("/v1/pause/crm")
            end)
        elseif round % 3 == 1 then
            local caller
            caller = crowd.join(subject.socket, function()
                if caller.has_resumed then return false end
                caller.has_resumed = true
                caller:post("/v1/resume/crm")
            end)
        end
    end)
    return timer
end

local PULSE_SECONDS = 0.1

-- What a busy machine keeps from us it may keep from the engine, in each of
-- the few turns that an answer takes.
local function allow_for_load(limits)
    local timer, due = uv.new_timer(), witness.now() + PULSE_SECONDS
    local least = limits.grace
    timer:start(PULSE_SECONDS * 1000, PULSE_SECONDS * 1000, function()
        local now = witness.now()
        limits.grace = math.max(limits.grace, least + 4 * (now - due))
        due = now + PULSE_SECONDS
    end)
    return timer
end

local function all_done(callers)
    for _, caller in ipairs(callers) do
        if not caller.is_done then return false end
    end
    return true
end

-- Runs it: seed, seconds, callers. Returns the history, for history.checker.
function rehearsal.run(options)
    local roll = dice(options.seed)
    local began = witness.now()
    local issuer = witness.start { life = LIFE, window = WINDOW,
        mood = mood_of(roll, began) }
    local history = { calls = {}, rejects = {}, withdrawn = {},
        limits = { half = LIFE / 2, grace = 2, per_second = PER_SECOND,
            quota_of = "crm/" } }
    local subject = engine.start { config = make_config(issuer.url),
        env = { REHEARSAL_SECRET = "fake-secret" } }
    local run = { roll = roll, history = history,
        ends = witness.now() + options.seconds }
    local callers = {}
    for i = 1, options.callers do
        callers[i] = crowd.join(subject.socket, function(caller)
            return act(run, caller)
        end)
    end
    local timer, pulse = disturb(subject), allow_for_load(history.limits)
    wait.wait_until(function() return all_done(callers) end,
        options.seconds + 30, "the callers to be done")
    timer:close()
    pulse:close()
    history.issuer = issuer:history()
    subject:stop()
    issuer:stop()
    return history
end

local function spell(broken)
    local lines = {}
    for rule, sentences in pairs(broken) do
        lines[#lines + 1] = ("%s: %d times, such as"):format(rule, #sentences)
        for i = 1, math.min(3, #sentences) do
            lines[#lines + 1] = "  " .. sentences[i]
        end
    end
    return table.concat(lines, "\n")
end

-- Runs it; an error that names the promises that were broken, or the history.
function rehearsal.check(options)
    local history = rehearsal.run(options)
    local broken, count = checker.check(history)
    print(("history: seed %d, %d calls, %d reports, %d issuer calls")
        :format(options.seed, #history.calls, #history.rejects,
            #history.issuer))
    if count > 0 then error(spell(broken), 2) end
    return history
end

return rehearsal
