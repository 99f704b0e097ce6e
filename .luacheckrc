-- luacheck's settings: which globals exist where.
std = "lua54"
max_line_length = 80

local function fields(names)
    local list = {}
    for name in names:gmatch("%S+") do list[name] = {} end
    return { fields = list }
end

-- What every script of ours finds in its sandbox (src/script/bind.h), and
-- nothing else.
stds.sandbox = { read_globals = {
    "assert", "error", "ipairs", "next", "pairs", "pcall", "rawequal",
    "rawget", "rawlen", "rawset", "require", "select", "setmetatable",
    "tonumber", "tostring", "type", "hex", "hmac", "sha256",
    base64 = fields "decode decode_url encode encode_url",
    json = fields "decode encode",
    math = fields [[abs acos asin atan ceil cos deg exp floor fmod huge log max
        maxinteger mininteger min modf pi rad sin sqrt tan type tointeger
        ult]],
    string = fields [[byte char ends_with find format len lower rep reverse
        split starts_with sub trim upper]],
    table = fields "concat insert pack remove sort unpack",
    time = fields "now parse_rfc3339",
    utf8 = fields "char codepoint codes len offset",
} }
stds.policy = { read_globals = {
    "ask", "lapse", "renew", clock = fields "day hour minute weekend",
} }
stds.provider = { read_globals = { "log", http = fields "get post" } }

files["lua/tokeng"].std = "sandbox"
files["lua/tokeng/providers"].std = "sandbox+provider"
files["lua/tokeng/forecast.lua"].std = "sandbox+policy"
files["lua/tokeng/reference"].std = "sandbox+policy"
files["policies"].std = "sandbox+policy"

-- A configuration is one table and may name secrets.
files["examples"].std = "none"
files["examples"].read_globals = {
    secret = fields "file credential env",
}

files["lua/resty"].std = "ngx_lua"
files["examples/nginx/feishu.lua"].std = "ngx_lua"

files["tests/lua"].std = "lua54+busted"
files["tests/e2e"].std = "lua54+busted"
files["tests/nginx"].std = "lua54+busted"
files["tests/house/ffi.lua"].std = "luajit"
files["tests/bench/support/lookups.lua"].std = "ngx_lua"
files["tests/bench/support/people.lua"].std = "sandbox+provider"

exclude_files = { "build", "tests/e2e/node_modules" }
