-- answers.lua - what an issuer may answer to a question for a token, as bytes
-- on the wire, and what tokeng has to make of each.
--
-- An answer: name; bytes; after ("close" by default, "hang", "reset", or a
-- text that is sent again and again); class and code of the failure that it
-- is, or life, the seconds of a good token. `each` makes one for a provider
-- from these words of it:
--   body(token, life)  the text of a good answer, with that life in JSON
--   unreadable         the code of a body that is no answer
--   fail(status)       class and code of an HTTP status alone
local answers = {}

local BODY_MAX = 64 * 1024
local TOKEN_MAX = 16384
local TOKEN = "canary-token-bad"

local providers = {}

providers.oauth2 = {
    body = function(token, life)
        return ('{"access_token":%s,"token_type":"Bearer","expires_in":%s}')
            :format(token, life or "7200")
    end,
    life_name = "expires_in", token_name = "access_token",
    life_default = 3600,
    unreadable = "malformed_answer", empty = "empty_answer",
    fail = function(status)
        local class = "config"
        if status == 429 then class = "rate" end
        if status == 408 or status >= 500 then class = "transient" end
        if status == 401 then class = "credential" end
        return class, "http_" .. status
    end,
}

providers.feishu = {
    body = function(token, life)
        return ('{"code":0,"msg":"ok","tenant_access_token":%s,"expire":%s}')
            :format(token, life or "7200")
    end,
    life_name = "expire", token_name = "tenant_access_token",
    life_default = 300,
    unreadable = "http_200", empty = "http_200",
    fail = function(status)
        return status == 429 and "rate" or "transient", "http_" .. status
    end,
}

local function quote(text)
    return '"' .. text .. '"'
end

-- An HTTP/1.1 answer; `head` are more lines of its head.
function answers.http(status, body, head)
    return ("HTTP/1.1 %d Said\r\nContent-Type: application/json\r\n"
        .. "%sContent-Length: %d\r\n\r\n%s"):format(status, head or "", #body,
        body)
end

-- A good answer of the provider with a token.
function answers.good(provider, token)
    return answers.http(200, providers[provider].body(quote(token)))
end

local function add_bodies(add, p)
    local good = p.body(quote(TOKEN))
    local function unreadable(name, body)
        add { name = "body " .. name, bytes = answers.http(200, body),
            class = "transient", code = p.unreadable }
    end
    for cut = 1, #good - 1 do
        unreadable("cut after " .. cut, good:sub(1, cut))
    end
    for name, body in pairs {
        ["of one byte"] = "x", ["HTML"] = "<html><body>Bad day</body></html>",
        ["a number"] = "7200", ["a text"] = quote(TOKEN), ["null"] = "null",
        ["with trailing garbage"] = good .. "x",
        ["twice"] = good .. good, ["with a NUL"] = good .. "\0",
        ["in UTF-16"] = good:gsub(".", "%0\0"),
        ["with a byte order mark"] = "\xEF\xBB\xBF" .. good,
        ["with a control byte in a text"] = p.body('"a\nb"'),
        ["with bad UTF-8"] = p.body('"\xC3\x28"'),
        ["with overlong UTF-8"] = p.body('"\xC0\xAF"'),
        ["with half a surrogate"] = p.body('"\\ud800"'),
        ["with an escaped NUL"] = p.body('"canary-token\\u0000x"'),
        ["with an unknown escape"] = p.body('"\\x41"'),
        ["with single quotes"] = good:gsub('"', "'"),
        ["with a comment"] = "/* */" .. good,
        ["with a comma too many"] = good:sub(1, -2) .. ",}",
        ["compressed"] = "\x1f\x8b\8\0\0\0\0\0\0\3\xab\x56\x4a\4\0",
        ["60,000 deep"] = ("["):rep(60000),
        ["13,000 objects deep"] = ('{"a":'):rep(13000),
        ["33 deep beside a good token"] = good:sub(1, -2) .. ',"x":'
            .. ("["):rep(32) .. ("]"):rep(32) .. "}",
        ["with its token twice"] = good:sub(1, -2) .. "," .. quote(p.token_name)
            .. ":" .. quote(TOKEN) .. "}",
        ["with its life twice"] = good:sub(1, -2) .. "," .. quote(p.life_name)
            .. ":1}",
    } do unreadable(name, body) end
    add { name = "body empty", bytes = answers.http(200, ""),
        class = "transient", code = p.empty }
end

