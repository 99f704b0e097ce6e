-- proc.lua - what the system tells of a process.
local tmp = require "support.tmp"
local uv = require "luv"

local proc = {}

-- Its memory in RAM, in KiB.
function proc.rss_kib(pid)
    return tonumber(tmp.read(("/proc/%d/status"):format(pid))
        :match("VmRSS:%s+(%d+)"))
end

-- The number of its open descriptors.
function proc.descriptors(pid)
    local count = 0
    local listing = assert(uv.fs_scandir(("/proc/%d/fd"):format(pid)))
    while uv.fs_scandir_next(listing) do count = count + 1 end
    return count
end

-- Whether a program has a sanitizer, whose memory is not the program's.
function proc.is_sanitized(path)
    local text = tmp.read(path)
    return text:find("__asan_init", 1, true) ~= nil
        or text:find("__tsan_init", 1, true) ~= nil
end

return proc
