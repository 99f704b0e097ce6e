-- The engine of examples/c/run, which puts the capitals in: ISSUER is the fake
-- issuer's URL, FOLDER where this file goes.
return {
  sources = {
    crm = { provider = "oauth2", token_url = "ISSUER/oauth2/token",
            client_id = "crm", client_secret = secret.file "FOLDER/secret",
            insecure_http = true, keep = { "client" } },
  },
}
