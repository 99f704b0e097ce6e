-- tls.lua - TLS in front of a plain server, with a certificate of its own.
local process = require "support.process"
local tmp = require "support.tmp"

local tls = {}

-- Returns its address, the file of its authority, and the process.
function tls.start(port)
    local dir = tmp.dir()
    local key, cert = dir .. "/key", dir .. "/cert"
    local code, _, err = process.run { path = "openssl", args = { "req",
        "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost" } }
    assert(code == 0, err)
    local front = process.start { path = "node",
        args = { "tests/e2e/support/tls.mjs", key, cert, port } }
    local line = front:wait_line("listening on ", 30)
    return line:match("https://%S+"), cert, front
end

return tls
