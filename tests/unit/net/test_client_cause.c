/* Ends as curl tells them, and the two worlds behind them that a scripted peer
 * cannot play: names (a resolver of our own stands in for the C library's) and
 * TLS (by openssl s_server, where there is one). */
#define _GNU_SOURCE
#include "net/client_cause.h"

#include "base/clock.h"
#include "tests/unit/net/client_scene.h"

#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

/* Written to when names that hang may end. */
static int hang_pipe[2];

/* curl calls this on threads of its own. No name is known; hung.test hangs. */
__attribute__((visibility("default"))) int
getaddrinfo(const char *restrict name, const char *restrict service,
            const struct addrinfo *restrict hints,
            struct addrinfo **restrict out)
{
    (void)service;
    (void)hints;
    *out = NULL;
    if (strcmp(name, "hung.test") == 0) {
        struct pollfd until = {.fd = hang_pipe[0], .events = POLLIN};

        poll(&until, 1, 10000);
    }
    return EAI_NONAME;
}

static void assert_cause(CURLcode code, bool was_sent, int error)
{
    struct tk_client_cause cause = tk_client_cause_of(code, NULL, was_sent);

    assert_int_equal(cause.error, error);
    assert_int_equal(cause.detail[0] == '\0', error == 0);
}

static void every_code_has_a_cause(void **state)
{
    (void)state;
    assert_cause(CURLE_OK, true, 0);
    for (int code = 1; code < CURL_LAST; code++) {
        CURLcode given = (CURLcode)code;
        struct tk_client_cause cause = tk_client_cause_of(given, NULL, true);

        assert_in_range(-cause.error, -TK_ENOMEM, -TK_EINTERNAL);
        assert_true(strlen(cause.detail) > 5);
    }
}

static void codes_become_ours(void **state)
{
    (void)state;
    assert_cause(CURLE_COULDNT_RESOLVE_HOST, false, TK_ERESOLVE);
    assert_cause(CURLE_COULDNT_RESOLVE_PROXY, false, TK_ERESOLVE);
    assert_cause(CURLE_COULDNT_CONNECT, false, TK_ECONNECT);
    assert_cause(CURLE_SSL_CONNECT_ERROR, false, TK_ETLS);
    assert_cause(CURLE_PEER_FAILED_VERIFICATION, false, TK_ETLS);
    assert_cause(CURLE_OPERATION_TIMEDOUT, false, TK_ETIMEDOUT);
    assert_cause(CURLE_OPERATION_TIMEDOUT, true, TK_ETIMEDOUT);
    assert_cause(CURLE_FILESIZE_EXCEEDED, true, TK_ETOOBIG);
    assert_cause(CURLE_OUT_OF_MEMORY, true, TK_ENOMEM);
    assert_cause(CURLE_UNSUPPORTED_PROTOCOL, true, TK_EPROTO);
}

static void a_break_before_sending_is_a_failed_connect(void **state)
{
    (void)state;
    assert_cause(CURLE_RECV_ERROR, true, TK_EPROTO);
    assert_cause(CURLE_RECV_ERROR, false, TK_ECONNECT);
    assert_cause(CURLE_SEND_ERROR, true, TK_EPROTO);
    assert_cause(CURLE_GOT_NOTHING, true, TK_EPROTO);
}

static void an_unknown_name_is_an_error_of_its_own(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(scene_start(scene, "http://unknown.test/", NULL, NULL), 0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->got.error, TK_ERESOLVE);
    assert_false(scene->got.was_sent);
}

static int enter_hanging(void **state)
{
    return pipe(hang_pipe) != 0 ? -1 : scene_enter(state);
}

static int leave_hanging(void **state)
{
    int left_open = scene_leave(state);

    if (write(hang_pipe[1], "x", 1) != 1) return -1;
    return left_open;
}

static void a_name_that_hangs_does_not_hold_the_loop(void **state)
{
    struct scene *scene = *state;
    int64_t began = tk_clock_boot_ms();

    scene->route.total_ms = 60;
    assert_int_equal(scene_start(scene, "http://hung.test/", "x", NULL), 0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->got.error, TK_ETIMEDOUT);
    assert_string_equal(scene->got.detail, "no connection in time");
    assert_in_range(tk_clock_boot_ms() - began, 50, 5000);
}

static void look_up(void *data)
{
    struct scene *scene = data;

    tk_loop_stop(scene->loop);
}

