-- subject.lua - the engine under measurement, with nginx as its issuer.
local engine = require "support.engine"
local peers = require "support.peers"
local tmp = require "support.tmp"
local uv = require "luv"

local subject = {}

local CONFIG = [[
local variants, keep = {}, { "client" }
for i = 1, VARIANTS do variants["k" .. i] = {} end
return { sources = { crm = { provider = "oauth2", token_url = "URL",
    insecure_http = true, client_id = "bench",
    client_secret = secret.file "SECRET", tokens = variants,
    MORE keep = keep } } }
]]

function subject.free_port()
    local socket = uv.new_tcp()
    assert(socket:bind("127.0.0.1", 0))
    local port = socket:getsockname().port
    socket:close()
    uv.run("nowait")
    return port
end

-- more: further fields of the source, each with a comma; variants: how many
-- keys crm/client/k1, ... there are beside crm/client, which is kept.
function subject.config(url, options)
    options = options or {}
    local values = { URL = url, MORE = options.more or "",
        VARIANTS = options.variants or 0,
        SECRET = tmp.write(tmp.dir() .. "/secret", "benchmark-secret") }
    return (CONFIG:gsub("%u%u%u+", function(word) return values[word] end))
end

-- nginx as the issuer, on a free port: the process and its URL.
function subject.issuer(directives)
    local port = subject.free_port()
    local listen = ("listen 127.0.0.1:%d; listen unix:DIR/nginx.sock; %s")
        :format(port, directives or "")
    local servers = peers.issuer:gsub("LISTEN", listen)
    local nginx = peers.nginx(servers)
    return nginx, ("http://127.0.0.1:%d/token"):format(port)
end

function subject.start(config)
    return engine.start { config = config, args = { "--log-level", "warn" } }
end

return subject
