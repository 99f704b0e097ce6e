-- adaptive.lua - foresight that holds a share of cold callers.
--
-- Rule: as `foresight`; once a day `cold_cost` is moved, up when more callers
-- had to wait than `cold_per_10k` of 10,000, down when fewer. When more than
-- nine tenths of `calls_per_day` were used it goes down whatever waits.
-- Cost: what the target asks for, and no more than `calls_per_day`. It settles
-- in two to four weeks, the time to learn habits included.
-- Not where nobody can foresee the callers: the last of them can be bought by
-- keeping all keys fresh alone. Then plans say "target not reachable"; give it
-- another target or more calls. Pinning `cold_cost` makes it `foresight`.
local forecast = require "tokeng.forecast"

local policy = { api = 1, name = "adaptive" }

local COST_MIN, COST_MAX = 1.1, 200

policy.options = {
    check_interval = { default = "1m", min = "1s",
                       help = "time between ticks; a token is looked at two "
                           .. "of them before its end" },
    cold_per_10k   = { default = 200, min = 1, max = 10000,
                       help = "callers who may have to wait, of 10,000" },
    calls_per_day  = { default = 0, min = 0,
                       help = "refreshes that may be spent; 0: any number" },
    cold_cost      = { default = 10.0, min = COST_MIN, max = COST_MAX,
                       help = "where it begins; moved by the policy" },
}

policy.state = { experience = forecast.experience(), reachable = true,
    uses = 0, cold = 0, calls = 0, elapsed = 0 }

local DAY = 86400
local GAIN = 0.15      -- of the logarithm of the error, a day
local TOO_MANY = 1.25  -- above its target by so much, it is missed

local function judge(state, options)
    local target = options.cold_per_10k / 10000
    local ratio = (state.cold + 1) / (state.uses * target + 1)
    local step = GAIN * math.max(-1, math.min(math.log(ratio), 1))
    local budget = options.calls_per_day * state.elapsed / DAY
    local is_short = budget > 0 and state.calls > 0.9 * budget
    if is_short then step = -math.log(1.25) end
    local cost = options.cold_cost * math.exp(step)
    state.reachable = ratio < TOO_MANY or cost < COST_MAX and not is_short
    options.cold_cost = math.max(COST_MIN, math.min(cost, COST_MAX))
end

function policy.tick(fleet, options)
    local state = policy.state
    for _, name in ipairs { "uses", "cold", "calls", "elapsed" } do
        state[name] = state[name] + fleet[name]
    end
    if state.elapsed < DAY then return end
    judge(state, options)
    state.uses, state.cold, state.calls, state.elapsed = 0, 0, 0, 0
end

function policy.decide(token, options)
    local lead, state = 2 * options.check_interval, policy.state
    if token.remaining > lead and token.life > 4 * lead then
        return ask(token.remaining - lead, "in use until its end is near")
    end
    local until_next = forecast.next_look(token, 2 * lead)
    local why = state.reachable and "" or "; target not reachable"
    if forecast.is_wanted(state.experience, token, 1 / options.cold_cost,
        until_next) then
        return renew(token.remaining - lead, "a use is likely" .. why)
    end
    return ask(until_next, "no use is likely yet" .. why)
end

function policy.learn(token, event)
    if event == "day" then forecast.learn(policy.state.experience, token) end
end

return policy
