-- threshold.lua - renew every token that has less than `threshold` left.
--
-- Rule: one refresh for each token and life, `threshold` before its end,
-- whether anybody uses it or not.
-- Cost: the plainest there is; a key that is never asked for costs as much as
-- the busiest one.
-- Not for thousands of keys that are seldom used, nor with a threshold beyond
-- the time in which the issuer gives new tokens: what is too early is moved
-- to the first moment at which it helps.
local policy = { api = 1, name = "threshold" }

policy.options = {
    check_interval = { default = "30m", min = "1s",
                       help = "time between ticks" },
    threshold      = { default = "15m", min = "1s",
                       help = "life left at which a token is renewed" },
    tenants        = { default = true,
                       help = "renew tokens of kind tenant too" },
}

function policy.decide(token, options)
    if token.kind == "tenant" and not options.tenants then
        return lapse("tenants off")
    end
    return renew(token.remaining - options.threshold, "threshold")
end

return policy
