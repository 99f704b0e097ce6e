-- oauth2.lua - an OAuth 2.0 server (RFC 6749) with the grant of client
-- credentials, and introspection (RFC 7662).
--
-- Every call gives a new token; the older ones live on to their own ends. The
-- scope "forbidden" is nobody's.
local fake = require "tokeng.fake"

local oauth2 = {
  api = 1,
  name = "oauth2",
  help = "OAuth 2.0: client credentials, a new token on every call",
  routes = { "/oauth2/" },
  settings = { life = 3600 },
}

local NO_STORE = { ["Cache-Control"] = "no-store", Pragma = "no-cache" }

local function fail(status, word, note, headers)
  note.result = word
  note.body = { error = word }
  return status, headers or NO_STORE, note
end

local function refuse_client(note)
  return fail(401, "invalid_client", note,
    { ["WWW-Authenticate"] = 'Basic realm="fake"' })
end

local function limit(request, note)
  local status, _, answer = fail(429, "temporarily_unavailable", note)
  answer.result = "limit"
  return status, { ["Retry-After"] = tostring(request.retry_after) }, answer
end

-- The client's id and secret and how many ways it has shown them; a secret in
-- the form is a way, an id alone is not.
local function credentials(request)
  local basic, form = request.basic, request.form or {}
  local ways = (basic and 1 or 0) + (form.client_secret and 1 or 0)
  if basic then return basic.id, basic.secret, ways end
  return form.client_id, form.client_secret, ways
end

-- Nothing, or the answer to a client that may not come in.
local function check_client(request, settings, note)
  local id, secret, ways = credentials(request)
  note.client = id
  if request.fault == "limit" then return limit(request, note) end
  if request.fault == "ok_error" then
    return fail(200, "server_error", note)
  end
  if ways > 1 then return fail(400, "invalid_request", note) end
  if not id or fake.check_client(settings, id, secret) ~= "ok" then
    return refuse_client(note)
  end
end

local function has_word(text, word)
  return (" " .. text .. " "):find(" " .. word .. " ", 1, true) ~= nil
end

local function give(form, state, note, now)
  local book, settings = state.book, state.settings
  local last = book:last(note.client, note.kind, now)
  note.remaining = last and last.ends - now or 0
  note.result = "issued"
  local entry = book:issue(note.client, note.kind, settings.life, now,
    { scope = form.scope, audience = form.audience })
  note.body = { access_token = entry.token, token_type = "Bearer",
    expires_in = math.floor(settings.life), scope = form.scope }
  return 200, NO_STORE, note
end

local function token(request, state, now)
  local form = request.form or {}
  local note = { kind = form.scope or "token" }
  local status, headers, answer = check_client(request, state.settings, note)
  if status then return status, headers, answer end
  if not form.grant_type then return fail(400, "invalid_request", note) end
  if form.grant_type ~= "client_credentials" then
    return fail(400, "unsupported_grant_type", note)
  end
  if has_word(form.scope or "", "forbidden") then
    return fail(400, "invalid_scope", note)
  end
  return give(form, state, note, now)
end

local function introspect(request, state, now)
  local form = request.form or {}
  local note = { kind = "introspection" }
  local status, headers, answer = check_client(request, state.settings, note)
  if status then return status, headers, answer end
  if not form.token then return fail(400, "invalid_request", note) end
  local entry = state.book:find(form.token, now)
  note.body = { active = entry ~= nil }
  if entry then
    local wall = time.now()
    note.body = { active = true, token_type = "Bearer",
      client_id = entry.client, scope = entry.about.scope,
      aud = entry.about.audience,
      iat = math.floor(wall + entry.began - now),
      exp = math.floor(wall + entry.ends - now) }
  end
  return 200, NO_STORE, note
end

local CALLS = {
  ["/oauth2/token"] = token,
  ["/oauth2/introspect"] = introspect,
}

function oauth2.handle(request, state, now)
  state.book = state.book or fake.book("oauth2", "at-fake-token-",
    state.settings)
  if request.control then return state.book:control(request, now) end
  local call = CALLS[request.path]
  if not call then
    return 404, {}, { body = { error = "not_found" },
      result = "no_such_path" }
  end
  if request.method ~= "POST" then
    return 405, { Allow = "POST" }, { body = { error = "invalid_request" },
      result = "no_such_method" }
  end
  return call(request, state, now)
end

return oauth2
