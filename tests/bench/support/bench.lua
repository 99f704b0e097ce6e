-- bench.lua - what the benchmarks share: rounds, medians, figures and the end
-- of everything that was started.
--
-- A figure is one line of --json, or one row of the table. Its ratio is turned
-- so that more is better, and so is its target, which may be missing.
package.path = arg[0]:gsub("[^/]*$", "../e2e/?.lua;") .. package.path
local cjson = require "cjson"
local uv = require "luv"
local process = require "support.process"
local tmp = require "support.tmp"

local bench = {}

local as_json = arg[1] == "--json"
local rows = {}

-- The folder of the built programs.
bench.bin = assert(os.getenv("TOKENG_BIN"),
    "TOKENG_BIN is not set: run scripts/bench"):gsub("/[^/]*$", "")

function bench.median(list)
    local sorted = table.move(list, 1, #list, 1, {})
    table.sort(sorted)
    return sorted[(#sorted + 1) // 2]
end

-- Calls every candidate once a round, so that a disturbance meets them all:
-- { name = fn } to { name = { field = median } }; fn returns a table of
-- numbers.
function bench.interleave(rounds, candidates)
    local seen = {}
    for _ = 1, rounds do
        for name, run in pairs(candidates) do
            seen[name] = seen[name] or {}
            for field, value in pairs(run()) do
                local list = seen[name][field] or {}
                list[#list + 1] = value
                seen[name][field] = list
            end
        end
    end
    for _, fields in pairs(seen) do
        for field, list in pairs(fields) do
            fields[field] = bench.median(list)
        end
    end
    return seen
end

local function round(number)
    return tonumber(("%.4g"):format(number))
end

-- figure: name, value, unit, peer, peer_value, ratio, target (or none).
function bench.figure(figure)
    if not as_json then
        rows[#rows + 1] = figure
        return
    end
    local parts = {}
    for _, field in ipairs { "name", "value", "unit", "peer", "peer_value",
        "ratio", "target" } do
        local value = figure[field]
        if type(value) == "number" then value = round(value) end
        parts[#parts + 1] = ('"%s":%s'):format(field,
            (cjson.encode(value == nil and cjson.null or value)
                :gsub("\\/", "/")))
    end
    print("{" .. table.concat(parts, ",") .. "}")
    io.stdout:flush()
end

-- More is better: value / peer_value.
function bench.faster(figure)
    figure.ratio = figure.value / figure.peer_value
    bench.figure(figure)
end

-- Less is better: peer_value / value; the peer may be a limit.
function bench.less(figure)
    figure.ratio = figure.peer_value / math.max(figure.value, 1e-9)
    bench.figure(figure)
end

local function show(number)
    if number >= 1000 then return ("%.0f"):format(number) end
    return ("%.3g"):format(number)
end

local function cells(row)
    return { row.name, show(row.value) .. " " .. row.unit,
        show(row.peer_value) .. " " .. row.peer, ("%.2f"):format(row.ratio),
        row.target and ("%.2f"):format(row.target) or "-",
        row.target and (row.ratio >= row.target and "reached" or "MISSED")
            or "" }
end

local function print_table()
    local lines, widths = { { "figure", "value", "against", "ratio", "target",
        "" } }, {}
    for _, row in ipairs(rows) do lines[#lines + 1] = cells(row) end
    for _, line in ipairs(lines) do
        for i, cell in ipairs(line) do
            widths[i] = math.max(widths[i] or 0, #cell)
        end
    end
    for _, line in ipairs(lines) do
        for i, cell in ipairs(line) do
            line[i] = cell .. (" "):rep(widths[i] - #cell)
        end
        print((table.concat(line, "  "):gsub("%s+$", "")))
    end
end

-- Runs a program that prints "name number" lines; { name = number }.
function bench.numbers(program, args, seconds)
    local code, out, err = process.run { path = program, args = args,
        seconds = seconds or 60 }
    if code ~= 0 then error(program .. ": " .. out .. err, 0) end
    local numbers = {}
    for name, number in out:gmatch("([%w_]+) ([%d.e+-]+)\n") do
        numbers[name] = tonumber(number)
    end
    return numbers
end

local function proc(pid, file)
    return tmp.read(("/proc/%d/%s"):format(pid, file))
end

-- CPU seconds that a process has used, of all its threads.
function bench.cpu(pid)
    local sum = 0
    for name in uv.fs_scandir_next, uv.fs_scandir("/proc/" .. pid .. "/task")
    do
        local text = proc(pid, "task/" .. name .. "/schedstat")
        sum = sum + tonumber(text:match("^%d+"))
    end
    return sum / 1e9
end

-- Bytes of memory that a process holds.
function bench.rss(pid)
    return tonumber(proc(pid, "status"):match("VmRSS:%s*(%d+) kB")) * 1024
end

-- Runs the benchmark and ends what it has left behind.
function bench.main(body)
    local ok, err = xpcall(body, debug.traceback)
    process.end_all()
    tmp.end_all()
    if ok and not as_json then print_table() end
    if not ok then io.stderr:write(tostring(err), "\n") end
    -- Without closing the state: luv's loop may still hold handles of it.
    os.exit(ok)
end

return bench
