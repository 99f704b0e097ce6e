-- layers.lua ROOT - who includes whom under ROOT/src.
--
-- Includes only go down: to a lower floor, or to the own room, never in a
-- circle. A foreign library is named by the one room or file that hides it.
package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path
local tree = require "tree"

local FLOOR = {
    base = 1,
    cache = 2, net = 2, vault = 2,
    script = 3, reader = 3, courier = 3,
    engine = 4,
    serve = 5, cluster = 5, sim = 5, fake = 5,
    embed = 6,
    cli = 7,
}

-- A foreign header (its whole name, or its folder), and who may name it.
local OWNER = {
    ["uv.h"] = "^net/",
    ["curl/"] = "^net/client",
    ["malloc.h"] = "^base/heap",
    ["microhttpd.h"] = "^net/server",
    ["cjson/"] = "^net/json%.c$",
    ["lua.h"] = "^script/",
    ["lauxlib.h"] = "^script/",
    ["lualib.h"] = "^script/",
    ["openssl/"] = "^vault/crypto%.c$",
    ["openssl/ssl.h"] = "^net/client_tls%.c$",
    ["xxhash.h"] = "^cache/",
    ["zlib.h"] = "^sim/trace%.c$",
}

-- C11 and POSIX, and what Linux adds: free for all.
local FREE = {}
for name in ([[
    assert ctype errno float inttypes limits locale math setjmp signal
    stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn
    string strings threads time dirent fcntl fnmatch getopt grp libgen netdb
    poll pthread pwd sched semaphore spawn syslog termios unistd arpa/inet
    netinet/in netinet/tcp sys/epoll sys/eventfd sys/file sys/ioctl sys/mman
    sys/prctl sys/random sys/resource sys/select sys/socket sys/stat
    sys/statvfs sys/syscall sys/time sys/timerfd sys/types sys/uio sys/un
    sys/utsname sys/wait linux/futex dlfcn link endian byteswap
]]):gmatch("%S+") do
    FREE[name .. ".h"] = true
end

-- The public header is for the rooms that implement or use it.
local PUBLIC = { reader = true, embed = true, cli = true }

local root = assert(arg[1], "usage: layers.lua ROOT")
local verdict = tree.verdict()
local say = verdict.say
local deps = {}

local function check_foreign(path, name)
    local owner = OWNER[name] or OWNER[name:match("^[^/]+/") or ""]
    if owner and not path:find(owner) then
        say("%s includes <%s>: only %s may", path, name, owner)
    elseif not owner and not FREE[name] then
        say("%s includes <%s>: no room owns it (layers.lua)", path, name)
    end
end

-- loop_uv.h without a loop_uv.c is a second face of loop.c: it may build on
-- loop.h, and loop.c include both, without that being a circle.
local function is_face(unit, other)
    return unit:sub(1, #other + 1) == other .. "_"
        and not tree.exists(root .. "/src/" .. unit .. ".c")
end

local function check_own(path, room, unit, name)
    local far = name:match("^(%w+)/")
    if name == "tokeng.h" then
        if not PUBLIC[room] then
            say("%s includes tokeng.h: it is for libtokeng's users", path)
        end
    elseif not far or not FLOOR[far] then
        say('%s includes "%s": write it from its room', path, name)
    elseif far ~= room and FLOOR[far] >= FLOOR[room] then
        say("%s (%s) looks up or sideways at %s", path, room, name)
    else
        local other = name:gsub("%.h$", "")
        if other ~= unit and not is_face(unit, other) then
            deps[unit][other] = true
        end
    end
end

local function check_file(path)
    local room, unit = path:match("^(%w+)/"), path:gsub("%.[ch]$", "")
    if not room or not FLOOR[room] then
        return say("%s: no such room (layers.lua)", path)
    end
    deps[unit] = deps[unit] or {}
    local first
    for line in io.lines(root .. "/src/" .. path) do
        local quote, name = line:match('^%s*#%s*include%s+(["<])([^">]+)[">]')
        if name then
            first = first or name
            if quote == "<" then
                check_foreign(path, name)
            else
                check_own(path, room, unit, name)
            end
        end
    end
    if path:find("%.c$") and first ~= unit .. ".h"
        and tree.exists(root .. "/src/" .. unit .. ".h") then
        say("%s: its own header is not its first include", path)
    end
end

local state = {}
local function walk(unit, trail)
    if state[unit] == "done" then return end
    if state[unit] == "open" then
        local from = (trail .. " >"):find(" > " .. unit .. " >", 1, true)
        return say("circle:%s > %s", trail:sub(from), unit)
    end
    state[unit] = "open"
    for other in pairs(deps[unit] or {}) do
        walk(other, trail .. " > " .. unit)
    end
    state[unit] = "done"
end

local files = tree.files(root .. "/src", ".", "*.[ch]")
for _, path in ipairs(files) do check_file(path:gsub("^%./", "")) end
for unit in pairs(deps) do walk(unit, "") end
verdict.done(("%d files look down only"):format(#files))
