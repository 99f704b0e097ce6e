-- recent.lua - renew what was used of late, and let the rest end.
--
-- Rule: shortly before its end a token is renewed if its key was used within
-- `within`; 0 stands for cold_cost - 1 lives of the token. With that, keys that
-- fall asleep cost at most twice what the best such rule would, whatever their
-- users do: as much is spent on a sleeping key as its next cold call costs.
-- Cost: a key in use costs a refresh a life, and one that fell asleep as many
-- more as lives fit into `within`. The first caller after that waits.
-- Not where that caller can be foreseen: `foresight` fetches his token before
-- he comes, and costs less.
local policy = { api = 1, name = "recent" }

policy.options = {
    check_interval = { default = "1m", min = "1s",
                       help = "time between ticks; a token is looked at two "
                           .. "of them before its end" },
    cold_cost      = { default = 10.0, min = 1, max = 1000,
                       help = "what a caller who must wait costs, in "
                           .. "refreshes" },
    within         = { default = "0s",
                       help = "time since the last use in which a key is in "
                           .. "use; 0: as follows from cold_cost" },
}

function policy.decide(token, options)
    local lead = 2 * options.check_interval
    local within = options.within > 0 and options.within
        or (options.cold_cost - 1) * token.life
    if token.remaining > lead and token.life > 4 * lead then
        return ask(token.remaining - lead, "in use until its end is near")
    end
    if token.idle <= within then
        return renew(token.remaining - lead, "used recently")
    end
    return lapse("not used recently")
end

return policy
