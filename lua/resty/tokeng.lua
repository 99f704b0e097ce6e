-- tokeng.lua - access tokens in nginx and OpenResty; docs/resty.md tells how.
--
-- A hit is one C call: a bounded table of this worker has the token as a
-- string, and the header's value made of it, and libtokeng tells whether the
-- shared cache still has this very token and it has life left. That call
-- counts the use too. What is not there is read from the shared cache, and
-- what is not in that is asked of the engine (resty/tokeng/calls.lua).
local calls = require "resty.tokeng.calls"
local cjson = require "cjson.safe"
local first = require "resty.tokeng.first"
local native = require "resty.tokeng.native"
local spawn = require "resty.tokeng.spawn"

local tokeng = {}

local WAIT, WAIT_MAX = 5, 60
local ENTRIES, CONNECTIONS = 10000, 64
local KEY_MAX, KINDS_MAX = 200, 1000

local YIELDS = { rewrite = true, access = true, content = true, timer = true,
    ssl_cert = true, ssl_session_fetch = true, ssl_client_hello = true,
    server_rewrite = true }

local NO_OPTIONS = {}

-- Of this worker, set by init.
local find, read, engine, first_level, default_attach

-- --- how a token is presented ---

-- Told by the engine for each kind ("source/kind"), whoever its subjects are.
local attaches, attach_count = {}, 0

local function kind_of(key)
    return key:match("^[^/]*/[^/]*")
end

local function attach_of(header, format)
    local before, after = format:match("^(.-)%%s(.*)$")
    if not before then return nil end
    return { header = header, before = before, after = after }
end

local function learn_attach(key, told)
    if type(told) ~= "table" or type(told.header) ~= "string"
        or type(told.format) ~= "string" then
        return
    end
    local kind = kind_of(key)
    if not attaches[kind] then
        if attach_count >= KINDS_MAX then attaches, attach_count = {}, 0 end
        attach_count = attach_count + 1
    end
    attaches[kind] = attach_of(told.header, told.format)
end

-- Whether it is known how to present the token.
local function dress(key, entry)
    local attach = default_attach or attaches[kind_of(key)]
    if not attach then return false end
    entry.header = attach.header
    entry.value = attach.before .. entry.token .. attach.after
    return true
end

-- --- the engine ---

local function refused(reply)
    local problem = cjson.decode(reply.body)
    if type(problem) ~= "table" then problem = NO_OPTIONS end
    return nil, problem.code or "http_" .. reply.status, {
        status = reply.status, detail = problem.detail,
        retry_after = tonumber(problem.retry_after) }
end

-- The reader of the engine's answer for the key. A token that is in the shared
-- cache by now, as it should be, is kept from there.
local function answer_reader(key, min_ttl, newer_than)
    return function(reply)
        if reply.status ~= 200 then return refused(reply) end
        local answer = cjson.decode(reply.body)
        if type(answer) ~= "table" or type(answer.token) ~= "string"
            or type(answer.generation) ~= "number" then
            return nil, "malformed", NO_OPTIONS
        end
        learn_attach(key, answer.attach)
        local entry = read(key, min_ttl, newer_than)
        if entry then
            dress(key, entry)
            return entry
        end
        entry = { token = answer.token, generation = answer.generation,
            about = { generation = answer.generation, state = answer.state,
                expires_at = ngx.now() + (tonumber(answer.expires_in) or 0) } }
        dress(key, entry)
        return entry
    end
end

local function question(key, min_ttl, newer_than, wait)
    local wait_ms = math.max(1, math.floor(wait * 1000))
    local path = ("/v1/token/%s?wait=%dms"):format(key, wait_ms)
    local id = key
    if min_ttl > 0 then
        id = id .. " ttl " .. min_ttl
        path = path .. "&min_ttl=" .. min_ttl
    end
    if newer_than > 0 then
        id = ("%s newer %.0f"):format(id, newer_than)
        path = ("%s&newer_than=%.0f"):format(path, newer_than)
    end
    return id, { method = "GET", path = path, wait_ms = wait_ms,
        read = answer_reader(key, min_ttl, newer_than) }
end

local function is_key(key)
    return type(key) == "string" and #key <= KEY_MAX
        and key:find("^[%w._:@=+~|/-]+$") ~= nil
end

local function can_wait()
    return YIELDS[ngx.get_phase()] or false
end

