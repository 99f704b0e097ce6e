#include "engine/veil.h"

#include "base/secret.h"
#include "tests/unit/harness.h"

#include <stdio.h>
#include <string.h>

/* The one in use, and the next. */
static struct tk_secret places[2];
static struct tk_secrets secrets;

static int set_up(void **state)
{
    static const char *const bytes[] = {"hunter two", "hunter three"};
    struct tk_value items[2];
    struct tk_value both = {.type = TK_LIST,
                            .as.table = {.items = items, .item_count = 2}};

    (void)state;
    secrets = (struct tk_secrets){0};
    for (int i = 0; i < 2; i++) {
        if (tk_secret_init(&places[i], TK_SECRET_GIVEN, TK_STR("")) != 0 ||
            tk_secret_put(&places[i], tk_str(bytes[i])) != 0) {
            return -1;
        }
        items[i] =
            (struct tk_value){.type = TK_SECRET, .as.secret = &places[i]};
    }
    return tk_secrets_add(&secrets, &both);
}

static int tear_down(void **state)
{
    (void)state;
    tk_secrets_fini(&secrets);
    tk_secret_fini(&places[0]);
    tk_secret_fini(&places[1]);
    return 0;
}

static const char *veil(const char *text)
{
    static char out[256];
    bool was_any;

    snprintf(out, sizeof out, "%s", text);
    was_any = tk_veil(&secrets, out);
    assert_int_equal(was_any, strchr(out, '*') != NULL);
    return out;
}

static void a_secret_of_the_source_is_overwritten_wherever_it_stands(void **s)
{
    (void)s;
    assert_string_equal(veil("hunter two"), "**********");
    assert_string_equal(veil("xhunter twox, crm: hunter two"),
                        "x**********x, crm: **********");
    assert_string_equal(veil("hunter tw"), "hunter tw");
}

static void so_is_the_one_that_is_not_in_use(void **s)
{
    (void)s;
    assert_string_equal(veil("hunter three"), "************");
    assert_true(tk_secrets_change(&secrets));
    assert_string_equal(veil("hunter two, hunter three"),
                        "**********, ************");
}

static void without_secrets_only_words_are_judged(void **s)
{
    char text[] = "hunter two d41d8cd98f00b204e9800998ecf8427e";

    (void)s;
    assert_true(tk_veil(NULL, text));
    assert_string_equal(text, "hunter two ********************************");
}

static void what_looks_like_a_token_is_overwritten(void **s)
{
    static const char *const words[] = {
        "t-fake-hroVOclXN1OauwdW9wGumOzoMn2-S0XaudWKiBy8lrA",
        "Y3JtOmZha2Utc2VjcmV0MTIz",
        "d41d8cd98f00b204e9800998ecf8427e",
        "123e4567-e89b-12d3-a456-426614174000",
        "Aa345678901234567",
    };
    char text[128], wanted[128];

    (void)s;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        snprintf(text, sizeof text, "bad '%s' here", words[i]);
        snprintf(wanted, sizeof wanted, "bad '%.*s' here",
                 (int)strlen(words[i]),
                 "****************************************************");
        assert_string_equal(veil(text), wanted);
    }
}

static void speech_and_codes_stay(void **s)
{
    static const char *const texts[] = {
        "temporarily_unavailable",
        "unsupported_grant_type",
        "AADSTS7000215",
        "InvalidClientSecretProvided",
        "99991663",
        "crm.lua:12: attempt to concatenate a secret value (field 'password')",
        "2026-11-25T12:00:00Z /etc/tokeng/providers/Crm2.lua",
        "https://sso.example/token",
        "",
    };

    (void)s;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_string_equal(veil(texts[i]), texts[i]);
    }
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(a_secret_of_the_source_is_overwritten_wherever_it_stands),
        WITH(so_is_the_one_that_is_not_in_use),
        WITH(without_secrets_only_words_are_judged),
        WITH(what_looks_like_a_token_is_overwritten),
        WITH(speech_and_codes_stay),
    };
#undef WITH

    return cmocka_run_group_tests(tests, NULL, NULL);
}