local function add_tokens(add, p)
    local function token(name, json, code)
        add { name = "token " .. name, class = "transient", code = code,
            bytes = answers.http(200, p.body(json)) }
    end
    for name, json in pairs { null = "null", ["true"] = "true",
        ["false"] = "false", ["a number"] = "7", ["a list"] = '["a"]',
        ["an object"] = '{"a":"b"}', ["an empty list"] = "[]" } do
        token(name, json, "no_token")
    end
    for name, text in pairs { empty = "", ["of a space"] = " ",
        ["with a space"] = TOKEN .. " x", ["of 16385 bytes"] =
        ("t"):rep(TOKEN_MAX + 1), ["with a line break"] = TOKEN
        .. "\\r\\nX-Evil: 1", ["with a tab"] = "a\\tb", ["with DEL"] = "a\x7f",
        ["beyond ASCII"] = "caf\xC3\xA9", ["with a BOM"] = "\xEF\xBB\xBFx",
        } do
        token(name, quote(text), "malformed_token")
    end
    local absent = p.body(quote(TOKEN)):gsub(p.token_name, "tocken")
    add { name = "token absent", bytes = answers.http(200, absent),
        class = "transient", code = "no_token" }
    absent = p.body(quote(TOKEN)):gsub(p.token_name, p.token_name:upper())
    add { name = "token in capitals", bytes = answers.http(200, absent),
        class = "transient", code = "no_token" }
end

local function add_lives(add, p)
    local function life(name, json, seconds)
        add { name = "life " .. name, life = seconds,
            token = true, json = json }
    end
    for _, json in ipairs { "0", "-1", "-7200", "-1e308", "0.5", "-0.0",
        "1e-300", '"0"', "-9223372036854775808" } do
        add { name = "life " .. json, class = "transient",
            code = "expired_on_arrival",
            bytes = answers.http(200, p.body(quote(TOKEN), json)) }
    end
    for _, json in ipairs { "1e400", "-1e400", "NaN", "Infinity", "+7200",
        "07200", "0x1c20", "7200s", ".5", "7200.", "" } do
        add { name = "life " .. json, class = "transient", code = p.unreadable,
            bytes = answers.http(200, p.body(quote(TOKEN), json)) }
    end
    for _, json in ipairs { "true", '"abc"', '"-5"', '"7200.5"', '""', "[7200]",
        '{"seconds":7200}', "1e308", "9223372036854775807",
        "9223372036854775808", '"99999999999999999999"', "315360001" } do
        life(json, json, 300)
    end
    life("null", "null", p.life_default)
    life("7200.9", "7200.9", 7200)
    life('"7200"', '"7200"', 7200)
    life("7.2e3", "7.2e3", 7200)
end

local STATUSES = { 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403,
    404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418,
    421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503,
    504, 505, 506, 507, 508, 509, 510, 511, 520, 599 }

local function add_statuses(add, p)
    local function status(name, number, body, head)
        local class, code = p.fail(number)
        add { name = ("status %d %s"):format(number, name), class = class,
            code = code, bytes = answers.http(number, body, head) }
    end
    for _, number in ipairs(STATUSES) do
        status("with HTML", number, number == 304 and "" or "<html>no</html>")
        status("without a body", number, "")
        -- A token under an error is none.
        if number ~= 304 then
            status("with a token", number, p.body(quote(TOKEN)))
        end
    end
    for _, number in ipairs { 301, 302, 303, 307, 308 } do
        status("to another host", number, "",
            "Location: http://127.0.0.1:9/steal\r\n")
        status("to itself", number, "", "Location: /\r\n")
    end
end

local function add_frames(add, p)
    local good = answers.http(200, p.body(quote(TOKEN)))
    local function broken(name, bytes, code, after)
        add { name = "frame " .. name, bytes = bytes, class = "transient",
            code = code or "protocol", after = after }
    end
    local chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for cut = 0, #good - 1 do
        broken("cut after " .. cut, good:sub(1, cut))
    end
    for name, bytes in pairs {
        ["of garbage"] = "\1\2\3\255\254 garbage \r\n\r\n",
        ["of TLS"] = "\x15\3\3\0\2\2\x28",
        ["of SSH"] = "SSH-2.0-OpenSSH_9.2\r\n",
        ["HTTP/0.9"] = p.body(quote(TOKEN)),
        ["with two lengths"] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
            .. "Content-Length: 7\r\n\r\nhello",
        ["with a negative length"] = "HTTP/1.1 200 OK\r\n"
            .. "Content-Length: -5\r\n\r\nhello",
        ["chunked with a wrong size"] = chunked .. "zz\r\nhello\r\n0\r\n\r\n",
        ["chunked with a huge size"] = chunked .. ("f"):rep(40) .. "\r\nhello",
        ["chunked without an end"] = chunked .. "5\r\nhello\r\n",
        ["chunked with a lie"] = chunked .. "3\r\nhello\r\n0\r\n\r\n",
    } do broken(name, bytes) end
    broken("reset", "", "protocol", "reset")
    broken("reset in the head", good:sub(1, 30), "protocol", "reset")
    broken("reset in the body", good:sub(1, -5), "protocol", "reset")
    broken("that hangs", "", "timeout", "hang")
    broken("that hangs in the head", good:sub(1, 30), "timeout", "hang")
    broken("that hangs in the body", good:sub(1, -5), "timeout", "hang")
