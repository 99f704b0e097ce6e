-- html_spec.lua - the page of `tokeng simulate --html` in a browser: its
-- scripts run without an error, ask nobody for anything, and show what was
-- simulated, whatever the keys are called.
local cjson = require "cjson"
local process = require "support.process"
local tmp = require "support.tmp"

local HOUR = 3600

-- Three keys: one used each hour, one each ten, and one with a name that would
-- end a script.
local function trace()
    local rows = { "seconds,key" }
    for hour = 0, 119 do
        rows[#rows + 1] = hour * HOUR .. ",crm/client"
        if hour % 10 == 0 then
            rows[#rows + 1] = hour * HOUR + 7 .. ",</script><b>bold</b>"
        end
        if hour % 40 == 0 then rows[#rows + 1] = hour * HOUR + 9 .. ",rare" end
    end
    return table.concat(rows, "\n") .. "\n"
end

describe("the page of a simulation", function()
    local dir, seen

    local function simulate(...)
        return process.run { path = os.getenv("TOKENG_BIN"), seconds = 30,
            args = { "simulate", "--trace", tmp.write(dir .. "/t.csv", trace()),
                "--html", dir .. "/out.html", ... } }
    end

    local function open()
        local code, out, err = process.run { path = "node", seconds = 50,
            args = { "tests/e2e/html/open.mjs", dir .. "/out.html" } }
        assert.equal(0, code, err)
        return cjson.decode(out)
    end

    setup(function()
        dir = tmp.dir()
        local code, _, err = simulate("--policy", "threshold", "--set",
            "threshold=2m,15m", "--window", "30m", "--show",
            "</script><b>bold</b>")
        assert.equal(0, code, err)
        seen = open()
    end)

    it("runs without an error and asks nobody for anything", function()
        assert.same({}, seen.errors)
        assert.same({}, seen.requests)
        assert.equal(0, seen.counts.injected)
    end)

    it("shows every trial and the optimum", function()
        -- Three optima, three references, two policies; on-demand is not
        -- ticked at first.
        assert.equal(8, seen.counts.points)
        assert.equal(8, seen.counts.rows)
        assert.equal(4, seen.counts.days)
    end)

    it("says what was simulated and what came of it", function()
        assert.equal("t.csv", seen.texts.trace)
        assert.truthy(seen.texts.setting:find("3 keys, 135 uses on 5 days", 1,
            true), seen.texts.setting)
        assert.truthy(seen.texts.verdict:find("threshold", 1, true))
    end)

    it("shows the key that was asked for, by its own name", function()
        assert.equal("</script><b>bold</b>", seen.texts["key-name"])
        assert.equal(8, seen.counts.uses) -- of three days
        assert.equal(2, seen.counts.usesOfADay)
        assert.is_true(seen.counts.tokens > 0)
    end)

    it("changes with what the reader chooses", function()
        assert.not_equal(seen.texts.verdict, seen.texts.verdictAt30)
        assert.equal(3, seen.counts.daysLess)
        assert.equal("Mon, day 1", seen.texts["moment-text"])
        assert.equal("Tue, day 2", seen.texts.nextMoment)
    end)

    it("is dark where the reader wants it dark", function()
        assert.equal("rgb(255, 255, 255)", seen.light)
        assert.not_equal(seen.light, seen.dark)
    end)

    it("is drawn without an optimum for an issuer of gaps", function()
        local code, _, err = simulate("--policy", "threshold", "--window",
            "1m", "--skew", "5m")
        assert.equal(0, code, err)
        local gaps = open()
        assert.same({}, gaps.errors)
        assert.equal(4, gaps.counts.points)
        assert.equal("</script><b>bold</b>", gaps.texts["key-name"])
    end)

    it("is drawn for a trace of a single moment's uses", function()
        local path = tmp.write(dir .. "/one.csv", "5,a\n5.2,a\n")
        local code, _, err = process.run { path = os.getenv("TOKENG_BIN"),
            args = { "simulate", "--trace", path, "--html",
                dir .. "/out.html" } }
        assert.equal(0, code, err)
        local one = open()
        assert.same({}, one.errors)
        assert.equal("No policy was tried, only the references.",
            one.texts.verdict)
        assert.truthy(one.texts.setting:find("1 key, 2 uses on 1 day.", 1,
            true), one.texts.setting)
    end)

    it("is not written over a directory; the table is not lost", function()
        local code, out, err = process.run { path = os.getenv("TOKENG_BIN"),
            args = { "simulate", "--trace", dir .. "/t.csv", "--html", dir } }
        assert.equal(78, code)
        assert.truthy(err:find("not a regular file", 1, true), err)
        assert.truthy(out:find("always-fresh", 1, true), out)
    end)

    it("names the nearest key for one that is not in the trace", function()
        local code, _, err = simulate("--show", "crm/cliemt")
        assert.equal(78, code)
        assert.truthy(err:find("did you mean crm/client?", 1, true), err)
    end)
end)
