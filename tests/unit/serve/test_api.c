#define _GNU_SOURCE
#include "serve/api.h"

#include "tests/unit/serve/live.h"

#include <sys/stat.h>
#include <sys/wait.h>

/* --- starting --- */

/* No request comes, so nothing needs an engine. */
static int try_listen(const char *const *listen, struct tk_why *why)
{
    struct tk_loop *loop;
    struct tk_api *api;
    int rc;

    assert_int_equal(tk_loop_new(&loop), 0);
    *why = (struct tk_why){0, ""};
    rc = tk_api_new(loop, NULL, listen, &api, why);
    if (rc == 0) {
        tk_api_stop(api);
        tk_api_free(api);
    }
    assert_int_equal(tk_loop_free(loop), 0);
    return rc;
}

static void it_listens_on_all_addresses_or_on_none(void **state)
{
    char dir[] = "/tmp/tokeng-test-XXXXXX";
    char first[64];
    char second[64];
    const char *listen[] = {first, second, NULL};
    struct tk_why why;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(first, sizeof first, "unix:%s/a.sock", dir);
    snprintf(second, sizeof second, "unix:%s/b.sock", dir);
    assert_int_equal(try_listen(listen, &why), 0);
    snprintf(second, sizeof second, "unix:%s/no/b.sock", dir);
    assert_int_equal(try_listen(listen, &why), TK_ENOENT);
    holds(tk_str(why.text), "no/b.sock");
    assert_int_equal(rmdir(dir), 0); /* no socket was left behind */
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void addresses_that_are_refused_open_no_socket_to_everybody(void **state)
{
    char dir[] = "/tmp/tokeng-test-XXXXXX";
    char good[64];
    char bad[64];
    const char *listen[] = {good, NULL, NULL};
    struct tk_config config = {.readers = {.count = 1}};
    struct tk_loop *loop;
    struct tk_api *api;
    struct tk_why why;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(good, sizeof good, "unix:%s/a.sock", dir);
    snprintf(bad, sizeof bad, "unix:%s/no/b.sock", dir);
    assert_int_equal(tk_loop_new(&loop), 0);
    assert_int_equal(tk_api_new(loop, NULL, listen, &api, &why), 0);
    listen[1] = bad;
    assert_int_equal(tk_api_listen(api, &config, listen, &why), TK_ENOENT);
    assert_int_equal(mode_of(good + strlen("unix:")), 0660);
    listen[1] = NULL;
    assert_int_equal(tk_api_listen(api, &config, listen, &why), 0);
    assert_int_equal(mode_of(good + strlen("unix:")), 0666);
    tk_api_stop(api);
    tk_api_free(api);
    assert_int_equal(tk_loop_free(loop), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void it_listens_on_loopback_only(void **state)
{
    static const char *const listen[] = {"tcp:127.0.0.1:0", NULL};
    static const char *const all[] = {"tcp:0.0.0.0:0", NULL};
    struct tk_why why;

    (void)state;
    assert_int_equal(try_listen(listen, &why), 0);
    assert_int_equal(try_listen(all, &why), TK_EINVAL);
    holds(tk_str(why.text), "0.0.0.0");
}

static void no_address_is_no_error(void **state)
{
    static const char *const listen[] = {NULL};
    struct tk_why why;

    (void)state;
    assert_int_equal(try_listen(listen, &why), 0);
    tk_api_free(NULL);
}

/* --- answering --- */

static void what_is_not_there_is_told(void **state)
{
    struct live *live = *state;

    call(live, "GET", "/", 404);
    is_problem(live, "not_found");
    call(live, "GET", "/metrics%00/../x", 404);
    is_problem(live, "not_found");
    call(live, "POST", "/v1/token/crm/client/a", 405);
    is_problem(live, "method_not_allowed");
    has_header(live, "Allow: GET, DELETE");
    call(live, "GET", "/v1/reload", 405);
    has_header(live, "Allow: POST");
}

static void every_call_is_answered(void **state)
{
    static const struct {
        const char *method;
        const char *target;
        const char *body;
        int status;
    } calls[] = {
        {"GET", "/v1/token/crm/client/a", "", 200},
        {"POST", "/v1/reject/crm/client/a", "{\"token\":\"x\"}", 202},
        {"POST", "/v1/refresh/crm/client/a", "", 202},
        {"GET", "/v1/tokens", "", 200},
        {"GET", "/v1/explain/crm/client/a", "", 200},
        {"POST", "/v1/pause/crm", "", 202},
        {"POST", "/v1/resume/crm", "", 202},
        {"DELETE", "/v1/token/crm/client/a", "", 202},
        {"POST", "/v1/reload", "", 202},
        {"GET", "/v1/version", "", 200},
    };
    struct live *live = *state;

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        call_with(live, calls[i].method, calls[i].target, calls[i].body,
                  calls[i].status);
        has_header(live, "Content-Type: application/json");
    }
}

static void parameters_reach_the_listing(void **state)
{
    struct live *live = *state;
    const struct reading *r;

    call(live, "GET", "/v1/token/crm/client/a", 200);
    call(live, "GET", "/v1/token/crm/client/b", 200);
    r = call(live, "GET", "/v1/tokens?source=crm&state=fresh&limit=1", 200);
    says(r, "tokens.0.key", "crm/client/a");
    says(r, "next", "crm/client/a");
    r = call(live, "GET", "/v1/tokens?after=crm%2Fclient%2Fa&limit=1", 200);
    says(r, "tokens.0.key", "crm/client/b");
    call(live, "GET", "/v1/tokens?limit=0", 400);
    is_problem(live, "bad_request");
    call(live, "GET", "/v1/tokens?source=nobody", 404);
    is_problem(live, "unknown_source");
}

static void metrics_are_scraped_as_text(void **state)
{
    struct live *live = *state;

    call(live, "GET", "/v1/token/crm/client/kept", 200);
    get(live->path, "/metrics", &live->answer);
    assert_int_equal(live->answer.status, 200);
    has_header(live, "Content-Type: text/plain; version=0.0.4; charset=utf-8");
    holds(tk_str(live->answer.body), "\ntokeng_connections ");
    holds_not(tk_str(live->answer.body), "\ntokeng_connections 0\n");
    holds(tk_str(live->answer.body),
          "\ntokeng_tokens{source=\"crm\",state=\"fresh\"} 1\n");
    holds(tk_str(live->answer.body),
          "\ntokeng_policy_calls_total{policy=\"threshold\"} ");
    holds_not(tk_str(live->answer.body), "canary");
}

static void no_answer_but_that_of_get_shows_a_token(void **state)
{
    static const char *const targets[] = {
        "/v1/tokens",  "/v1/explain/crm/client/a",
        "/metrics",    "/readyz",
        "/v1/version", "/v1/token/crm/client/a?newer_than=x"};
    struct live *live = *state;

    call(live, "GET", "/v1/token/crm/client/a", 200);
    holds(tk_str(live->answer.body), "canary");
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        get(live->path, targets[i], &live->answer);
        holds_not(tk_str(live->answer.all), "canary");
    }
    call(live, "POST", "/v1/refresh/crm/client/a", 202);
    holds_not(tk_str(live->answer.all), "canary");
    call(live, "DELETE", "/v1/token/crm/client/a", 202);
    holds_not(tk_str(live->answer.all), "canary");
}

/* --- who may --- */

enum { NOBODY = 65534 };

/* The status, 200 to 454, that a process of another user gets, whom his group
 * lets in. */
static int ask_as_nobody(struct live *live, const char *method,
                         const char *target)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        char text[256];
        int fd;

        if (setresuid(NOBODY, NOBODY, NOBODY) != 0) _exit(255);
        fd = dial(live->path);
        snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: t\r\n\r\n", method,
                 target);
        say(fd, text);
        _exit(hear(fd, &live->answer) ? live->answer.status - 200 : 255);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) + 200;
}

