#include "script/unit_view.h"

#include "script/facade.h"

#include <lauxlib.h>
#include <math.h>

enum field {
    AGE = 1,
    FAILURES,
    GENERATION,
    HOUR,
    IDLE,
    IDLE_BEFORE,
    KEY,
    KIND,
    LIFE,
    PROFILE,
    RATE,
    REMAINING,
    RENEWABLE_IN,
    SOURCE,
    STATE,
    SUBJECT,
    TODAY,
    USES,
    WEEKEND,
};

static const char *const field_names[] = {
    [AGE] = "age",
    [FAILURES] = "failures",
    [GENERATION] = "generation",
    [HOUR] = "hour",
    [IDLE] = "idle",
    [IDLE_BEFORE] = "idle_before",
    [KEY] = "key",
    [KIND] = "kind",
    [LIFE] = "life",
    [PROFILE] = "profile",
    [RATE] = "rate",
    [REMAINING] = "remaining",
    [RENEWABLE_IN] = "renewable_in",
    [SOURCE] = "source",
    [STATE] = "state",
    [SUBJECT] = "subject",
    [TODAY] = "today",
    [USES] = "uses",
    [WEEKEND] = "weekend",
};
enum { FIELDS = sizeof field_names / sizeof field_names[0] };

static const char token_is_gone[] =
    "the token is gone: it may be read inside decide and learn only; copy the "
    "fields that you need";

static void push_seconds(lua_State *L, int64_t ms)
{
    lua_pushnumber(L, (lua_Number)ms / 1000);
}

static void push_text(lua_State *L, struct tk_str text)
{
    lua_pushlstring(L, text.data == NULL ? "" : text.data, text.len);
}

/* --- the demand record --- */

static const struct tk_token_view *view_of(lua_State *L)
{
    const struct tk_unit *unit = lua_touserdata(L, lua_upvalueindex(1));

    if (unit->view == NULL) luaL_error(L, "%s", token_is_gone);
    return unit->view;
}

/* The half hour that an hour is in: any will do, 24 is 0 again. */
static int check_slot(lua_State *L, const char *name)
{
    double hour = lua_tonumber(L, 1);
    int slot;

    if (lua_type(L, 1) != LUA_TNUMBER || !isfinite(hour)) {
        luaL_error(L, "token.%s: the hour must be a number", name);
    }
    if (hour < 0 || hour >= 24) hour = fmod(hour, 24);
    slot = (int)floor(hour * (TK_PROFILE_SLOTS / 24));
    return slot + (slot < 0 ? TK_PROFILE_SLOTS : 0);
}

static int profile(lua_State *L)
{
    const struct tk_token_view *view = view_of(L);
    int slot = check_slot(L, "profile");
    bool weekend = lua_isnoneornil(L, 2)
                       ? tk_profile_is_weekend(view->phase_s, view->local_s)
                       : lua_toboolean(L, 2);

    lua_pushnumber(L, view->profile == NULL
                          ? 0
                          : tk_profile_share(view->profile, slot, weekend));
    return 1;
}

static int today(lua_State *L)
{
    const struct tk_token_view *view = view_of(L);
    int slot = check_slot(L, "today");

    lua_pushboolean(L, view->profile != NULL &&
                           tk_profile_today(view->profile, slot));
    return 1;
}

