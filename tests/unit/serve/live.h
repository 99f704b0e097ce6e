/* tests/unit/serve/live.h - an engine with its HTTP API on a loop in a thread
 * of its own, for blocking clients in the thread that tests it.
 *
 * Its provider answers by the subject of the key: "broken" and "denied" fail,
 * "slow" asks a peer that never answers, "quoted" has a token of odd bytes,
 * "same" gives one token for ever; all others give a new one each time.
 */
#ifndef TK_TESTS_UNIT_SERVE_LIVE_H
#define TK_TESTS_UNIT_SERVE_LIVE_H

#include "tests/unit/net/serving.h"
#include "tests/unit/serve/reading.h"

#include "base/log.h"
#include "serve/api.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>

static const char live_provider[] =
    "local provider = { api = 1, name = 'test', help = 'for tests' }\n"
    "provider.settings = { url = { type = 'url', required = true } }\n"
    "provider.kinds = { client = { subject = 'any' } }\n"
    "local count = 0\n"
    "function provider.fetch(key, settings)\n"
    "  local subject = key.subject\n"
    "  if subject == 'broken' then\n"
    "    return nil, { class = 'transient', code = 'http_502' }\n"
    "  elseif subject == 'denied' then\n"
    "    return nil, { class = 'credential', code = 'invalid_client' }\n"
    "  elseif subject == 'slow' then\n"
    "    http.get { url = settings.url }\n"
    "    return nil, { class = 'transient', code = 'no_answer' }\n"
    "  elseif subject == 'quoted' then\n"
    "    return { token = 'a\"b\\\\c', expires_in = 7200 }\n"
    "  elseif subject == 'same' then\n"
    "    return { token = 'canary-same', expires_in = 7200 }\n"
    "  end\n"
    "  count = count + 1\n"
    "  return { token = 'canary-' .. count, expires_in = 7200,\n"
    "           attributes = { subject = subject } }\n"
    "end\n"
    "return provider\n";

struct live {
    char dir[64];
    char path[96]; /* of the socket */
    char config[96];
    int issuer; /* a listener that never answers */
    char url[64];
    struct tk_loop *loop;
    struct tk_engine *engine;
    struct tk_api *api;
    pthread_t thread;
    bool api_ends_first; /* before the engine has answered who waits */
    int left_open;
    struct answer answer;
    struct reading reading;
    char log[64 * 1024]; /* written by the loop's thread */
    size_t log_len;
};

static inline void live_log(enum tk_log_level level, struct tk_str line,
                            void *data)
{
    struct live *live = data;
    size_t room = sizeof live->log - live->log_len;

    (void)level;
    if (line.len > room) return;
    memcpy(live->log + live->log_len, line.data, line.len);
    live->log_len += line.len;
}

static inline void live_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* `extra` stands behind the settings of the source "crm". */
static inline void live_configure(struct live *live, const char *extra)
{
    char text[1024];

    snprintf(text, sizeof text,
             "return { sources = { crm = { provider = './test.lua', url = "
             "'%s', insecure_http = true, %s } } }\n",
             live->url, extra);
    live_write(live->config, text);
}

static inline void live_open_issuer(struct live *live)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;

    live->issuer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(live->issuer, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(live->issuer, 16), 0);
    getsockname(live->issuer, (struct sockaddr *)&address, &len);
    snprintf(live->url, sizeof live->url, "http://127.0.0.1:%d/",
             ntohs(address.sin_port));
}

static inline void live_on_signal(void *data)
{
    struct live *live = data;

    tk_api_stop(live->api);
    if (!live->api_ends_first) tk_engine_stop(live->engine);
    tk_loop_stop(live->loop);
}

static inline void *live_main(void *data)
{
    struct live *live = data;

    tk_engine_start(live->engine);
    tk_loop_run(live->loop);
    tk_api_free(live->api);
    if (live->api_ends_first) tk_engine_stop(live->engine);
    tk_engine_free(live->engine);
    live->left_open = tk_loop_free(live->loop);
    return NULL;
}

