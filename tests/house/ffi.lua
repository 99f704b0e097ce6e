-- ffi.lua HEADER LIBRARY - LuaJIT reads the public header as it stands, finds
-- every function that it declares, and library and header agree on the ABI.
local ffi = require "ffi"

local file = assert(io.open(arg[1]))
local text = file:read("*a")
file:close()
local declared = text:match("/%* ffi:begin %*/(.-)/%* ffi:end %*/")
assert(declared, "no text between ffi:begin and ffi:end")
ffi.cdef(declared)

local library = ffi.load(arg[2])
local count = 0
for name in declared:gmatch("\n%l[^;{}#/]-%*?(tokeng_[%w_]+)%(") do
    assert(library[name] ~= nil, name)
    count = count + 1
end
assert(count > 0, "the header declares no function")

local abi = tonumber(text:match("#define TOKENG_ABI (%d+)"))
assert(abi, "the header has no TOKENG_ABI")
if library.tokeng_abi() ~= abi then
    error(("the header has ABI %d, the library %d"):format(
        abi, library.tokeng_abi()))
end
print(("%d functions, ABI %d"):format(count, abi))
