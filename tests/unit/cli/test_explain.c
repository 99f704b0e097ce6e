#define _GNU_SOURCE
#include "cli/explain.h"

#include "net/json.h"

#include "tests/unit/cli/conversation.h"

#define FRESH                                                                  \
    "{\"key\":\"crm/client\",\"state\":\"fresh\",\"generation\":17,"           \
    "\"token\":{\"age\":900,\"life\":3600,\"remaining\":2700,"                 \
    "\"expires_at\":\"2026-11-23T12:00:00.000Z\"},"                            \
    "\"issuer\":{\"facts\":\"renewable at any time\",\"renewable_in\":0,"      \
    "\"learned\":{\"not_before_in\":null}},"                                   \
    "\"policy\":{\"name\":\"threshold\",\"check_interval\":1800,"              \
    "\"verb\":\"renew\",\"asked_in\":1800,\"why\":\"threshold\","              \
    "\"fallback\":false,\"kept\":false},\"clamp\":null,\"spread\":12,"         \
    "\"next\":{\"what\":\"renew\",\"in\":1788,\"why\":\"threshold\"},"         \
    "\"refresh\":{\"running\":false,\"queued\":false,\"active\":1,"            \
    "\"max_concurrent\":3},\"failure\":null,"                                  \
    "\"demand\":{\"uses\":120,\"idle\":3,\"rate\":40.25},"                     \
    "\"source\":{\"name\":\"crm\",\"provider\":\"oauth2\",\"paused\":false},"  \
    "\"reject\":{\"rejected\":0,\"poisoned\":false}}"

#define FAILING                                                                \
    "{\"key\":\"crm/bad\",\"state\":\"poisoned\",\"generation\":3,"            \
    "\"token\":null,"                                                          \
    "\"issuer\":{\"facts\":\"renewable while less than 30m remain\","          \
    "\"renewable_in\":null,\"learned\":{\"not_before_in\":90}},"               \
    "\"policy\":{\"name\":\"mine\",\"check_interval\":60,\"verb\":\"lapse\","  \
    "\"asked_in\":0,\"why\":\"idle\",\"fallback\":true,\"kept\":true,"         \
    "\"chosen\":\"api\"},"                                                     \
    "\"shadow\":{\"policy\":\"recent\",\"verb\":\"renew\",\"asked_in\":7,"     \
    "\"why\":\"in use\",\"next\":{\"what\":\"renew\",\"in\":9}},"              \
    "\"clamp\":\"not before half of the life has passed\",\"spread\":0,"       \
    "\"next\":{\"what\":\"retry\",\"in\":4,\"why\":\"http_500\"},"             \
    "\"refresh\":{\"running\":false,\"queued\":true,\"active\":3,"             \
    "\"ahead\":2,\"budget_wait\":41,"                                          \
    "\"max_concurrent\":3},"                                                   \
    "\"failure\":{\"class\":\"transient\",\"code\":\"http_500\",\"count\":7,"  \
    "\"ago\":2,\"next_try_in\":0},"                                            \
    "\"demand\":{\"uses\":0,\"idle\":null,\"rate\":0},"                        \
    "\"source\":{\"name\":\"crm\",\"provider\":\"oauth2\",\"paused\":true},"   \
    "\"reject\":{\"rejected\":3,\"poisoned\":true}}"

static void expect(const char *json, const char *page)
{
    struct tk_show show = {.width = 80};
    struct tk_value answer;
    struct tk_pool pool;
    struct tk_buf out;

    tk_pool_init(&pool, 1 << 17);
    tk_buf_init(&out, 1 << 14);
    assert_int_equal(tk_json_parse(tk_str(json), &pool, &answer, NULL), 0);
    tk_explain_print(&answer, &show, &out);
    assert_string_equal(tk_buf_text(&out), page);
    tk_buf_fini(&out);
    tk_pool_fini(&pool);
}

static void the_chain_of_a_fresh_key_is_told(void **state)
{
    (void)state;
    expect(FRESH,
           "crm/client is fresh\n"
           "  token    45m left of 1h, 15m old, ends 2026-11-23T12:00:00.000Z\n"
           "  issuer   renewable at any time, that is now\n"
           "  policy   threshold says renew in 30m (threshold); looks every "
           "30m\n"
           "  clamp    none\n"
           "  spread   12s earlier\n"
           "  next     renew in 29m 48s (threshold)\n"
           "  refresh  none on its way; 1 of 3 places of the source taken\n"
           "  failure  none\n"
           "  demand   120 uses, the last 3s ago, 40.2 an hour\n"
           "  source   crm, provider oauth2\n"
           "  reject   none\n");
}

