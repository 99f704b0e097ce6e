-- reference/on_demand.lua - the plain cache that `tokeng simulate` measures
-- policies by: nothing is fetched before somebody asks.
local policy = { api = 1, name = "on_demand" }

function policy.decide()
    return lapse("on demand")
end

return policy