end

local function add_sizes(add, p)
    local endless = "HTTP/1.1 200 OK\r\n"
    local block = ("x"):rep(16384)
    local function large(name, bytes, after)
        add { name = "size " .. name, bytes = bytes, class = "transient",
            code = "too_large", after = after }
    end
    large("of 1 MiB", answers.http(200, ("x"):rep(1 << 20)))
    large("one byte above the limit", answers.http(200, ("x"):rep(BODY_MAX
        + 1)))
    large("100,000 deep", answers.http(200, ("["):rep(100000)))
    large("that says 2^62", endless .. "Content-Length: 4611686018427387904"
        .. "\r\n\r\n", "hang")
    large("without end", endless .. "\r\n", block)
    large("without end, chunked", endless
        .. "Transfer-Encoding: chunked\r\n\r\n", "4000\r\n" .. block .. "\r\n")
    large("of headers without end", endless, "X-More: "
        .. ("x"):rep(1000) .. "\r\n")
    large("of cookies without end", endless, "Set-Cookie: a=b\r\n")
    large("of one header without end", endless .. "X-More: ", block)
    add { name = "size of the largest body", class = "transient",
        code = p.unreadable, bytes = answers.http(200, ("x"):rep(BODY_MAX)) }
end

local function add_good(add, p)
    local function good(name, status, head, token)
        add { name = "odd " .. name, life = 7200, head = head,
            token = token or true, status = status }
    end
    good("with a token of 16384 bytes", 200, "", ("t"):rep(TOKEN_MAX))
    good("of a wrong content type", 200, "Content-Type: text/html\r\n")
    good("with 100 cookies", 200, ("Set-Cookie: a=b\r\n"):rep(100))
    good("with a large header", 200, "X-More: " .. ("x"):rep(8000) .. "\r\n")
    for _, prior in ipairs { "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" } do
        add { name = "odd after " .. prior:match("%d%d%d"), life = 7200,
            token = true, prior = prior }
    end
    if p == providers.oauth2 then good("with 201", 201, "") end
end

local function add_words(add, p)
    local function word(text, class, status, code)
        local body = p == providers.oauth2 and ('{"error":%s}'):format(text)
            or ('{"code":%s,"msg":"no"}'):format(text)
        add { name = ("word %s with %d"):format(text, status), class = class,
            code = code or text:gsub('"', ""),
            bytes = answers.http(status, body) }
    end
    if p == providers.oauth2 then
        for text, class in pairs { invalid_client = "credential",
            invalid_request = "config", invalid_scope = "config",
            unauthorized_client = "config", invalid_grant = "reauthorize",
            unsupported_grant_type = "config", server_error = "transient",
            temporarily_unavailable = "transient" } do
            word(quote(text), class, 200)
            word(quote(text), class, 400)
        end
        word('"slow_down"', "rate", 429)
        word('"line\\r\\nbreak"', "config", 400, "linebreak")
        return
    end
    for text, class in pairs { ["10003"] = "config", ["10005"] = "credential",
        ["10014"] = "credential", ["10015"] = "credential",
        ["10012"] = "ticket", ["2200"] = "transient", ["99991400"] = "rate" } do
        word(text, class, 200)
        word(text, class, 400)
    end
end

-- All answers for "oauth2" or "feishu", in an order that does not change.
function answers.all(name)
    local p, list = assert(providers[name]), {}
    local function add(answer)
        if answer.token then
            answer.bytes = function(token)
                if answer.token ~= true then token = answer.token end
                return (answer.prior or "") .. answers.http(
                    answer.status or 200, p.body(quote(token), answer.json),
                    answer.head)
            end
        end
        list[#list + 1] = answer
    end
    for _, part in ipairs { add_bodies, add_tokens, add_lives, add_statuses,
        add_frames, add_sizes, add_good, add_words } do part(add, p) end
    table.sort(list, function(a, b) return a.name < b.name end)
    return list
end

return answers
