/* The engine runs in a child of the test, which reads what it logs. */
#define _GNU_SOURCE
#include "cli/run.h"

#include "cli/explain.h"
#include "cli/get.h"
#include "embed/runtime.h"

#include "tests/unit/cli/capture.h"
#include "tests/unit/engine/scripts.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define CRM "crm = { provider = 'tiny', url = 'https://sso.example/token' "

static const char good[] =
    "return { policy = { 'tiny' }, sources = { " CRM ", keep = { 'client' } } "
    "} }";
static const char broken[] =
    "return { polcy = 'tiny', sources = { " CRM ", secret = 1 } } }";

/* Owned by the test; `dir` is the runtime directory. */
struct scene {
    struct scripts *scripts;
    struct capture capture;
    char dir[128];
    char said[32 * 1024]; /* what the engine wrote to its standard error */
    size_t len;
    int err;
    pid_t pid;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    void *scripts = NULL;

    if (scene == NULL || scripts_set_up(&scripts) != 0) return -1;
    scene->scripts = scripts;
    capture_init(&scene->capture);
    snprintf(scene->dir, sizeof scene->dir, "%s/run",
             scene->scripts->folder.path);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    void *scripts = scene->scripts;

    if (scene->pid > 0) kill(scene->pid, SIGKILL);
    if (scene->pid > 0) waitpid(scene->pid, NULL, 0);
    capture_fini(&scene->capture);
    free(scene);
    return scripts_tear_down(&scripts);
}

/* Starts the engine with this configuration and, unless it is NULL, one more
 * argument; where cores are allowed, so that it can forbid them. */
static void start(struct scene *scene, const char *config, const char *more)
{
    const char *path = write_config(scene->scripts, config);
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    scene->pid = fork();
    assert_true(scene->pid >= 0);
    if (scene->pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){1 << 20, 1 << 20});
        dup2(ends[1], STDERR_FILENO);
        scene->capture.show.err = STDERR_FILENO;
        close(ends[0]);
        close(ends[1]);
        _exit((int)capture_run(&scene->capture, &tk_run_command, "-c", path,
                               "--dir", scene->dir, more, NULL));
    }
    close(ends[1]);
    scene->err = ends[0];
    scene->len = 0;
}

/* Reads on until the engine has said `part`, or, if that is NULL, has ended. */
static void hear(struct scene *scene, const char *part)
{
    for (;;) {
        size_t space = sizeof scene->said - 1 - scene->len;
        ssize_t got;

        scene->said[scene->len] = '\0';
        if (part != NULL && strstr(scene->said, part) != NULL) return;
        got = read(scene->err, scene->said + scene->len, space);
        if (got <= 0) break;
        scene->len += (size_t)got;
    }
    if (part != NULL) fail_msg("no '%s' in: %s", part, scene->said);
}

