-- The engine's configuration of examples/nginx. `run` puts the fake issuer's
-- address in place of ISSUER and its own folder in place of FOLDER; for the
-- real Feishu leave base_url and insecure_http out.
return {
  sources = {
    feishu = {
      provider = "feishu",
      base_url = "ISSUER",
      insecure_http = true, -- loopback
      app_id = "cli_example",
      app_secret = secret.file "FOLDER/secret",
      keep = { "tenant" },
    },
  },
}
