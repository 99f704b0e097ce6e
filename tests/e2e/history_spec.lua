-- history_spec.lua - a crowd of callers and an issuer with bad moments: what
-- both sides saw keeps every promise (tests/lua/history/checker.lua).
local rehearsal = require "support.rehearsal"

describe("a history of calls", function()
    it("under load and faults keeps every promise", function()
        local history = rehearsal.check { seed = 1, seconds = 13,
            callers = 60 }
        assert.is_true(#history.calls > 1000)
        assert.is_true(#history.issuer > 50)
    end)
end)
