#include "tests/unit/engine/fixture.h"

static void is_origin(const char *url, const char *origin)
{
    char out[TK_ORIGIN_TEXT];

    tk_origin_of(tk_str(url), out);
    assert_string_equal(out, origin);
}

static void an_origin_is_scheme_host_and_port(void **state)
{
    (void)state;
    is_origin("https://sso.example/token", "https://sso.example");
    is_origin("HTTPS://SSO.Example:443?x=/y", "https://sso.example");
    is_origin("https://sso.example:8443", "https://sso.example:8443");
    is_origin("http://[::1]:80/a", "http://[::1]");
    is_origin("proxy:3128", "http://proxy:3128");
}

static void an_origin_never_holds_a_password(void **state)
{
    (void)state;
    is_origin("http://me:p@ss@proxy:3128/", "http://proxy:3128");
    is_origin("https://me:secret@sso.example#x@y", "https://sso.example");
}

static void a_very_long_url_is_cut_off(void **state)
{
    char url[1000] = "https://";
    char out[TK_ORIGIN_TEXT];

    (void)state;
    memset(url + 8, 'a', sizeof url - 9);
    tk_origin_of(tk_str(url), out);
    assert_int_equal(strlen(out), TK_ORIGIN_TEXT - 1);
    tk_origin_add_proxy(out, "http://proxy");
    assert_int_equal(strlen(out), TK_ORIGIN_TEXT - 1);
}

static void sources_of_one_origin_share_an_issuer(void **state)
{
    struct fixture *f = *state;
    struct tk_source two = {.name = "two", .origin = "https://a"};
    struct tk_source three = {.name = "three", .origin = "https://b"};
    struct tk_source none = {.name = "none"};

    snprintf(f->source.origin, sizeof f->source.origin, "https://a");
    tk_fleet_meet_issuer(f->fleet, &f->source);
    tk_fleet_meet_issuer(f->fleet, &two);
    tk_fleet_meet_issuer(f->fleet, &two);
    tk_fleet_meet_issuer(f->fleet, &three);
    tk_fleet_meet_issuer(f->fleet, &none);
    assert_non_null(two.issuer);
    assert_ptr_equal(f->source.issuer, two.issuer);
    assert_ptr_not_equal(three.issuer, two.issuer);
    assert_null(none.issuer);
    assert_int_equal(tk_issuer_next(none.issuer), 0);
    tk_list_drop(&two.of_issuer);
    tk_list_drop(&three.of_issuer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_is_scheme_host_and_port),
        cmocka_unit_test(an_origin_never_holds_a_password),
        cmocka_unit_test(a_very_long_url_is_cut_off),
        WITH_FLEET(sources_of_one_origin_share_an_issuer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
