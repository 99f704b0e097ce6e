#include "serve/route.h"

#include "tests/unit/harness.h"
#include "tests/unit/text.h"

static void leads_to(const char *method, const char *path, enum tk_call call,
                     const char *rest)
{
    struct tk_route route = tk_route_find(tk_str(method), tk_str(path));

    if (route.call != call) {
        fail_msg("%s %s is call %d and not %d", method, path, route.call, call);
    }
    assert_text(route.rest, tk_str(rest));
}

static void every_call_has_its_path(void **state)
{
    (void)state;
    leads_to("GET", "/v1/token/crm/client", TK_CALL_GET, "crm/client");
    leads_to("DELETE", "/v1/token/crm/client", TK_CALL_DROP, "crm/client");
    leads_to("POST", "/v1/reject/crm/client", TK_CALL_REJECT, "crm/client");
    leads_to("POST", "/v1/refresh/crm/client", TK_CALL_REFRESH, "crm/client");
    leads_to("GET", "/v1/tokens", TK_CALL_LIST, "");
    leads_to("GET", "/v1/explain/crm/client/a/b", TK_CALL_EXPLAIN,
             "crm/client/a/b");
    leads_to("POST", "/v1/pause/crm", TK_CALL_PAUSE, "crm");
    leads_to("POST", "/v1/resume/crm", TK_CALL_RESUME, "crm");
    leads_to("POST", "/v1/reload", TK_CALL_RELOAD, "");
    leads_to("GET", "/v1/policies", TK_CALL_POLICIES, "");
    leads_to("PUT", "/v1/policies/crm", TK_CALL_POLICY_SET, "crm");
    leads_to("DELETE", "/v1/policies/crm", TK_CALL_POLICY_RESET, "crm");
    leads_to("POST", "/v1/rollback/crm", TK_CALL_ROLLBACK, "crm");
    leads_to("GET", "/v1/shadow/crm", TK_CALL_SHADOW, "crm");
    leads_to("PUT", "/v1/shadow/crm", TK_CALL_SHADOW_START, "crm");
    leads_to("DELETE", "/v1/shadow/crm", TK_CALL_SHADOW_END, "crm");
    leads_to("GET", "/v1/version", TK_CALL_VERSION, "");
    leads_to("GET", "/metrics", TK_CALL_METRICS, "");
    leads_to("GET", "/livez", TK_CALL_LIVEZ, "");
    leads_to("GET", "/readyz", TK_CALL_READYZ, "");
}

static void a_key_is_passed_on_as_it_was_sent(void **state)
{
    (void)state;
    leads_to("GET", "/v1/token/", TK_CALL_GET, "");
    leads_to("GET", "/v1/token/crm%2fclient", TK_CALL_GET, "crm%2fclient");
    leads_to("GET", "/v1/token//../x", TK_CALL_GET, "/../x");
}

static void what_is_no_path_is_not_found(void **state)
{
    static const char *const paths[] = {
        "",
        "/",
        "/v1",
        "/v1/token",
        "/v1/tokens/",
        "/v2/token/crm/client",
        "/metrics/",
        "/metrics%00/../x",
        "/livezz",
        "/Livez",
        "//livez",
        "/v1/reload/",
        "*",
        "/v1//token/crm/client",
    };

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        leads_to("GET", paths[i], TK_CALL_NO_PATH, "");
    }
}

static void allows(const char *method, const char *path, const char *allow)
{
    struct tk_route route = tk_route_find(tk_str(method), tk_str(path));

    assert_int_equal(route.call, TK_CALL_NO_METHOD);
    assert_string_equal(route.allow, allow);
}

static void another_method_is_told_which_ones_do(void **state)
{
    (void)state;
    allows("POST", "/v1/token/crm/client", "GET, DELETE");
    allows("get", "/v1/token/crm/client", "GET, DELETE");
    allows("HEAD", "/v1/tokens", "GET");
    allows("GET", "/v1/reject/crm/client", "POST");
    allows("GET", "/v1/reload", "POST");
    allows("POST", "/v1/policies/crm", "PUT, DELETE");
    allows("PUT", "/v1/policies", "GET");
    allows("DELETE", "/metrics", "GET");
    allows("", "/livez", "GET");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_has_its_path),
        cmocka_unit_test(a_key_is_passed_on_as_it_was_sent),
        cmocka_unit_test(what_is_no_path_is_not_found),
        cmocka_unit_test(another_method_is_told_which_ones_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
