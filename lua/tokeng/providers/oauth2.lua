-- oauth2.lua - OAuth 2.0 client credentials (RFC 6749, 4.4).
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
                      choices = { "basic", "post" },
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

-- crm/client, and crm/client/NAME with the settings of tokens.NAME.
provider.kinds = {
    client = { renewable = "always", overlap = "own_life",
               subject = "variant" },
}

-- RFC 6749 5.2, RFC 8707 and what issuers say besides.
local CLASSES = {
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

local ATTRIBUTES = { "token_type", "scope" }
-- Bytes; all attributes of a token together may have 1 KiB.
local ATTRIBUTE_MAX = 400

-- What is beside the token never costs the token itself.
local function is_attribute(value)
    return type(value) == "string" and #value <= ATTRIBUTE_MAX
        and not string.find(value, "\0")
end

local function make_request(settings)
    local form = {}
    for name, value in pairs(settings.params or {}) do form[name] = value end
    form.grant_type = "client_credentials"
    form.scope = settings.scope
    form.audience = settings.audience
    form.resource = settings.resource
    local request = { url = settings.token_url, form = form }
    if settings.auth == "post" then
        form.client_id = settings.client_id
        form.client_secret = settings.client_secret
    else
        request.basic = { settings.client_id, settings.client_secret }
        request.basic_raw = settings.basic_raw
    end
    return request
end

-- "a%2Bb+c" is "a+b c"; nil if an escape is broken.
local function decode_form_text(text)
    local parts = string.split(text, "%")
    parts[1] = table.concat(string.split(parts[1], "+"), " ")
    for i = 2, #parts do
        local part = parts[i]
        local byte = #part >= 2 and tonumber(string.sub(part, 1, 2), 16)
        if not byte or byte < 0 then return nil end
        local rest = string.split(string.sub(part, 3), "+")
        parts[i] = string.char(byte) .. table.concat(rest, " ")
    end
    return table.concat(parts)
end

-- Some issuers answer with a form, or with one called text/plain.
local function parse_form(text)
    local fields = {}
    for _, pair in ipairs(string.split(text, "&")) do
        local at = string.find(pair, "=")
        if not at then return nil end
        fields[string.sub(pair, 1, at - 1)] =
            decode_form_text(string.sub(pair, at + 1))
    end
    return (fields.access_token or fields.error) and fields
end

local function parse(text)
    local answer = json.decode(text)
    if type(answer) == "table" then return answer end
    return parse_form(text)
end

-- The issuer's word for its error, or nil. A few put an object there, and a
-- few name an empty one beside a good token.
local function error_of(answer)
    local word = answer and answer.error
    if type(word) == "table" then word = word.code or word.status end
    if type(word) == "number" and word ~= 0 then
        word = tostring(math.tointeger(word) or word)
    end
    return type(word) == "string" and word ~= "" and word or nil
end

local function class_of(status, word)
    if status == 429 then return "rate" end
    if status >= 500 or status == 408 then return "transient" end
    if CLASSES[word] then return CLASSES[word] end
    if status == 401 then return "credential" end
    -- A redirect, a wrong path, a client that is not allowed: nothing that
    -- time mends.
    if status >= 300 then return "config" end
    return "transient"
end

local function attributes_of(answer)
    local kept = {}
    for _, name in ipairs(ATTRIBUTES) do
        local text = answer[name]
        if is_attribute(text) then kept[name] = text end
    end
    return next(kept) and kept or nil
end

function provider.fetch(_, settings)
    local reply, err = http.post(make_request(settings))
    if not reply then return nil, err end
    local is_good = reply.status >= 200 and reply.status < 300
    if is_good and reply.body == "" then
        return nil, { class = "transient", code = "empty_answer" }
    end
    local answer = parse(reply.body)
    local word = error_of(answer)
    if word or not is_good then
        return nil, {
            class = class_of(reply.status, word),
            code = word or "http_" .. reply.status,
            retry_after = reply.retry_after,
        }
    end
    if not answer then
        return nil, { class = "transient", code = "malformed_answer" }
    end
    if type(answer.access_token) ~= "string" then
        return nil, { class = "transient", code = "no_token" }
    end
    return {
        token = answer.access_token,
        expires_in = answer.expires_in or settings.default_life,
        attributes = attributes_of(answer),
    }
end

return provider
