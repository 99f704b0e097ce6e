-- tree.lua - what the house checks share: files of a tree, and a verdict.
local tree = {}

-- The paths under root/folder that `find` matches by name, sorted, relative
-- to root. A folder that is not there has no files.
function tree.files(root, folder, ...)
    local names = {}
    for _, name in ipairs({ ... }) do
        names[#names + 1] = ("-name '%s'"):format(name)
    end
    local command = ("cd '%s' && test -d '%s' && find '%s' -type f "
        .. "-not -path '*/node_modules/*' \\( %s \\) | sort"):format(
        root, folder, folder, table.concat(names, " -o "))
    local pipe, found = assert(io.popen(command)), {}
    for path in pipe:lines() do found[#found + 1] = path end
    pipe:close()
    return found
end

function tree.read(path)
    local file = io.open(path)
    if not file then return nil end
    local text = file:read("a")
    file:close()
    return text
end

function tree.exists(path)
    return tree.read(path) ~= nil
end

-- The output of a command, or the end of the check if it cannot be run.
function tree.run(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read("a")
    if not pipe:close() then
        io.stderr:write("failed: ", command, "\n")
        os.exit(2)
    end
    return text
end

-- Collects problems; done() prints them and ends the process.
function tree.verdict()
    local problems = {}
    local verdict = {}
    function verdict.say(...)
        problems[#problems + 1] = string.format(...)
    end
    function verdict.done(good)
        for _, problem in ipairs(problems) do print(problem) end
        if #problems == 0 then print(good) end
        os.exit(#problems == 0)
    end
    return verdict
end

return tree
