-- threshold.lua: renew every token that has less than `threshold` left.
--
-- Costs one refresh per token and life, whether the token is used or not. Not
-- for thousands of keys that are seldom used: they are all kept fresh.
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
