-- feishu.lua - the token endpoints of a self-built Feishu or Lark app.
--
-- A call gives the same token, with the seconds that remain, until less than
-- the window remain; then a new one, and the old one lives on to its own end.
-- Errors come with status 200 and a code; only the frequency limit does not.
local fake = require "tokeng.fake"

local feishu = {
  api = 1,
  name = "feishu",
  help = "Feishu and Lark: app and tenant tokens of a self-built app",
  routes = { "/open-apis/auth/" },
  settings = { life = 7200, window = 1800 },
}

local KINDS = {
  ["/open-apis/auth/v3/app_access_token/internal"] = "app",
  ["/open-apis/auth/v3/tenant_access_token/internal"] = "tenant",
}

-- As the live service words them.
local FAULTS = {
  internal = { code = 2200, msg = "internal error" },
  malformed = { code = 10003, msg = "invalid param", data = {} },
  unknown = { code = 10014, msg = "app id not exists" },
  wrong = { code = 10014, msg = "app secret invalid" },
}

local function limit(request, note)
  note.result = "limit"
  note.body = { code = 99991400, msg = "request trigger frequency limit" }
  local seconds = tostring(request.retry_after)
  return 429, { ["x-ogw-ratelimit-reset"] = seconds,
    ["Retry-After"] = seconds }, note
end

local function is_text(value)
  return type(value) == "string" and value ~= ""
end

-- What is wrong with a request, as one of FAULTS, or nil.
local function find_fault(request, body, settings)
  if request.fault == "ok_error" then return FAULTS.internal end
  if not is_text(body.app_id) or not is_text(body.app_secret) then
    return FAULTS.malformed
  end
  return FAULTS[fake.check_client(settings, body.app_id, body.app_secret)]
end

-- A token that was revoked is given again like any other: the issuer's rule
-- knows of the time that remains, and of nothing else.
local function give(book, settings, note, now)
  local entry = book:last(note.client, note.kind, now)
  note.remaining = entry and entry.ends - now or 0
  if entry and note.remaining >= settings.window then
    note.result = "repeated"
  else
    entry = book:issue(note.client, note.kind, settings.life, now)
    note.result = "issued"
  end
  note.body = { code = 0, msg = "ok", tenant_access_token = entry.token,
    expire = math.floor(entry.ends - now) }
  -- Of the app endpoint both fields hold the app's token.
  if note.kind == "app" then note.body.app_access_token = entry.token end
  return 200, {}, note
end

function feishu.handle(request, state, now)
  state.book = state.book or fake.book("feishu", "t-fake-token-",
    state.settings)
  if request.control then return state.book:control(request, now) end
  local kind = KINDS[request.path]
  if not kind or request.method ~= "POST" then
    return 404, { ["Content-Type"] = "text/plain" },
      { body = "404 page not found", result = "no_such_path" }
  end
  local body = json.decode(request.body)
  if type(body) ~= "table" then body = {} end
  local note = { kind = kind,
    client = is_text(body.app_id) and body.app_id or nil }
  if request.fault == "limit" then return limit(request, note) end
  local fault = find_fault(request, body, state.settings)
  if fault then
    note.result, note.body = tostring(fault.code), fault
    return 200, {}, note
  end
  return give(state.book, state.settings, note, now)
end

return feishu
