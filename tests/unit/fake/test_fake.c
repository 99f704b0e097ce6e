#define _GNU_SOURCE
#include "fake/fake.h"

#include "scene.h"

#include "base/log.h"
#include "folder.h"

#define TENANT "/open-apis/auth/v3/tenant_access_token/internal"
#define APP    "/open-apis/auth/v3/app_access_token/internal"
#define GOOD   "{\"app_id\":\"cli_a\",\"app_secret\":\"fake-secret\"}"
#define GRANT  "grant_type=client_credentials&client_id=crm&client_secret="

static struct scene scene;
static struct tk_fake *fake;
static struct tk_fake_options options;

static int start(void **state)
{
    (void)state;
    scene_init(&scene);
    options = (struct tk_fake_options){.lua_dir = "lua", .seed = 7};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tk_fake_free(fake);
    fake = NULL;
    scene_fini(&scene);
    return 0;
}

static void open_fake(void)
{
    struct tk_why why = {0, ""};

    if (tk_fake_new(scene.loop, &options, &fake, &why) != 0) {
        fail_msg("%s", why.text);
    }
    scene.base = tk_fake_address(fake);
}

static struct scene_call *ask(const char *path, const char *body)
{
    return scene_ask(&scene, path, NULL, body);
}

static const char *stats(void)
{
    return ask("/_stats", NULL)->body;
}

static void change(const char *switches)
{
    struct scene_call *reply = ask("/_control", switches);

    if (reply->status != 200) fail_msg("%s", reply->body);
}

static void all_issuers_are_at_one_address(void **state)
{
    (void)state;
    open_fake();
    assert_int_equal(strncmp(tk_fake_address(fake), "http://127.0.0.1:", 17),
                     0);
    assert_string_equal(tk_fake_issuer(fake, 0), "feishu");
    assert_string_equal(tk_fake_issuer(fake, 1), "oauth2");
    assert_holds(ask(TENANT, GOOD)->body, "\"tenant_access_token\":\"t-");
    assert_holds(ask(APP, GOOD)->body, "\"app_access_token\":\"t-");
    assert_holds(ask("/oauth2/token", GRANT "fake-secret")->body,
                 "\"access_token\":\"at-");
    assert_int_equal(ask("/elsewhere", GOOD)->status, 404);
}

static void feishu_gives_the_same_token_again_and_oauth2_never(void **state)
{
    char first[SCENE_BODY];

    (void)state;
    open_fake();
    snprintf(first, sizeof first, "%s", ask(TENANT, GOOD)->body);
    assert_string_equal(
        first, "{\"code\":0,\"expire\":7200,\"msg\":\"ok\","
               "\"tenant_access_token\":"
               "\"t-fake-token-hroVOclXN1OauwdW9wGumOzoMn2-S0XaudWKiBy8lrA\"}");
    assert_holds(ask(TENANT, GOOD)->body, strstr(first, "\"t-"));
    snprintf(first, sizeof first, "%s",
             ask("/oauth2/token", GRANT "fake-secret")->body);
    assert_string_not_equal(ask("/oauth2/token", GRANT "fake-secret")->body,
                            first);
    assert_holds(stats(), "\"feishu\":{\"calls\":2,\"issued\":1,"
                          "\"repeated\":1,");
    assert_holds(stats(), "\"oauth2\":{\"calls\":2,\"issued\":2,"
                          "\"repeated\":0,");
}

static void life_and_window_are_what_was_given(void **state)
{
    (void)state;
    options.life_ms = 20000;
    options.window_ms = 20001; /* always within it */
    open_fake();
    assert_holds(ask(TENANT, GOOD)->body, "\"expire\":20,");
    assert_holds(ask(TENANT, GOOD)->body, "\"expire\":20,");
    assert_holds(stats(), "\"feishu\":{\"calls\":2,\"issued\":2,");
}

