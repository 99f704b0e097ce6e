-- resty.lua HEADER NATIVE - what resty.tokeng declares of libtokeng is what
-- the header says, and both speak of the same ABI.
local function read(path)
    local file = assert(io.open(path))
    local text = file:read("*a")
    file:close()
    return text
end

-- Declarations without comments, with single spaces.
local function plain(text)
    return (text:gsub("/%*.-%*/", " ")
        :gsub("%s+", " "):gsub(" ?([;{}(),]) ?", "%1"))
end

local header, native = read(arg[1]), read(arg[2])
local declared = plain(assert(header:match(
    "/%* ffi:begin %*/(.-)/%* ffi:end %*/"), "no ffi:begin in the header"))
local copied = assert(native:match("ffi%.cdef %[%[(.-)%]%]"), "no ffi.cdef")

local count = 0
for part in (copied .. "\n\n"):gmatch("%s*(.-)\n\n") do
    if not declared:find(plain(part), 1, true) then
        error("the header does not say:\n" .. part, 0)
    end
    count = count + 1
end
assert(count > 0, "nothing is declared")

local abi = header:match("#define TOKENG_ABI (%d+)")
local own = native:match("local ABI = (%d+)")
if abi ~= own then
    error(("the header has ABI %s, resty.tokeng %s"):format(abi, own), 0)
end
print(("%d declarations, ABI %s"):format(count, abi))
