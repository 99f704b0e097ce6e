-- cli_spec.lua - the command line against a real engine and the fake issuer:
-- what is printed where, and with which exit status.
local cjson = require "cjson"
local engine = require "support.engine"
local fake = require "support.fake"
local process = require "support.process"
local tmp = require "support.tmp"
local wait = require "support.wait"

local COMMANDS = { "run", "get", "list", "explain", "check", "refresh",
    "reject", "pause", "resume", "reload", "fake", "version" }

local CONFIG = [[
local function oauth2(secret, more)
  local source = { provider = "oauth2", token_url = "%s/oauth2/token",
    insecure_http = true, client_id = "cli", client_secret = secret }
  for name, value in pairs(more) do source[name] = value end
  return source
end
return {
  policy = { "threshold", check_interval = "1s", threshold = "10m" },
  sources = {
    crm = oauth2(secret.env "GOOD", { keep = { "client" },
      tokens = { read = { scope = "read" } } }),
    hr = oauth2(secret.env "BAD", {}),
    far = oauth2(secret.env "GOOD", { token_url = "%s/nowhere" }),
  },
}
]]

-- Runs tokeng: code, stdout, stderr. `options`: env, input.
local function tokeng(options, ...)
    local code, out, err = process.run { path = engine.program(),
        args = { ... }, env = options.env, input = options.input }
    engine.assert_no_report(err)
    return code, out, err
end