static int keep_function(lua_State *L, struct tk_unit *unit, lua_CFunction made)
{
    lua_pushlightuserdata(L, unit);
    lua_pushcclosure(L, made, 1);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* --- the token --- */

static void push_habit(lua_State *L, const struct tk_unit *unit,
                       enum field field)
{
    const struct tk_token_view *view = unit->view;

    switch (field) {
    case HOUR:
        lua_pushnumber(L, tk_profile_hour(view->phase_s, view->local_s));
        break;
    case IDLE:
        lua_pushnumber(L, view->idle_ms < 0 ? (lua_Number)HUGE_VAL
                                            : (lua_Number)view->idle_ms / 1000);
        break;
    case IDLE_BEFORE:
        lua_pushnumber(L, view->profile == NULL
                              ? HUGE_VAL
                              : tk_profile_idle_before_s(view->profile));
        break;
    case PROFILE:
        lua_rawgeti(L, LUA_REGISTRYINDEX, unit->profile_ref);
        break;
    case RATE:
        lua_pushnumber(L, view->rate);
        break;
    case TODAY:
        lua_rawgeti(L, LUA_REGISTRYINDEX, unit->today_ref);
        break;
    case USES:
        lua_pushinteger(L, view->uses);
        break;
    default:
        lua_pushboolean(L, tk_profile_is_weekend(view->phase_s, view->local_s));
        break;
    }
}

static void push_name(lua_State *L, const struct tk_token_view *view,
                      enum field field)
{
    switch (field) {
    case KEY:
        push_text(L, view->key);
        break;
    case KIND:
        push_text(L, view->kind);
        break;
    case SOURCE:
        push_text(L, view->source);
        break;
    default:
        if (view->subject.len == 0) {
            lua_pushnil(L);
        } else {
            push_text(L, view->subject);
        }
        break;
    }
}

static bool push_field(lua_State *L, const struct tk_unit *unit, int field)
{
    const struct tk_token_view *view = unit->view;

    if (view == NULL) return false;
    switch ((enum field)field) {
    case AGE:
        push_seconds(L, view->age_ms);
        break;
    case FAILURES:
        lua_pushinteger(L, view->failures);
        break;
    case GENERATION:
        lua_pushinteger(L, view->generation);
        break;
    case LIFE:
        push_seconds(L, view->life_ms);
        break;
    case REMAINING:
        push_seconds(L, view->remaining_ms);
        break;
    case RENEWABLE_IN:
        push_seconds(L, view->renewable_in_ms);
        break;
    case STATE:
        lua_pushstring(L, view->state);
        break;
    case KEY:
    case KIND:
    case SOURCE:
    case SUBJECT:
        push_name(L, view, (enum field)field);
        break;
    default:
        push_habit(L, unit, (enum field)field);
        break;
    }
    return true;
}

/* --- the clock --- */

enum clock_field { CLOCK_DAY = 1, CLOCK_HOUR, CLOCK_MINUTE, CLOCK_WEEKEND };

static const char *const clock_names[] = {
    [CLOCK_DAY] = "day",
    [CLOCK_HOUR] = "hour",
    [CLOCK_MINUTE] = "minute",
    [CLOCK_WEEKEND] = "weekend",
};
enum { CLOCK_FIELDS = sizeof clock_names / sizeof clock_names[0] };

/* Days are numbered from Monday, 1, to Sunday, 7. */
static bool push_clock(lua_State *L, const struct tk_unit *unit, int field)
{
    int64_t minute = unit->local_s / 60;

    if (unit->local_s == TK_UNIT_NO_CLOCK) return false;
    if (unit->local_s < 0) minute = 0;
    switch ((enum clock_field)field) {
    case CLOCK_DAY:
        lua_pushinteger(L, minute / (24 * 60) % 7 + 1);
        break;
    case CLOCK_HOUR:
        lua_pushinteger(L, minute / 60 % 24);
        break;
    case CLOCK_MINUTE:
        lua_pushinteger(L, minute % 60);
        break;
    case CLOCK_WEEKEND:
        lua_pushboolean(L, minute / (24 * 60) % 7 >= 5);
        break;
    }
    return true;
}

void tk_unit_view_setup(lua_State *L, struct tk_unit *unit)
{
    static const struct tk_facade token = {
        .name = "token",
        .fields = field_names,
        .count = FIELDS,
        .push = push_field,
        .gone = token_is_gone,
    };
    static const struct tk_facade clock = {
        .name = "clock",
        .fields = clock_names,
        .count = CLOCK_FIELDS,
        .push = push_clock,
        .gone = "the clock may be read inside a call only, such as decide",
    };

    unit->local_s = TK_UNIT_NO_CLOCK;
    unit->profile_ref = keep_function(L, unit, profile);
    unit->today_ref = keep_function(L, unit, today);
    tk_facade_push(L, unit, &token);
    unit->view_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    tk_facade_push(L, unit, &clock);
    lua_setglobal(L, "clock");
}
