-- foresight.lua - renew what will be used, and fetch it before it is.
--
-- Rule: when a token ends it is renewed if the chance that somebody uses the
-- key within another life of it is worth a refresh: 1 in `cold_cost` or more.
-- A key whose token has ended is looked at before each half hour of its day,
-- and fetched when that chance is as good and the use is near.
-- Cost: each token asks for a decision twice in a life, a lapsed key 48 times
-- a day; 2 us each. A habit is learned in a week or two, until then a key is
-- kept fresh for some hours after each use.
-- Not where a cold caller must never be: then take `threshold`. Nor for a few
-- keys that are always in use: it comes to the same and says less.
local forecast = require "tokeng.forecast"

local policy = { api = 1, name = "foresight" }

policy.options = {
    check_interval = { default = "1m", min = "1s",
                       help = "time between ticks; a token is looked at two "
                           .. "of them before its end" },
    cold_cost      = { default = 10.0, min = 1, max = 1000,
                       help = "what a caller who must wait costs, in "
                           .. "refreshes" },
}

policy.state = forecast.experience()

function policy.decide(token, options)
    local lead = 2 * options.check_interval
    if token.remaining > lead and token.life > 4 * lead then
        return ask(token.remaining - lead, "in use until its end is near")
    end
    local until_next = forecast.next_look(token, 2 * lead)
    if forecast.is_wanted(policy.state, token, 1 / options.cold_cost,
        until_next) then
        return renew(token.remaining - lead, "a use is likely")
    end
    return ask(until_next, "no use is likely yet")
end

function policy.learn(token, event)
    if event == "day" then forecast.learn(policy.state, token) end
end

return policy
