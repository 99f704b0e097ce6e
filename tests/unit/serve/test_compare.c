#include "serve/compare.h"

#include "tests/unit/serve/live.h"

static void a_comparison_is_begun_told_and_ended(void **state)
{
    struct live *live = *state;
    const struct reading *r;

    call(live, "GET", "/v1/shadow/crm", 404);
    is_problem(live, "no_comparison");
    call(live, "DELETE", "/v1/shadow/crm", 404);
    is_problem(live, "no_comparison");
    call(live, "GET", "/v1/token/crm/client/a", 200);
    r = call_with(live, "PUT", "/v1/shadow/crm",
                  "{\"policy\":\"threshold\",\"options\":{\"threshold\":"
                  "\"1h\"}}",
                  200);
    says(r, "source", "crm");
    says(r, "policy", "threshold");
    says(r, "options.threshold", "1h");
    says(r, "in_force", "threshold");
    holds(tk_value_text(at(r, "detail")), "being taken over");
    for (int i = 0; i < 1000; i++) {
        r = call(live, "GET", "/v1/shadow/crm", 200);
        if (at(r, "keys")->as.integer == 2) break;
    }
    counts(r, "keys", 2);
    call(live, "GET", "/v1/token/crm/client/a", 200);
    r = call(live, "GET", "/v1/explain/crm/client/a", 200);
    says(r, "shadow.policy", "threshold");
    says(r, "shadow.verb", "renew");
    says(r, "shadow.next.what", "renew");
    r = call(live, "GET", "/v1/shadow/crm", 200);
    counts(r, "live.uses", 1);
    counts(r, "would.uses", 1);
    counts(r, "would.cold", 0);
    counts(r, "would.cost.10", 0);
    holds(tk_value_text(at(r, "detail")), "for 1 uses of crm: threshold made 0 "
                                          "calls and 0 callers were cold");
    call(live, "DELETE", "/v1/shadow/crm", 200);
    call(live, "GET", "/v1/shadow/crm", 404);
}

static void what_is_wrong_with_it_is_told(void **state)
{
    struct live *live = *state;

    call_with(live, "PUT", "/v1/shadow/crm", "{\"policy\":\"nobody\"}", 400);
    is_problem(live, "policy");
    call_with(live, "PUT", "/v1/shadow/crm", "{", 400);
    is_problem(live, "bad_request");
    call_with(live, "PUT", "/v1/shadow/it", "{\"policy\":\"threshold\"}", 404);
    is_problem(live, "unknown_source");
    call(live, "GET", "/v1/shadow/it", 404);
    is_problem(live, "unknown_source");
    call(live, "GET", "/v1/shadow/crm", 404);
    is_problem(live, "no_comparison");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIVE(a_comparison_is_begun_told_and_ended),
        LIVE(what_is_wrong_with_it_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
