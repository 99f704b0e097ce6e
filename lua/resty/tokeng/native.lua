-- native.lua - libtokeng as LuaJIT sees it. The declarations are those of
-- include/tokeng.h, held to it by tests/house/resty.lua.
local ffi = require "ffi"

local native = {}

local ABI = 2

ffi.cdef [[
struct tokeng;

struct tokeng_want {
    uint32_t size;
    uint32_t min_ttl_s;
    uint32_t wait_ms;
    uint32_t reserved;
    uint64_t newer_than;
};

struct tokeng_info {
    uint32_t size;
    uint32_t token_len;
    uint64_t generation;
    int64_t expires_in_ms;
    int64_t retry_in_ms;
    uint32_t state;
    uint32_t slot;
    uint64_t stamp;
    int64_t expires_at_ms;
    uint32_t cache;
    uint32_t reserved;
};

uint32_t tokeng_abi(void);

const char *tokeng_strerror(int err);

int tokeng_open(const char *dir, struct tokeng **out);

int tokeng_get(struct tokeng *t, const char *key, size_t key_len,
               const struct tokeng_want *want, char *buf, size_t cap,
               struct tokeng_info *info);

int tokeng_is_same(struct tokeng *t, const struct tokeng_info *info,
                   uint32_t min_ttl_s);
]]

-- Codes that tell that the cache itself cannot be read.
native.EINVAL = -4
native.unreadable = { [-3] = true, [-8] = true, [-11] = true }

native.states = { [0] = "fresh", "due", "stale", "lapsed", "poisoned",
    "in_doubt", "needs_login", "needs_ticket" }

native.TOKEN_MAX = 16384

-- The library and a handle for the engine of `dir`, or nil and what is wrong.
-- The handle is never given back: it is the worker's to its end.
function native.open(path, dir)
    local ok, lib = pcall(ffi.load, path)
    if not ok then
        return nil, "libtokeng is not there: " .. tostring(lib)
    end
    local abi = lib.tokeng_abi()
    if abi ~= ABI then
        return nil, ("resty.tokeng is for ABI %d of libtokeng, and %s has ABI "
            .. "%d: install both from one version"):format(ABI, path, abi)
    end
    local out = ffi.new("struct tokeng *[1]")
    local rc = lib.tokeng_open(dir, out)
    if rc ~= 0 then
        return nil, dir .. ": " .. ffi.string(lib.tokeng_strerror(rc))
    end
    return lib, out[0]
end

return native
