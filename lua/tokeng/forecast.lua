-- forecast.lua - how likely it is that somebody uses a key.
--
-- Two steps. Habit: the key's own profile says on what share of such days it
-- was used in each half hour; that makes expected uses. Experience: of all
-- moments of the last days at which a key had been idle this long and its habit
-- promised this much, at how many was it used in time? This counts over all
-- keys of the policy, so that a new key gains from what the others have shown,
-- and corrects what habits cannot know: a key that should have been used hours
-- ago is on holiday, one that was used a minute ago is at work.
--
-- Experience is plain data and lives in `policy.state`.
local forecast = {}

local SLOTS = 48           -- half hours of a day, as the profile has them
local SLOT = 1800
local HOUR = 3600
local DAY = 86400
local SURE = 0.98          -- how far habits are believed; none is certain
-- What habit promised for the last hour and has not come yet may still come:
-- so much of it is expected now.
local LATE, LATE_SHARE = HOUR, 0.25
-- Experience: steps of idle time and of habit, and how many moments of a cell
-- count; then all count half, so that what has changed is learned.
local IDLE_STEPS, HABIT_STEPS = 16, 16
local CELL_MAX = 4000
-- How many moments of its own a cell needs to be believed over its neighbours,
-- and these over habit.
local CELL_WEIGHT, HABIT_WEIGHT = 8, 3

local exp, log, sqrt, floor, min = math.exp, math.log, math.sqrt, math.floor,
    math.min

-- Habit: uses in `seconds` from `hour` on, of the key's own clock. Past
-- midnight it is tomorrow, which may be another kind of day.
local function promised(token, profile, weekend, hour, seconds)
    local left, sum = min(seconds, DAY) / HOUR, 0
    local part = 0.5 - hour % 0.5
    while left > 0 do
        if hour >= 24 then
            hour, weekend = hour - 24, forecast.is_weekend_tomorrow(token)
        end
        if part > left then part = left end
        local share = profile(hour, weekend)
        if share > 0 then sum = sum - log(1 - SURE * share) * part end
        hour, left, part = hour + part, left - part, 0.5
    end
    return (seconds > DAY and seconds / DAY or 1) * 2 * sum
end

-- The key's own clock is ahead of the local one: its day may be the next.
function forecast.is_weekend_tomorrow(token)
    local today = clock.day
    if token.hour < clock.hour then today = today % 7 + 1 end
    return today == 5 or today == 6
end

-- Uses to expect within `seconds`. A key that is in its first day has no
-- habits: it goes on as in the last hour, for a while.
function forecast.uses(token, seconds)
    if token.idle_before == math.huge then
        return token.rate * exp(-token.idle / HOUR) * seconds / HOUR
    end
    return promised(token, token.profile, token.weekend, token.hour, seconds)
end

local function habit_of(token, idle)
    if token.idle_before == math.huge then
        return 1 - exp(-forecast.uses(token, token.life))
    end
    local profile, weekend, hour = token.profile, token.weekend, token.hour
    local late = idle < LATE and idle or LATE
    return 1 - exp(-promised(token, profile, weekend, hour, token.life)
        - LATE_SHARE * promised(token, profile, weekend, hour - late / HOUR,
            late))
end

local function habit_step(habit)
    return floor(sqrt(habit) * (HABIT_STEPS - 0.01)) + 1
end

local function cell_of(idle, step)
    local row = min(floor(log(1 + idle / SLOT, 2) * 2), IDLE_STEPS - 1)
    return row * HABIT_STEPS + step
end

local function zeros(count)
    local list = {}
    for i = 1, count do list[i] = 0 end
    return list
end

-- An empty experience: moments seen, and those of them that a use followed, by
-- cell and by step of habit.
function forecast.experience()
    local cells = IDLE_STEPS * HABIT_STEPS
    return { seen = zeros(cells), used = zeros(cells),
        seen_of_step = zeros(HABIT_STEPS), used_of_step = zeros(HABIT_STEPS) }
end

-- How likely the key is to be used within one life of its token, 0 to 1.
function forecast.chance(experience, token)
    local idle = token.idle
    local habit = habit_of(token, idle)
    local step = habit_step(habit)
    local cell = cell_of(idle, step)
    local usual = (experience.used_of_step[step] + HABIT_WEIGHT * habit)
        / (experience.seen_of_step[step] + HABIT_WEIGHT)
    return (experience.used[cell] + CELL_WEIGHT * usual)
        / (experience.seen[cell] + CELL_WEIGHT)
end

-- Is a refresh now worth its call? `worth` is the least chance that is. Until
-- its end is near a token is there anyway; an ended one is worth fetching only
-- when waiting for the next look, `until_next` seconds, would risk more than
-- the part of a life that waiting saves.
function forecast.is_wanted(experience, token, worth, until_next)
    if token.remaining == 0 and 1 - exp(-forecast.uses(token, until_next))
        < worth * until_next / token.life then
        return false
    end
    return forecast.chance(experience, token) >= worth
end

-- Seconds to the moment before the next half hour of the key's own clock, from
-- which on habit may say something else; `ahead` of it.
function forecast.next_look(token, ahead)
    local left = SLOT - token.hour * HOUR % SLOT - ahead
    return left > 0 and left or left + SLOT
end

local function count(seen, used, at, was_used)
    if seen[at] >= CELL_MAX then
        seen[at], used[at] = seen[at] / 2, used[at] / 2
    end
    seen[at] = seen[at] + 1
    if was_used then used[at] = used[at] + 1 end
end

-- Sums of what habit promised up to each half hour of the day that has ended,
-- and the next half hour with a use; these lists are used again and again.
local sums, next_use = {}, {}

local function read_day(token)
    local profile, today, weekend = token.profile, token.today, token.weekend
    local sum, next_at = 0, SLOTS * 2
    for slot = 0, SLOTS - 1 do
        sums[slot] = sum
        sum = sum - log(1 - SURE * profile(slot / 2, weekend))
    end
    sums[SLOTS] = sum
    for slot = SLOTS - 1, 0, -1 do
        if today(slot / 2) then next_at = slot end
        next_use[slot] = next_at
    end
end

-- For learn(token, "day"): takes the moments of the key's day into account
-- whose outcome the day has shown.
function forecast.learn(experience, token)
    if token.idle_before == math.huge then return end
    local span = floor(token.life / SLOT + 0.5)
    if span < 1 then span = 1 end
    local idle = token.idle_before / SLOT
    read_day(token)
    for slot = 0, SLOTS - span do
        local late = min(idle, LATE / SLOT, slot)
        late = sums[slot] - sums[slot - floor(late)]
        local step = habit_step(1 - exp(sums[slot] - sums[slot + span]
            - LATE_SHARE * late))
        local was_used = next_use[slot] < slot + span
        count(experience.seen, experience.used,
            cell_of(idle * SLOT, step), was_used)
        count(experience.seen_of_step, experience.used_of_step, step,
            was_used)
        idle = next_use[slot] == slot and 0.5 or idle + 1
    end
end

return forecast
