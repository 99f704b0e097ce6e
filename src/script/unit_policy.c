/* A decision is recorded in C; what renew, ask and lapse return is a number
 * for it, dressed as a light userdata. `decide` must return the number of the
 * last decision of the same call, so that neither a decision that was thrown
 * away nor one of an earlier token can take effect. */
#include "script/unit_policy.h"

#include "base/span.h"
#include "script/convert.h"
#include "script/unit_view.h"

#include <lauxlib.h>
#include <math.h>

static struct tk_unit *unit_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* --- renew, ask, lapse --- */

static int decide_on(lua_State *L, enum tk_verb verb, const char *name,
                     double seconds, int why_index)
{
    static const double longest = TK_SPAN_MAX_MS / 1000.0;
    struct tk_unit *unit = unit_of(L);
    struct tk_str why = {"", 0};

    if (!unit->is_deciding) {
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

    tk_unit_view_setup(L, unit);
    for (int i = 0; i < TK_EVENTS; i++) {
        lua_pushstring(L, tk_event_name((enum tk_event)i));
        unit->event_refs[i] = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    for (const luaL_Reg *verb = verbs; verb->name != NULL; verb++) {
        lua_pushlightuserdata(L, unit);
        lua_pushcclosure(L, verb->func, 1);
        lua_setglobal(L, verb->name);
    }
}

/* --- options --- */

static int set_option(lua_State *L)
{
    return luaL_error(L, "options can be set inside tick only");
}

static int next_option(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 2);
    if (lua_next(L, -2) == 0) return 0;
    return 2;
}

/* For pairs; the table itself stays hidden. */
static int each_option(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushcclosure(L, next_option, 1);
    return 1;
}

void tk_unit_policy_push_options(lua_State *L, const struct tk_value *options)
{
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 5);
    tk_convert_push(L, options);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__index");
    lua_pushcclosure(L, each_option, 1);
    lua_setfield(L, -2, "__pairs");
    lua_pushcfunction(L, set_option);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "options");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

/* --- the calls --- */

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

/* The function and its arguments lie on the stack. */
static int call(struct tk_unit *unit, const struct tk_token_view *token,
                int arguments, int results, struct tk_why *why)
{
    lua_State *L = unit->vm->L;
    int rc;

    unit->view = token;
    unit->local_s = token->local_s;
    rc = tk_vm_end(unit->vm, L, lua_pcall(L, arguments, results, 0), why);
    unit->view = NULL;
    unit->local_s = TK_UNIT_NO_CLOCK;
    unit->is_deciding = false;
    return rc;
}

int tk_unit_decide(struct tk_unit *unit, const struct tk_token_view *token,
                   struct tk_decision *out, struct tk_why *why)
{
    uintptr_t before = unit->decision_id;
    lua_State *L = unit->vm->L;
    int rc;

    *out = (struct tk_decision){.verb = TK_LAPSE};
    unit->is_deciding = true;
    tk_vm_begin(unit->vm, L, TK_UNIT_DECIDE_BUDGET);
    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->decide_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->view_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->options);
    rc = call(unit, token, 2, 1, why);
    if (rc != 0) return rc;
    rc = take_answer(unit, before, out, why);
    lua_pop(L, 1);
    return rc;
}

const char *tk_event_name(enum tk_event event)
{
    static const char *const names[] = {
#define TK_EVENT_NAME(name, word) word,
        TK_EVENT_MAP(TK_EVENT_NAME)
#undef TK_EVENT_NAME
    };

    return names[event];
}

/* Names of events are made once: what is called often must not raise for lack
 * of memory outside of a protected call. */
int tk_unit_learn(struct tk_unit *unit, const struct tk_token_view *token,
                  enum tk_event event, struct tk_why *why)
{
    lua_State *L = unit->vm->L;

    tk_vm_begin(unit->vm, L, TK_UNIT_DECIDE_BUDGET);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tk_unit_function(unit, "learn"));
    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->view_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->event_refs[event]);
    return call(unit, token, 2, 0, why);
}
