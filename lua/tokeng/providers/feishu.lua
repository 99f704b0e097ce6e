-- feishu.lua: app and tenant tokens of a self-built Feishu or Lark app.
local provider = {
  api = 1,
  name = "feishu",
  help = "Feishu and Lark, self-built app",
}

provider.settings = {
  app_id     = { type = "text", required = true, help = "cli_..." },
  app_secret = { type = "secret", required = true, help = "the app's secret" },
  base_url   = { type = "url", default = "https://open.feishu.cn",
                 help = "https://open.larksuite.com for Lark" },
}

provider.identity = { "base_url", "app_id" }

-- The same token comes back until less than 30 minutes remain; then a new one
-- comes, and the old one stays good to its own end.
local facts = {
  renewable = { last = "30m" },
  overlap = "own_life",
  subject = "none",
}

provider.kinds = { app = facts, tenant = facts }

local paths = {
  app = "/open-apis/auth/v3/app_access_token/internal",
  tenant = "/open-apis/auth/v3/tenant_access_token/internal",
}

-- Codes of the token endpoints, which answer errors with HTTP 200. Any other
-- code is the same at the next try.
local classes = {
  [10003] = "config",
  [10005] = "credential",
  [10014] = "credential",
  [10015] = "credential",
  [10012] = "ticket",
  [2200] = "transient",
  [99991400] = "rate",
}

local function failure(reply, answer)
  local code = answer and answer.code
  local class = classes[code]
  if reply.status == 429 then
    class = "rate"
  elseif reply.status >= 500 or not answer then
    class = class or "transient"
  end
  return nil, {
    class = class or "config",
    code = code or "http_" .. reply.status,
    retry_after = reply.retry_after,
  }
end

function provider.fetch(key, settings)
  local reply, err = http.post {
    url = settings.base_url .. paths[key.kind],
    json = { app_id = settings.app_id, app_secret = settings.app_secret },
  }
  if not reply then return nil, err end
  if reply.body == "" then
    return nil, { class = reply.status == 429 and "rate" or "transient",
                  code = "empty_answer", retry_after = reply.retry_after }
  end
  local answer = json.decode(reply.body)
  if type(answer) ~= "table" then answer = nil end
  if reply.status ~= 200 or not answer or answer.code ~= 0 then
    return failure(reply, answer)
  end
  return {
    token = answer[key.kind .. "_access_token"],
    expires_in = answer.expire,
  }
end

return provider
