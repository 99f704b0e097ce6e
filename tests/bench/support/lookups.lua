-- lookups.lua - loops of look-ups inside an nginx worker, for the benchmark
-- nginx. Each prints nanoseconds for one look-up, without those of the loop.
local ffi = require "ffi"
local lrucache = require "resty.lrucache"
local native = require "resty.tokeng.native"
local tokeng = require "resty.tokeng"

local lookups = {}

local TIMES = 1000000

ffi.cdef [[
struct lookups_time { long sec, nsec; };
int clock_gettime(int clock, struct lookups_time *out);
]]
local time = ffi.new("struct lookups_time")

-- CPU time of this thread, which others on the machine do not add to.
local function now_ns()
    ffi.C.clock_gettime(3, time)
    return tonumber(time.sec) * 1e9 + tonumber(time.nsec)
end

local keys, mask = {}, 0
local cache = lrucache.new(4000)
local lib, handle

function lookups.fill(count, library, dir)
    for i = 1, count do
        local key = "people/user/k" .. i
        local value = "Bearer " .. assert(tokeng.get(key))
        keys[i] = key
        ngx.shared.tokens:set(key, value, 3600)
        cache:set(key, value, 3600)
    end
    mask = count
    lib, handle = native.open(library, dir)
    ngx.say("filled")
end

local loops = {}

function loops.none()
    local sum = 0
    for i = 1, TIMES do sum = sum + #keys[i % mask + 1] end
    return sum
end

function loops.first()
    local sum = 0
    for i = 1, TIMES do sum = sum + #tokeng.get(keys[i % mask + 1]) end
    return sum
end

function loops.shared()
    local sum, dict = 0, ngx.shared.tokens
    for i = 1, TIMES / 10 do sum = sum + #dict:get(keys[i % mask + 1]) end
    return sum, TIMES / 10
end

function loops.lrucache()
    local sum = 0
    for i = 1, TIMES do sum = sum + #cache:get(keys[i % mask + 1]) end
    return sum
end

-- What a module without a first level would do.
function loops.ffi()
    local buf = ffi.new("char[?]", native.TOKEN_MAX)
    local want = ffi.new("struct tokeng_want", {
        size = ffi.sizeof("struct tokeng_want") })
    local info = ffi.new("struct tokeng_info", {
        size = ffi.sizeof("struct tokeng_info") })
    local sum = 0
    for i = 1, TIMES do
        local key = keys[i % mask + 1]
        local len = lib.tokeng_get(handle, key, #key, want, buf,
            native.TOKEN_MAX, info)
        sum = sum + #ffi.string(buf, len)
    end
    return sum
end

local function measure(loop)
    local began = now_ns()
    local _, times = loop()
    return (now_ns() - began) / (times or TIMES)
end

function lookups.run(name)
    local loop = assert(loops[name], name)
    local empty = measure(loops.none)
    ngx.print(("%.3f"):format(measure(loop) - empty))
end

return lookups
