-- fraction.lua - renew every token after a share of its life.
--
-- Rule: at `share` of its life a token is renewed, used or not; each key and
-- token somewhat earlier, by up to `spread` of the life, so that keys which
-- were fetched together part.
-- Cost: 1 / share refreshes for each key and life.
-- Not for issuers that give a new token in the last minutes alone: what is too
-- early is moved to the first moment at which it helps, and the spread is lost.
-- Nor for many keys that are seldom used: see `recent` and `foresight`.
local policy = { api = 1, name = "fraction" }

policy.options = {
    check_interval = { default = "10m", min = "1s",
                       help = "time between ticks" },
    share          = { default = 0.8, min = 0.5, max = 0.99,
                       help = "part of its life at which a token is renewed" },
    spread         = { default = 0.1, min = 0, max = 0.3,
                       help = "part of the life by which that may be earlier" },
}

-- Steps of the golden ratio lie as far from each other as they can.
local GOLDEN = 0.6180339887

-- 0 to 1: another for each key, by the phase of its own clock, and generation.
local function part_of(token)
    local phase = token.hour - clock.hour - clock.minute / 60
    return (phase + token.generation * GOLDEN) % 1
end

function policy.decide(token, options)
    local share = options.share - options.spread * part_of(token)
    return renew(token.life * share - token.age, "share of its life")
end

return policy
