-- engine.lua - `tokeng run` with a configuration and directories of its own.
local canary = require "support.canary"
local cjson = require "cjson"
local http = require "support.http"
local process = require "support.process"
local tmp = require "support.tmp"
local wait = require "support.wait"

local engine = {}

local Engine = {}
Engine.__index = Engine

-- Sanitized builds start slowly, and two tests share the machine.
local READY_SECONDS = 20
local STOP_SECONDS = 15

local REPORTS = { "AddressSanitizer", "LeakSanitizer", "ThreadSanitizer",
    "runtime error:" }

-- The program under test, named by ctest.
function engine.program()
    return assert(os.getenv("TOKENG_BIN"), "TOKENG_BIN is not set: run ctest")
end

local function environment(self, more)
    local env = { RUNTIME_DIRECTORY = self.dir .. "/run",
        STATE_DIRECTORY = self.dir .. "/state",
        TOKENG_CONFIG = false, TOKENG_SOCKET = false }
    for name, value in pairs(more or {}) do env[name] = value end
    return env
end

-- Whether /readyz says yes; an error if the engine has ended instead.
local function is_ready(self)
    if self.process.code then
        error("ended instead of getting ready: " .. self.process:said(), 0)
    end
    local reply = self:http { path = "/readyz", seconds = 2 }
    return reply and reply.status == 200
end

local function start_process(self, args, under)
    local path = engine.program()
    if under then
        local list = under(self.dir)
        list[#list + 1] = path
        args = table.move(args, 1, #args, #list + 1, list)
        path = table.remove(args, 1)
    end
    return process.start { path = path, args = args, env = self.env,
        name = "tokeng" }
end

-- config: the text of the configuration; env: more of the environment; args:
-- more arguments; dir: that of an earlier engine, to start on its state;
-- under(dir): a program and its arguments that become the engine; socket(dir,
-- pid): where its socket is, if not in its runtime directory.
function engine.start(options)
    local self = setmetatable({ dir = options.dir or tmp.dir() }, Engine)
    assert(os.execute(("mkdir -p '%s/run' '%s/state'"):format(self.dir,
        self.dir)))
    self.env = environment(self, options.env)
    self:write_config(options.config)
    local args = { "run", "-c", self.dir .. "/tokeng.lua" }
    table.move(options.args or {}, 1, #(options.args or {}), #args + 1, args)
    self.process = start_process(self, args, options.under)
    self.socket = options.socket and options.socket(self.dir, self.process.pid)
        or self.dir .. "/run/tokeng.sock"
    wait.wait_until(function() return is_ready(self) end, READY_SECONDS,
        function() return "readiness of " .. self.process:said() end)
    return self
end

-- Replaces the configuration file; reloading it is the test's business.
function Engine:write_config(text)
    tmp.write(self.dir .. "/tokeng.lua", text)
end

-- Runs the command line against this engine: code, stdout, stderr.
function Engine:cli(...)
    local code, out, err = process.run { path = engine.program(),
        args = { ... }, env = self.env }
    engine.assert_no_report(err)
    return code, out, err
end

-- One request on the engine's socket, as http.request.
function Engine:http(options)
    options.unix = self.socket
    return http.request(options)
end

-- The answer to GET /v1/token/KEY: the decoded JSON and the status, or nil
-- and the reason.
function Engine:token(key, query)
    local reply, err = self:http { path = "/v1/token/" .. key
        .. (query and "?" .. query or "") }
    if not reply then return nil, err end
    return cjson.decode(reply.body), reply.status
end

function engine.assert_no_report(err)
    for _, report in ipairs(REPORTS) do
        if err:find(report, 1, true) then error(err, 2) end
    end
end

-- The page, unless the engine is too busy or stuck for it: its state is the
-- test's business.
local function look_at(self, path)
    local reply = self:http { path = path, seconds = 5 }
    return reply and reply.body or ""
end

-- An error if a secret or a token is seen at a running engine from outside,
-- where none is the product.
function Engine:assert_no_secret()
    if self.process.code then return end
    canary.assert_process(self.process.pid)
    canary.assert_none(look_at(self, "/metrics"), "/metrics")
    local list = look_at(self, "/v1/tokens")
    canary.assert_none(list, "/v1/tokens")
    local key = list:match('"key":"([^"]+)"')
    if key then
        canary.assert_none(look_at(self, "/v1/explain/" .. key), "/v1/explain")
    end
    canary.assert_folder(self.dir .. "/run")
    canary.assert_folder(self.dir .. "/state")
end

-- Ends it in order: exit code 0, and nothing to say for a sanitizer.
function Engine:stop()
    self:assert_no_secret()
    local code, signal = self.process:stop(STOP_SECONDS)
    engine.assert_no_report(self.process.err)
    if code ~= 0 or signal ~= 0 then
        error("did not end well: " .. self.process:said(), 2)
    end
end

-- Ends it as a crash would.
function Engine:kill()
    self:assert_no_secret()
    self.process:signal("sigkill")
    self.process:wait_exit(STOP_SECONDS)
end

return engine
