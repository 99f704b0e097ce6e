-- policies.lua ROOT [write] - the reference in docs/policies.md is what the
-- installed policies say of themselves: the comment at their head, and their
-- options. With `write` it is made so.
package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path
local tree = require "tree"

local PAGE = "docs/policies.md"
local BEGIN = "<!-- what follows is made by tests/house/policies.lua -->\n"
local root = assert(arg[1], "usage: policies.lua ROOT [write]")
local verdict = tree.verdict()

-- Stands for all that a policy may read or call while it is loaded.
local function anything()
    return setmetatable({}, { __index = anything, __call = anything })
end

local function load_policy(text, name)
    local env = setmetatable({ require = anything, ipairs = ipairs,
        math = math }, { __index = function() return anything() end })
    return assert(load(text, "@" .. name, "t", env))()
end

-- The words of the comment at the head of a script, as paragraphs: one begins
-- at a word with a colon ("Rule: ...") or at "Not". The title comes first.
local function head_of(text)
    local paragraphs = {}
    for line in text:gmatch("[^\n]*\n") do
        local words = line:match("^%-%-%s?(.-)%s*\n")
        if not words then break end
        local starts = #paragraphs == 0 or words:find("^%u%l+:")
            or words:find("^Not ")
        if starts and words ~= "" then
            paragraphs[#paragraphs + 1] = words
        elseif words ~= "" then
            paragraphs[#paragraphs] = paragraphs[#paragraphs] .. " " .. words
        end
    end
    return paragraphs
end

local function as_text(value)
    if type(value) == "string" then return ('"%s"'):format(value) end
    if math.type(value) == "float" and value % 1 == 0 then
        return ("%d"):format(value)
    end
    return tostring(value)
end

local function range_of(option)
    if option.choices then return table.concat(option.choices, ", ") end
    local parts = {}
    if option.min then parts[#parts + 1] = "from " .. as_text(option.min) end
    if option.max then parts[#parts + 1] = "to " .. as_text(option.max) end
    return table.concat(parts, " ")
end

local function describe(path)
    local text = tree.read(root .. "/" .. path)
    local policy = load_policy(text, path)
    local lines = { "## " .. policy.name, "" }
    local function add(...) lines[#lines + 1] = string.format(...) end
    for i, paragraph in ipairs(head_of(text)) do
        local title = paragraph:match("^[%w_]+%.lua %- (.*)")
        if i == 1 and not title then
            verdict.say("%s: does not begin with its name and what it does",
                path)
        end
        title = title or paragraph
        add("%s%s", title:sub(1, 1):upper(), title:sub(2))
        add("")
    end
    for _, word in ipairs { "Rule:", "Cost:", "Not " } do
        if not text:find("\n-- " .. word, 1, true) then
            verdict.say("%s: its head has no paragraph '%s...'", path, word)
        end
    end
    add("| option | default | range | |")
    add("|---|---|---|---|")
    local names = {}
    for name in pairs(policy.options) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do
        local option = policy.options[name]
        if not option.help then
            verdict.say("%s: option %s has no help", path, name)
        end
        add("| `%s` | `%s` | %s | %s |", name, as_text(option.default),
            range_of(option), option.help or "")
    end
    return table.concat(lines, "\n")
end

local parts = {}
for _, path in ipairs(tree.files(root, "policies", "*.lua")) do
    parts[#parts + 1] = describe(path)
end
local made = "\n" .. table.concat(parts, "\n\n") .. "\n"
local page = assert(tree.read(root .. "/" .. PAGE))
local _, last = page:find(BEGIN, 1, true)
assert(last, PAGE .. ": the line is missing after which the reference stands")
if arg[2] == "write" then
    local file = assert(io.open(root .. "/" .. PAGE, "w"))
    file:write(page:sub(1, last), made)
    file:close()
elseif page:sub(last + 1) ~= made then
    verdict.say("%s: is not what the policies say of themselves; "
        .. "lua5.4 tests/house/policies.lua . write", PAGE)
end
verdict.done(("%d policies, each described in %s"):format(#parts, PAGE))
