-- oauth2.lua: OAuth 2.0 client credentials (RFC 6749, 4.4).
local provider = {
  api = 1,
  name = "oauth2",
  help = "OAuth 2.0 client credentials grant",
}

provider.settings = {
  token_url     = { type = "url", required = true,
                    help = "the issuer's token endpoint" },
  client_id     = { type = "text", required = true,
                    help = "the client's name at the issuer" },
  client_secret = { type = "secret", required = true,
                    help = "the client's secret" },
  scope         = { type = "text", help = "scopes, separated by spaces" },
  audience      = { type = "text", help = "whom the token is for" },
  resource      = { type = "text", help = "RFC 8707 resource indicator" },
  params        = { type = "table", help = "further fields of the form" },
  auth          = { type = "text", default = "basic",
                    one_of = { "basic", "post" },
                    help = "how the client shows its secret" },
  basic_raw     = { type = "bool", default = false,
                    help = "send id and secret unencoded in Basic" },
  default_life  = { type = "span", default = "1h", min = "1s",
                    help = "life of a token when the issuer names none" },
}

-- What a token is for; a change of any of these withdraws it.
provider.identity = {
  "token_url", "client_id", "scope", "audience", "resource", "params",
}

provider.kinds = {
  client = { renewable = "always", overlap = "own_life", subject = "variant" },
}

-- RFC 6749 5.2, RFC 8707 and what issuers say besides.
local classes = {
  invalid_client = "credential",
  invalid_request = "config",
  invalid_scope = "config",
  invalid_target = "config",
  unauthorized_client = "config",
  unsupported_grant_type = "config",
  invalid_grant = "reauthorize",
  server_error = "transient",
  temporarily_unavailable = "transient",
  internal_failure = "transient",
}

local function form_of(key, settings)
  local variant = key.variant or {}
  local form = { grant_type = "client_credentials" }
  for name, value in pairs(variant.params or settings.params or {}) do
    form[name] = value
  end
  form.scope = variant.scope or settings.scope
  form.audience = variant.audience or settings.audience
  form.resource = variant.resource or settings.resource
  return form
end

-- Percent-decoding is left out: a token has none of the bytes that need it.
local function parse_form(text)
  local fields = {}
  for _, pair in ipairs(string.split(text, "&")) do
    local at = string.find(pair, "=")
    if not at then return nil end
    fields[string.sub(pair, 1, at - 1)] = string.sub(pair, at + 1)
  end
  return fields.access_token and fields
end

local function parse(text)
  local answer = json.decode(text)
  if type(answer) == "table" then return answer end
  return parse_form(text)
end

local function failure(reply, answer)
  local code = answer and type(answer.error) == "string" and answer.error
  local class = code and classes[code]
  if reply.status == 429 then
    class = "rate"
  elseif reply.status >= 500 or reply.status == 408 then
    class = "transient"
  elseif not class and reply.status >= 300 and reply.status < 500 then
    -- A redirect, a wrong path, a client that is not allowed: nothing that
    -- time mends.
    class = (reply.status == 401 and "credential") or "config"
  end
  return nil, {
    class = class or "transient",
    code = code or "http_" .. reply.status,
    retry_after = reply.retry_after,
  }
end

function provider.fetch(key, settings)
  local request = { url = settings.token_url, form = form_of(key, settings) }
  if settings.auth == "basic" then
    request.basic = { settings.client_id, settings.client_secret }
    request.basic_raw = settings.basic_raw
  else
    request.form.client_id = settings.client_id
    request.form.client_secret = settings.client_secret
  end

  local reply, err = http.post(request)
  if not reply then return nil, err end
  if reply.status == 200 and reply.body == "" then
    return nil, { class = "transient", code = "empty_answer" }
  end
  local answer = parse(reply.body)
  if reply.status ~= 200 or (answer and answer.error) then
    return failure(reply, answer)
  end
  if not answer then
    return nil, { class = "transient", code = "malformed_answer" }
  end
  if type(answer.access_token) ~= "string" then
    return nil, { class = "transient", code = "no_token" }
  end
  local scope = type(answer.scope) == "string" and answer.scope or nil
  return {
    token = answer.access_token,
    expires_in = answer.expires_in or settings.default_life,
    attributes = scope and #scope <= 512 and { scope = scope } or nil,
  }
end

return provider
