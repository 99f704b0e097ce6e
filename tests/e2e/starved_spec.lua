-- starved_spec.lua - one in ten of the allocations of an engine fails, and one
-- in ten of its system calls with each of eight errors, while it works; one in
-- 150 at its start. All of them: tests/e2e/torture/starved_spec.lua.
local engine = require "support.engine"
local proc = require "support.proc"
local starved = require "support.starved"

local ACTS = { "get", "fetch", "reject", "reload", "look", "stop", "start" }

-- A sanitizer has allocations of its own.
if proc.is_sanitized(engine.program()) then return end

describe("an engine in want", function()
    local subject

    setup(function() subject = starved.open() end)
    teardown(function() subject:close() end)

    for _, act in ipairs(ACTS) do
        for _, what in ipairs { "allocations", "calls" } do
            it("lives on: " .. act .. ", " .. what, function()
                subject:go_through(act, what, act == "start" and 150 or 10)
            end)
        end
    end
end)
