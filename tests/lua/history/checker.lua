-- checker.lua - does a history of calls keep tokeng's promises?
--
-- A history is what callers and the issuer saw, each by itself, on one clock
-- (seconds; any start). Nothing in it comes from the engine's own account.
--
-- history.calls, in any order, each { began, ended, key, wait } and what was
-- asked: newer_than, min_ttl; and what came of it: status (nil: the caller
-- went away), token, generation, expires_in, code.
-- history.rejects: { began, ended, key, generation }
-- history.issuer: { began, ended, key, token, ends, repeated, cancelled }, a
-- call without a token being one that failed; is_again: the connection was cut
-- and the same call came again.
-- history.withdrawn: { at, key }: from here on the engine may have nothing.
-- history.limits: { half, grace, per_second, quota_of }: half a token's life,
-- what a busy machine may add to a wait, and the calls a second for keys whose
-- names begin with quota_of.
--
-- Each rule returns the sentences of what broke it.
local checker = {}

-- What the two ends of a connection may see at different times.
local SLACK = 0.1

local function say(list, format, ...)
    list[#list + 1] = format:format(...)
end

local function by_key(list)
    local keys = {}
    for _, item in ipairs(list) do
        keys[item.key] = keys[item.key] or {}
        table.insert(keys[item.key], item)
    end
    for _, items in pairs(keys) do
        table.sort(items, function(a, b) return a.began < b.began end)
    end
    return keys
end

local function issued_by_token(history)
    local issued = {}
    for _, call in ipairs(history.issuer) do
        if call.token and not (issued[call.token] and call.repeated) then
            issued[call.token] = issued[call.token] or call
        end
    end
    return issued
end

local function answered(history)
    local list = {}
    for _, call in ipairs(history.calls) do
        if call.status == 200 then list[#list + 1] = call end
    end
    return list
end

-- Of one key at most one issuer call is under way.
function checker.single_flight(history)
    local broken = {}
    for key, calls in pairs(by_key(history.issuer)) do
        local last
        for _, call in ipairs(calls) do
            if last and call.began < last.ended - SLACK then
                say(broken, "%s: an issuer call at %.3f while one ran from "
                    .. "%.3f to %.3f", key, call.began, last.began, last.ended)
            end
            if not last or call.ended > last.ended then last = call end
        end
    end
    return broken
end

-- No token is handed out after its end, by the issuer's own clock, nor with
-- more life than it has.
function checker.no_dead_token(history)
    local broken, issued = {}, issued_by_token(history)
    for _, call in ipairs(answered(history)) do
        local from = issued[call.token]
        if from and call.began > from.ends then
            say(broken, "%s: handed out at %.3f a token that ended at %.3f",
                call.key, call.began, from.ends)
        elseif from and call.expires_in
            and call.began + call.expires_in > from.ends + SLACK then
            say(broken, "%s: at %.3f said %.3f s were left of a token that "
                .. "ends at %.3f", call.key, call.began, call.expires_in,
                from.ends)
        end
    end
    return broken
end

-- No token that the issuer did not give for this very key.
function checker.no_foreign_token(history)
    local broken, issued = {}, issued_by_token(history)
    for _, call in ipairs(answered(history)) do
        local from = issued[call.token]
        if not from then
            say(broken, "%s: a token that was never issued", call.key)
        elseif from.key ~= call.key then
            say(broken, "%s: a token of %s", call.key, from.key)
        end
    end
    return broken
end

-- Who asks after another was answered never gets an older generation.
function checker.generations_grow(history)
    local broken = {}
    for key, calls in pairs(by_key(answered(history))) do
        local ends = { table.unpack(calls) }
        table.sort(ends, function(a, b) return a.ended < b.ended end)
        local newest, at = 0, 1
        for _, call in ipairs(calls) do
            while ends[at] and ends[at].ended < call.began do
                newest = math.max(newest, ends[at].generation)
                at = at + 1
            end
            if call.generation < newest then
                say(broken, "%s: generation %d at %.3f after %d", key,
                    call.generation, call.began, newest)
            end
        end
    end
    return broken
end

local function was_withdrawn(history, key, from, to)
    for _, event in ipairs(history.withdrawn) do
        if event.key == key and event.at > from - SLACK
            and event.at < to + SLACK then
            return true
        end
    end
    return false
end

-- A generation is one token; a token is one generation, until it is withdrawn
-- and the issuer gives it again.
function checker.generation_is_token(history)
    local broken, tokens, firsts = {}, {}, {}
    for _, call in ipairs(answered(history)) do
        local name = call.key .. "#" .. call.generation
        local first = firsts[call.token] or call
        if (tokens[name] or call.token) ~= call.token then
            say(broken, "%s: two tokens of generation %d", call.key,
                call.generation)
        end
        if first.generation ~= call.generation
            and not was_withdrawn(history, call.key,
                math.min(first.began, call.began),
                math.max(first.ended, call.ended)) then
            say(broken, "%s: one token in generations %d and %d", call.key,
                first.generation, call.generation)
        end
        tokens[name] = call.token
        firsts[call.token] = first
    end
    return broken
end

-- Every caller is answered when his wait is over. Timed, because that is the
-- promise; the grace is what a busy machine may add.
function checker.waits_end(history)
    local broken = {}
    for _, call in ipairs(history.calls) do
        local took = call.ended - call.began
        if call.status and took > call.wait + history.limits.grace then
            say(broken, "%s: waited %.3f s, not %.3f", call.key, took,
                call.wait)
        end
    end
    return broken
end

-- The tokens that were given under each key, with the moment at which the first
-- who got one had it.
local function first_given(history)
    local keys, seen = {}, {}
    for _, call in ipairs(answered(history)) do
        local had = seen[call.token]
        if not had then
            had = { token = call.token, at = call.ended }
            seen[call.token] = had
            keys[call.key] = keys[call.key] or {}
            table.insert(keys[call.key], had)
        end
        had.at = math.min(had.at, call.ended)
    end
    return keys
end

-- While a token that somebody was given before is good, nobody is refused one.
function checker.good_token_stays(history)
    local broken, issued = {}, issued_by_token(history)
    local given = first_given(history)
    for _, call in ipairs(history.calls) do
        local is_refused = call.status and call.status ~= 200
            and not call.newer_than and not call.min_ttl
        for _, had in ipairs(is_refused and given[call.key] or {}) do
            local from = issued[had.token]
            if had.at < call.began and from
                and from.ends > call.ended + SLACK
                and not was_withdrawn(history, call.key, from.began,
                    call.ended) then
                say(broken, "%s: refused (%s) at %.3f although a token of "
                    .. "before is good until %.3f", call.key,
                    tostring(call.code), call.began, from.ends)
                break
            end
        end
    end
    return broken
end

-- Who says which generation did not do gets a newer one, or none.
function checker.newer_is_newer(history)
    local broken = {}
    for _, call in ipairs(answered(history)) do
        if call.newer_than and call.generation <= call.newer_than then
            say(broken, "%s: generation %d for one that wanted newer than %d",
                call.key, call.generation, call.newer_than)
        end
    end
    return broken
end

-- A token is replaced before half of its life only when somebody said that it
-- does not do, or it was withdrawn, or nobody had got it.
function checker.renewed_in_time(history)
    local broken, generations, blamed = {}, {}, {}
    for _, call in ipairs(answered(history)) do
        generations[call.token] = call.generation
        if call.newer_than then
            blamed[call.key .. "#" .. call.newer_than] = true
        end
    end
    for _, call in ipairs(history.calls) do
        if call.newer_than then
            blamed[call.key .. "#" .. call.newer_than] = true
        end
    end
    for _, reject in ipairs(history.rejects) do
        blamed[reject.key .. "#" .. reject.generation] = true
    end
    for key, calls in pairs(by_key(history.issuer)) do
        local last
        for _, call in ipairs(calls) do
            local generation = last and generations[last.token]
            if call.token and not call.repeated then
                if generation
                    and call.began < last.began + history.limits.half - SLACK
                    and not blamed[key .. "#" .. generation]
                    and not was_withdrawn(history, key, last.began,
                        call.began) then
                    say(broken, "%s: renewed at %.3f a token of %.3f that "
                        .. "nobody complained about", key, call.began,
                        last.began)
                end
                last = call
            end
        end
    end
    return broken
end

-- The issuer is called no more often than the quota says, over three seconds:
-- a witness on a busy machine may be a second late to see a call.
local QUOTA_SECONDS, LATE_SECONDS = 3, 1

function checker.within_quota(history)
    local broken, times = {}, {}
    local most = history.limits.per_second * (QUOTA_SECONDS + LATE_SECONDS)
    for _, call in ipairs(history.issuer) do
        if not call.is_again
            and call.key:sub(1, #history.limits.quota_of)
                == history.limits.quota_of then
            times[#times + 1] = call.began
        end
    end
    table.sort(times)
    for i = most + 1, #times do
        if times[i] - times[i - most] < QUOTA_SECONDS then
            say(broken, "%d issuer calls between %.3f and %.3f", most + 1,
                times[i - most], times[i])
        end
    end
    return broken
end

checker.rules = { "single_flight", "no_dead_token", "no_foreign_token",
    "generations_grow", "generation_is_token", "waits_end",
    "good_token_stays", "newer_is_newer", "renewed_in_time", "within_quota" }

-- All that is broken: rule name -> sentences; and how many.
function checker.check(history)
    local broken, count = {}, 0
    for _, rule in ipairs(checker.rules) do
        local sentences = checker[rule](history)
        if #sentences > 0 then broken[rule] = sentences end
        count = count + #sentences
    end
    return broken, count
end

return checker
