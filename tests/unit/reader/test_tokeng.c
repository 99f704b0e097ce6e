#include "tokeng.h"

#include "../net/serving.h"
#include "base/clock.h"

#include <sys/wait.h>

/* What the server does; set before it starts, or between two calls. */
static struct serving serving;
static char target[512]; /* of the last request, as far as it is taken apart */
static char body[256];
static struct tk_timer *timer;
static struct tk_request *held;

static struct tokeng *t;
static char buf[64];
static struct tokeng_info info;

static void reply_token(struct tk_request *request, const char *token)
{
    struct tk_http_header headers[] = {
        {tk_str("Tokeng-Generation"), tk_str("42")},
        {tk_str("Tokeng-Expires-In"), tk_str("7199")},
        {tk_str("Tokeng-State"), tk_str("stale")},
    };
    struct tk_reply reply = {.status = 200,
                             .content_type = "text/plain",
                             .headers = headers,
                             .header_count = 3,
                             .body = tk_str(token)};

    tk_request_reply(request, &reply);
}

static void reply_problem(struct tk_request *request, int status)
{
    struct tk_http_header header = {tk_str("Retry-After"), tk_str("3")};
    struct tk_reply reply = {.status = status,
                             .content_type = "application/problem+json",
                             .headers = &header,
                             .header_count = 1,
                             .body = tk_str("{\"code\":\"x\"}")};

    tk_request_reply(request, &reply);
}

static void note(struct tk_request *request)
{
    struct tk_str wait = tk_request_query(request, "wait");
    struct tk_str min_ttl = tk_request_query(request, "min_ttl");
    struct tk_str newer = tk_request_query(request, "newer_than");
    struct tk_str text = tk_request_body(request);

    snprintf(target, sizeof target, "%.*s %.*s wait=%.*s ttl=%.*s newer=%.*s",
             TK_ARG(tk_request_method(request)),
             TK_ARG(tk_request_path(request)), TK_ARG(wait), TK_ARG(min_ttl),
             TK_ARG(newer));
    snprintf(body, sizeof body, "%.*s", TK_ARG(text));
}

static void on_timer(void *data)
{
    (void)data;
    tk_timer_free(timer);
    timer = NULL;
    reply_token(held, "late-token");
}

static void answer_later(struct tk_request *request)
{
    held = request;
    assert_int_equal(tk_timer_new(serving.loop, on_timer, NULL, &timer), 0);
    tk_timer_set(timer, tk_loop_now(serving.loop) + 20);
}

static void reply_pid(struct tk_request *request)
{
    char text[32];

    snprintf(text, sizeof text, "%ld", (long)tk_request_peer(request)->pid);
    reply_token(request, text);
}

/* The last part of the key says what to do. */
static void on_request(struct tk_request *request, void *data)
{
    struct tk_str path = tk_request_path(request);
    const char *last = path.data + path.len;

    (void)data;
    while (last[-1] != '/') last--;
    if (strncmp(last, "par-", 4) != 0) note(request);
    if (strncmp(last, "status-", 7) == 0) {
        reply_problem(request, atoi(last + 7));
    } else if (strcmp(last, "late") == 0) {
        answer_later(request);
    } else if (strcmp(last, "pid") == 0) {
        reply_pid(request);
    } else if (strcmp(last, "odd") == 0) {
        serving_answer(request, 200, tk_str("no generation"));
    } else if (tk_str_starts(path, TK_STR("/v1/reject/"))) {
        serving_answer(request, 202, tk_str("{}"));
    } else {
        reply_token(request, strncmp(last, "par-", 4) == 0 ? last : "t-abc");
    }
}

