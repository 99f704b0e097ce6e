#include "fake/control.h"

#include "scene.h"

#include "fake/roster.h"

enum { NOW_MS = 5000 };

static struct scene scene;
static struct tk_server *server;
static struct tk_switches switches;
static struct tk_ledger ledger;
static struct tk_roster roster;
static struct tk_control control;
static unsigned changes;

static void on_changed(void *data)
{
    assert_ptr_equal(data, &changes);
    changes++;
}

static void on_request(struct tk_request *request, void *data)
{
    (void)data;
    tk_control_answer(&control, request, NOW_MS);
}

static int start(void **state)
{
    struct tk_server_options options = {.listen = "tcp:127.0.0.1:0"};
    struct tk_roster_options issuers = {.lua_dir = "lua", .seed = 1};
    struct tk_why why;

    (void)state;
    scene_init(&scene);
    switches = (struct tk_switches){.error_rate = 0.25};
    changes = 0;
    if (tk_ledger_init(&ledger) != 0 ||
        tk_roster_open(&roster, &issuers, &why) != 0 ||
        tk_server_new(scene.loop, &options, on_request, NULL, &server, &why) !=
            0) {
        return -1;
    }
    scene.base = tk_server_address(server);
    control = (struct tk_control){&switches,    &ledger,    roster.issuers,
                                  roster.count, on_changed, &changes};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tk_server_free(server);
    tk_roster_close(&roster);
    tk_ledger_fini(&ledger);
    scene_fini(&scene);
    return 0;
}

/* A token of the fake Feishu, issued at NOW_MS. */
static void issue(char out[128])
{
    struct tk_issuer_call call = {
        .method = TK_STR("POST"),
        .path = TK_STR("/open-apis/auth/v3/tenant_access_token/internal"),
        .body = TK_STR("{\"app_id\":\"cli_a\",\"app_secret\":\"fake-secret\"}"),
    };
    struct tk_issuer_answer answer;
    struct tk_pool pool;
    const char *token;
    struct tk_why why;

    tk_pool_init(&pool, 1 << 16);
    if (tk_issuer_ask(roster.issuers[0], &call, NOW_MS / 1000.0, &pool, &answer,
                      &why) != 0) {
        fail_msg("%s", why.text);
    }
    token = strstr(answer.body.data, "\"t-");
    assert_non_null(token);
    snprintf(out, 128, "%.*s", (int)strcspn(token + 1, "\""), token + 1);
    tk_pool_fini(&pool);
}

static void stats_show_time_switches_and_counts(void **state)
{
    struct tk_ledger_call call = {.issuer = "feishu",
                                  .path = TK_STR("/p"),
                                  .result = TK_STR("issued"),
                                  .at_ms = 7};
    struct scene_call *reply;

    (void)state;
    tk_ledger_note(&ledger, &call);
    reply = scene_ask(&scene, "/_stats", NULL, NULL);
    assert_int_equal(reply->status, 200);
    assert_holds(reply->head, "application/json");
    assert_holds(reply->body, "{\"now_ms\":5000,\"switches\":{");
    assert_holds(reply->body, "\"error_rate\":0.25,");
    assert_holds(reply->body, "\"outage\":false}");
    assert_holds(reply->body, "\"issuers\":{\"feishu\":{\"calls\":1,");
    assert_holds(reply->body, "\"log\":[{\"at_ms\":7,");
    assert_holds(scene_ask(&scene, "/_stats?log=0", NULL, NULL)->body,
                 "\"log\":[]}");
    assert_holds(scene_ask(&scene, "/_stats?log=x", NULL, NULL)->body,
                 "\"log\":[{");
    assert_holds(
        scene_ask(&scene, "/_stats?log=99999999999999999999", NULL, NULL)->body,
        "\"log\":[{");
}

