-- format.lua ROOT CLANG_FORMAT - every C file is as clang-format leaves it.
package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path
local tree = require "tree"

local root, program = arg[1], arg[2]
local files = {}
for _, folder in ipairs({ "src", "include", "tests", "examples" }) do
    for _, path in ipairs(tree.files(root, folder, "*.[ch]")) do
        files[#files + 1] = ("'%s'"):format(path)
    end
end
local good = #files == 0 or os.execute(
    ("cd '%s' && '%s' --style=file --dry-run -Werror %s"):format(
        root, program, table.concat(files, " ")))
if good then print(("%d files formatted"):format(#files)) end
os.exit(good and true or false)
