-- history_spec.lua - as tests/e2e/history_spec.lua, with many seeds.
local rehearsal = require "support.rehearsal"

local SEEDS, SECONDS, CALLERS = 20, 20, 200

describe("histories of calls", function()
    for seed = 2, SEEDS + 1 do
        it("keep every promise, seed " .. seed, function()
            rehearsal.check { seed = seed, seconds = SECONDS,
                callers = CALLERS }
        end)
    end
end)
