#include "engine/veil.h"

#include "base/secret.h"
#include "tests/unit/harness.h"

#include <stdio.h>
#include <string.h>

static struct tk_secret password;

static int set_up(void **state)
{
    (void)state;
    if (tk_secret_init(&password, TK_SECRET_GIVEN, TK_STR("p")) != 0) return -1;
    return tk_secret_put(&password, TK_STR("hunter two"));
}

static int tear_down(void **state)
{
    (void)state;
    tk_secret_fini(&password);
    return 0;
}

static const char *veil(const char *text)
{
    static char out[256];
    bool was_any;
    struct tk_pair pairs[] = {
        {TK_STR("id"), {.type = TK_TEXT, .as.text = TK_STR("crm")}},
        {TK_STR("password"), {.type = TK_SECRET, .as.secret = &password}},
    };
    struct tk_value settings = {.type = TK_TABLE,
                                .as.table = {.pairs = pairs, .pair_count = 2}};

    snprintf(out, sizeof out, "%s", text);
    was_any = tk_veil(&settings, out);
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
        WITH(what_looks_like_a_token_is_overwritten),
        WITH(speech_and_codes_stay),
    };
#undef WITH

    return cmocka_run_group_tests(tests, NULL, NULL);
}
