#include "tests/unit/engine/scripts.h"

#include "engine/engine.h"

static const char plain[] =
    "return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
    "  tokens = { read = { scope = 'r' } } } } }";

/* An engine that is not started. */
struct idle {
    struct tk_loop *loop;
    struct tk_engine *engine;
};

static struct idle make(struct scripts *s)
{
    struct tk_engine_options options = {.config_path = write_config(s, plain)};
    struct idle idle;

    assert_int_equal(tk_loop_new(&idle.loop), 0);
    if (tk_engine_new(idle.loop, &options, &s->problems, &idle.engine) != 0) {
        fail_msg("%s", problems_of(s));
    }
    return idle;
}

static void end(struct idle *idle)
{
    tk_engine_free(idle->engine);
    assert_int_equal(tk_loop_free(idle->loop), 0);
}

static int claim(struct idle *idle, const char *key, struct tk_why *why)
{
    struct tk_entry *entry;

    return tk_engine_claim(idle->engine, tk_str(key), &entry, why);
}

static void keys_that_cannot_be_are_told_apart(void **state)
{
    struct idle idle = make(*state);
    struct tk_why why;

    assert_int_equal(claim(&idle, "crm", &why), TK_EINVAL);
    assert_int_equal(claim(&idle, "hr/client", &why), TK_ENOENT);
    assert_string_equal(why.text, "there is no source hr");
    assert_int_equal(claim(&idle, "crm/client/x", &why), TK_ENOENT);
    assert_null(tk_engine_find(idle.engine, TK_STR("crm/client"), &why));
    assert_non_null(strstr(why.text, "nobody has asked for it"));
    assert_int_equal(claim(&idle, "crm/client", &why), 0);
    assert_non_null(tk_engine_find(idle.engine, TK_STR("crm/client"), &why));
    end(&idle);
}

static void a_key_that_its_issuer_has_refused_is_named(void **state)
{
    struct idle idle = make(*state);
    struct tk_fleet *fleet = tk_engine_fleet(idle.engine);
    struct tk_why why;

    tk_unknown_remember(tk_fleet_unknowns(fleet), TK_STR("crm/client/read"),
                        TK_CLASS_CONFIG, "invalid_scope",
                        tk_engine_now(idle.engine) + 90 * 1000);
    assert_int_equal(claim(&idle, "crm/client/read", &why), TK_EREFUSED);
    assert_non_null(strstr(why.text, "has refused this key (invalid_scope)"));
    assert_null(tk_engine_find(idle.engine, TK_STR("crm/client/read"), &why));
    assert_int_equal(claim(&idle, "crm/client", &why), 0);
    end(&idle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRIPTS(keys_that_cannot_be_are_told_apart),
        WITH_SCRIPTS(a_key_that_its_issuer_has_refused_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