static int start(void **state)
{
    (void)state;
    serving_init(&serving, on_request, NULL);
    serving_start(&serving);
    assert_int_equal(tokeng_open(serving.dir, &t), 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tokeng_close(t);
    serving_stop(&serving);
    serving_fini(&serving);
    return 0;
}

static int fetch(const char *key, const struct tokeng_want *want)
{
    memset(buf, '#', sizeof buf);
    memset(&info, '#', sizeof info);
    info.size = sizeof info;
    return tokeng_fetch(t, key, strlen(key), want, buf, sizeof buf, &info);
}

static void the_abi_and_the_texts_are_there(void **state)
{
    (void)state;
    assert_int_equal(tokeng_abi(), TOKENG_ABI);
    assert_string_equal(tokeng_strerror(0), "no error");
    assert_string_equal(tokeng_strerror(TOKENG_EMISS), "no token now");
    for (int err = TOKENG_EHOST; err <= 0; err++) {
        assert_string_not_equal(tokeng_strerror(err), "unknown error");
    }
    assert_string_equal(tokeng_strerror(TOKENG_EHOST - 1), "unknown error");
    assert_string_equal(tokeng_strerror(1), "unknown error");
}

static void a_token_is_fetched(void **state)
{
    (void)state;
    assert_int_equal(fetch("crm/client", NULL), 5);
    assert_string_equal(buf, "t-abc");
    assert_int_equal(info.size, sizeof info);
    assert_int_equal(info.token_len, 5);
    assert_int_equal(info.generation, 42);
    assert_int_equal(info.expires_in_ms, 7199000);
    assert_int_equal(info.retry_in_ms, -1);
    assert_int_equal(info.state, TOKENG_STALE);
    assert_string_equal(target,
                        "GET /v1/token/crm/client wait=5000ms ttl= newer=");
    assert_int_equal(body[0], '\0');
}

static void what_is_wanted_is_asked_for(void **state)
{
    struct tokeng_want want = {.size = sizeof want,
                               .min_ttl_s = 60,
                               .wait_ms = 1500,
                               .newer_than = UINT64_C(9007199254740991)};

    (void)state;
    assert_int_equal(fetch("a/b/c~|+=@:._-d", &want), 5);
    assert_string_equal(target, "GET /v1/token/a/b/c~|+=@:._-d wait=1500ms "
                                "ttl=60 newer=9007199254740991");
    want = (struct tokeng_want){
        .size = sizeof want, .min_ttl_s = UINT32_MAX, .wait_ms = UINT32_MAX};
    assert_int_equal(fetch("a/b", &want), 5);
    assert_string_equal(target,
                        "GET /v1/token/a/b wait=60000ms ttl=315360000 newer=");
}

static void the_longest_key_is_sent_whole(void **state)
{
    struct tokeng_want want = {.size = sizeof want,
                               .min_ttl_s = UINT32_MAX,
                               .wait_ms = UINT32_MAX,
                               .newer_than = UINT64_C(9007199254740991)};
    char key[201] = "a/";

    (void)state;
    memset(key + 2, 'k', 198);
    assert_int_equal(fetch(key, &want), 5);
    assert_non_null(strstr(target, key));
    assert_non_null(strstr(target, "newer=9007199254740991"));
}

static void a_token_that_comes_later_is_waited_for(void **state)
{
    (void)state;
    assert_int_equal(fetch("crm/late", NULL), 10);
    assert_string_equal(buf, "late-token");
}

static void a_buffer_is_filled_to_its_last_byte(void **state)
{
    char small[6];

    (void)state;
    info = (struct tokeng_info){.size = sizeof info};
    memset(small, '#', sizeof small);
    assert_int_equal(tokeng_fetch(t, "a/b", 3, NULL, small, 6, NULL), 5);
    assert_memory_equal(small, "t-abc\0", 6);
    memset(small, '#', sizeof small);
    assert_int_equal(tokeng_fetch(t, "a/b", 3, NULL, small, 5, NULL), 5);
    assert_memory_equal(small, "t-abc#", 6);
    memset(small, '#', sizeof small);
    assert_int_equal(tokeng_fetch(t, "a/b", 3, NULL, small, 4, &info),
                     TOKENG_ERANGE);
    assert_memory_equal(small, "######", 6);
    assert_int_equal(info.token_len, 5);
    assert_int_equal(tokeng_fetch(t, "a/b", 3, NULL, NULL, 0, &info),
                     TOKENG_ERANGE);
}

static void a_refusal_has_its_code_and_leaves_the_buffer(void **state)
{
    (void)state;
    assert_int_equal(fetch("crm/status-503", NULL), TOKENG_EMISS);
    assert_int_equal(info.retry_in_ms, 3000);
    assert_int_equal(info.token_len, 0);
    assert_int_equal(buf[0], '#');
    assert_int_equal(fetch("crm/status-429", NULL), TOKENG_EMISS);
    assert_int_equal(fetch("crm/status-403", NULL), TOKENG_EDENIED);
    assert_int_equal(fetch("crm/status-404", NULL), TOKENG_ENOENT);
    assert_int_equal(fetch("crm/status-400", NULL), TOKENG_EINVAL);
    assert_int_equal(fetch("crm/odd", NULL), TOKENG_EPROTO);
    assert_int_equal(buf[0], '#');
    assert_int_equal(fetch("crm/client", NULL), 5);
}

static void bad_keys_and_arguments_are_never_sent(void **state)
{
    static const char *const bad[] = {"",      "a",      "a/",     "/a",
                                      "a//b",  "a/../b", "a/b c",  "a/b%20",
                                      "a/b?x", "a/b#",   "a/b\r\n"};
    struct tokeng_want want = {.size = sizeof want};

    (void)state;
    target[0] = '\0';
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(fetch(bad[i], NULL), TOKENG_EINVAL);
        assert_int_equal(tokeng_reject(t, bad[i], strlen(bad[i]), 1),
                         TOKENG_EINVAL);
    }
    assert_int_equal(tokeng_fetch(t, "a/b\0c", 5, NULL, buf, 9, NULL),
                     TOKENG_EINVAL);
    assert_int_equal(tokeng_fetch(t, NULL, 0, NULL, buf, 9, NULL),
                     TOKENG_EINVAL);
    assert_int_equal(tokeng_fetch(NULL, "a/b", 3, NULL, buf, 9, NULL),
                     TOKENG_EINVAL);
    assert_int_equal(tokeng_fetch(t, "a/b", 3, NULL, NULL, 9, NULL),
                     TOKENG_EINVAL);
    want.newer_than = UINT64_C(1) << 53;
    assert_int_equal(fetch("a/b", &want), TOKENG_EINVAL);
    assert_int_equal(tokeng_reject(t, "a/b", 3, 0), TOKENG_EINVAL);
    assert_int_equal(tokeng_reject(t, "a/b", 3, UINT64_C(1) << 53),
                     TOKENG_EINVAL);
    assert_int_equal(tokeng_reject(NULL, "a/b", 3, 1), TOKENG_EINVAL);
    assert_string_equal(target, "");
}