local function assert_width(text, width)
    for line in text:gmatch("[^\n]+") do
        assert.is_true(#line <= width, line)
    end
end

describe("help", function()
    it("lists every command on one screen", function()
        for _, word in ipairs({ "help", "--help", "-h" }) do
            local code, out, err = tokeng({}, word)
            assert.equal(0, code)
            assert.equal("", err)
            assert_width(out, 80)
            local _, lines = out:gsub("\n", "\n")
            assert.is_true(lines <= 24, lines)
            for _, command in ipairs(COMMANDS) do
                assert.truthy(out:find("\n  " .. command .. " +%w"), command)
            end
        end
        local _, alone = tokeng({})
        assert.equal(select(2, tokeng({}, "help")), alone)
    end)

    it("explains every command with an example", function()
        for _, command in ipairs(COMMANDS) do
            local code, out, err = tokeng({}, command, "--help")
            assert.equal(0, code)
            assert.equal("", err)
            assert_width(out, 80)
            assert.truthy(out:find("^usage: tokeng " .. command), out)
            assert.truthy(out:find("\nexample:\n  tokeng [^\n]+\n$"), out)
            assert.equal(out, select(2, tokeng({}, "help", command)))
        end
    end)

    it("suggests the nearest command and option", function()
        local code, out, err = tokeng({}, "lsit")
        assert.equal(64, code)
        assert.equal("", out)
        assert.equal("tokeng: unknown command 'lsit'; did you mean list?\n",
            err)
        code, out, err = tokeng({}, "list", "--stat", "fresh")
        assert.equal(64, code)
        assert.equal("", out)
        assert.truthy(err:find("did you mean --state?", 1, true), err)
    end)
end)

describe("without an engine", function()
    local env

    setup(function()
        env = { RUNTIME_DIRECTORY = tmp.dir(), TOKENG_SOCKET = false }
    end)

    it("every question is answered with 75", function()
        for _, args in ipairs({ { "get", "crm/client" }, { "list" },
            { "explain", "crm/client" }, { "refresh", "crm/client" },
            { "reject", "crm/client", "--generation", "1" },
            { "pause", "crm" }, { "resume", "crm" }, { "reload" } }) do
            local code, out, err = tokeng({ env = env }, table.unpack(args))
            assert.equal(75, code)
            assert.equal("", out)
            assert.truthy(err:find("^tokeng: [^\n]*/tokeng%.sock[^\n]*\n$"),
                err)
        end
    end)

    it("a malformed key is a usage error all the same", function()
        for _, key in ipairs({ "crm", "crm//x", "crm/../x", "crm/%41",
            "crm/a b" }) do
            local code, out = tokeng({ env = env }, "get", key)
            assert.equal(64, code)
            assert.equal("", out)
        end
    end)

    it("the version is known", function()
        local code, out = tokeng({ env = env }, "version")
        assert.equal(0, code)
        assert.truthy(out:find("^tokeng %d+%.%d+%.%d+ %(libtokeng ABI "
            .. "%d+%)\n$"), out)
        code, out = tokeng({ env = env }, "version", "--json")
        assert.equal(0, code)
        assert.equal(2, cjson.decode(out).abi)
    end)
end)

describe("a broken configuration", function()
    local dir, env

    setup(function()
        dir = tmp.dir()
        env = { RUNTIME_DIRECTORY = dir .. "/run" }
        tmp.write(dir .. "/tokeng.lua", [[return { polcy = "threshold",
          sources = {
            crm = { provider = "oauth2", client_id = 7,
              client_secret = secret.env "X" },
            hr = { provider = "oauth2", client_id = "hr",
              token_url = "https://sso.example/token",
              client_secret = secret.env "NOT_SET_ANYWHERE" },
          } }]])
    end)

    it("is told whole, by check and by run", function()
        for _, command in ipairs({ "check", "run" }) do
            local code, out, err = tokeng({ env = env }, command, "-c",
                dir .. "/tokeng.lua")
            assert.equal(78, code)
            assert.equal("", out)
            for _, part in ipairs({
                "polcy: unknown field; did you mean policy?",
                "sources.crm.client_id: ", "sources.crm.token_url: ",
                "NOT_SET_ANYWHERE", " problems\n" }) do
                assert.truthy(err:find(part, 1, true), part .. " in " .. err)
            end
        end
    end)

    it("is told with the line of a syntax error", function()
        tmp.write(dir .. "/syntax.lua", "return {\n  sources = {\n")
        local code, _, err = tokeng({ env = env }, "check", "-c",
            dir .. "/syntax.lua")
        assert.equal(78, code)
        assert.truthy(err:find("syntax.lua:%d"), err)
    end)

    it("is told as JSON, too", function()
        local code, out = tokeng({ env = env }, "check", "--json", "-c",
            dir .. "/tokeng.lua")
        assert.equal(78, code)
        assert.is_true(#cjson.decode(out).problems >= 4)
    end)

    it("that is nowhere is named", function()
        env.TOKENG_CONFIG = dir .. "/no.lua"
        local code, _, err = tokeng({ env = env }, "check")
        assert.equal(78, code)
        assert.truthy(err:find(dir .. "/no.lua", 1, true), err)
    end)
end)

describe("an engine", function()
    local issuer, subject

    local function cli(...) return subject:cli(...) end

    local function json(...)
        local code, out, err = cli(...)
        assert.equal("", err)
        assert.equal(0, code)
        assert.truthy(out:find("^[^\n]+\n$"), out)
        return cjson.decode(out)
    end

    setup(function()
        issuer = fake.start("--life", "1h")
        subject = engine.start { config = CONFIG:format(issuer.url,
            issuer.url), env = { GOOD = "fake-secret", BAD = "wrong" } }
    end)

    it("gives the bare token, its header, and all about it", function()
        local all = json("get", "crm/client", "--json")
        assert.equal("crm/client", all.key)
        assert.equal("fresh", all.state)
        local code, out, err = cli("get", "crm/client")
        assert.equal(0, code)
        assert.equal(all.token .. "\n", out)
        assert.equal("", err)
        code, out = cli("get", "crm/client", "--header")
        assert.equal(0, code)
        assert.equal("Authorization: Bearer " .. all.token .. "\n", out)
        -- --dir and --socket find it without the environment.
        for _, way in ipairs({ "--socket=" .. subject.socket,
            "--dir=" .. subject.dir .. "/run" }) do
            code, out = tokeng({ env = { RUNTIME_DIRECTORY = "/nowhere" } },
                "get", "crm/client", way)
            assert.equal(0, code)
            assert.equal(all.token .. "\n", out)
        end
    end)

    it("says why there is no token, and exits with 1", function()
        for key, reason in pairs({ ["hr/client"] = "source hr gave no token",
            ["crm/clinet"] = "did you mean client?",
            ["nope/client"] = "no source nope" }) do
            local code, out, err = cli("get", key)
            assert.equal(1, code)
            assert.equal("", out)
            assert.truthy(err:find("^tokeng: [^\n]+\n$"), err)
            assert.truthy(err:find(reason, 1, true), err)
            assert.falsy(err:find("wrong", 1, true), err)
        end
    end)

    it("lists its keys within 80 columns", function()
        assert.equal(0, (cli("get", "crm/client/read")))
        local code, out, err = cli("list")
        assert.equal(0, code)
        assert.equal("", err)
        assert_width(out, 80)
        assert.truthy(out:find("^KEY +STATE +GEN +LEFT +NEXT +WHY +USES\n"),
            out)
        assert.truthy(out:find("\ncrm/client +fresh +%d+ +%d+[hm]"), out)
        assert.truthy(out:find("\ncrm/client/read +fresh "), out)
        assert.truthy(out:find("\nhr/client +lapsed +0 +%- "), out)
        assert.truthy(out:find("\n3 keys: 2 fresh, 1 lapsed; hits %d+, cold "
            .. "%d+, failed %d+\n$"), out)
        assert.falsy(out:find("\27", 1, true), "colours without a terminal")
    end)

    it("lists some of its keys, and all as JSON", function()
        local _, out = cli("list", "--source", "hr", "--state=lapsed")
        assert.truthy(out:find("\n1 key: 1 lapsed; ", 1, true), out)
        assert.falsy(out:find("crm", 1, true), out)
        local all = json("list", "--json")
        assert.equal(3, #all.tokens)
        assert.equal("crm/client", all.tokens[1].key)
        assert.equal(3, all.total)
        assert.equal(3, #all.sources)
        assert.equal(64, (cli("list", "--state", "tired")))
        assert.equal(1, (cli("list", "--source", "nope")))
    end)

    it("is watched, on a terminal in place and with colours", function()
        local code, out = cli("list", "--watch", "--seconds", "1",
            "--interval", "400ms")
        assert.equal(0, code)
        local _, rounds = out:gsub("KEY +STATE", "")
        assert.is_true(rounds >= 2, out)
        local terminal = io.open("/dev/ptmx", "r+")
        if not terminal then
            print("no pseudo-terminal here: is /dev/pts mounted?")
            return
        end
        terminal:close()
        local env = { TERM = "xterm", NO_COLOR = false }
        for name, value in pairs(subject.env) do env[name] = value end
        local command = ("stty cols 60 rows 10; '%s' list --watch "
            .. "--seconds 0"):format(engine.program())
        local function on_terminal()
            return select(2, process.run { path = "script",
                args = { "-qec", command, "/dev/null" }, env = env })
        end
        out = on_terminal():gsub("\r", "")
        assert.truthy(out:find("\27[H\27[J", 1, true), out)
        assert.truthy(out:find("\27[32mfresh\27[0m", 1, true), out)
        assert_width(out:gsub("\27%[[%d;]*%a", ""), 60)
        env.NO_COLOR = "1"
        assert.falsy(on_terminal():find("\27[32m", 1, true))
    end)

    it("explains a key", function()
        local code, out, err = cli("explain", "crm/client")
        assert.equal(0, code)
        assert.equal("", err)
        assert_width(out, 80)
        assert.truthy(out:find("^crm/client is fresh\n"), out)
        assert.truthy(out:find("\n  token    %d+[hm][^\n]* left of 1h, "), out)
        assert.truthy(out:find("\n  policy   threshold says renew in %d+m"),
            out)
        assert.truthy(out:find("\n  next     renew in %d+m"), out)
        assert.equal("threshold", json("explain", "crm/client",
            "--json").policy.name)
        assert.equal(1, (cli("explain", "nope/client")))
    end)

    it("renews when it is told to", function()
        local before = json("get", "crm/client", "--json")
        local code, out = cli("refresh", "crm/client")
        assert.equal(0, code)
        assert.truthy(out:find("^[^\n]+\n$"), out)
        wait.wait_until(function()
            return json("get", "crm/client", "--json").generation
                > before.generation
        end, 10, "a newer generation")
    end)

    it("takes a report by generation or by token", function()
        local before = json("get", "crm/client", "--json")
        local code = cli("reject", "crm/client", "--generation",
            ("%d"):format(before.generation))
        assert.equal(0, code)
        local after = json("get", "crm/client", "--json", "--newer-than",
            ("%d"):format(before.generation))
        assert.is_true(after.generation > before.generation)
        code = tokeng({ env = subject.env, input = after.token .. "\n" },
            "reject", "crm/client", "--token-stdin")
        assert.equal(0, code)
        local last = json("get", "crm/client", "--json", "--newer-than",
            ("%d"):format(after.generation))
        assert.not_equal(after.token, last.token)
        assert.equal(64, (cli("reject", "crm/client")))
        assert.equal(64, (cli("reject", "crm/client", last.token)))
    end)

    it("pauses a source and lets it go on", function()
        assert.equal(0, (cli("pause", "far")))
        local code, out, err = cli("get", "far/client")
        assert.equal(1, code)
        assert.equal("", out)
        assert.truthy(err:find("paused", 1, true), err)
        assert.is_true(json("pause", "far", "--json").paused)
        assert.is_false(json("resume", "far", "--json").paused)
        assert.equal(1, (cli("pause", "nope")))
        assert.equal(64, (cli("pause", "../reload")))
    end)

    it("reloads, and keeps the old configuration if the new is broken",
        function()
            local config = tmp.read(subject.dir .. "/tokeng.lua")
            subject:write_config("return { sources = { crm = {} } }")
            local code, out, err = cli("reload")
            assert.equal(78, code)
            assert.equal("", out)
            assert.truthy(err:find("tokeng: sources.crm: provider ", 1, true),
                err)
            assert.equal(0, (cli("get", "crm/client")))
            subject:write_config(config)
            assert.equal(0, (cli("reload")))
            assert.equal(0, (cli("get", "crm/client")))
        end)

    it("is one per runtime directory", function()
        local code, out, err = tokeng({ env = subject.env }, "run", "-c",
            subject.dir .. "/tokeng.lua")
        assert.equal(75, code)
        assert.equal("", out)
        assert.equal(("tokeng: another engine (pid %d) runs in %s: stop it, or "
            .. "give this one a directory of its own with --dir DIR\n"):format(
            subject.process.pid, subject.dir .. "/run"), err)
        assert.equal(0, (cli("get", "crm/client")))
    end)

    it("is checked without being asked", function()
        local code, out, err = tokeng({ env = subject.env }, "check", "-c",
            subject.dir .. "/tokeng.lua")
        assert.equal("", err)
        assert.equal(0, code)
        assert_width(out, 80)
        assert.truthy(out:find("\ncrm +oauth2 +client +threshold +1s +1 +at "
            .. "any time\n"), out)
        assert.truthy(out:find("\nkept: crm/client\n", 1, true), out)
        assert.truthy(out:find(" is good: 3 sources\n$"), out)
        code, out = tokeng({ env = subject.env }, "check", "--json", "-c",
            subject.dir .. "/tokeng.lua")
        assert.equal(0, code)
        local about = cjson.decode(out)
        assert.equal(3, #about.sources)
        assert.equal(0, #about.problems)
    end)

    it("that died leaves a socket that the next one replaces", function()
        subject:kill()
        assert.equal(75, (cli("list")))
        subject = engine.start { config = CONFIG:format(issuer.url,
            issuer.url), dir = subject.dir,
            env = { GOOD = "fake-secret", BAD = "wrong" } }
        assert.equal(0, (cli("list")))
    end)

    it("ends in order, and so does the fake issuer", function()
        subject:stop()
        issuer:stop()
        assert.equal(75, (cli("list")))
    end)
end)