static void free_does_not_wait_for_a_name_that_hangs(void **state)
{
    struct scene *scene = *state;
    struct tk_transfer *transfer = NULL;
    struct tk_timer *timer = NULL;
    int64_t began = tk_clock_boot_ms();

    assert_int_equal(scene_start(scene, "http://hung.test/", "x", &transfer),
                     0);
    assert_int_equal(scene_start(scene, "http://hung.test/", "x", NULL), 0);
    assert_int_equal(tk_timer_new(scene->loop, look_up, scene, &timer), 0);
    tk_timer_set(timer, began + 30);
    tk_loop_run(scene->loop);
    tk_timer_free(timer);
    tk_transfer_drop(transfer);
    tk_client_free(scene->client);
    scene->client = NULL;
    assert_int_equal(scene->done, 1);
    assert_int_equal(scene->got.error, TK_ECANCELED);
    assert_in_range(tk_clock_boot_ms() - began, 0, 5000);
}

/* A server with a self-signed certificate for 127.0.0.1. */
static struct {
    char dir[32];
    char cert[64];
    char key[64];
    char url[64];
    char url_by_name[64]; /* localhost, for which the certificate is not */
    pid_t pid;
} tls;

extern char **environ;

/* Starts a program whose standard output can be read from `*out`. */
static pid_t start_program(char *const args[], int *out)
{
    posix_spawn_file_actions_t actions;
    int ends[2];
    pid_t pid = -1;

    if (pipe(ends) != 0) return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
    if (posix_spawnp(&pid, args[0], &actions, NULL, args, environ) != 0) {
        pid = -1;
    }
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *out = ends[0];
    return pid;
}

