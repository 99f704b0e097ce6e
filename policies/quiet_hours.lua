-- quiet_hours.lua - keep tokens fresh by day, and let them end at night.
--
-- Rule: outside of the quiet hours every token is renewed `threshold` before
-- its end. In them none is, but for keys that were used within one life of
-- their token; and all are fetched `threshold` before the quiet hours end.
-- Hours are those of the source's `timezone`; from 22 to 6 goes over midnight.
-- Cost: as `threshold`, less the quiet part of the week.
-- Not where keys differ in their hours: `foresight` learns those of each.
local policy = { api = 1, name = "quiet_hours" }

policy.options = {
    check_interval = { default = "1m", min = "1s",
                       help = "time between ticks" },
    threshold      = { default = "5m", min = "1s",
                       help = "life left at which a token is renewed" },
    from           = { default = 22.0, min = 0, max = 24,
                       help = "hour at which the quiet begins; 22.5 is half "
                           .. "past ten" },
    to             = { default = 6.0, min = 0, max = 24,
                       help = "hour at which it ends" },
    weekends       = { default = true,
                       help = "all of Saturday and Sunday is quiet" },
}

local DAY = 24

local function is_quiet(hour, weekend, options)
    if weekend and options.weekends then return true end
    if options.from <= options.to then
        return hour >= options.from and hour < options.to
    end
    return hour >= options.from or hour < options.to
end

-- Hours from now to the end of the quiet; 0 when it is not quiet.
local function quiet_left(options)
    local hour, day, passed = clock.hour + clock.minute / 60, clock.day, 0
    while passed < 7 * DAY and is_quiet(hour, day > 5, options) do
        local to = hour < options.to and options.to or DAY
        passed = passed + to - hour
        hour = to
        if hour >= DAY then hour, day = 0, day % 7 + 1 end
    end
    return passed
end

function policy.decide(token, options)
    local left = quiet_left(options) * 3600 - options.threshold
    if left <= 0 or token.idle <= token.life then
        return renew(token.remaining - options.threshold, "not quiet")
    end
    return ask(math.max(left, 1), "quiet hours")
end

return policy
