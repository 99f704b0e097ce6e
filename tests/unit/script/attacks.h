/* tests/unit/script/attacks.h - what a hostile script may try, as the body of
 * a function.
 */
#ifndef TK_TESTS_UNIT_SCRIPT_ATTACKS_H
#define TK_TESTS_UNIT_SCRIPT_ATTACKS_H

#define LOOP  "while true do end"
#define FILL  "local t = {} for i = 1, 1e5 do t[i] = -i end "
#define LONG  "local s = ('1'):rep(262000) "
#define FALSY "function() " LOOP " end"

/* These never end by themselves. */
static const char *const endless[] = {
    /* loops and recursion */
    LOOP,
    "repeat until false",
    "for i = 1, 1e18 do end",
    "for i = math.mininteger, math.maxinteger do end",
    "for i = 1, math.huge do end",
    "goto a ::a:: goto a",
    "local function f() return f() end f()",
    "while true do local f = function() end end",
    /* pcall */
    "while true do pcall(" FALSY ") end",
    "while true do pcall(error) end",
    "pcall(" FALSY ") " LOOP,
    "pcall(pcall, pcall, pcall, " FALSY ") " LOOP,
    "local function f() pcall(f) pcall(f) end f() " LOOP,
    "local function f() pcall(f) f() end f()",
    "while true do pcall(string.rep, 'x', 1 << 40) end",
    "while true do pcall(setmetatable, {}, { __gc = error }) end",
    "while true do pcall(function() local t = {} while true do t[#t + 1] = {} "
    "end end) end",
    "while true do pcall(function() local s = 'x' while true do s = s .. s end "
    "end) end",
    /* memory */
    "local t = {} while true do t[#t + 1] = ('x'):rep(1000) end",
    "local t = {} for i = 1, 1e9 do t[i] = i end",
    "local t = {} while true do t = { t } end",
    "local t = {} while true do t = { t, t } end",
    "local t = {} for i = 1, 1e9 do t['k' .. i] = true end",
    "local f while true do local g = f f = function() return g end end",
    "local s = 'x' while true do s = s .. s end",
    /* functions in C that take long */
    "while true do ('x'):rep(200000) end",
    "while true do ('x'):rep(0) end",
    LONG "while true do s:upper() end",
    LONG "while true do s:reverse() end",
    LONG "while true do s:find('112') end",
    LONG "while true do s:find(('1'):rep(130000) .. '2') end",
    LONG "while true do s:split('11') end",
    LONG "while true do s:byte(1, 5000) end",
    LONG "while true do utf8.len(s) end",
    LONG "while true do utf8.offset(s, 261000) end",
    LONG "while true do tonumber(s) end",
    LONG "while true do tonumber(s, 10) end",
    LONG "while true do math.floor(s) end",
    LONG "while true do s:starts_with(s) end",
    LONG "while true do s:trim() end",
    LONG "local a = s .. '2' local b = s .. '3' while true do local _ = a == b "
         "end",
    LONG "local a = s .. '2' local b = s .. '3' while true do local _ = a < b "
         "end",
    LONG "while true do local t = { [s .. '2'] = 1 } end",
    "while true do string.format('%99d', 1) end",
    "while true do tostring({}) end",
    FILL "while true do table.sort(t) end",
    FILL "while true do table.sort(t, function() return true end) end",
    FILL "while true do table.insert(t, 1, 0) end",
    FILL "while true do table.remove(t, 1) table.insert(t, 1) end",
    FILL "while true do local _ = #t end",
    FILL "for i = 1, 1e5 do t[i] = nil end while true do next(t) end",
    FILL "while true do t[#t + 1] = 1 t[#t] = nil t.x = 1 t.x = nil end",
    "while true do table.pack(table.unpack({ 1, 2, 3 })) end",
    "local t = {} for i = 1, 5000 do t[i] = i end while true do "
    "select(-1, table.unpack(t)) end",
    "local t = {} for i = 1, 1000 do t[i] = 'xxxxxxxxxx' end "
    "while true do table.concat(t, ', ') end",
    "table.sort({ 3, 2, 1 }, " FALSY ")",
    /* metamethods */
    "local t = setmetatable({}, { __index = " FALSY " }) return t.x",
    "setmetatable({}, { __newindex = " FALSY " }).x = 1",
    "return #setmetatable({}, { __len = " FALSY " })",
    "return tostring(setmetatable({}, { __tostring = " FALSY " }))",
    "return ('%s'):format(setmetatable({}, { __tostring = " FALSY " }))",
    "return setmetatable({}, { __concat = " FALSY " }) .. 'x'",
    "return -setmetatable({}, { __unm = " FALSY " })",
    "return setmetatable({}, { __call = " FALSY " })()",
    "return setmetatable({}, { __lt = " FALSY " }) < {}",
    "local m = { __eq = " FALSY " } "
    "return setmetatable({}, m) == setmetatable({}, m)",
    "table.sort({ setmetatable({}, { __lt = " FALSY " }), {} })",
    "for k in pairs(setmetatable({}, { __pairs = function() return function() "
    "return 1 end end })) do end",
    "local m = { __index = {} } while true do setmetatable({}, m) end",
    /* the collector: what it runs and how long it takes */
    "local m = {} local t = setmetatable({}, m) m.__gc = " FALSY
    " t = nil while true do local _ = {} end",
    "local m = {} local w = setmetatable({}, m) m.__mode = 'k' "
    "local k = {} for i = 1, 1e9 do local n = {} w[k] = n k = n end",
};