-- A call that ends before this caller's time is over was made for one with
-- less of it: it is made again for him.
local function fetch(key, min_ttl, newer_than, wait)
    if not is_key(key) then return nil, "bad_key", NO_OPTIONS end
    if not can_wait() then
        engine:post(question(key, min_ttl, newer_than, WAIT))
        return nil, "cold", NO_OPTIONS
    end
    local ends = ngx.now() + wait
    local left = wait
    local entry, err, about
    repeat
        local id, request = question(key, min_ttl, newer_than, left)
        entry, err, about = engine:ask(id, request, left)
        ngx.update_time()
        left = ends - ngx.now()
    until entry or err ~= "timeout" or left <= 0
    return entry, err, about or NO_OPTIONS
end

local function obtain(key, options)
    if not engine then return nil, "resty.tokeng is not initialised" end
    local min_ttl, newer_than = options.min_ttl or 0, options.newer_than or 0
    local entry = find(key, min_ttl, newer_than)
        or read(key, min_ttl, newer_than)
    if entry then return entry end
    return fetch(key, min_ttl, newer_than,
        math.min(options.wait or WAIT, WAIT_MAX))
end

-- --- what is seen from outside ---

local KNOWN = { dir = "string", socket = "string", library = "string",
    entries = "number", connections = "number", header = "table",
    spawn = "table" }

local function check(options)
    for name, value in pairs(options) do
        if not KNOWN[name] then
            return nil, "init: unknown option " .. tostring(name)
        end
        if type(value) ~= KNOWN[name] then
            return nil, ("init: %s is a %s, not a %s"):format(name,
                KNOWN[name], type(value))
        end
    end
    if options.spawn then
        local ok, err = spawn.check(options.spawn)
        if not ok then return nil, err end
    end
    local header = options.header
    if header and (type(header.name) ~= "string" or not attach_of(header.name,
        tostring(header.format or "%s"))) then
        return nil, 'init: header is { name = "...", format = "... %s" }'
    end
    return true
end

-- `spawn = true` is `spawn = {}`.
local function normalise(options)
    local all = {}
    for name, value in pairs(options or NO_OPTIONS) do all[name] = value end
    if all.spawn == true then all.spawn = {} end
    if all.spawn == false then all.spawn = nil end
    return all
end

function tokeng.init(options)
    options = normalise(options)
    local ok, err = check(options)
    if not ok then return nil, err end
    local dir = options.dir or "/run/tokeng"
    local lib, handle = native.open(options.library or "libtokeng.so.0", dir)
    if not lib then return nil, handle end
    local header = options.header
    default_attach = header and attach_of(header.name, header.format or "%s")
    local socket = options.socket or dir .. "/tokeng.sock"
    engine = calls.new(socket, options.connections or CONNECTIONS)
    first_level = first.new(lib, handle, options.entries or ENTRIES)
    find, read = first_level.find, first_level.read
    attaches, attach_count = {}, 0
    if options.spawn then return spawn.start(dir, socket, options.spawn) end
    return true
end

function tokeng.get(key, options)
    local entry, err, about = obtain(key, options or NO_OPTIONS)
    if not entry then return nil, err, about end
    return entry.token, nil, entry.about
end

-- Asks the engine how the kind's tokens are presented.
local function ask_attach(key, options)
    local wait = math.min(options.wait or WAIT, WAIT_MAX)
    local entry, err, about = fetch(key, 0, 0, wait)
    if not entry then return nil, err, about end
    if dress(key, entry) then return entry end
    return nil, "malformed", NO_OPTIONS
end

function tokeng.apply(key, options)
    options = options or NO_OPTIONS
    local entry, err, about = obtain(key, options)
    if entry and not entry.value and not dress(key, entry) then
        local found
        found, err, about = ask_attach(key, options)
        if not found or not dress(key, entry) then entry = nil end
    end
    if not entry then return nil, err, about end
    ngx.req.set_header(entry.header, entry.value)
    return entry.token, nil, entry.about
end

local function read_verdict(reply)
    if reply.status == 202 then return true, nil, NO_OPTIONS end
    return refused(reply)
end

function tokeng.reject(key, generation)
    if not engine then return nil, "resty.tokeng is not initialised" end
    if not is_key(key) then return nil, "bad_key", NO_OPTIONS end
    if type(generation) ~= "number" or generation < 1 then
        return nil, "bad_generation", NO_OPTIONS
    end
    local id = ("%s reject %.0f"):format(key, generation)
    local request = { method = "POST", path = "/v1/reject/" .. key,
        body = ('{"generation":%.0f}'):format(generation), wait_ms = 0,
        read = read_verdict }
    if not can_wait() then return engine:post(id, request) end
    return engine:ask(id, request, WAIT)
end

function tokeng.state()
    if not engine then return nil, "resty.tokeng is not initialised" end
    local state = engine:state()
    state.entries = first_level.count()
    return state
end

return tokeng
