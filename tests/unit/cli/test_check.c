#define _GNU_SOURCE
#include "cli/check.h"

#include "tests/unit/cli/capture.h"
#include "tests/unit/engine/scripts.h"

#define SOURCE "{ provider = 'tiny', url = 'https://sso.example/token'"

static const char good[] =
    "return { policy = { 'tiny', check_interval = '30s' }, sources = {\n"
    "  crm = " SOURCE ", tokens = { read = { scope = 'r' } },\n"
    "          keep = { 'client', 'client/*' } },\n"
    "  hr = " SOURCE " },\n"
    "} }";

static enum tk_exit check(void **state, struct capture *capture,
                          const char *text, const char *more)
{
    struct scripts *s = *state;
    const char *path = folder_write(&s->folder, "tokeng.lua", text);

    return capture_run(capture, &tk_check_command, "-c", path, more, NULL);
}

static void a_good_configuration_is_summed_up(void **state)
{
    struct scripts *s = *state;
    struct capture capture;
    char page[2048];

    capture_init(&capture);
    assert_int_equal(check(state, &capture, good, NULL), TK_EXIT_OK);
    snprintf(page, sizeof page,
             "SOURCE  PROVIDER  KIND    POLICY  CHECKED  KEPT  RENEWABLE\n"
             "crm     tiny      client  tiny    30s         2  at any time\n"
             "hr      tiny      client  tiny    30s         0  at any time\n"
             "kept: crm/client, crm/client/read\n"
             "%s/tokeng.lua is good: 2 sources\n",
             s->folder.path);
    assert_string_equal(capture_out(&capture), page);
    assert_string_equal(capture_err(&capture), "");
    capture_fini(&capture);
}

static void a_good_configuration_is_summed_up_as_json(void **state)
{
    struct scripts *s = *state;
    struct capture capture;
    char page[2048];

    capture_init(&capture);
    assert_int_equal(check(state, &capture, good, "--json"), TK_EXIT_OK);
    snprintf(
        page, sizeof page,
        "{\"config\":\"%s/tokeng.lua\",\"problems\":[],\"sources\":["
        "{\"name\":\"crm\",\"provider\":\"tiny\",\"policy\":\"tiny\","
        "\"check_interval\":30,\"kinds\":{\"client\":\"renewable at any "
        "time\"},\"kept\":[\"crm/client\",\"crm/client/read\"],\"warnings\":"
        "[]},{\"name\":\"hr\",\"provider\":\"tiny\",\"policy\":\"tiny\","
        "\"check_interval\":30,\"kinds\":{\"client\":\"renewable at any "
        "time\"},\"kept\":[],\"warnings\":[]}]}\n",
        s->folder.path);
    assert_string_equal(capture_out(&capture), page);
    capture_fini(&capture);
}

/* A warning is no problem: the configuration runs. */
static void what_is_not_feasible_is_a_warning(void **state)
{
    struct capture capture;
    const char *text = "return { policy = 'tiny', sources = { crm = {\n"
                       "  provider = 'tiny', url = 'https://sso.example/',\n"
                       "  keep = { 'client' }, quota = { per_day = 1 } } } }";

    capture_init(&capture);
    assert_int_equal(check(state, &capture, text, NULL), TK_EXIT_OK);
    assert_non_null(strstr(capture_out(&capture),
                           "warning: sources.crm: 1 keys at one refresh per "));
    capture_fini(&capture);
}

static void kept_keys_are_counted_by_kind(void **state)
{
    struct scripts *s = *state;
    struct capture capture;
    const char *page;

    folder_write(&s->folder, "providers/two.lua",
                 "return { api = 1, name = 'two', settings = {}, kinds = {\n"
                 "  app = { renewable = 'always' },\n"
                 "  user = { renewable = { last = '30m' }, subject = 'any' }\n"
                 "}, fetch = function() return { token = 't' } end }");
    capture_init(&capture);
    assert_int_equal(check(state, &capture,
                           "return { policy = 'tiny', sources = { s = {\n"
                           "  provider = 'two',\n"
                           "  keep = { 'app', 'user/a', 'user/b' } } } }",
                           NULL),
                     TK_EXIT_OK);
    page = capture_out(&capture);
    assert_has(page, "  app   tiny    10s         1  at any time\n");
    assert_has(page,
               "  user  tiny    10s         2  while less than 30m remain\n");
    assert_has(page, "kept: s/app, s/user/a, s/user/b\n");
    capture_fini(&capture);
}

static const char broken[] = "return { polcy = 'tiny', sources = { crm = "
                             "{ provider = 'tiny', id = 7 } } }";

static void every_problem_is_a_line_of_standard_error(void **state)
{
    struct capture capture;
    const char *said;

    capture_init(&capture);
    assert_int_equal(check(state, &capture, broken, NULL), TK_EXIT_CONFIG);
    said = capture_err(&capture);
    assert_has(said, "tokeng: polcy: unknown field; did you mean policy?\n");
    assert_has(said, "tokeng: sources.crm.id: ");
    assert_has(said, "tokeng: sources.crm.url: ");
    assert_has(said, "/tokeng.lua: 3 problems\n");
    assert_string_equal(capture_out(&capture), "");
    capture_fini(&capture);
}

static void problems_are_json_too(void **state)
{
    struct capture capture;
    const char *page;

    capture_init(&capture);
    assert_int_equal(check(state, &capture, broken, "--json"), TK_EXIT_CONFIG);
    page = capture_out(&capture);
    assert_has(page, "\"problems\":[\"polcy: unknown field; did you mean "
                     "policy?\",\"sources.crm.id: ");
    assert_has_not(page, "sources\":[{");
    capture_fini(&capture);
}

static void a_policy_of_the_command_line_is_checked_too(void **state)
{
    struct capture capture;

    capture_init(&capture);
    assert_int_equal(check(state, &capture, good, "--policy=nosuch"),
                     TK_EXIT_CONFIG);
    assert_has(capture_err(&capture), "nosuch");
    capture_fini(&capture);
}

static void a_file_that_is_not_there_is_a_configuration_error(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(capture_run(&capture, &tk_check_command, "--config",
                                 "/nowhere/tokeng.lua", NULL),
                     TK_EXIT_CONFIG);
    assert_has(capture_err(&capture), "/nowhere/tokeng.lua: no such file");
    capture_fini(&capture);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scripts_set_up, scripts_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_configuration_is_summed_up),
        TEST(a_good_configuration_is_summed_up_as_json),
        TEST(what_is_not_feasible_is_a_warning),
        TEST(kept_keys_are_counted_by_kind),
        TEST(every_problem_is_a_line_of_standard_error),
        TEST(problems_are_json_too),
        TEST(a_policy_of_the_command_line_is_checked_too),
        TEST(a_file_that_is_not_there_is_a_configuration_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
