-- readers_spec.lua - programs that know nothing of each other, at one shared
-- cache.
local engine = require "support.engine"
local fake = require "support.fake"
local process = require "support.process"

local READER = os.getenv("TOKENG_BUILD") .. "/tests/reader"
local PROGRAMS, TOKENS = 8, 4

local CONFIG = [[
return {
  policy = { "threshold", check_interval = "1s", threshold = "3s" },
  sources = { crm = { provider = "oauth2", token_url = "%s/oauth2/token",
    client_id = "crm", client_secret = secret.env "CRM_SECRET",
    insecure_http = true, keep = { "client" } } },
}
]]

describe("programs at one shared cache", function()
    local issuer, subject

    setup(function()
        issuer = fake.start("--life", "4s")
        subject = engine.start { config = CONFIG:format(issuer.url),
            env = { CRM_SECRET = "fake-secret" } }
    end)

    teardown(function()
        subject:stop()
        issuer:stop()
    end)

    local function reader(what)
        return process.start { path = READER, args = { subject.dir .. "/run",
            "crm/client", what } }
    end

    it("all read the same tokens, whole, while they are renewed", function()
        local readers, tokens, seen = {}, {}, 0
        for i = 1, PROGRAMS do readers[i] = reader(TOKENS) end
        for _, one in ipairs(readers) do
            assert.equal(0, one:wait_exit(40), one.err)
            local count = 0
            for generation, token in one.out:gmatch("(%d+) (%S+)\n") do
                count = count + 1
                if not tokens[generation] then seen = seen + 1 end
                tokens[generation] = tokens[generation] or token
                assert.equal(tokens[generation], token)
            end
            assert.equal(TOKENS, count)
        end
        assert.is_true(seen < 2 * TOKENS + 2, seen .. " generations")
    end)

    it("may fork, and both go on", function()
        local one = reader("fork")
        assert.equal(0, one:wait_exit(20), one.err)
        local count = 0
        for token in one.out:gmatch("(%S+)\n") do
            count = count + 1
            assert.is_true(#token > 8)
        end
        assert.equal(6, count)
    end)
end)
