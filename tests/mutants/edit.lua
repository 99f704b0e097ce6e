-- edit.lua - one exact change of a text.
local edit = {}

function edit.read(path)
    local file = assert(io.open(path))
    local text = file:read("a")
    file:close()
    return text
end

function edit.write(path, text)
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
end

-- The text with `old` replaced by `new`; nil and why, if `old` does not stand
-- in it exactly once.
function edit.apply(text, mutant)
    local from, to = text:find(mutant.old, 1, true)
    if not from then return nil, "the text to change is not there" end
    if text:find(mutant.old, from + 1, true) then
        return nil, "the text to change is there twice"
    end
    return text:sub(1, from - 1) .. mutant.new .. text:sub(to + 1)
end

return edit