static void the_chain_of_a_failing_key_is_told(void **state)
{
    (void)state;
    expect(FAILING,
           "crm/bad is poisoned\n"
           "  token    none\n"
           "  issuer   renewable while less than 30m remain; learned: nothing "
           "new for 1m 30s\n"
           "  policy   mine says lapse (idle); looks every 1m; chosen over "
           "the API;\n"
           "           overruled, because the key is to be kept; it failed, so "
           "this is the\n"
           "           built-in rule\n"
           "  clamp    not before half of the life has passed\n"
           "  spread   none\n"
           "  next     retry in 4s (http_500)\n"
           "  shadow   recent would renew in 9s (in use)\n"
           "  refresh  waits for its turn; 2 ahead; the budget lets the next "
           "start in 41s; 3\n           of 3 places of the source taken\n"
           "  failure  transient http_500, 7 in a row, the last 2s ago; next "
           "try now\n"
           "  demand   0 uses, 0.0 an hour\n"
           "  source   crm, provider oauth2, paused\n"
           "  reject   generation 3 was reported; the issuer gives the same "
           "one again\n");
}

static void what_is_missing_has_a_dash(void **state)
{
    (void)state;
    expect("{}", "- is -\n"
                 "  token    none\n"
                 "  issuer   -\n"
                 "  policy   - has not been asked yet; looks every -\n"
                 "  clamp    none\n"
                 "  spread   none\n"
                 "  next     -\n"
                 "  refresh  none on its way; - of - places of the source "
                 "taken\n"
                 "  failure  none\n"
                 "  demand   - uses\n"
                 "  source   -, provider -\n"
                 "  reject   none\n");
}

static void expect_next(const char *json, const char *between, const char *text)
{
    struct tk_value next;
    struct tk_pool pool;
    struct tk_buf out;

    tk_pool_init(&pool, 1 << 14);
    tk_buf_init(&out, 100);
    assert_int_equal(tk_json_parse(tk_str(json), &pool, &next, NULL), 0);
    tk_explain_next(&next, between, &out);
    assert_string_equal(tk_buf_text(&out), text);
    tk_buf_fini(&out);
    tk_pool_fini(&pool);
}

static void every_next_step_has_words(void **state)
{
    (void)state;
    expect_next("{\"what\":\"renew\",\"in\":90}", "in ", "renew in 1m 30s");
    expect_next("{\"what\":\"renew\",\"in\":90}", "", "renew 1m 30s");
    expect_next("{\"what\":\"renew\",\"in\":0}", "in ", "renew now");
    expect_next("{\"what\":\"lapse\",\"in\":60}", "in ",
                "lapse (let it end) in 1m");
    expect_next("{\"what\":\"running\",\"in\":null}", "in ", "running");
    expect_next("{\"what\":\"none\",\"in\":null}", "in ", "-");
    expect_next("null", "in ", "-");
}

static void the_engine_is_asked_for_the_key(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", FRESH),
                                 ANSWER("200 OK", FRESH)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 2);
    assert_int_equal(capture_run(&c.capture, &tk_explain_command, "crm/client",
                                 "--socket", c.engine.path, NULL),
                     TK_EXIT_OK);
    assert_has(capture_out(&c.capture), "crm/client is fresh\n");
    assert_int_equal(capture_run(&c.capture, &tk_explain_command, "crm/client",
                                 "--dir", c.engine.dir, "--json", NULL),
                     TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture), FRESH "\n");
    assert_has(conversation_request(&c),
               "GET /v1/explain/crm/client HTTP/1.1\r\n");
    assert_int_equal(capture_run(&c.capture, &tk_explain_command, "crm", NULL),
                     TK_EXIT_USAGE);
    conversation_stop(&c);
}

static void what_was_learned_of_the_issuer_is_told(void **state)
{
    (void)state;
    expect("{\"key\":\"k\",\"issuer\":{\"learned\":{\"latency_p50\":0.128,"
           "\"latency_p99\":4.096,\"same_token_at\":1800,\"early_ends\":2,"
           "\"shortest_life\":600}}}",
           "k is -\n"
           "  token    none\n"
           "  issuer   -\n"
           "  learned  half of the refreshes take at most 128ms, 99 % 4s; the "
           "same token\n"
           "           came with 30m left; 2 reported before their end, the "
           "soonest after\n           10m\n"
           "  policy   - has not been asked yet; looks every -\n"
           "  clamp    none\n"
           "  spread   none\n"
           "  next     -\n"
           "  refresh  none on its way; - of - places of the source taken\n"
           "  failure  none\n"
           "  demand   - uses\n"
           "  source   -, provider -\n"
           "  reject   none\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_learned_of_the_issuer_is_told),
        cmocka_unit_test(the_chain_of_a_fresh_key_is_told),
        cmocka_unit_test(the_chain_of_a_failing_key_is_told),
        cmocka_unit_test(what_is_missing_has_a_dash),
        cmocka_unit_test(every_next_step_has_words),
        cmocka_unit_test(the_engine_is_asked_for_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
