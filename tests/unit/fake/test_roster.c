#include "fake/roster.h"

#include "tests/unit/text.h"

#include "folder.h"

#define SCRIPT(name, route)                                                    \
    "return { api = 1, name = \"" name "\", routes = { \"" route "\" },\n"     \
    "handle = function(request, state) local s = state.settings\n"             \
    "return 200, {}, { body = { clients = s.clients, life = s.life,\n"         \
    "seed = s.seed, window = s.window } } end }\n"

static struct folder folder;
static struct tk_roster roster;
static struct tk_roster_options options;
static struct tk_why why;

static int start(void **state)
{
    (void)state;
    folder_init(&folder);
    options = (struct tk_roster_options){.lua_dir = folder.lua_dir, .seed = 1};
    why = (struct tk_why){0, ""};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tk_roster_close(&roster);
    folder_fini(&folder);
    return 0;
}

static void all_scripts_of_the_folder_are_opened_by_name(void **state)
{
    (void)state;
    folder_write(&folder, "b.lua", SCRIPT("second", "/b/"));
    folder_write(&folder, "a.lua", SCRIPT("first", "/a/"));
    folder_write(&folder, ".hidden.lua", "error");
    folder_write(&folder, "notes.txt", "error");
    folder_write(&folder, "c.lua~", "error");
    assert_int_equal(tk_roster_open(&roster, &options, &why), 0);
    assert_int_equal(roster.count, 2);
    assert_string_equal(tk_issuer_name(roster.issuers[0]), "first");
    assert_string_equal(tk_issuer_name(roster.issuers[1]), "second");
}

static void assert_settings(const char *wanted)
{
    struct tk_issuer_call call = {.path = TK_STR("/a/")};
    struct tk_issuer_answer answer;
    struct tk_pool pool;

    assert_int_equal(tk_roster_open(&roster, &options, &why), 0);
    tk_pool_init(&pool, 1 << 16);
    assert_int_equal(
        tk_issuer_ask(roster.issuers[0], &call, 0, &pool, &answer, &why), 0);
    assert_text(answer.body, tk_str(wanted));
    tk_pool_fini(&pool);
}

static void issuers_are_told_what_was_given(void **state)
{
    const struct tk_fake_client clients[] = {{"a", "one"}, {"b", "two"}};

    (void)state;
    folder_write(&folder, "a.lua", SCRIPT("a", "/a/"));
    options.clients = clients;
    options.client_count = 2;
    options.life_ms = 2500;
    options.window_ms = 500;
    options.seed = 0xabcdef;
    assert_settings("{\"clients\":{\"a\":\"one\",\"b\":\"two\"},\"life\":2.5,"
                    "\"seed\":\"0000000000abcdef\",\"window\":0.5}");
}

static void what_was_not_given_is_left_to_them(void **state)
{
    (void)state;
    folder_write(&folder, "a.lua", SCRIPT("a", "/a/"));
    assert_settings("{\"seed\":\"0000000000000001\"}");
}

static void a_broken_script_is_named(void **state)
{
    (void)state;
    folder_write(&folder, "a.lua", SCRIPT("a", "/a/"));
    folder_write(&folder, "b.lua", "return 1");
    assert_int_equal(tk_roster_open(&roster, &options, &why), TK_ESCRIPT);
    assert_non_null(strstr(why.text, "b.lua"));
}

static void an_empty_folder_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(tk_roster_open(&roster, &options, &why), TK_ENOENT);
    assert_non_null(strstr(why.text, "tokeng/fakes holds no fake issuer"));
    options.lua_dir = "/nowhere";
    assert_int_equal(tk_roster_open(&roster, &options, &why), TK_ENOENT);
}

static void there_is_an_end_to_issuers(void **state)
{
    (void)state;
    for (int i = 0; i <= TK_ROSTER_MAX; i++) {
        char name[16];

        snprintf(name, sizeof name, "%02d.lua", i);
        folder_write(&folder, name, SCRIPT("a", "/a/"));
    }
    assert_int_equal(tk_roster_open(&roster, &options, &why), TK_EFULL);
}

static void the_shipped_scripts_open(void **state)
{
    (void)state;
    options.lua_dir = "lua";
    if (tk_roster_open(&roster, &options, &why) != 0) fail_msg("%s", why.text);
    assert_string_equal(tk_issuer_name(roster.issuers[0]), "feishu");
    assert_string_equal(tk_issuer_name(roster.issuers[1]), "oauth2");
}

/* Each asks for tokens of its own, and none of them ends. */
static void a_flood_of_clients_does_not_fill_a_scripts_memory(void **state)
{
    struct tk_issuer_answer answer;

    (void)state;
    options.lua_dir = "lua";
    assert_int_equal(tk_roster_open(&roster, &options, &why), 0);
    for (int i = 0; i < 25000; i++) {
        struct tk_issuer_call call = {
            .method = TK_STR("POST"),
            .path = TK_STR("/open-apis/auth/v3/tenant_access_token/internal"),
        };
        struct tk_pool pool;
        char body[128];

        snprintf(body, sizeof body,
                 "{\"app_id\":\"a_client_with_a_name_of_its_own_%d\","
                 "\"app_secret\":\"fake-secret\"}",
                 i);
        call.body = tk_str(body);
        tk_pool_init(&pool, 1 << 16);
        if (tk_issuer_ask(roster.issuers[0], &call, 0, &pool, &answer, &why) !=
            0) {
            fail_msg("call %d: %s", i, why.text);
        }
        assert_text(answer.result, TK_STR("issued"));
        tk_pool_fini(&pool);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_scripts_of_the_folder_are_opened_by_name),
        TEST(issuers_are_told_what_was_given),
        TEST(what_was_not_given_is_left_to_them),
        TEST(a_broken_script_is_named),
        TEST(an_empty_folder_is_an_error),
        TEST(there_is_an_end_to_issuers),
        TEST(the_shipped_scripts_open),
        TEST(a_flood_of_clients_does_not_fill_a_scripts_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
