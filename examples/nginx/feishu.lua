-- feishu.lua - gives each request to the API its token, and reports a token
-- that the API does not accept: by status 401, or by a code in a JSON body.
local cjson = require "cjson.safe"
local tokeng = require "resty.tokeng"

local feishu = {}

local KEY = "feishu/tenant"

-- Bodies of errors are short: a longer one is no error.
local BODY_MAX = 4096

-- The codes of Feishu's APIs for an access token that is invalid or over.
local REFUSED = {
    [99991663] = true, [99991664] = true, [99991668] = true,
    [99991671] = true, [99991677] = true,
}

local function attach(options)
    local token, err, info = tokeng.apply(KEY, options)
    if token then
        ngx.var.generation = ("%.0f"):format(info.generation)
        return
    end
    ngx.log(ngx.WARN, "no token for ", KEY, ": ", err, " ", info.detail)
    if info.retry_after then ngx.header["Retry-After"] = info.retry_after end
    return ngx.exit(503)
end

function feishu.attach()
    return attach()
end

function feishu.attach_newer()
    local generation = tonumber(ngx.var.generation)
    tokeng.reject(KEY, generation)
    return attach { newer_than = generation }
end

-- What comes in a JSON answer is looked at on its way; nothing is held back.
function feishu.look_at_head()
    local kind = ngx.header["Content-Type"] or ""
    local length = tonumber(ngx.header["Content-Length"])
    if kind:find("^application/json") and (length or 0) <= BODY_MAX then
        ngx.ctx.seen = ""
    end
end

function feishu.look_at_body()
    local seen = ngx.ctx.seen
    if not seen then return end
    seen = seen .. ngx.arg[1]
    ngx.ctx.seen = #seen <= BODY_MAX and seen or nil
    if not ngx.arg[2] or not ngx.ctx.seen then return end
    local answer = cjson.decode(seen)
    if type(answer) == "table" and REFUSED[answer.code] then
        tokeng.reject(KEY, tonumber(ngx.var.generation))
    end
end

return feishu
