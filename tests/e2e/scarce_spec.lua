-- scarce_spec.lua - an engine with few descriptors, or on a disk without room:
-- it says why it does not start, or it serves; one that runs goes on serving.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local namespace = require "support.namespace"
local proc = require "support.proc"
local process = require "support.process"
local uv = require "luv"
local wait = require "support.wait"

local CONFIG = [[
return { sources = { crm = { provider = "oauth2",
  token_url = "%s/oauth2/token", client_id = "client",
  client_secret = secret.env "SCARCE_SECRET", insecure_http = true,
  max_keys = 8, keep = { "client" } } } }
]]
local KEY = "crm/client"
local SECONDS = 10
local DESCRIPTORS_LEAST = 32
-- "internal", "temporary" and "configuration".
local GIVES_UP = { [70] = true, [75] = true, [78] = true }

-- A sanitizer has needs of its own.
if proc.is_sanitized(engine.program()) then return end

describe("an engine with little", function()
    local issuer, subject

    setup(function() issuer = fake.start("--life", "2h") end)
    teardown(function() issuer:stop() end)
    after_each(function()
        if subject then subject:stop() end
        subject = nil
    end)

    local function start(options)
        options.config = CONFIG:format(issuer.url)
        options.env = { SCARCE_SECRET = "fake-secret" }
        subject = engine.start(options)
    end

    local function read()
        local answer = wait.wait_until(function()
            local answer, status = subject:token(KEY)
            return status == 200 and answer
        end, SECONDS, "a token")
        assert.is_true(issuer:accepts(answer.token))
        return answer
    end

    local function renew()
        local old = read().generation
        local reply = assert(subject:http { method = "POST",
            path = "/v1/refresh/" .. KEY })
        assert.equal(202, reply.status)
        wait.wait_until(function() return read().generation > old end,
            SECONDS, "a new token")
    end

    -- It has a place for no key, and says so.
    local function is_refused()
        local reply = assert(subject:http { path = "/v1/token/" .. KEY })
        return reply.status == 429
            and cjson.decode(reply.body).code == "cache_full"
    end

    -- Whether it serves; if not, it said why.
    local function assert_start(options)
        local ok, why = pcall(start, options)
        if ok then
            local is_full = is_refused()
            if not is_full then renew() end
            return not is_full
        end
        local code = tonumber(why:match("exit (%d+)"))
        assert(GIVES_UP[code], why)
        assert(why:match("stderr: .*tokeng: %S"), "no reason: " .. why)
        return false
    end

    local function with_descriptors(count)
        return { under = function()
            return { "prlimit", ("--nofile=%d:%d"):format(count, count) }
        end }
    end

    for count = 8, 64, 4 do
        it(("of %d descriptors serves, or says why not"):format(count),
            function()
                assert.equal(count >= DESCRIPTORS_LEAST,
                    assert_start(with_descriptors(count)))
            end)
    end

    it("serves on when its descriptors are taken, and after", function()
        start(with_descriptors(64))
        local old, crowd = read(), {}
        for n = 1, 100 do
            crowd[n] = uv.new_pipe()
            crowd[n]:connect(subject.socket)
        end
        wait.sleep_ms(50)
        assert.is_nil(subject.process.code)
        for _, pipe in ipairs(crowd) do pipe:close() end
        assert.is_true(read().generation >= old.generation)
        renew()
    end)

    local lack = namespace.lacks()
    if lack then
        pending("on a full disk: " .. lack)
        return
    end

    local MOUNT = "mount -t tmpfs -o size=%s,mode=700 none '%s'\n"
    local FILL = "dd if=/dev/zero of='%s/fill' bs=4096 status=none 2>&1 || :\n"

    -- Its socket, seen through its own mounts.
    local function inner_socket(dir, pid)
        return ("/proc/%d/root%s/run/tokeng.sock"):format(pid, dir)
    end

    local function on_disk(name, size, more)
        return { socket = inner_socket, under = function(dir)
            local path = dir .. "/" .. name
            return namespace.under("-m", MOUNT:format(size, path)
                .. (more or ""):gsub("DIR", dir))
        end }
    end

    for _, name in ipairs { "run", "state" } do
        for _, size in ipairs { "4k", "16k", "64k", "200k", "600k", "16m" } do
            it(("in %s of %s serves, or says why not"):format(name, size),
                function()
                    local serves = assert_start(on_disk(name, size))
                    if size == "16m" or name == "state" then
                        assert.is_true(serves)
                    end
                end)
        end

        it(("serves on when the disk of %s is full"):format(name), function()
            start(on_disk(name, "16m"))
            read()
            process.run { path = "sh", args = { "-c",
                FILL:format(("/proc/%d/root%s/%s"):format(
                    subject.process.pid, subject.dir, name)) } }
            renew()
        end)
    end

    it("serves on when its log has no room", function()
        start(on_disk("state", "16k", FILL:format("DIR/state")
            .. "exec 2>DIR/state/log"))
        renew()
        assert.equal("", subject.process.err)
    end)
end)
