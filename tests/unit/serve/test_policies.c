#include "serve/policies.h"

#include "tests/unit/serve/live.h"

static const char eager[] =
    "return { api = 1, name = 'eager',\n"
    "  options = { lead = { default = '1m' } },\n"
    "  decide = function(token, options)\n"
    "    if token.subject == 'odd' then error('no odd ones') end\n"
    "    return renew(token.remaining - options.lead, 'eager') end }\n";

static int set_up(void **state)
{
    struct live *live;
    char path[128];

    if (live_set_up(state) != 0) return -1;
    live = *state;
    snprintf(path, sizeof path, "%s/policies", live->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/policies/eager.lua", live->dir);
    live_write(path, eager);
    return 0;
}

static int tear_down(void **state)
{
    struct live *live = *state;
    char path[128];

    snprintf(path, sizeof path, "%s/policies/eager.lua", live->dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/policies", live->dir);
    rmdir(path);
    return live_tear_down(state);
}

static const struct reading *put(struct live *live, const char *body,
                                 int status)
{
    return call_with(live, "PUT", "/v1/policies/crm", body, status);
}

static void policies_are_listed_by_source(void **state)
{
    struct live *live = *state;
    const struct reading *r = call(live, "GET", "/v1/policies", 200);

    has_items(r, "sources", 1);
    holds(tk_str(live->answer.body), "\"installed\":[\"eager\"");
    holds(tk_str(live->answer.body),
          "\"source\":\"crm\",\"policy\":\"threshold\",\"options\":{},"
          "\"chosen\":\"configuration\",\"drift\":false,");
    holds(tk_str(live->answer.body), "\"before\":null");
    holds(tk_str(live->answer.body), "\"refused\":null");
}

static void a_choice_is_tried_taken_and_told(void **state)
{
    struct live *live = *state;
    const struct reading *r;

    call(live, "GET", "/v1/token/crm/client/a", 200);
    r = put(live, "{\"policy\":\"eager\",\"options\":{\"lead\":\"2m\"}}", 200);
    says(r, "result", "chosen");
    holds(tk_value_text(at(r, "detail")),
          "eager decides for crm now; tried on 2 keys: 2 to renew (0 of them "
          "at once)");
    holds(tk_value_text(at(r, "detail")), "a restart undoes this");
    counts(r, "trial.asked", 2);
    is_bool(r, "kept", false);
    says(r, "now.policy", "eager");
    says(r, "now.options.lead", "2m");
    says(r, "now.chosen", "api");
    is_bool(r, "now.drift", true);
    says(r, "now.configured.policy", "threshold");
    says(r, "now.before.policy", "threshold");
    says(call(live, "GET", "/v1/explain/crm/client/a", 200), "policy.name",
         "eager");
}

static void a_trial_is_only_told(void **state)
{
    struct live *live = *state;
    const struct reading *r = call_with(live, "PUT", "/v1/policies/crm?trial=1",
                                        "{\"policy\":\"eager\"}", 200);

    says(r, "result", "tried");
    says(r, "now.policy", "threshold");
}

static void what_is_wrong_is_told_whole_and_not_taken(void **state)
{
    struct live *live = *state;
    const struct reading *r = put(
        live, "{\"policy\":\"eager\",\"options\":{\"laed\":1,\"x\":2}}", 400);

    is_problem(live, "policy");
    has_items(r, "problems", 2);
    holds(tk_str(live->answer.body), "did you mean lead?");
    call(live, "GET", "/v1/token/crm/client/odd", 200);
    put(live, "{\"policy\":\"eager\"}", 400);
    is_problem(live, "policy");
    holds(tk_str(live->answer.body), "asked about crm/client/odd");
    holds(tk_str(live->answer.body), "no odd ones");
    put(live, "{\"policy\":\"./eager.lua\"}", 400);
    is_problem(live, "bad_request");
    put(live, "{", 400);
    is_problem(live, "bad_request");
    holds(tk_value_text(at(call(live, "GET", "/v1/explain/crm/client/odd", 200),
                           "policy.name")),
          "threshold");
}

static void it_goes_back_and_back_again(void **state)
{
    struct live *live = *state;

    call(live, "POST", "/v1/rollback/crm", 409);
    is_problem(live, "no_policy_before");
    put(live, "{\"policy\":\"eager\"}", 200);
    says(call(live, "POST", "/v1/rollback/crm", 200), "now.policy",
         "threshold");
    says(&live->reading, "result", "rolled_back");
    is_bool(&live->reading, "now.drift", false);
    says(call(live, "POST", "/v1/rollback/crm", 200), "now.policy", "eager");
    says(call(live, "DELETE", "/v1/policies/crm", 200), "now.policy",
         "threshold");
    says(&live->reading, "result", "reset");
}

static void only_sources_have_policies(void **state)
{
    static const char *const calls[][2] = {{"PUT", "/v1/policies/nobody"},
                                           {"DELETE", "/v1/policies/nobody"},
                                           {"POST", "/v1/rollback/nobody"}};
    struct live *live = *state;

    for (size_t i = 0; i < 3; i++) {
        call_with(live, calls[i][0], calls[i][1], "{\"policy\":\"eager\"}",
                  404);
        is_problem(live, "unknown_source");
    }
    call(live, "POST", "/v1/rollback/crm/x", 400);
    is_problem(live, "bad_request");
}

#define WITH_POLICIES(test)                                                    \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_POLICIES(policies_are_listed_by_source),
        WITH_POLICIES(a_choice_is_tried_taken_and_told),
        WITH_POLICIES(a_trial_is_only_told),
        WITH_POLICIES(what_is_wrong_is_told_whole_and_not_taken),
        WITH_POLICIES(it_goes_back_and_back_again),
        WITH_POLICIES(only_sources_have_policies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