static void switches_are_changed_and_shown(void **state)
{
    struct scene_call *reply = scene_ask(
        &scene, "/_control", NULL, "{\"outage\":\"hang\",\"latency_ms\":20}");

    (void)state;
    assert_int_equal(reply->status, 200);
    assert_holds(reply->body, "\"latency_ms\":20,");
    assert_holds(reply->body, "\"error_rate\":0.25,");
    assert_holds(reply->body, "\"outage\":\"hang\"");
    assert_int_equal(switches.outage, TK_OUTAGE_HANG);
    assert_int_equal(changes, 1);
    reply = scene_ask(&scene, "/_control", NULL, "{\"outage\":true}");
    assert_holds(reply->body, "\"outage\":\"503\"");
}

static void a_wrong_switch_is_explained_and_changes_nothing(void **state)
{
    struct scene_call *reply =
        scene_ask(&scene, "/_control", NULL, "{\"eror_rate\":1}");

    (void)state;
    assert_int_equal(reply->status, 400);
    assert_holds(reply->body, "did you mean error_rate?");
    assert_int_equal(scene_ask(&scene, "/_control", NULL, "{")->status, 400);
    assert_int_equal(changes, 0);
    assert_true(switches.error_rate == 0.25);
}

static void a_token_is_checked_by_query_and_by_header(void **state)
{
    struct scene_call *reply;
    char token[128];
    char text[160];

    (void)state;
    issue(token);
    snprintf(text, sizeof text, "/_check?token=%s", token);
    reply = scene_ask(&scene, text, NULL, NULL);
    assert_int_equal(reply->status, 200);
    assert_holds(reply->body, "\"active\":true");
    assert_holds(reply->body, "\"client\":\"cli_a\"");
    assert_holds(reply->body, "\"expires_in\":7200");
    assert_holds(reply->body, "\"issuer\":\"feishu\"");
    snprintf(text, sizeof text, "Authorization: Bearer %s", token);
    assert_int_equal(scene_ask(&scene, "/_check", text, NULL)->status, 200);
    snprintf(text, sizeof text, "Authorization: Basic %s", token);
    assert_int_equal(scene_ask(&scene, "/_check", text, NULL)->status, 401);
}

static void an_unknown_token_is_not_accepted(void **state)
{
    struct scene_call *reply = scene_ask(&scene, "/_check?token=x", NULL, NULL);

    (void)state;
    assert_int_equal(reply->status, 401);
    assert_string_equal(reply->body, "{\"active\":false}");
    assert_int_equal(scene_ask(&scene, "/_check", NULL, NULL)->status, 401);
}

static void a_revoked_token_is_no_longer_accepted(void **state)
{
    char token[128];
    char path[160];
    char body[160];

    (void)state;
    issue(token);
    snprintf(path, sizeof path, "/_check?token=%s", token);
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
    assert_int_equal(scene_ask(&scene, path, NULL, NULL)->status, 200);
    assert_int_equal(scene_ask(&scene, "/_revoke", NULL, body)->status, 200);
    assert_int_equal(scene_ask(&scene, path, NULL, NULL)->status, 401);
    assert_int_equal(scene_ask(&scene, "/_revoke", NULL, body)->status, 404);
}

static void a_revocation_names_a_token(void **state)
{
    static const char *const bad[] = {"{}", "{\"token\":1}", "token", "[]"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(scene_ask(&scene, "/_revoke", NULL, bad[i])->status,
                         400);
    }
}

static void other_methods_and_paths_are_refused(void **state)
{
    struct scene_call *reply = scene_ask(&scene, "/_stat", NULL, NULL);

    (void)state;
    assert_int_equal(reply->status, 404);
    assert_holds(reply->body, "GET /_stats");
    assert_int_equal(scene_ask(&scene, "/_stats", NULL, "{}")->status, 405);
    assert_int_equal(scene_ask(&scene, "/_control", NULL, NULL)->status, 405);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stats_show_time_switches_and_counts),
        TEST(switches_are_changed_and_shown),
        TEST(a_wrong_switch_is_explained_and_changes_nothing),
        TEST(a_token_is_checked_by_query_and_by_header),
        TEST(an_unknown_token_is_not_accepted),
        TEST(a_revoked_token_is_no_longer_accepted),
        TEST(a_revocation_names_a_token),
        TEST(other_methods_and_paths_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
