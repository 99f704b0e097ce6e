-- fake.lua - what all fake issuers need: who may ask, and the tokens that are
-- out. The life of a token is in seconds; `now` is handed in.
local fake = {}

-- Tokens that are remembered at most; the oldest are forgotten first, so that
-- no caller can fill the memory.
local REMEMBERED = 10000

-- What the client is told to be: "ok", "unknown", or "wrong" by its secret.
-- Without a list of clients everybody may come who knows the common secret.
function fake.check_client(settings, id, secret)
  if not settings.clients then
    return secret == "fake-secret" and "ok" or "wrong"
  end
  if not settings.clients[id] then return "unknown" end
  return settings.clients[id] == secret and "ok" or "wrong"
end

local Book = {}
Book.__index = Book

-- A book of the tokens that an issuer gives out. They look random and are not:
-- the same seed gives the same tokens, in the order in which they are issued.
function fake.book(name, prefix, settings)
  return setmetatable({
    name = name,
    prefix = prefix,
    seed = settings.seed or "",
    issued = 0,
    first = 1,     -- the oldest of `order`
    order = {},    -- entries, in the order in which they were issued
    by_token = {},
    newest = {},   -- by kind and client
  }, Book)
end

local function place(client, kind)
  return kind .. " " .. client
end

local function forget(self, entry)
  self.by_token[entry.token] = nil
  local at = place(entry.client, entry.kind)
  if self.newest[at] == entry then self.newest[at] = nil end
  self.order[self.first] = nil
  self.first = self.first + 1
end

-- Two for each new one: what has ended is gone before long, and no call pays
-- for all of it.
local function sweep(self, now)
  for _ = 1, 2 do
    local oldest = self.order[self.first]
    if not oldest then return end
    local count = self.issued - self.first + 1
    if oldest.ends > now and count < REMEMBERED then return end
    forget(self, oldest)
  end
end

-- A new token; `about` is remembered with it.
function Book:issue(client, kind, life, now, about)
  sweep(self, now)
  self.issued = self.issued + 1
  local text = self.seed .. ":" .. self.name .. ":" .. self.issued
  local entry = {
    token = self.prefix .. base64.encode_url(sha256(text)),
    client = client,
    kind = kind,
    began = now,
    ends = now + life,
    about = about,
  }
  self.order[self.issued] = entry
  self.by_token[entry.token] = entry
  self.newest[place(client, kind)] = entry
  return entry
end

-- The last token of this client and kind, if it has not ended.
function Book:last(client, kind, now)
  local entry = self.newest[place(client, kind)]
  if entry and entry.ends > now then return entry end
end

-- The entry of a token that is accepted now.
function Book:find(token, now)
  local entry = self.by_token[token]
  if entry and not entry.revoked and entry.ends > now then return entry end
end

-- The host's own questions; see src/fake/issuer.h.
function Book:control(request, now)
  local entry = self:find(request.token, now)
  if not entry then
    return 404, {}, { body = { active = false } }
  end
  if request.control == "revoke" then entry.revoked = true end
  return 200, {}, { body = {
    active = not entry.revoked,
    issuer = self.name,
    client = entry.client,
    kind = entry.kind,
    expires_in = math.floor(entry.ends - now),
  } }
end

return fake
