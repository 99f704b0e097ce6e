-- readers_spec.lua - groups of the host that may read some of the tokens: from
-- a shared cache of their own, and at the socket. Only root can become members
-- of groups at will.
local engine = require "support.engine"
local fake = require "support.fake"
local process = require "support.process"

local USER, READERS, OTHERS = 4713, 4711, 4712

local CONFIG = [[
return {
  %s
  sources = {
    crm = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "crm", client_secret = secret.env "CRM_SECRET",
      insecure_http = true, keep = { "client" } },
    hr = { provider = "oauth2", token_url = "%s/oauth2/token",
      client_id = "crm", client_secret = secret.env "CRM_SECRET",
      scope = "hr", insecure_http = true, keep = { "client" } },
  },
}
]]

local is_root = io.popen("id -u"):read("n") == 0

local describe_as_root = is_root and describe or pending

describe_as_root("a reader group", function()
    local issuer, subject

    local function config(readers)
        return CONFIG:format(readers, issuer.url, issuer.url)
    end

    -- Runs `tokeng` as a user in `group`; it is copied, as the build may lie
    -- where only its owner may look.
    local function as(group, ...)
        return process.run { path = "setpriv", args = { "--reuid", USER,
            "--regid", USER, "--groups", group, "--", subject.dir .. "/tokeng",
            ... }, env = subject.env }
    end

    local function get(group, key, ...)
        local code, out = as(group, "get", key, ...)
        return code, (out:gsub("\n$", ""))
    end

    setup(function()
        issuer = fake.start("--life", "1h")
        subject = engine.start { env = { CRM_SECRET = "fake-secret" },
            config = config(('readers = { ["%d"] = { "crm/*" } },'):format(
                READERS)) }
        assert(os.execute(("chmod 711 '%s' && install -m 755 '%s' '%s/tokeng'")
            :format(subject.dir, engine.program(), subject.dir)))
    end)

    teardown(function()
        subject:stop()
        issuer:stop()
    end)

    it("reads its keys from a cache of its own", function()
        local answer = assert(subject:token("crm/client"))
        -- No socket is there: what is read comes from shared memory.
        local socket = subject.dir .. "/run/tokeng.sock"
        assert(os.rename(socket, socket .. ".away"))
        local code, token = get(READERS, "crm/client")
        assert(os.rename(socket .. ".away", socket))
        assert.equal(0, code)
        assert.equal(answer.token, token)
    end)

    it("gets its keys at the socket", function()
        local answer = assert(subject:token("crm/client"))
        local code, token = get(READERS, "crm/client", "--header")
        assert.equal(0, code)
        assert.equal("Authorization: Bearer " .. answer.token, token)
    end)

    it("learns nothing of other keys", function()
        local code, out, err = as(READERS, "get", "hr/client")
        assert.not_equal(0, code)
        assert.equal("", out)
        assert.truthy(err:find("there is no source hr", 1, true), err)
    end)

    it("may do no more than get and reject", function()
        local answer = assert(subject:token("crm/client"))
        for _, command in ipairs { "refresh", "explain" } do
            local code, _, err = as(READERS, command, "crm/client")
            assert.not_equal(0, code)
            assert.truthy(err:find("readers", 1, true), err)
        end
        assert.not_equal(0, (as(READERS, "list")))
        assert.equal(0, (as(READERS, "reject", "crm/client", "--generation",
            ("%d"):format(answer.generation))))
    end)

    it("is all that gets anything", function()
        local code, out, err = as(OTHERS, "get", "crm/client")
        assert.not_equal(0, code)
        assert.equal("", out)
        assert.truthy(err:find("readers", 1, true), err)
    end)

    it("changes with a reload", function()
        local answer = assert(subject:token("hr/client"))
        subject:write_config(config(
            ('readers = { ["%d"] = { "hr/*" } },'):format(OTHERS)))
        assert.equal(0, (subject:cli("reload")))
        assert.not_equal(0, (get(READERS, "crm/client")))
        local code, token = get(OTHERS, "hr/client")
        assert.equal(0, code)
        assert.equal(answer.token, token)
        assert.is_nil(io.open(("%s/run/tokeng-%d.cache"):format(subject.dir,
            READERS)))
    end)

    it("keeps what it has when a new one is wrong", function()
        subject:write_config(config(
            ('readers = { ["%d"] = { "crn/*" } },'):format(READERS)))
        local code, _, err = subject:cli("check", "-c",
            subject.dir .. "/tokeng.lua")
        assert.equal(78, code)
        assert.truthy(err:find("readers", 1, true), err)
        assert.not_equal(0, (subject:cli("reload")))
        assert.equal(0, (get(OTHERS, "hr/client")))
    end)

    it("ends with its line of the configuration", function()
        subject:write_config(config(""))
        assert.equal(0, (subject:cli("reload")))
        assert.not_equal(0, (get(OTHERS, "hr/client")))
        assert.is_nil(io.open(("%s/run/tokeng-%d.cache"):format(subject.dir,
            OTHERS)))
    end)
end)
