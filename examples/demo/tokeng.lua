-- The configuration of scripts/demo, which puts the fake issuer's address in
-- place of ISSUER and its own folder in place of FOLDER.
--
-- Lives are shortened: a token lives 16 seconds, and the fake Feishu gives a
-- new one in the last 8.
local issuer = "ISSUER"
local secret_file = secret.file "FOLDER/secret"

local variants = {}
for i = 1, 48 do
  variants["job" .. i] = { scope = "job:" .. i }
end

return {
  policy = { "threshold", check_interval = "1s", threshold = "8s" },
  sources = {
    feishu = {
      provider = "feishu",
      base_url = issuer,
      insecure_http = true, -- loopback
      app_id = "cli_demo",
      app_secret = secret_file,
      facts = { renewable = { last = "8s" } },
      keep = { "app", "tenant" },
    },
    crm = {
      provider = "oauth2",
      token_url = issuer .. "/oauth2/token",
      insecure_http = true,
      client_id = "demo",
      client_secret = secret_file,
      tokens = variants,
      keep = { "client/*" },
      max_concurrent = 8,
    },
  },
}
