-- luacheck's settings: which globals exist where.
std = "lua54"
max_line_length = 80

-- A policy answers with one of three words and may ask the clock.
files["policies"].read_globals = { "renew", "ask", "lapse", "clock" }

-- What a provider or a fake issuer is given.
local bound = { "http", "json", "log", "crypto", "url" }
files["lua/tokeng"].read_globals = bound

-- A configuration is one table and may name secrets.
files["examples"].read_globals = { "secret" }

files["lua/resty"].std = "ngx_lua"

files["tests/lua"].std = "+busted"
files["tests/e2e"].std = "+busted"
files["tests/house/ffi.lua"].std = "luajit"

exclude_files = { "build", "tests/e2e/node_modules" }
