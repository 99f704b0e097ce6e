/* A decision is recorded in C; what renew, ask and lapse return is a number
 * for it, dressed as a light userdata. `decide` must return the number of the
 * last decision of the same call, so that neither a decision that was thrown
 * away nor one of an earlier token can take effect. */
#include "script/unit_policy.h"

#include "base/near.h"
#include "base/span.h"

#include <lauxlib.h>
#include <math.h>

/* --- the view --- */

enum field {
    AGE = 1,
    FAILURES,
    GENERATION,
    IDLE,
    KEY,
    KIND,
    LIFE,
    RATE,
    REMAINING,
    RENEWABLE_IN,
    SOURCE,
    STATE,
    SUBJECT,
    USES,
};

static const char *const field_names[] = {
    [AGE] = "age",
    [FAILURES] = "failures",
    [GENERATION] = "generation",
    [IDLE] = "idle",
    [KEY] = "key",
    [KIND] = "kind",
    [LIFE] = "life",
    [RATE] = "rate",
    [REMAINING] = "remaining",
    [RENEWABLE_IN] = "renewable_in",
    [SOURCE] = "source",
    [STATE] = "state",
    [SUBJECT] = "subject",
    [USES] = "uses",
};
enum { FIELDS = sizeof field_names / sizeof field_names[0] };

static void push_seconds(lua_State *L, int64_t ms)
{
    lua_pushnumber(L, (lua_Number)ms / 1000);
}

static void push_text(lua_State *L, struct tk_str text)
{
    lua_pushlstring(L, text.data == NULL ? "" : text.data, text.len);
}

static int no_such_field(lua_State *L)
{
    struct tk_near near;
    char name[TK_WHY_WORD];
    struct tk_str text;

    if (lua_type(L, 2) != LUA_TSTRING) {
        return luaL_error(L, "the fields of a token have names, not %s keys",
                          luaL_typename(L, 2));
    }
    text.data = lua_tolstring(L, 2, &text.len);
    tk_vm_make_printable(text, name, sizeof name);
    tk_near_init(&near, tk_str(name));
    for (int i = 1; i < FIELDS; i++) tk_near_try(&near, tk_str(field_names[i]));
    if (near.best.len == 0) {
        return luaL_error(L, "token has no field '%s'", name);
    }
    return luaL_error(L, "token has no field '%s'; did you mean '%s'?", name,
                      near.best.data);
}

static void push_field(lua_State *L, const struct tk_token_view *view,
                       enum field field)
{
    switch (field) {
    case AGE:
        push_seconds(L, view->age_ms);
        break;
    case FAILURES:
        lua_pushinteger(L, view->failures);
        break;
    case GENERATION:
        lua_pushinteger(L, view->generation);
        break;
    case IDLE:
        if (view->idle_ms < 0) {
            lua_pushnumber(L, (lua_Number)HUGE_VAL);
        } else {
            push_seconds(L, view->idle_ms);
        }
        break;
    case KEY:
        push_text(L, view->key);
        break;
    case KIND:
        push_text(L, view->kind);
        break;
    case LIFE:
        push_seconds(L, view->life_ms);
        break;
    case RATE:
        lua_pushnumber(L, view->rate);
        break;
    case REMAINING:
        push_seconds(L, view->remaining_ms);
        break;
    case RENEWABLE_IN:
        push_seconds(L, view->renewable_in_ms);
        break;
    case SOURCE:
        push_text(L, view->source);
        break;
    case STATE:
        lua_pushstring(L, view->state);
        break;
    case SUBJECT:
        if (view->subject.len == 0) {
            lua_pushnil(L);
        } else {
            push_text(L, view->subject);
        }
        break;
    case USES:
        lua_pushinteger(L, view->uses);
        break;
    }
}

static struct tk_unit *unit_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static int get_field(lua_State *L)
{
    const struct tk_token_view *view = unit_of(L)->view;
    int field;

    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(2));
    field = (int)lua_tointeger(L, -1);
    if (field == 0) return no_such_field(L);
    if (view == NULL) {
        return luaL_error(L, "the token is gone: it may be read inside "
                             "decide only; copy the fields that you need");
    }
    push_field(L, view, (enum field)field);
    return 1;
}

static int set_field(lua_State *L)
{
    return luaL_error(L, "a token cannot be changed");
}

/* The view is a userdata without memory of its own: all it says comes from
 * unit->view. */