static void structures_of_older_and_newer_callers_are_understood(void **state)
{
    struct {
        struct tokeng_want want;
        uint64_t novel;
    } newer = {{.size = sizeof newer, .min_ttl_s = 7}, 0};
    struct tokeng_want want = {.size = 8, .min_ttl_s = 9, .wait_ms = 1};

    (void)state;
    assert_int_equal(fetch("a/b", &want), 5);
    assert_string_equal(target, "GET /v1/token/a/b wait=5000ms ttl=9 newer=");
    assert_int_equal(fetch("a/b", &newer.want), 5);
    assert_string_equal(target, "GET /v1/token/a/b wait=5000ms ttl=7 newer=");
    newer.novel = 1;
    assert_int_equal(fetch("a/b", &newer.want), TOKENG_EINVAL);
    want.size = 0;
    assert_int_equal(fetch("a/b", &want), TOKENG_EINVAL);
    want.size = 100000;
    assert_int_equal(fetch("a/b", &want), TOKENG_EINVAL);

    memset(&info, '#', sizeof info);
    info.size = 16;
    assert_int_equal(tokeng_fetch(t, "a/b", 3, NULL, buf, 9, &info), 5);
    assert_int_equal(info.size, 16);
    assert_int_equal(info.generation, 42);
    assert_memory_equal(&info.expires_in_ms, "########", 8);
    info.size = 0;
    assert_int_equal(tokeng_fetch(t, "a/b", 3, NULL, buf, 9, &info),
                     TOKENG_EINVAL);
}

static void a_token_is_rejected_by_its_generation(void **state)
{
    (void)state;
    assert_int_equal(tokeng_reject(t, "crm/client/x", 12, 42), 0);
    assert_string_equal(target,
                        "POST /v1/reject/crm/client/x wait= ttl= newer=");
    assert_string_equal(body, "{\"generation\":42}");
    assert_int_equal(tokeng_reject(t, "crm/status-404", 14, 1), TOKENG_ENOENT);
    assert_int_equal(tokeng_reject(t, "crm/status-403", 14, 1), TOKENG_EDENIED);
}

static void an_absent_engine_is_said_and_found_when_it_comes(void **state)
{
    struct tokeng *early;
    int rc;

    (void)state;
    serving_init(&serving, on_request, NULL);
    assert_int_equal(tokeng_open(serving.dir, &early), 0);
    rc = tokeng_fetch(early, "a/b", 3, NULL, buf, sizeof buf, NULL);
    assert_int_equal(rc, TOKENG_ECONNECT);
    for (int i = 0; i < 2; i++) {
        serving_start(&serving);
        rc = tokeng_fetch(early, "a/b", 3, NULL, buf, sizeof buf, NULL);
        assert_int_equal(rc, 5);
        serving_stop(&serving);
        rc = tokeng_fetch(early, "a/b", 3, NULL, buf, sizeof buf, NULL);
        assert_int_equal(rc, TOKENG_ECONNECT);
    }
    tokeng_close(early);
    tokeng_close(NULL);
    serving_fini(&serving);
}

