-- tls_spec.lua - an issuer whose TLS is not in order gets no secret: that is a
-- refresh that failed with "tls", and a good certificate is all that it takes.
local engine = require "support.engine"
local process = require "support.process"
local tmp = require "support.tmp"

local DAY = 24 * 3600

-- The certificate's host, when it ends (days from now), whether the file of
-- trusted ones holds another, the version of TLS, and what a caller is told.
local CASES = {
    good = { version = "TLSv1.3" },
    older = { version = "TLSv1.2" },
    expired = { host = "IP:127.0.0.1", ends = -1, says = "has expired" },
    other_name = { host = "DNS:other.example", says = "is another host's" },
    unknown = { is_stranger = true, says = "self%-signed" },
    too_old = { version = "TLSv1.1", says = "handshake failed" },
}

local SOURCE = [[
  %s = { provider = "oauth2", token_url = "https://127.0.0.1:%s/token",
    client_id = "c", client_secret = secret.env "TLS_SECRET",
    max_keys = 1, ca_file = "%s" },
]]

local function make_certificate(dir, name, case)
    local ends = os.date("!%y%m%d%H%M%SZ", os.time() + (case.ends or 1) * DAY)
    local begins = os.date("!%y%m%d%H%M%SZ", os.time() - 2 * DAY)
    local path = dir .. "/" .. name
    tmp.write(path .. ".conf", ([[
[ca]
default_ca = own
[own]
database = %s.index
new_certs_dir = %s
default_md = sha256
policy = any
rand_serial = yes
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical, CA:true
subjectAltName = %s
]]):format(path, dir, case.host or "IP:127.0.0.1"))
    tmp.write(path .. ".index", "")
    local command = ([[openssl req -newkey rsa:2048 -nodes -subj /CN=%s
        -keyout %s.key -out %s.csr 2>&1 && openssl ca -selfsign -batch -notext
        -config %s.conf -keyfile %s.key -in %s.csr -out %s.pem -startdate %s
        -enddate %s 2>&1]]):format(name, path, path, path, path, path, path,
        begins, ends):gsub("\n", " ")
    local pipe = assert(io.popen(command))
    local said = pipe:read("a")
    assert(pipe:close(), said)
    return path
end

describe("an issuer's TLS", function()
    local subject

    setup(function()
        local dir, sources = tmp.dir(), {}
        local stranger = make_certificate(dir, "stranger", {})
        for name, case in pairs(CASES) do
            local path = make_certificate(dir, name, case)
            case.server = process.start { path = "node", args = {
                "tests/e2e/support/tls_issuer.mjs", path .. ".pem",
                path .. ".key",
                case.version or "TLSv1.3" } }
            local port = case.server:wait_line("listening on ", 20)
                :match("%d+")
            sources[#sources + 1] = SOURCE:format(name, port,
                (case.is_stranger and stranger or path) .. ".pem")
        end
        subject = engine.start { config = "return { sources = {"
            .. table.concat(sources) .. "} }",
            env = { TLS_SECRET = "canary-secret" } }
    end)

    teardown(function() subject:stop() end)

    for name, case in pairs(CASES) do
        it((case.says and "gives no token: " or "gives one: ") .. name,
            function()
                local answer, status = subject:token(name .. "/client",
                    "wait=9s")
                assert.equal(case.says and 503 or 200, status)
                if not case.says then return end
                assert.equal("transient", answer.class)
                assert.equal("tls", answer.issuer_code)
                assert.truthy(answer.detail:find(case.says), answer.detail)
            end)
    end
end)