static void make_view(lua_State *L, struct tk_unit *unit)
{
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 4);
    lua_pushlightuserdata(L, unit);
    lua_createtable(L, 0, FIELDS);
    for (int i = 1; i < FIELDS; i++) {
        lua_pushinteger(L, i);
        lua_setfield(L, -2, field_names[i]);
    }
    lua_pushcclosure(L, get_field, 2);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, set_field);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "token");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    unit->view_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* --- renew, ask, lapse --- */

static int decide_on(lua_State *L, enum tk_verb verb, const char *name,
                     double seconds, int why_index)
{
    static const double longest = TK_SPAN_MAX_MS / 1000.0;
    struct tk_unit *unit = unit_of(L);
    struct tk_str why = {"", 0};

    if (unit->view == NULL) {
        return luaL_error(L, "%s may be used inside decide only", name);
    }
    if (!lua_isnoneornil(L, why_index)) {
        if (lua_type(L, why_index) != LUA_TSTRING) {
            return luaL_error(L, "%s: the reason must be a text, not %s", name,
                              luaL_typename(L, why_index));
        }
        why.data = lua_tolstring(L, why_index, &why.len);
    }
    unit->decision.verb = verb;
    unit->decision.seconds = fmax(-longest, fmin(seconds, longest));
    tk_vm_make_printable(why, unit->decision.why, sizeof unit->decision.why);
    unit->decision_id++;
    lua_pushlightuserdata(L, (void *)unit->decision_id);
    return 1;
}

static double check_seconds(lua_State *L, const char *name)
{
    double seconds = lua_tonumber(L, 1);

    if (lua_type(L, 1) != LUA_TNUMBER) {
        luaL_error(L, "%s: the seconds must be a number, not %s", name,
                   luaL_typename(L, 1));
    }
    if (!isfinite(seconds)) {
        luaL_error(L, "%s: the seconds are %s", name,
                   isnan(seconds) ? "not a number (0/0)" : "infinite");
    }
    return seconds;
}

static int renew(lua_State *L)
{
    return decide_on(L, TK_RENEW, "renew", check_seconds(L, "renew"), 2);
}

static int ask(lua_State *L)
{
    return decide_on(L, TK_ASK, "ask", check_seconds(L, "ask"), 2);
}

static int lapse(lua_State *L)
{
    return decide_on(L, TK_LAPSE, "lapse", 0, 1);
}

void tk_unit_policy_setup(lua_State *L, struct tk_unit *unit)
{
    static const luaL_Reg verbs[] = {
        {"ask", ask}, {"lapse", lapse}, {"renew", renew}, {NULL, NULL}};

    make_view(L, unit);
    for (const luaL_Reg *verb = verbs; verb->name != NULL; verb++) {
        lua_pushlightuserdata(L, unit);
        lua_pushcclosure(L, verb->func, 1);
        lua_setglobal(L, verb->name);
    }
}

/* --- the call --- */

static int take_answer(struct tk_unit *unit, uintptr_t before,
                       struct tk_decision *out, struct tk_why *why)
{
    lua_State *L = unit->vm->L;
    uintptr_t answer = (uintptr_t)lua_touserdata(L, -1);

    if (lua_type(L, -1) != LUA_TLIGHTUSERDATA) {
        return tk_fail(why, TK_ESCRIPT,
                       "%s: decide must return renew(...), ask(...) or "
                       "lapse(...), not %s",
                       unit->vm->name, luaL_typename(L, -1));
    }
    if (answer <= before || answer != unit->decision_id) {
        return tk_fail(why, TK_ESCRIPT,
                       "%s: decide must return what its last renew, ask or "
                       "lapse returned, not an earlier answer",
                       unit->vm->name);
    }
    *out = unit->decision;
    return 0;
}

int tk_unit_decide(struct tk_unit *unit, const struct tk_token_view *token,
                   struct tk_decision *out, struct tk_why *why)
{
    uintptr_t before = unit->decision_id;
    lua_State *L = unit->vm->L;
    int rc;

    *out = (struct tk_decision){.verb = TK_LAPSE};
    unit->view = token;
    tk_vm_begin(unit->vm, L, TK_UNIT_DECIDE_BUDGET);
    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->decide_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->view_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->options);
    rc = tk_vm_end(unit->vm, L, lua_pcall(L, 2, 1, 0), why);
    unit->view = NULL;
    if (rc != 0) return rc;
    rc = take_answer(unit, before, out, why);
    lua_pop(L, 1);
    return rc;
}