static void an_engine_that_is_silent_is_left(void **state)
{
    struct tokeng_want want = {.size = sizeof want, .wait_ms = 1};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int64_t before;

    (void)state;
    serving_init(&serving, on_request, NULL);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", serving.path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(tokeng_open(serving.dir, &t), 0);
    before = tk_clock_boot_ms();
    assert_int_equal(fetch("a/b", &want), TOKENG_ETIMEDOUT);
    assert_in_range(tk_clock_boot_ms() - before, 1900, 8000);
    tokeng_close(t);
    close(fd);
    unlink(serving.path);
    serving_fini(&serving);
}

static void a_directory_that_does_not_fit_is_refused(void **state)
{
    char dir[300];
    struct tokeng *none = (struct tokeng *)dir;

    (void)state;
    memset(dir, 'x', sizeof dir - 1);
    dir[sizeof dir - 1] = '\0';
    assert_int_equal(tokeng_open(dir, &none), TOKENG_EINVAL);
    assert_null(none);
    assert_int_equal(tokeng_open("/x", NULL), TOKENG_EINVAL);
}

/* Each thread's answers are its own. */
static void *fetch_many(void *data)
{
    char key[64], token[32], own[64];

    snprintf(token, sizeof token, "par-%d", *(int *)data);
    snprintf(key, sizeof key, "crm/%s", token);
    for (int i = 0; i < 200; i++) {
        int rc = tokeng_fetch(t, key, strlen(key), NULL, own, sizeof own, NULL);

        if (rc != (int)strlen(token) || strcmp(own, token) != 0) return data;
    }
    return NULL;
}

static void fetch_from_many_threads(void)
{
    pthread_t threads[12];
    int numbers[12];
    void *failed;

    for (int i = 0; i < 12; i++) {
        numbers[i] = i;
        assert_int_equal(
            pthread_create(&threads[i], NULL, fetch_many, &numbers[i]), 0);
    }
    for (int i = 0; i < 12; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

static void many_threads_share_a_handle(void **state)
{
    (void)state;
    fetch_from_many_threads();
}

/* One call finds out for all connections that were kept. */
static void an_engine_that_has_moved_is_found_by_the_second_call(void **state)
{
    (void)state;
    serving_init(&serving, on_request, NULL);
    serving_start(&serving);
    setenv("TOKENG_SOCKET", serving.path, 1);
    assert_int_equal(tokeng_open(NULL, &t), 0);
    fetch_from_many_threads();
    serving_stop(&serving);
    serving_fini(&serving);
    serving_init(&serving, on_request, NULL);
    serving_start(&serving);
    setenv("TOKENG_SOCKET", serving.path, 1);
    assert_int_equal(fetch("a/b", NULL), TOKENG_ECONNECT);
    assert_int_equal(fetch("a/b", NULL), 5);
    unsetenv("TOKENG_SOCKET");
    stop(state);
}

static bool is_own_pid(void)
{
    char own[32], answered[64];
    int len = snprintf(own, sizeof own, "%ld", (long)getpid());

    return tokeng_fetch(t, "a/pid", 5, NULL, answered, sizeof answered, NULL) ==
               len &&
           strcmp(own, answered) == 0;
}

/* The kernel tells the server who has made a connection. On the parent's the
 * answers to both would meet. */
static void a_child_makes_connections_of_its_own(void **state)
{
    int status;
    pid_t child;

    (void)state;
    assert_true(is_own_pid());
    child = fork();
    if (child == 0) _exit(is_own_pid() && is_own_pid() ? 0 : 1);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(is_own_pid());
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_abi_and_the_texts_are_there),
        SERVED(a_token_is_fetched),
        SERVED(what_is_wanted_is_asked_for),
        SERVED(the_longest_key_is_sent_whole),
        SERVED(a_token_that_comes_later_is_waited_for),
        SERVED(a_buffer_is_filled_to_its_last_byte),
        SERVED(a_refusal_has_its_code_and_leaves_the_buffer),
        SERVED(bad_keys_and_arguments_are_never_sent),
        SERVED(structures_of_older_and_newer_callers_are_understood),
        SERVED(a_token_is_rejected_by_its_generation),
        cmocka_unit_test(an_absent_engine_is_said_and_found_when_it_comes),
        cmocka_unit_test(an_engine_that_is_silent_is_left),
        cmocka_unit_test(a_directory_that_does_not_fit_is_refused),
        SERVED(many_threads_share_a_handle),
        cmocka_unit_test(an_engine_that_has_moved_is_found_by_the_second_call),
        SERVED(a_child_makes_connections_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
