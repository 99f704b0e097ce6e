-- interval.lua - renew every token at a fixed age.
--
-- Rule: `every` after it was fetched a token is renewed, used or not.
-- Cost: one refresh for each key and interval, however long tokens live.
-- Not where lives differ: a token that lives shorter than `every` is renewed a
-- little before its end, and one that lives longer than twice of it not before
-- the half of its life. It is there for issuers that ask for a rhythm;
-- otherwise `fraction` follows the lives by itself.
local policy = { api = 1, name = "interval" }

policy.options = {
    check_interval = { default = "10m", min = "1s",
                       help = "time between ticks" },
    every          = { default = "1h", min = "1s",
                       help = "age at which a token is renewed" },
}

function policy.decide(token, options)
    return renew(options.every - token.age, "age")
end

return policy
