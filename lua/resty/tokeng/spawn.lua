-- spawn.lua - starts the engine and watches it, for as long as nginx runs.
--
-- The first worker looks for it once a second and starts it where it is not. A
-- shell puts it into the background, so that it is nobody's child and a reload
-- does not touch it; `--while-pid` makes it close what it inherited and end
-- when the master process does, however that comes. That there is one engine
-- in a directory is its own lock's business.
local process = require "ngx.process"

local spawn = {}

local LOOK_EVERY, RETRY_MAX = 1, 30

local KNOWN = { program = true, config = true, log = true }

local function quote(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- nil and what is wrong, or true.
function spawn.check(options)
    if type(options) ~= "table" then
        return nil, "init: spawn is true or a table"
    end
    for name, value in pairs(options) do
        if not KNOWN[name] then
            return nil, "init: unknown option spawn." .. tostring(name)
        end
        if type(value) ~= "string" or value:find("%z") then
            return nil, ("init: spawn.%s is a text"):format(name)
        end
    end
    return true
end

local function command(self, master)
    local options = self.options
    local words = { "setsid", quote(options.program or "tokeng"), "run",
        "--while-pid", master, "--dir", quote(self.dir), "--socket",
        quote(self.socket) }
    if options.config then
        words[#words + 1] = "--config " .. quote(options.config)
    end
    local log = options.log and " 2>>" .. quote(options.log) or ""
    return ("exec </dev/null >/dev/null%s; %s &"):format(log,
        table.concat(words, " "))
end

local function is_there(self)
    local sock = ngx.socket.tcp()
    sock:settimeout(1000)
    local ok = sock:connect("unix:" .. self.socket)
    sock:close()
    return ok ~= nil
end

local function start(self)
    ngx.log(ngx.NOTICE, "tokeng: starts the engine in ", self.dir)
    os.execute(command(self, process.get_master_pid()))
    self.tries = self.tries + 1
    return math.min(LOOK_EVERY * 2 ^ (self.tries - 1), RETRY_MAX)
end

local function watch(premature, self)
    if premature or ngx.worker.exiting() then return end
    local delay = LOOK_EVERY
    if is_there(self) then
        self.tries = 0
    else
        delay = start(self)
    end
    local ok, err = ngx.timer.at(delay, watch, self)
    if not ok and not ngx.worker.exiting() then
        ngx.log(ngx.ERR, "tokeng: the engine is watched no longer: ", err)
    end
end

-- dir, socket: where the engine is to be; options: program, config, log.
function spawn.start(dir, socket, options)
    if ngx.worker.id() ~= 0 then return true end
    return ngx.timer.at(0, watch, { dir = dir, socket = socket,
        options = options, tries = 0 })
end

return spawn
