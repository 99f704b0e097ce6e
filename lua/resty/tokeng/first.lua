-- first.lua - the tokens of the shared cache that a worker has as strings.
--
-- An entry: token, about (what a caller learns), generation, info (by which
-- libtokeng tells whether it still holds), and header and value once it is
-- known how the token is presented. Two tables of half the size: when the
-- young one is full it becomes the old one, and what is used there moves over.
local ffi = require "ffi"
local native = require "resty.tokeng.native"

local first = {}

local CAP = native.TOKEN_MAX + 1

local info_type = ffi.typeof("struct tokeng_info")
local INFO_SIZE = ffi.sizeof(info_type)

local function tell_unreadable(self, text)
    if self.has_told then return end
    self.has_told = true
    ngx.log(ngx.WARN, "tokeng: the shared cache cannot be read (", text,
        "); every token is asked of the engine, which is slow")
end

local function entry_of(token, info)
    local generation = tonumber(info.generation)
    return { token = token, info = info, generation = generation, about = {
        generation = generation, state = native.states[info.state],
        expires_at = ngx.now() + tonumber(info.expires_in_ms) / 1000 } }
end

-- self.find and self.read, for at most `size` entries. Closures over what does
-- not change, because LuaJIT compiles these calls to bare ones then.
function first.new(lib, handle, size)
    local half = math.max(1, size / 2)
    local young, old, count = {}, {}, 0
    local buf = ffi.new("char[?]", CAP)
    local want = ffi.new("struct tokeng_want", {
        size = ffi.sizeof("struct tokeng_want") })
    local self = {}

    local function keep(key, entry)
        if not young[key] then
            if count >= half then
                old, young, count = young, {}, 0
            end
            count = count + 1
        end
        young[key] = entry
    end

    -- The entry if it still holds and is good enough. Counts as a use.
    function self.find(key, min_ttl, newer_than)
        local entry = young[key]
        if not entry then
            entry = old[key]
            if not entry then return nil end
            keep(key, entry)
        end
        if lib.tokeng_is_same(handle, entry.info, min_ttl) == 1
            and entry.generation > newer_than then
            return entry
        end
    end

    -- A new entry from the shared cache.
    function self.read(key, min_ttl, newer_than)
        local info = info_type()
        info.size = INFO_SIZE
        want.min_ttl_s, want.newer_than = min_ttl, newer_than
        local len = lib.tokeng_get(handle, key, #key, want, buf, CAP, info)
        if len < 0 then
            if native.unreadable[len] then
                tell_unreadable(self, ffi.string(lib.tokeng_strerror(len)))
            end
            return nil
        end
        local entry = entry_of(ffi.string(buf, len), info)
        keep(key, entry)
        return entry
    end

    function self.count()
        local sum = count
        for key in pairs(old) do
            if not young[key] then sum = sum + 1 end
        end
        return sum
    end

    return self
end

return first
