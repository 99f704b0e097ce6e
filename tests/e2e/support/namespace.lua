-- namespace.lua - a program with mounts and a network of its own, where the
-- system lets one have them without being root.
local namespace = {}

-- Why there is none here, or nil.
function namespace.lacks()
    local pipe = assert(io.popen("unshare -r -m -n true 2>&1"))
    local said = pipe:read("a")
    if pipe:close() then return nil end
    return "no namespaces here: " .. said
end

-- For `under` of engine.start: runs a shell's script in namespaces that
-- `flags` of unshare name, then the program.
function namespace.under(flags, script)
    return { "unshare", "-r", flags, "--", "sh", "-ec", script
        .. '\nexec "$@"', "sh" }
end

-- The arguments of nsenter that run a program beside that of `pid`.
function namespace.beside(pid, ...)
    return { "-t", pid, "-U", "-m", "-n", "--preserve-credentials", "--", ... }
end

return namespace