static void only_the_listed_clients_are_known(void **state)
{
    const struct tk_fake_client clients[] = {{"cli_a", "s3cret"}};

    (void)state;
    options.clients = clients;
    options.client_count = 1;
    open_fake();
    assert_holds(ask(TENANT, GOOD)->body, "app secret invalid");
    assert_holds(
        ask(TENANT, "{\"app_id\":\"cli_b\",\"app_secret\":\"s3cret\"}")->body,
        "app id not exists");
    assert_holds(
        ask(TENANT, "{\"app_id\":\"cli_a\",\"app_secret\":\"s3cret\"}")->body,
        "\"code\":0");
}

static void two_fakes_without_a_seed_give_different_tokens(void **state)
{
    char first[SCENE_BODY];

    (void)state;
    options.seed = 0;
    open_fake();
    snprintf(first, sizeof first, "%s", ask(TENANT, GOOD)->body);
    tk_fake_free(fake);
    open_fake();
    assert_string_not_equal(ask(TENANT, GOOD)->body, first);
}

static void every_fault_has_its_answer(void **state)
{
    static const struct {
        const char *switches;
        int status;
        const char *body;
        const char *counted;
    } cases[] = {
        {"{\"error_rate\":1}", 500, "internal error\n", "\"error\":1"},
        {"{\"empty_rate\":1,\"error_rate\":0}", 200, "", "\"empty\":1"},
        {"{\"garbage_rate\":1,\"empty_rate\":0}", 200,
         "{\"code\":0,\"acc<html>\xff\x01", "\"garbage\":1"},
        {"{\"ok_error_rate\":1,\"garbage_rate\":0}", 200,
         "{\"code\":2200,\"msg\":\"internal error\"}", "\"2200\":1"},
        {"{\"rate_limit_rate\":1,\"ok_error_rate\":0}", 429,
         "{\"code\":99991400,\"msg\":\"request trigger frequency limit\"}",
         "\"limit\":1"},
        {"{\"outage\":true}", 503, "no server is available\n", "\"outage\":1"},
    };

    (void)state;
    open_fake();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene_call *reply;

        change(cases[i].switches);
        reply = ask(TENANT, GOOD);
        assert_int_equal(reply->error, 0);
        assert_int_equal(reply->status, cases[i].status);
        assert_string_equal(reply->body, cases[i].body);
        assert_holds(stats(), cases[i].counted);
    }
    assert_holds(stats(), "\"issued\":0");
}

static void a_limit_says_when_to_come_back(void **state)
{
    struct scene_call *reply;

    (void)state;
    options.switches.rate_limit_rate = 1;
    open_fake();
    assert_holds(ask(TENANT, GOOD)->head, "Retry-After: 1\r\n");
    change("{\"retry_after_s\":7}");
    reply = ask(TENANT, GOOD);
    assert_holds(reply->head, "Retry-After: 7\r\n");
    assert_holds(reply->head, "x-ogw-ratelimit-reset: 7\r\n");
    assert_holds(ask("/oauth2/token", GRANT "fake-secret")->head,
                 "Retry-After: 7\r\n");
}

static void a_quota_is_each_issuers_own(void **state)
{
    struct scene_call *reply;

    (void)state;
    options.switches.quota_per_minute = 2;
    open_fake();
    assert_int_equal(ask(TENANT, GOOD)->status, 200);
    assert_int_equal(ask(TENANT, GOOD)->status, 200);
    reply = ask(TENANT, GOOD);
    assert_int_equal(reply->status, 429);
    assert_holds(reply->head, "Retry-After: ");
    assert_null(strstr(reply->head, "Retry-After: 1\r\n"));
    assert_int_equal(ask("/oauth2/token", GRANT "fake-secret")->status, 200);
    assert_int_equal(ask("/_stats", NULL)->status, 200);
}

static void answers_take_the_latency_and_control_does_not(void **state)
{
    (void)state;
    options.switches.latency_ms = 80;
    open_fake();
    assert_in_range(ask(TENANT, GOOD)->took_ms, 80, SCENE_LIMIT_MS);
    options.switches.latency_ms = 0;
    change("{\"latency_ms\":60000}");
    assert_in_range(ask("/_check?token=x", NULL)->took_ms, 0, 5000);
}

