-- feishu.lua - app and tenant tokens of a self-built Feishu or Lark app.
local provider = {
    api = 1,
    name = "feishu",
    help = "Feishu and Lark, self-built app",
}

provider.settings = {
    app_id     = { type = "text", required = true, help = "cli_..." },
    app_secret = { type = "secret", required = true,
                   help = "the app's secret" },
    base_url   = { type = "url", default = "https://open.feishu.cn",
                   help = "https://open.larksuite.com for Lark" },
}

provider.identity = { "base_url", "app_id" }

-- The same token comes back until less than 30 minutes remain; then a new one
-- comes, and the old one stays good to its own end.
local FACTS = {
    renewable = { last = "30m" },
    overlap = "own_life",
    subject = "none",
}

provider.kinds = { app = FACTS, tenant = FACTS }

local PATHS = {
    app = "/open-apis/auth/v3/app_access_token/internal",
    tenant = "/open-apis/auth/v3/tenant_access_token/internal",
}

-- Codes of the token endpoints, which answer errors with HTTP 200. Any other
-- code is the same at the next try.
local CLASSES = {
    [10003] = "config",
    [10005] = "credential",
    [10014] = "credential",
    [10015] = "credential",
    [10012] = "ticket",
    [2200] = "transient",
    [99991400] = "rate",
}

-- nil where the body was no answer of these endpoints.
local function code_of(answer)
    local code = type(answer) == "table" and answer.code
    return type(code) == "number" and math.tointeger(code) or nil
end

local function class_of(status, code)
    if status == 429 then return "rate" end
    if status >= 500 or not code then return "transient" end
    return CLASSES[code] or "config"
end

local function make_url(settings, kind)
    local base = settings.base_url
    if string.ends_with(base, "/") then base = string.sub(base, 1, -2) end
    return base .. PATHS[kind]
end

function provider.fetch(key, settings)
    local reply, err = http.post {
        url = make_url(settings, key.kind),
        json = { app_id = settings.app_id, app_secret = settings.app_secret },
    }
    if not reply then return nil, err end
    local answer = json.decode(reply.body)
    local code = code_of(answer)
    if reply.status ~= 200 or code ~= 0 then
        if code == 0 then code = nil end
        return nil, {
            class = class_of(reply.status, code),
            code = code or "http_" .. reply.status,
            retry_after = reply.retry_after,
        }
    end
    local token = answer[key.kind .. "_access_token"]
    if type(token) ~= "string" then
        return nil, { class = "transient", code = "no_token" }
    end
    return { token = token, expires_in = answer.expire }
end

return provider
