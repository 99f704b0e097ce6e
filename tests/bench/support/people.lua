-- people.lua - a provider with a token for every subject there is; copied to
-- providers/ beside a configuration.
local provider = { api = 1, name = "people" }

provider.settings = { token_url = { type = "url", required = true } }
provider.identity = { "token_url" }
provider.kinds = {
    user = { renewable = "always", overlap = "own_life", subject = "any" },
}

function provider.fetch(key, settings)
    local reply, err = http.post { url = settings.token_url,
        form = { user = key.subject } }
    if not reply then return nil, err end
    local answer = json.decode(reply.body)
    return { token = answer.access_token, expires_in = answer.expires_in }
end

return provider