static bool make_certificate(void)
{
    char *const args[] = {"openssl",
                          "req",
                          "-x509",
                          "-newkey",
                          "ec",
                          "-pkeyopt",
                          "ec_paramgen_curve:prime256v1",
                          "-nodes",
                          "-keyout",
                          tls.key,
                          "-out",
                          tls.cert,
                          "-subj",
                          "/CN=here",
                          "-addext",
                          "subjectAltName=IP:127.0.0.1",
                          NULL};
    int status = -1;
    int out;
    pid_t pid = start_program(args, &out);

    close(out);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Its first line that begins so tells the port. */
static int read_port(int out)
{
    FILE *lines = fdopen(out, "r");
    char line[128];
    int port = 0;

    while (port == 0 && fgets(line, sizeof line, lines) != NULL) {
        sscanf(line, "ACCEPT 127.0.0.1:%d", &port);
    }
    /* Left open: closed, it would end the server with SIGPIPE. */
    return port;
}

static void start_tls(void)
{
    char *const args[] = {"timeout", "60",          "openssl", "s_server",
                          "-accept", "127.0.0.1:0", "-www",    "-cert",
                          tls.cert,  "-key",        tls.key,   NULL};
    int port;
    int out;

    snprintf(tls.dir, sizeof tls.dir, "/tmp/tk-tls-XXXXXX");
    if (mkdtemp(tls.dir) == NULL) return;
    snprintf(tls.cert, sizeof tls.cert, "%s/cert.pem", tls.dir);
    snprintf(tls.key, sizeof tls.key, "%s/key.pem", tls.dir);
    if (!make_certificate()) return;
    tls.pid = start_program(args, &out);
    if (tls.pid <= 0) return;
    port = read_port(out);
    snprintf(tls.url, sizeof tls.url, "https://127.0.0.1:%d/", port);
    snprintf(tls.url_by_name, sizeof tls.url_by_name, "https://localhost:%d/",
             port);
}

static void stop_tls(void)
{
    if (tls.pid > 0) {
        kill(tls.pid, SIGTERM);
        waitpid(tls.pid, NULL, 0);
    }
    unlink(tls.cert);
    unlink(tls.key);
    rmdir(tls.dir);
}

static void fetch_by_tls(struct scene *scene, const char *url)
{
    if (tls.pid <= 0) {
        print_message("there is no openssl program: skipped\n");
        skip();
    }
    scene->route.insecure_http = false;
    assert_int_equal(scene_start(scene, url, NULL, NULL), 0);
    tk_loop_run(scene->loop);
}

static void assert_refused_tls(struct scene *scene, const char *detail)
{
    assert_int_equal(scene->got.error, TK_ETLS);
    assert_string_equal(scene->got.detail, detail);
    assert_false(scene->got.was_sent);
    assert_int_equal(scene->got.status, 0);
}

static void a_certificate_nobody_vouches_for_is_refused(void **state)
{
    fetch_by_tls(*state, tls.url);
    assert_refused_tls(*state, "the peer's certificate is self-signed");
}

static void a_certificate_of_another_host_is_refused(void **state)
{
    struct scene *scene = *state;

    scene->route.ca_file = tls.cert;
    fetch_by_tls(scene, tls.url_by_name);
    assert_refused_tls(
        scene, "the peer's certificate is not trusted, or is another host's");
}

static void a_certificate_of_the_given_file_is_trusted(void **state)
{
    struct scene *scene = *state;

    scene->route.ca_file = tls.cert;
    scene->route.cert_file = tls.cert;
    scene->route.key_file = tls.key;
    fetch_by_tls(scene, tls.url);
    assert_int_equal(scene->got.error, 0);
    assert_int_equal(scene->got.status, 200);
}

static void files_that_cannot_be_read_are_named(void **state)
{
    struct scene *scene = *state;

    scene->route.ca_file = "/nonexistent/ca.pem";
    fetch_by_tls(scene, tls.url);
    assert_refused_tls(scene,
                       "the file of trusted certificates cannot be read");
    scene->route.ca_file = tls.cert;
    scene->route.cert_file = "/nonexistent/cert.pem";
    fetch_by_tls(scene, tls.url);
    assert_refused_tls(scene,
                       "the client certificate or its key cannot be used");
}

/* Were the file parsed for every connection, the second would fail; with the
 * system's bundle that would cost 28 ms each time. s_server -www ends every
 * connection, so that these are two. */
static void trusted_certificates_are_parsed_once(void **state)
{
    struct scene *scene = *state;
    char copy[64];

    snprintf(copy, sizeof copy, "%s/copy.pem", tls.dir);
    scene->route.ca_file = copy;
    if (tls.pid > 0) assert_int_equal(link(tls.cert, copy), 0);
    fetch_by_tls(scene, tls.url);
    unlink(copy);
    assert_int_equal(scene->got.error, 0);
    fetch_by_tls(scene, tls.url);
    assert_int_equal(scene->got.error, 0);
}

struct resumed {
    struct tk_loop *loop;
    bool is_resumed;
};

static void look_for_resumed(const struct tk_http_reply *reply, void *data)
{
    static const struct tk_str word = TK_STR("\nReused, ");
    struct resumed *resumed = data;

    resumed->is_resumed =
        reply->body.len > 0 &&
        memmem(reply->body.data, reply->body.len, word.data, word.len) != NULL;
    tk_loop_stop(resumed->loop);
}

/* The easy handle of the first request is given something else to do, so that
 * the second has a new one, which can know of the session by the share alone.
 */
static void tls_sessions_are_shared(void **state)
{
    struct scene *scene = *state;
    struct tk_http_request request = {
        .method = "GET", .url = tls.url, .route = &scene->route};
    struct resumed resumed = {.loop = scene->loop};
    struct tk_transfer *silent = NULL;

    scene->route.ca_file = tls.cert;
    fetch_by_tls(scene, tls.url);
    scene->route.insecure_http = true;
    assert_int_equal(scene_start(scene, scene->peer->url, NULL, &silent), 0);
    assert_int_equal(tk_client_send(scene->client, &request, look_for_resumed,
                                    &resumed, NULL, NULL),
                     0);
    tk_loop_run(scene->loop);
    tk_transfer_drop(silent);
    assert_true(resumed.is_resumed);
}

/* The peer greets before it is asked, in plain text. */
static void a_peer_without_tls_is_refused(void **state)
{
    struct scene *scene = *state;
    char url[64];

    scene->peer->greeting = "HTTP/1.1 400 No\r\n\r\n";
    snprintf(url, sizeof url, "https%s", scene->peer->url + strlen("http"));
    assert_int_equal(scene_start(scene, url, NULL, NULL), 0);
    tk_loop_run(scene->loop);
    assert_refused_tls(scene, "the TLS handshake failed");
}

#define HANGING_TEST(name)                                                     \
    cmocka_unit_test_setup_teardown(name, enter_hanging, leave_hanging)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_cause),
        cmocka_unit_test(codes_become_ours),
        cmocka_unit_test(a_break_before_sending_is_a_failed_connect),
        SCENE_TEST(an_unknown_name_is_an_error_of_its_own),
        HANGING_TEST(a_name_that_hangs_does_not_hold_the_loop),
        HANGING_TEST(free_does_not_wait_for_a_name_that_hangs),
        SCENE_TEST(a_certificate_nobody_vouches_for_is_refused),
        SCENE_TEST(a_certificate_of_another_host_is_refused),
        SCENE_TEST(a_certificate_of_the_given_file_is_trusted),
        SCENE_TEST(files_that_cannot_be_read_are_named),
        SCENE_TEST(trusted_certificates_are_parsed_once),
        SCENE_TEST(tls_sessions_are_shared),
        SCENE_TEST(a_peer_without_tls_is_refused),
    };
    int failed;

    start_tls();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    stop_tls();
    return failed;
}
