#define _GNU_SOURCE
#include "cli/setup.h"

#include "tests/unit/cli/capture.h"
#include "tests/unit/engine/folder.h"

static const struct tk_option options[] = {TK_SETUP_OPTIONS};

static struct tk_args args_of(const char *config, const char *policy)
{
    return (struct tk_args){
        .options = options, .option_count = 2, .values = {config, policy}};
}

/* Owned by the test. */
struct scene {
    struct capture capture;
    struct folder folder;
    struct tk_setup setup;
    char config[128];
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    if (scene == NULL) return -1;
    capture_init(&scene->capture);
    folder_make(&scene->folder);
    snprintf(scene->config, sizeof scene->config, "%s",
             folder_write(&scene->folder, "tokeng.lua", "return {}"));
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    folder_remove(&scene->folder);
    capture_fini(&scene->capture);
    free(scene);
    return 0;
}

static void a_configuration_is_found_by_its_path(void **state)
{
    struct scene *scene = *state;
    struct tk_args args = args_of(scene->config, NULL);

    assert_int_equal(tk_setup_find(&args, &scene->capture.show, &scene->setup),
                     TK_EXIT_OK);
    assert_string_equal(scene->setup.config, scene->config);
    assert_null(tk_setup_policy(&scene->setup));
}

static void a_configuration_that_is_not_there_is_named(void **state)
{
    struct scene *scene = *state;
    struct tk_args args = args_of("/nowhere/tokeng.lua", NULL);

    assert_int_equal(tk_setup_find(&args, &scene->capture.show, &scene->setup),
                     TK_EXIT_CONFIG);
    assert_string_equal(
        capture_err(&scene->capture),
        "tokeng: /nowhere/tokeng.lua: no such file, or not readable\n");
}

static void a_policy_by_path_becomes_absolute(void **state)
{
    struct scene *scene = *state;
    struct tk_args args = args_of(scene->config, "mine.lua");
    char here[PATH_MAX], wanted[PATH_MAX];

    snprintf(wanted, sizeof wanted, "%s",
             folder_write(&scene->folder, "mine.lua", "return {}"));
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(scene->folder.path), 0);
    assert_int_equal(tk_setup_find(&args, &scene->capture.show, &scene->setup),
                     TK_EXIT_OK);
    assert_int_equal(chdir(here), 0);
    assert_string_equal(tk_setup_policy(&scene->setup), wanted);
}

static void an_installed_policy_goes_by_its_name(void **state)
{
    struct scene *scene = *state;
    struct tk_args args = args_of(scene->config, "threshold");

    assert_int_equal(tk_setup_find(&args, &scene->capture.show, &scene->setup),
                     TK_EXIT_OK);
    assert_string_equal(tk_setup_policy(&scene->setup), "threshold");
}

static void a_policy_that_is_not_there_is_named(void **state)
{
    struct scene *scene = *state;
    struct tk_args args = args_of(scene->config, "/nowhere/mine.lua");

    assert_int_equal(tk_setup_find(&args, &scene->capture.show, &scene->setup),
                     TK_EXIT_CONFIG);
    assert_string_equal(
        capture_err(&scene->capture),
        "tokeng: --policy /nowhere/mine.lua: No such file or directory\n");
}

static void every_problem_is_a_line(void **state)
{
    struct scene *scene = *state;
    struct tk_problems problems;

    tk_problems_init(&problems);
    tk_problem(&problems, "sources.a", "is bad");
    tk_problem(&problems, "sources.b", "is worse");
    assert_int_equal(
        tk_setup_say_problems(&scene->capture.show, "t.lua", &problems),
        TK_EXIT_CONFIG);
    assert_string_equal(capture_err(&scene->capture),
                        "tokeng: sources.a: is bad\n"
                        "tokeng: sources.b: is worse\n"
                        "tokeng: t.lua: 2 problems\n");
    tk_problems_fini(&problems);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_configuration_is_found_by_its_path),
        TEST(a_configuration_that_is_not_there_is_named),
        TEST(a_policy_by_path_becomes_absolute),
        TEST(an_installed_policy_goes_by_its_name),
        TEST(a_policy_that_is_not_there_is_named),
        TEST(every_problem_is_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