static inline struct live *live_open(const char *extra)
{
    struct live *live = calloc(1, sizeof *live);
    struct tk_problems problems;
    struct tk_engine_options options = {.policy_file = NULL};
    char listen[112];
    const char *listeners[] = {listen, NULL};
    char path[96];
    struct tk_why why = {0, ""};

    assert_non_null(live);
    tk_log_setup(TK_LOG_DEBUG, live_log, live);
    snprintf(live->dir, sizeof live->dir, "/tmp/tokeng-test-XXXXXX");
    assert_non_null(mkdtemp(live->dir));
    snprintf(live->path, sizeof live->path, "%s/tokeng.sock", live->dir);
    snprintf(live->config, sizeof live->config, "%s/tokeng.lua", live->dir);
    snprintf(path, sizeof path, "%s/test.lua", live->dir);
    snprintf(listen, sizeof listen, "unix:%s", live->path);
    live_open_issuer(live);
    live_write(path, live_provider);
    live_configure(live, extra);
    tk_pool_init(&live->reading.pool, 0);
    tk_problems_init(&problems);
    options.config_path = live->config;
    assert_int_equal(tk_loop_new(&live->loop), 0);
    if (tk_engine_new(live->loop, &options, &problems, &live->engine) != 0) {
        fail_msg("%s", tk_buf_text(&problems.text));
    }
    tk_problems_fini(&problems);
    if (tk_api_new(live->loop, live->engine, listeners, &live->api, &why) !=
        0) {
        fail_msg("%s", why.text);
    }
    assert_int_equal(
        tk_loop_on_signal(live->loop, SIGUSR1, live_on_signal, live), 0);
    assert_int_equal(pthread_create(&live->thread, NULL, live_main, live), 0);
    return live;
}

/* Ends the thread. What was logged is there to be read then. */
static inline void live_stop(struct live *live)
{
    kill(getpid(), SIGUSR1);
    pthread_join(live->thread, NULL);
    assert_int_equal(live->left_open, 0);
}

/* After live_stop; no line of the log has ever shown a token. */
static inline void live_free(struct live *live)
{
    char path[96];

    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    holds_not(tk_str_of(live->log, live->log_len), "canary");
    snprintf(path, sizeof path, "%s/test.lua", live->dir);
    unlink(path);
    unlink(live->config);
    assert_int_equal(rmdir(live->dir), 0);
    close(live->issuer);
    reading_close(&live->reading);
    free(live);
}

static inline int live_set_up(void **state)
{
    *state = live_open("keep = { 'client/kept' }, max_keys = 8");
    return 0;
}

static inline int live_tear_down(void **state)
{
    struct live *live = *state;

    live_stop(live);
    live_free(live);
    return 0;
}

/* Sends one request and reads its answer, which is JSON. */
static inline const struct reading *call_with(struct live *live,
                                              const char *method,
                                              const char *target,
                                              const char *body, int status)
{
    char text[4096];

    snprintf(text, sizeof text,
             "%s %s HTTP/1.1\r\nHost: t\r\nContent-Length: %zu\r\n\r\n%s",
             method, target, strlen(body), body);
    exchange(live->path, text, &live->answer);
    if (live->answer.status != status) {
        fail_msg("%s %s: %s", method, target, live->answer.all);
    }
    reading_close(&live->reading);
    reading_open(&live->reading, tk_str(live->answer.body));
    return &live->reading;
}

static inline const struct reading *call(struct live *live, const char *method,
                                         const char *target, int status)
{
    return call_with(live, method, target, "", status);
}

/* Asks until the key is there: a request on another connection, sent before,
 * has been taken then. */
static inline void await_key(struct live *live, const char *key)
{
    char target[128];

    snprintf(target, sizeof target, "/v1/explain/%s", key);
    for (int i = 0; i < 1000; i++) {
        get(live->path, target, &live->answer);
        if (live->answer.status == 200) return;
    }
    fail_msg("nobody asks for %s", key);
}

/* Is this line among the headers of the last answer? */
static inline void has_header(const struct live *live, const char *line)
{
    char whole[256];

    snprintf(whole, sizeof whole, "\r\n%s\r\n", line);
    holds(tk_str(live->answer.all), whole);
}

static inline void has_no_header(const struct live *live, const char *name)
{
    char start[128];

    snprintf(start, sizeof start, "\r\n%s:", name);
    holds_not(tk_str(live->answer.all), start);
}

/* The last answer is a problem with this code. */
static inline void is_problem(const struct live *live, const char *code)
{
    has_header(live, "Content-Type: application/problem+json");
    says(&live->reading, "type", "about:blank");
    says(&live->reading, "code", code);
    counts(&live->reading, "status", live->answer.status);
}

#define LIVE(test)                                                             \
    cmocka_unit_test_setup_teardown(test, live_set_up, live_tear_down)

#endif
