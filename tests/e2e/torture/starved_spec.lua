-- starved_spec.lua - every allocation of an engine fails once, and every system
-- call with each of eight errors. Some ten minutes.
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
                subject:go_through(act, what, 1)
            end)
        end
    end
end)
