-- memory.lua - the memory of a running program, to be searched. Root only.
local memory = {}

-- Read a piece at a time; a piece begins with the end of the one before.
local PIECE = 4 << 20
local OVERLAP = 256

-- Ranges that the program may read: start, end, name.
local function ranges(pid)
    local list = {}
    for line in io.lines(("/proc/%d/maps"):format(pid)) do
        local from, to, name = line:match(
            "^(%x+)%-(%x+) r%S+ %S+ %S+ %S+%s*(.*)")
        if from and name ~= "[vvar]" and name ~= "[vsyscall]" then
            list[#list + 1] = { from = tonumber(from, 16),
                to = tonumber(to, 16), name = name }
        end
    end
    return list
end

local function count_in(text, plain, from)
    local count, at = 0, text:find(plain, from, true)
    local first = at
    while at do
        count = count + 1
        at = text:find(plain, at + 1, true)
    end
    return count, first
end

-- How often the text stands in the program's memory, and what is around each
-- first place of a range, for a failed test's message.
function memory.count(pid, plain)
    local file = assert(io.open(("/proc/%d/mem"):format(pid), "rb"))
    local total, places = 0, {}
    for _, range in ipairs(ranges(pid)) do
        local at, tail = range.from, ""
        while at < range.to do
            file:seek("set", at)
            local piece = file:read(math.min(PIECE, range.to - at))
            if not piece then break end
            local text = tail .. piece
            -- Not those that lie wholly in the end of the piece before.
            local count, first = count_in(text, plain,
                math.max(1, #tail - #plain + 2))
            if first then
                places[#places + 1] = ("%s at %x: %q"):format(range.name,
                    at - #tail + first - 1,
                    text:sub(math.max(1, first - 80), first + 80))
            end
            total, at, tail = total + count, at + #piece, piece:sub(-OVERLAP)
        end
    end
    file:close()
    return total, table.concat(places, "\n")
end

return memory
