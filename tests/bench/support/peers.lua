-- peers.lua - the other programs that a benchmark measures against, or that
-- play the issuer: each on sockets of its own in a temporary folder.
local http = require "support.http"
local process = require "support.process"
local tmp = require "support.tmp"
local wait = require "support.wait"

local peers = {}

local NGINX = [[
MODULES
daemon off; master_process off; pid DIR/nginx.pid; error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600;
  client_body_temp_path DIR/t; proxy_temp_path DIR/t; fastcgi_temp_path DIR/t;
  uwsgi_temp_path DIR/t; scgi_temp_path DIR/t;
  SERVERS
}
]]

local function fill(text, values)
    return (text:gsub("%u%u%u+", function(word) return values[word] end))
end

-- servers: server blocks, with DIR for the folder; socket: one that answers
-- when it is ready (DIR/nginx.sock); modules: directives that load some.
function peers.nginx(servers, modules)
    local dir = tmp.dir()
    tmp.write(dir .. "/nginx.conf", fill(NGINX, { DIR = dir,
        MODULES = modules or "", SERVERS = fill(servers, { DIR = dir }) }))
    local self = process.start { path = "/usr/sbin/nginx",
        args = { "-p", dir, "-c", dir .. "/nginx.conf" } }
    self.dir, self.socket = dir, dir .. "/nginx.sock"
    wait.wait_until(function()
        assert(not self.code, self:said())
        return http.request { unix = self.socket, path = "/", seconds = 1 }
    end, 10, "nginx")
    return self
end

function peers.redis()
    local dir = tmp.dir()
    local self = process.start { path = "/usr/bin/redis-server",
        args = { "--port", "0", "--unixsocket", dir .. "/redis.sock", "--save",
            "", "--appendonly", "no", "--dir", dir } }
    self.socket = dir .. "/redis.sock"
    self:wait_line("ready to accept connections", 10)
    return self
end

-- An issuer whose every answer is a new token, so that each refresh is a
-- renewal; as fast as nginx is. The token has as many bytes as TOKEN.
peers.TOKEN_BYTES = 64
peers.issuer = [[
  server {
    LISTEN
    location / {
      default_type application/json;
      return 200 '{"access_token":"$request_id$request_id",
        "token_type":"Bearer","expires_in":7200}';
    }
  }
]]

return peers