static void calls_at_a_time_are_counted(void **state)
{
    struct scene_call *calls[3];

    (void)state;
    options.switches.latency_ms = 100;
    open_fake();
    for (size_t i = 0; i < 3; i++) {
        calls[i] = scene_start(&scene, TENANT, NULL, GOOD);
    }
    for (size_t i = 0; i < 3; i++) scene_finish(&scene, calls[i]);
    assert_holds(stats(), "\"concurrent\":0,\"concurrent_max\":3");
}

static void a_hanging_issuer_answers_when_the_outage_ends(void **state)
{
    struct scene_call *call;

    (void)state;
    options.switches.outage = TK_OUTAGE_HANG;
    open_fake();
    call = scene_start(&scene, TENANT, NULL, GOOD);
    while (strstr(stats(), "\"hang\":1") == NULL) continue;
    change("{\"latency_ms\":1}");
    for (int i = 0; i < 5; i++) stats(); /* time for an answer to come */
    assert_false(call->is_done);
    change("{\"outage\":false}");
    scene_finish(&scene, call);
    assert_int_equal(call->status, 503);
    assert_int_equal(ask(TENANT, GOOD)->status, 200);
}

static void calls_that_hang_at_the_end_are_answered(void **state)
{
    struct scene_call *call;

    (void)state;
    options.switches.outage = TK_OUTAGE_HANG;
    open_fake();
    call = scene_start(&scene, TENANT, NULL, GOOD);
    while (strstr(stats(), "\"hang\":1") == NULL) continue;
    tk_fake_free(fake);
    fake = NULL;
    scene_finish(&scene, call);
    assert_int_equal(call->status, 503);
}

static void drop_line(enum tk_log_level level, struct tk_str line, void *data)
{
    (void)level;
    *(bool *)data = memmem(line.data, line.len, "x.lua", 5) != NULL;
}

static void a_failing_script_is_a_500_and_a_line_in_the_log(void **state)
{
    struct folder folder;
    bool is_named = false;

    (void)state;
    folder_init(&folder);
    folder_write(&folder, "x.lua",
                 "return { api = 1, name = 'x', routes = { '/x' },\n"
                 "handle = function() error('no') end }\n");
    options.lua_dir = folder.lua_dir;
    open_fake();
    tk_log_setup(TK_LOG_INFO, drop_line, &is_named);
    assert_int_equal(ask("/x", "body")->status, 500);
    tk_log_setup(TK_LOG_INFO, NULL, NULL);
    assert_true(is_named);
    assert_holds(stats(), "\"script_failed\":1");
    folder_fini(&folder);
}

static void what_stands_in_the_way_is_said(void **state)
{
    struct tk_fake *other = NULL;
    struct tk_why why;

    (void)state;
    options.listen = "tcp:10.0.0.1:80";
    assert_int_equal(tk_fake_new(scene.loop, &options, &other, &why),
                     TK_EINVAL);
    assert_null(other);
    options.listen = NULL;
    options.lua_dir = "/nowhere";
    assert_int_equal(tk_fake_new(scene.loop, &options, &other, &why),
                     TK_ENOENT);
    assert_non_null(strstr(why.text, "/nowhere/tokeng/fakes"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_issuers_are_at_one_address),
        TEST(feishu_gives_the_same_token_again_and_oauth2_never),
        TEST(life_and_window_are_what_was_given),
        TEST(only_the_listed_clients_are_known),
        TEST(two_fakes_without_a_seed_give_different_tokens),
        TEST(every_fault_has_its_answer),
        TEST(a_limit_says_when_to_come_back),
        TEST(a_quota_is_each_issuers_own),
        TEST(answers_take_the_latency_and_control_does_not),
        TEST(calls_at_a_time_are_counted),
        TEST(a_hanging_issuer_answers_when_the_outage_ends),
        TEST(calls_that_hang_at_the_end_are_answered),
        TEST(a_failing_script_is_a_500_and_a_line_in_the_log),
        TEST(what_stands_in_the_way_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
