-- recording_spec.lua - uses of keys and answers of the issuer, recorded while
-- an engine runs, in a form that others read.
local engine = require "support.engine"
local fake = require "support.fake"
local tmp = require "support.tmp"
local wait = require "support.wait"

local CONFIG = [[
return {
  %s
  sources = { crm = { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = "crm", client_secret = secret.env "CRM_SECRET",
    insecure_http = true, timezone = "Asia/Shanghai",
    tokens = { read = { scope = "r" } } } },
}
]]
local MONDAY_S = 3 * 24 * 3600 -- 29 December 1969 to the epoch
local SHANGHAI_S = 8 * 3600
local HASHED = ",crm/client/%x+$"

describe("a recording", function()
    local issuer, subject, dir, folder

    local function configure(record)
        return CONFIG:format(record, issuer.url)
    end

    local function reload(record)
        subject:write_config(configure(record))
        return subject:cli("reload")
    end

    local function find(file, pattern)
        local found = {}
        for line in io.lines(folder .. "/" .. file) do
            if line:find(pattern) then found[#found + 1] = line end
        end
        return found
    end

    -- Rows that match, once there is one.
    local function rows(file, pattern)
        wait.wait_until(function() return #find(file, pattern) > 0 end, 10,
            "a row " .. pattern)
        return find(file, pattern)
    end

    -- Uses the key until there are more rows of uses than `count`.
    local function use(file, pattern, count)
        wait.wait_until(function()
            subject:token("crm/client/read")
            return #find(file, pattern) > count
        end, 10, "one more use")
    end

    setup(function()
        folder = tmp.dir()
        issuer = fake.start("--life", "300s")
        subject = engine.start {
            config = configure(('record = "%s/uses.csv",'):format(folder)),
            env = { CRM_SECRET = "fake-secret" } }
        dir = subject.dir
    end)

    it("has a row for a use and one for the answer to it", function()
        local before = os.time()
        local answer, status = subject:token("crm/client/read")
        assert.equal(200, status)
        local row = rows("uses.csv", ",crm/client/read$")[1]
        local local_s = tonumber(row:match("^(%d+),"))
        local utc_s = local_s - MONDAY_S - SHANGHAI_S
        assert.is_true(utc_s >= before and utc_s <= os.time())
        local issued = rows("uses.csv", ",crm/client/read,issued,%d+,300$")
        assert.equal(1, #issued)
        local text = tmp.read(folder .. "/uses.csv")
        assert.is_nil(text:find(answer.token, 1, true))
        assert.is_nil(text:find("fake-secret", 1, true))
    end)

    it("tells of failures", function()
        issuer:control { error_rate = 1 }
        subject:cli("refresh", "crm/client/read")
        rows("uses.csv", ",crm/client/read,failed,%d+,$")
        issuer:control { error_rate = 0 }
    end)

    it("is replayed by the simulator", function()
        use("uses.csv", ",crm/client/read$", 1)
        local code, out, err = subject:cli("simulate", "--trace",
            folder .. "/uses.csv", "--policy", "threshold", "--json")
        assert.equal("", err)
        assert.equal(0, code)
        assert.truthy(out:find("threshold", 1, true))
    end)

    it("moves at a reload, with subjects hashed", function()
        local code = reload(
            ('record = { file = "%s/b.csv", hash_keys = true },')
                :format(folder))
        assert.equal(0, code)
        use("b.csv", HASHED, 0)
        assert.equal(16, #find("b.csv", HASHED)[1]:match("%x+$"))
    end)

    it("stays as it is when a reload is refused", function()
        tmp.write(folder .. "/mine.txt", "mine\n")
        local code, _, err = reload(
            ('record = "%s/mine.txt",'):format(folder))
        assert.equal(78, code)
        assert.truthy(err:find("something else is there", 1, true))
        assert.equal("mine\n", tmp.read(folder .. "/mine.txt"))
        use("b.csv", HASHED, #find("b.csv", HASHED))
    end)

    it("ends with its engine, and goes on with the next", function()
        subject:stop()
        local count = #find("b.csv", HASHED)
        subject = engine.start { dir = dir,
            config = configure(
                ('record = { file = "%s/b.csv", hash_keys = true },')
                    :format(folder)),
            env = { CRM_SECRET = "fake-secret" } }
        use("b.csv", HASHED, count)
        local names = {}
        for _, row in ipairs(find("b.csv", HASHED)) do
            names[row:match(",(.*)$")] = true
        end
        local name = next(names)
        assert.is_nil(next(names, name))
        subject:stop()
        issuer:stop()
    end)
end)
