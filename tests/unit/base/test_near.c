#include "base/near.h"

#include "tests/unit/text.h"

static struct tk_str nearest(const char *word, const char *const *names,
                             size_t count)
{
    struct tk_near near;

    tk_near_init(&near, tk_str(word));
    for (size_t i = 0; i < count; i++) tk_near_try(&near, tk_str(names[i]));
    return near.best;
}

static void finds_the_name_that_was_meant(void **state)
{
    static const char *const names[] = {
        "app_id",    "app_secret", "client_id", "client_secret", "keep",
        "policy",    "provider",   "proxy",     "scope",         "tokens",
        "token_url", "url",        "quota",     "listen",        "sources",
    };
    static const struct {
        const char *word;
        const char *meant;
    } rows[] = {
        {"app_sercet", "app_secret"}, /* two letters changed places */
        {"app_secre", "app_secret"},  /* one is missing */
        {"app_seecret", "app_secret"},
        {"app_sekret", "app_secret"},
        {"ap_sercet", "app_secret"}, /* two errors */
        {"token_uri", "token_url"},
        {"tokenurl", "token_url"},
        {"token", "tokens"},
        {"Keep", "keep"},
        {"kep", "keep"},
        {"ekep", "keep"},
        {"ulr", "url"},
        {"prxoy", "proxy"},
        {"providr", "provider"},
        {"polices", "policy"},
        {"source", "sources"},
        {"client_id", "client_id"},
        {"kp", ""},         /* two errors in a short word */
        {"secret_app", ""}, /* not a matter of typing */
        {"timeout", ""},
        {"zzz", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tk_str best =
            nearest(rows[i].word, names, sizeof names / sizeof names[0]);

        if (!tk_str_is(best, rows[i].meant)) {
            fail_msg("%s: \"%.*s\" is not \"%s\"", rows[i].word, TK_ARG(best),
                     rows[i].meant);
        }
    }
}

static void the_nearer_of_two_wins_in_any_order(void **state)
{
    static const char *const one[] = {"policies", "policy"};
    static const char *const two[] = {"policy", "policies"};

    (void)state;
    assert_text(nearest("policys", one, 2), TK_STR("policy"));
    assert_text(nearest("policys", two, 2), TK_STR("policy"));
    assert_text(nearest("policie", one, 2), TK_STR("policies"));
    assert_text(nearest("policie", two, 2), TK_STR("policies"));
}

static void the_first_of_equals_wins(void **state)
{
    static const char *const names[] = {"abcdx", "abcdy"};

    (void)state;
    assert_text(nearest("abcdz", names, 2), TK_STR("abcdx"));
}

static void without_candidates_the_best_is_empty(void **state)
{
    struct tk_near near;

    (void)state;
    tk_near_init(&near, TK_STR("word"));
    assert_text(near.best, TK_STR(""));
    assert_non_null(near.best.data);
}

static void words_of_any_length_are_safe(void **state)
{
    char text[200];
    struct tk_near near;

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t word = 0; word < sizeof text; word++) {
        tk_near_init(&near, tk_str_of(text, word));
        for (size_t len = 60; len < 70; len++) {
            tk_near_try(&near, tk_str_of(text, len));
        }
        tk_near_try(&near, tk_str_of(NULL, 0));
        if (word >= 5 && word < 58) assert_int_equal(near.best.len, 0);
        if (word == 63) assert_int_equal(near.best.len, 63);
        if (word > 65) assert_int_equal(near.best.len, 0);
    }
}

static void names_of_up_to_63_bytes_are_compared(void **state)
{
    char text[64];
    struct tk_near near;

    (void)state;
    memset(text, 'x', sizeof text);
    text[62] = 'y';
    tk_near_init(&near, tk_str_of(text, 63));
    tk_near_try(&near, tk_str_of(text, 62));
    assert_int_equal(near.best.len, 62);
    tk_near_init(&near, tk_str_of(text, 64));
    tk_near_try(&near, tk_str_of(text, 63));
    assert_int_equal(near.best.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_name_that_was_meant),
        cmocka_unit_test(the_nearer_of_two_wins_in_any_order),
        cmocka_unit_test(the_first_of_equals_wins),
        cmocka_unit_test(without_candidates_the_best_is_empty),
        cmocka_unit_test(words_of_any_length_are_safe),
        cmocka_unit_test(names_of_up_to_63_bytes_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