/* These are refused before they begin. */
static const char *const refused[] = {
    "local function f() f() return 1 end f()",
    "local function f(...) return f(1, ...) end f()",
    "local t = setmetatable({}, { __index = function(t, k) return t[k] end }) "
    "return t.x",
    "string.rep('', 1 << 62) error('refused: nothing was done')",
    "string.rep('x', 1 << 30)",
    "('x'):rep(1 << 62, ('y'):rep(100))",
    "local t = {} for i = 1, 1e5 do t[i] = i end table.concat(t, '----')",
    "table.unpack({}, 1, 1e8)",
    "table.unpack({}, -1 << 62, 1 << 62)",
    "table.concat({}, 'x', 1, 1 << 60)",
    "table.insert({}, 1 << 62, 1)",
    "table.insert(setmetatable({}, { __len = function() return 1 << 62 end }), "
    "1, 1)",
    "table.move({}, 1, math.maxinteger - 1, 2)",
    "string.find(('a'):rep(28), ('a?'):rep(28) .. ('a'):rep(28)) "
    "error('refused: the text was plain')",
    "('a'):rep(20000):match('.-.-.-b')",
    "('a'):rep(20000):gsub('.-.-.-b', '')",
    "setmetatable({}, { __gc = " FALSY " })",
    "setmetatable({}, { __close = " FALSY " })",
    "setmetatable({}, { __mode = 'k' })",
    "local x <close> = setmetatable({}, {})",
    "local m = {} local x = setmetatable({}, m) m.__close = " FALSY
    " local y <close> = x",
    "for i in next, {}, nil, setmetatable({}, {}) do end",
    "setmetatable('', { __index = {} })",
    "getmetatable('').__index = {}",
    "xpcall(error, " FALSY ")",
    "coroutine.wrap(" FALSY ")()",
    "load('while true do end')()",
    "load(string.dump(function() end))",
    "dofile('/etc/passwd')",
    "loadfile('/etc/passwd')",
    "os.execute('true')",
    "io.open('/etc/passwd')",
    "debug.sethook()",
    "package.loadlib('x', 'y')",
    "collectgarbage('stop')",
    "print('x')",
    "warn('@on')",
    "require 'os'",
    "require 'tokeng.../etc/passwd'",
    "require 'tokeng.fake'",
    "a_new_global = 1",
    "return '1' + 1",
    "return ('%p'):format({})",
    "return ('%q'):format('x')",
    "math.randomseed(1)",
    "error({})",
    "error(setmetatable({}, { __tostring = " FALSY " }))",
    "error()",
    "error(('x'):rep(200000))",
    "error(('\\0\\27[31m'):rep(1000))",
    "string.format(('%s'):rep(1000))",
};

enum {
    ENDLESS = sizeof endless / sizeof endless[0],
    REFUSED = sizeof refused / sizeof refused[0],
};

#endif
