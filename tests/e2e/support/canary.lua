-- canary.lua - every secret and token of the suite carries a mark; none may be
-- seen where it is not the product.
local uv = require "luv"

local canary = {}

local SECRETS = { "fake-secret", "crm-secret", "canary-secret" }
local TOKENS = { "fake-token-", "canary-token" }

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    .. "0123456789+/"

-- Of whole threes of bytes; what is left over is left out.
function canary.base64(text)
    text = text:sub(1, #text // 3 * 3)
    return (text:gsub("(.)(.)(.)", function(a, b, c)
        local bits = a:byte() << 16 | b:byte() << 8 | c:byte()
        return (("\18\12\6\0"):gsub(".", function(shift)
            local at = (bits >> shift:byte() & 63) + 1
            return ALPHABET:sub(at, at)
        end))
    end))
end

-- The mark as it is, and what of it stands in the base64 of a longer text,
-- wherever it begins there.
local function add_forms(list, mark)
    list[#list + 1] = mark
    for skip = 0, 2 do
        list[#list + 1] = canary.base64(mark:sub(skip + 1))
    end
end

local function forms(...)
    local list = {}
    for _, marks in ipairs { ... } do
        for _, mark in ipairs(marks) do add_forms(list, mark) end
    end
    return list
end

local SECRET_FORMS = forms(SECRETS)
local ALL_FORMS = forms(SECRETS, TOKENS)

-- What of a mark is in the text, or nil; `product`: it may hold tokens.
function canary.find(text, product)
    for _, form in ipairs(product and SECRET_FORMS or ALL_FORMS) do
        local at = text:find(form, 1, true)
        if at then return form, at end
    end
end

-- An error if the text holds a mark; `where` it was seen.
function canary.assert_none(text, where, product)
    local form, at = canary.find(text, product)
    if not form then return end
    error(("a secret or token is seen in %s, as %s: %s"):format(where, form,
        text:sub(math.max(1, at - 100), at + 100)), 0)
end

-- The bytes of a file, or nothing if it is none or is gone.
function canary.read(path)
    local file = io.open(path, "rb")
    local text = file and file:read("a") or ""
    if file then file:close() end
    return text
end

-- An error if a file under the folder holds a mark. A cache holds tokens.
function canary.assert_folder(folder)
    local listing = uv.fs_scandir(folder)
    if not listing then return end
    for name, kind in uv.fs_scandir_next, listing do
        local path = folder .. "/" .. name
        if kind == "directory" then
            canary.assert_folder(path)
        elseif kind == "file" then
            canary.assert_none(canary.read(path), path,
                name == "tokeng.cache")
        end
    end
end

-- An error if what the system shows of a running process holds a mark.
function canary.assert_process(pid)
    for _, name in ipairs { "cmdline", "environ" } do
        local path = ("/proc/%d/%s"):format(pid, name)
        canary.assert_none(canary.read(path), path)
    end
end

return canary