static int end(struct scene *scene)
{
    int status;

    hear(scene, NULL);
    close(scene->err);
    assert_int_equal(waitpid(scene->pid, &status, 0), scene->pid);
    scene->pid = 0;
    if (!WIFEXITED(status)) fail_msg("signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static int stop(struct scene *scene, int signum)
{
    assert_int_equal(kill(scene->pid, signum), 0);
    return end(scene);
}

static void expect_token(struct scene *scene)
{
    assert_int_equal(capture_run(&scene->capture, &tk_get_command, "crm/client",
                                 "--dir", scene->dir, NULL),
                     TK_EXIT_OK);
    assert_string_equal(capture_out(&scene->capture), "token-of-all\n");
}

static void it_serves_until_it_is_told_to_stop(void **state)
{
    struct scene *scene = *state;
    char socket_path[200];
    struct stat info;

    start(scene, good, NULL);
    hear(scene, "engine ready");
    assert_has(scene->said, "\"engine started\" listen=unix:");
    assert_has(scene->said, " sources=1 ");
    snprintf(socket_path, sizeof socket_path, "%s/tokeng.sock", scene->dir);
    assert_int_equal(stat(socket_path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0660);
    expect_token(scene);
    assert_int_equal(stop(scene, SIGTERM), TK_EXIT_OK);
    assert_has(scene->said, "engine stops");
    assert_int_equal(stat(socket_path, &info), -1);
}

static void an_interrupt_ends_it_in_order_too(void **state)
{
    struct scene *scene = *state;

    start(scene, good, NULL);
    hear(scene, "engine ready");
    assert_int_equal(stop(scene, SIGINT), TK_EXIT_OK);
}

static void a_hangup_reads_the_configuration_again(void **state)
{
    struct scene *scene = *state;

    start(scene, good, NULL);
    hear(scene, "engine ready");
    write_config(scene->scripts, broken);
    assert_int_equal(kill(scene->pid, SIGHUP), 0);
    hear(scene, "configuration not reloaded");
    assert_has(scene->said, "polcy: unknown field");
    assert_has(scene->said, "sources.crm.secret: unknown field");
    expect_token(scene);
    write_config(scene->scripts, good);
    assert_int_equal(kill(scene->pid, SIGHUP), 0);
    hear(scene, "configuration reloaded");
    expect_token(scene);
    assert_int_equal(stop(scene, SIGTERM), TK_EXIT_OK);
}

static void a_broken_configuration_ends_it_with_all_problems(void **state)
{
    struct scene *scene = *state;

    start(scene, broken, NULL);
    assert_int_equal(end(scene), TK_EXIT_CONFIG);
    assert_has(scene->said,
               "tokeng: polcy: unknown field; did you mean policy?\n");
    assert_has(scene->said, "tokeng: sources.crm.secret: unknown field\n");
    assert_has(scene->said, "/tokeng.lua: 2 problems\n");
}

static void a_second_engine_is_refused(void **state)
{
    struct scene *scene = *state;
    struct tk_why why;
    char dir[PATH_MAX];
    int lock;

    assert_int_equal(tk_runtime_open(scene->dir, dir, &why), 0);
    assert_int_equal(tk_runtime_lock(dir, &lock, &why), 0);
    start(scene, good, NULL);
    assert_int_equal(end(scene), TK_EXIT_TEMPORARY);
    assert_has(scene->said, "tokeng: another engine (pid ");
    close(lock);
}

static void a_socket_that_nobody_serves_is_replaced(void **state)
{
    struct scene *scene = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(mkdir(scene->dir, 0700), 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%.90s/tokeng.sock",
             scene->dir);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    start(scene, good, NULL);
    hear(scene, "engine ready");
    expect_token(scene);
    assert_int_equal(stop(scene, SIGTERM), TK_EXIT_OK);
}

static void a_socket_of_the_command_line_wins(void **state)
{
    struct scene *scene = *state;
    char option[200], path[160];
    struct stat info;

    snprintf(path, sizeof path, "%s/mine.sock", scene->scripts->folder.path);
    snprintf(option, sizeof option, "--socket=%s", path);
    start(scene,
          "return { listen = { 'unix:$DIR/other.sock' }, policy = 'tiny', "
          "sources = { " CRM "} } }",
          option);
    hear(scene, "engine ready");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(
        stat(folder_path(&scene->scripts->folder, "other.sock"), &info), -1);
    assert_int_equal(stop(scene, SIGTERM), TK_EXIT_OK);
}

static void the_configuration_says_where_to_listen(void **state)
{
    struct scene *scene = *state;
    struct stat info;

    start(scene,
          "return { listen = { 'unix:$DIR/a.sock', 'unix:$DIR/b.sock' }, "
          "policy = 'tiny', sources = { " CRM "} } }",
          NULL);
    hear(scene, "engine ready");
    assert_int_equal(
        stat(folder_path(&scene->scripts->folder, "a.sock"), &info), 0);
    assert_int_equal(
        stat(folder_path(&scene->scripts->folder, "b.sock"), &info), 0);
    assert_int_equal(
        stat(folder_path(&scene->scripts->folder, "run/tokeng.sock"), &info),
        -1);
    assert_int_equal(stop(scene, SIGTERM), TK_EXIT_OK);
}

static void a_place_that_is_no_socket_is_a_configuration_error(void **state)
{
    struct scene *scene = *state;

    folder_write(&scene->scripts->folder, "file.sock", "not a socket");
    start(scene,
          "return { listen = { 'unix:$DIR/file.sock' }, policy = 'tiny', "
          "sources = { " CRM "} } }",
          NULL);
    assert_int_equal(end(scene), TK_EXIT_CONFIG);
    assert_has(scene->said, "/file.sock");
}

static void a_policy_of_the_command_line_overrules(void **state)
{
    struct scene *scene = *state;
    char option[PATH_MAX + 16];

    folder_write(&scene->scripts->folder, "policies/mine.lua",
                 "return { api = 1, name = 'mine', decide = function()\n"
                 "  return renew(3600, 'mine') end }");
    snprintf(option, sizeof option, "--policy=%s", scene->scripts->folder.file);
    start(scene, good, option);
    hear(scene, "engine ready");
    assert_int_equal(capture_run(&scene->capture, &tk_explain_command,
                                 "crm/client", "--dir", scene->dir, NULL),
                     TK_EXIT_OK);
    assert_has(capture_out(&scene->capture),
               "/policies/mine.lua says renew in ");
    assert_int_equal(stop(scene, SIGTERM), TK_EXIT_OK);
}

static void a_level_that_is_none_is_refused(void **state)
{
    struct scene *scene = *state;

    start(scene, good, "--log-level=loud");
    assert_int_equal(end(scene), TK_EXIT_USAGE);
    assert_string_equal(scene->said,
                        "tokeng: run: --log-level is debug, info, warn or "
                        "error, not 'loud'\n");
}

static void a_level_silences_what_is_below_it(void **state)
{
    struct scene *scene = *state;

    start(scene, broken, "--log-level=error");
    assert_int_equal(end(scene), TK_EXIT_CONFIG);
    assert_has_not(scene->said, " info ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_serves_until_it_is_told_to_stop),
        TEST(an_interrupt_ends_it_in_order_too),
        TEST(a_hangup_reads_the_configuration_again),
        TEST(a_broken_configuration_ends_it_with_all_problems),
        TEST(a_second_engine_is_refused),
        TEST(a_socket_that_nobody_serves_is_replaced),
        TEST(a_socket_of_the_command_line_wins),
        TEST(the_configuration_says_where_to_listen),
        TEST(a_place_that_is_no_socket_is_a_configuration_error),
        TEST(a_policy_of_the_command_line_overrules),
        TEST(a_level_that_is_none_is_refused),
        TEST(a_level_silences_what_is_below_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
