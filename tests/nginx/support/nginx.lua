-- nginx.lua - an nginx with resty.tokeng, on a unix socket of its own.
local engine = require "support.engine"
local http = require "support.http"
local process = require "support.process"
local tmp = require "support.tmp"
local uv = require "luv"
local wait = require "support.wait"

local nginx = {}

local Nginx = {}
Nginx.__index = Nginx

local ROOT = assert(uv.cwd())
local PROGRAM = "/usr/sbin/nginx"

-- Words in capitals are filled in. The workers are of the user who runs the
-- tests: another would need its folders.
local CONFIG = [[
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
daemon off; user USER; pid DIR/nginx.pid; error_log stderr notice;
worker_processes WORKERS;
MAIN
events { worker_connections 4096; }
http {
  access_log off; lua_socket_log_errors off;
  client_body_temp_path DIR/t; proxy_temp_path DIR/t; fastcgi_temp_path DIR/t;
  uwsgi_temp_path DIR/t; scgi_temp_path DIR/t;
  lua_package_path "ROOT/lua/?.lua;;";
  init_by_lua_block { require "resty.tokeng" }
  init_worker_by_lua_block {
    local ok, err = require "resty.tokeng".init { dir = "RUN",
      library = "LIBRARY", INIT }
    if not ok then ngx.log(ngx.ERR, err) end
  }
  HTTP
  server {
    listen unix:DIR/nginx.sock backlog=4096;
    location = /pid { content_by_lua_block { ngx.print(ngx.worker.pid()) } }
    SERVER
  }
}
]]

local function fill(text, values)
    return (text:gsub("%u%u%u+", function(word) return values[word] end))
end

-- run: the runtime directory of the engine; workers; main, http, server: more
-- of the configuration; init: more options of resty.tokeng, with commas.
function nginx.write(options)
    local dir = tmp.dir()
    local values = { DIR = dir, ROOT = ROOT, RUN = options.run,
        USER = "root", WORKERS = options.workers or 1,
        LIBRARY = os.getenv("TOKENG_BUILD") .. "/lib/libtokeng.so.0",
        INIT = options.init or "", MAIN = options.main or "" }
    values.SERVER = fill(options.server or "", values)
    values.HTTP = fill(options.http or "", values)
    tmp.write(dir .. "/nginx.conf", fill(CONFIG, values))
    return dir
end

function nginx.start(options)
    local self = setmetatable({ dir = nginx.write(options) }, Nginx)
    self.socket = self.dir .. "/nginx.sock"
    self.process = process.start { path = PROGRAM,
        args = { "-p", self.dir, "-c", self.dir .. "/nginx.conf" } }
    wait.wait_until(function()
        if self.process.code then error(self.process:said(), 0) end
        return http.request { unix = self.socket, path = "/pid", seconds = 2 }
    end, 20, function() return "nginx: " .. self.process:said() end)
    return self
end

-- `nginx -t` with this configuration: its exit code and what it says.
function nginx.test(options)
    local dir = nginx.write(options)
    local code, out, err = process.run { path = PROGRAM,
        args = { "-t", "-p", dir, "-c", dir .. "/nginx.conf" } }
    return code, out .. err
end

-- The reply to a GET, as http.request. The answers of a page are tokens.
function Nginx:get(path, headers)
    return self:start_get(path, headers):wait(20)
end

function Nginx:start_get(path, headers)
    local call = http.start { unix = self.socket, path = path,
        headers = headers }
    call.is_engine = false
    return call
end

-- How many lines of its log have the plain text.
function Nginx:count(plain)
    local found = 0
    for line in self.process.err:gmatch("[^\n]+") do
        if line:find(plain, 1, true) then found = found + 1 end
    end
    return found
end

function Nginx:stop()
    local code = self.process:stop(15)
    engine.assert_no_report(self.process.err)
    if code ~= 0 then error(self.process:said(), 2) end
end

return nginx
