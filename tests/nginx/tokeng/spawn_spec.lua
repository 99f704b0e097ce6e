-- spawn_spec.lua - an engine that nginx has started: there as long as nginx
-- is, and no longer.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local http = require "support.http"
local nginx = require "support.nginx"
local tmp = require "support.tmp"
local uv = require "luv"
local wait = require "support.wait"

local CONFIG = [[
return { sources = { crm = { provider = "oauth2",
  token_url = "%s/oauth2/token", client_id = "crm",
  client_secret = secret.file "%s/secret", insecure_http = true } } }
]]

local SERVER = [[
  location ~ ^/get/(.*)$ {
    content_by_lua_block {
      local token, err = require "resty.tokeng".get(ngx.var[1])
      ngx.print(require "cjson".encode { token = token, err = err })
    }
  }
]]

describe("an engine that nginx starts", function()
    local issuer, dir, host

    local function start_host(main, workers)
        local text = ('spawn = { program = "%s", config = "%s", log = "%s" }')
            :format(engine.program(), dir .. "/tokeng.lua", dir .. "/log")
        host = nginx.start { run = dir .. "/run", server = SERVER,
            main = main, workers = workers or 2, init = text }
    end

    -- The number of the process that holds the lock.
    local function running()
        local file = io.open(dir .. "/run/tokeng.lock")
        local pid = file and file:read("n")
        if file then file:close() end
        return pid and uv.kill(pid, 0) and pid or nil
    end

    local function await_token()
        return wait.wait_until(function()
            return cjson.decode(assert(host:get("/get/crm/client")).body).token
        end, 20, function()
            return "a token; " .. host.process:said() .. tmp.read(dir .. "/log")
        end)
    end

    local function await_end(pid)
        wait.wait_until(function() return not uv.kill(pid, 0) end, 20,
            "the end of the engine")
    end

    before_each(function()
        issuer, dir = fake.start(), tmp.dir()
        tmp.write(dir .. "/secret", "fake-secret")
        tmp.write(dir .. "/tokeng.lua", CONFIG:format(issuer.url, dir))
    end)

    after_each(function()
        if not host.process.code then host:stop() end
        issuer:stop()
    end)

    it("serves, stays over a reload, and ends with nginx", function()
        start_host()
        await_token()
        local pid = assert(running())
        local old = host:get("/pid").body
        host.process:signal("sighup")
        wait.wait_until(function()
            local reply = host:get("/pid")
            return reply and reply.body ~= old
                and not io.open("/proc/" .. old .. "/stat")
        end, 20, "the new workers")
        await_token()
        assert.equal(pid, running())
        host:stop()
        await_end(pid)
        assert.matches("its process has ended", tmp.read(dir .. "/log"))
    end)

    it("is started again when it has died", function()
        start_host()
        await_token()
        local pid = assert(running())
        uv.kill(pid, "sigkill")
        wait.wait_until(function()
            local now = running()
            return now and now ~= pid
                and http.request { unix = dir .. "/run/tokeng.sock",
                    path = "/livez" }
        end, 20, "the next engine")
    end)

    it("has none of nginx's open files", function()
        start_host()
        await_token()
        local pid = assert(running())
        for name in uv.fs_scandir_next, uv.fs_scandir("/proc/" .. pid .. "/fd")
        do
            local file = uv.fs_readlink("/proc/" .. pid .. "/fd/" .. name) or ""
            assert.is_nil(file:find(host.dir, 1, true), file)
        end
        local function listens(inode_of)
            local text = tmp.read("/proc/" .. pid .. "/net/unix")
            return text:match("(%d+) " .. inode_of:gsub("%p", "%%%0"))
        end
        local inode = assert(listens(host.socket))
        for name in uv.fs_scandir_next, uv.fs_scandir("/proc/" .. pid .. "/fd")
        do
            assert.not_equal("socket:[" .. inode .. "]",
                uv.fs_readlink("/proc/" .. pid .. "/fd/" .. name))
        end
    end)

    it("ends with a master that was killed", function()
        start_host("", 1)
        await_token()
        local pid, worker = assert(running()), host:get("/pid").body
        host.process:signal("sigkill")
        await_end(pid)
        uv.kill(tonumber(worker), "sigkill")
        host.process:wait_exit(10)
    end)

    it("ends with an nginx that has no master", function()
        start_host("master_process off;")
        await_token()
        local pid = assert(running())
        host:stop()
        await_end(pid)
    end)

    it("is not started by a check of the configuration", function()
        start_host()
        host:stop()
        local mark = dir .. "/started"
        tmp.write(dir .. "/program", "#!/bin/sh\ntouch " .. mark .. "\n")
        uv.fs_chmod(dir .. "/program", 448)
        assert.equal(0, (nginx.test { run = dir .. "/none",
            init = ('spawn = { program = "%s/program" }'):format(dir) }))
        assert.is_nil(io.open(mark))
    end)
end)
