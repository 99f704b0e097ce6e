-- tmp.lua - temporary directories, gone when the test file is done.
local uv = require "luv"

local tmp = {}

local made = {}

-- A new directory. Its path is short: a unix socket's path may have only 107
-- bytes.
function tmp.dir()
    local base = os.getenv("TMPDIR") or "/tmp"
    local path = assert(uv.fs_mkdtemp(base .. "/tokeng-XXXXXX"))
    made[#made + 1] = path
    return path
end

-- Writes a file of its owner, as one rename: who reads it meets the old or
-- the new text.
function tmp.write(path, text)
    local file = assert(io.open(path .. ".new", "w"))
    assert(file:write(text))
    assert(file:close())
    assert(uv.fs_chmod(path .. ".new", 384)) -- 0600
    assert(os.rename(path .. ".new", path))
    return path
end

function tmp.read(path)
    local file = assert(io.open(path))
    local text = file:read("a")
    file:close()
    return text
end

local function remove(path)
    local listing = uv.fs_scandir(path)
    if listing then
        for name, kind in uv.fs_scandir_next, listing do
            if kind == "directory" then
                remove(path .. "/" .. name)
            else
                uv.fs_unlink(path .. "/" .. name)
            end
        end
    end
    uv.fs_rmdir(path)
end

function tmp.end_all()
    for _, path in ipairs(made) do remove(path) end
    made = {}
end

return tmp
