-- embed_spec.lua - the engine inside other programs: in C, in LuaJIT, in nginx.
local fake = require "support.fake"
local nginx = require "support.nginx"
local process = require "support.process"
local tmp = require "support.tmp"

local BUILD = os.getenv("TOKENG_BUILD")
local LIBRARY = BUILD .. "/lib/libtokeng.so.0"

local CONFIG = [[
return {
  policy = "modern",
  sources = { crm = { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = "crm", client_secret = secret.file "%s/secret",
    insecure_http = true, keep = { "client" } } },
}
]]

-- LuaJIT cannot read this: 5.4's attributes, integers and operators.
local POLICY = [[
local policy <const> = { api = 1, name = "modern" }
function policy.decide(token)
  return renew(token.remaining // 2 | 0, "half")
end
return policy
]]

-- Given the library, the configuration, the runtime directory.
local SCRIPT = [[
local ffi = require "ffi"
local file = assert(io.open("include/tokeng.h"))
local text = file:read("*a"):match("/%%* ffi:begin %%*/(.-)/%%* ffi:end %%*/")
file:close()
-- In nginx resty.tokeng has declared the structures; none may be twice.
if pcall(ffi.sizeof, "struct tokeng_want") then
  text = text:match("int tokeng_fetch%%b();")
    .. text:match("void tokeng_close%%b();")
    .. text:sub((text:find("struct tokeng_engine;", 1, true)))
end
ffi.cdef(text)
local lib = ffi.load(%q)
local why = ffi.new("char[1024]")
local o = ffi.new("struct tokeng_engine_options", { config = %q, dir = %q,
  why = why, why_cap = 1024 })
o.size = ffi.sizeof(o)
local engine = ffi.new("struct tokeng_engine *[1]")
local rc = lib.tokeng_engine_start(o, engine)
if rc ~= 0 then return ffi.string(why) end
local t, token = ffi.new("struct tokeng *[1]"), ffi.new("char[4096]")
assert(lib.tokeng_open(o.dir, t) == 0)
local len = lib.tokeng_fetch(t[0], "crm/client", 10, nil, token, 4096, nil)
lib.tokeng_close(t[0])
lib.tokeng_engine_stop(engine[0])
if len < 0 then return ffi.string(lib.tokeng_strerror(len)) end
return ffi.string(token, len)
]]

describe("the engine inside", function()
    local issuer, dir

    setup(function()
        issuer = fake.start()
        dir = tmp.dir()
        tmp.write(dir .. "/tokeng.lua", CONFIG:format(issuer.url, dir))
        tmp.write(dir .. "/secret", "fake-secret")
        assert(os.execute("chmod 600 " .. dir .. "/secret"))
        assert(os.execute("mkdir " .. dir .. "/policies"))
        tmp.write(dir .. "/policies/modern.lua", POLICY)
    end)

    teardown(function() issuer:stop() end)

    local function script()
        return SCRIPT:format(LIBRARY, dir .. "/tokeng.lua", dir .. "/run")
    end

    local function host(cycles, env)
        return process.run { path = BUILD .. "/tests/host", env = env,
            args = { dir .. "/tokeng.lua", dir .. "/run", cycles } }
    end

    it("a C program comes and goes, prints nothing and leaves nothing",
        function()
            local code, out, err = host("200", {})
            assert.equal(0, code, out .. err)
            assert.equal("", err)
            local tokens = 0
            for token in out:gmatch("([^\n]+)\n") do
                if not token:find(" ", 1, true) then
                    tokens = tokens + 1
                    assert.is_true(issuer:accepts(token))
                end
            end
            assert.equal(200, tokens)
            assert.matches("\n0 descriptors, 0 threads more\n$", out)
        end)

    it("a program with another malloc is refused in a sentence", function()
        local code, out, err = host("1",
            { LD_PRELOAD = BUILD .. "/tests/other_malloc.so" })
        assert.equal(14, code, out .. err)
        assert.matches("^the engine cannot be loaded where malloc is not "
            .. "libc's but that of [^\n]+/other_malloc.so: [^\n]+\n$", out)
        assert.equal("", err)
    end)

    it("a program with jemalloc is refused in a sentence", function()
        local pipe = assert(io.popen("ldconfig -p"))
        local jemalloc = assert(pipe:read("a"):match(
            "(/%S+/libjemalloc%.so%.2)"))
        pipe:close()
        local code, out, err = host("1", { LD_PRELOAD = jemalloc })
        assert.equal(14, code, out .. err)
        assert.matches("^the engine cannot be loaded where malloc is not "
            .. "libc's but that of [^\n]+/libjemalloc%.so%.2: [^\n]+\n$", out)
        assert.equal("", err)
    end)

    it("LuaJIT has Lua 5.4 of its own", function()
        local code, out, err = process.run { path = "luajit",
            args = { "-e", "print((function() " .. script() .. " end)())" } }
        assert.equal(0, code, err)
        assert.is_true(issuer:accepts(out:gsub("\n$", "")), out)
    end)

    it("nginx has Lua 5.4 of its own", function()
        tmp.write(dir .. "/page.lua", "ngx.print((function() " .. script()
            .. " end)())")
        local server = nginx.start { run = dir .. "/run",
            server = "location = /embedded { content_by_lua_file "
                .. dir .. "/page.lua; }" }
        local reply = server:get("/embedded")
        assert.equal(200, reply.status, server.process.err)
        assert.is_true(issuer:accepts(reply.body), reply.body)
        server:stop()
    end)
end)
