/* tests/unit/script/lua_test.h - assertions that a script makes for itself: a
 * piece of Lua that ends without an error has passed.
 */
#ifndef TK_TESTS_UNIT_SCRIPT_LUA_TEST_H
#define TK_TESTS_UNIT_SCRIPT_LUA_TEST_H

#include "tests/unit/script/provider.h"

static inline void passes(struct provider *p, const char *lua)
{
    provider_run(p, lua);
    if (p->code != 0) fail_msg("%s\n%s", lua, p->detail);
    tk_unit_close(p->unit);
    p->unit = NULL;
}

/* Each piece raises, and says `says` if that is not NULL. */
static inline void raises(struct provider *p, const char *lua, const char *says)
{
    provider_run(p, lua);
    if (p->code != TK_ESCRIPT) fail_msg("%s\ndid not raise", lua);
    if (says != NULL && strstr(p->detail, says) == NULL) {
        fail_msg("%s\nsays: %s\nand not: %s", lua, p->detail, says);
    }
    tk_unit_close(p->unit);
    p->unit = NULL;
}

#endif