static void another_user_may_get_and_reject_and_no_more(void **state)
{
    static const struct {
        const char *method;
        const char *target;
        int status;
    } calls[] = {
        {"GET", "/livez", 200},
        {"GET", "/readyz", 200},
        {"GET", "/v1/token/crm/client/kept", 200},
        {"POST", "/v1/reject/crm/client/kept", 400}, /* it has no body */
        {"DELETE", "/v1/token/crm/client/kept", 403},
        {"POST", "/v1/refresh/crm/client/kept", 403},
        {"GET", "/v1/tokens", 403},
        {"GET", "/v1/explain/crm/client/kept", 403},
        {"POST", "/v1/pause/crm", 403},
        {"POST", "/v1/resume/crm", 403},
        {"POST", "/v1/reload", 403},
        {"GET", "/v1/version", 403},
        {"GET", "/metrics", 403},
        {"GET", "/", 404},
        {"POST", "/livez", 405},
    };
    struct live *live = *state;

    if (geteuid() != 0) skip(); /* only root may become another */
    assert_int_equal(chmod(live->dir, 0750), 0);
    call(live, "GET", "/v1/token/crm/client/kept", 200);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        int got = ask_as_nobody(live, calls[i].method, calls[i].target);

        if (got != calls[i].status) {
            fail_msg("%s %s: %d and not %d", calls[i].method, calls[i].target,
                     got, calls[i].status);
        }
    }
    call(live, "GET", "/v1/tokens", 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_listens_on_all_addresses_or_on_none),
        cmocka_unit_test(
            addresses_that_are_refused_open_no_socket_to_everybody),
        cmocka_unit_test(it_listens_on_loopback_only),
        cmocka_unit_test(no_address_is_no_error),
        LIVE(what_is_not_there_is_told),
        LIVE(every_call_is_answered),
        LIVE(parameters_reach_the_listing),
        LIVE(metrics_are_scraped_as_text),
        LIVE(no_answer_but_that_of_get_shows_a_token),
        LIVE(another_user_may_get_and_reject_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
