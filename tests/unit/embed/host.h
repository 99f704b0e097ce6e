/* tests/unit/embed/host.h - what a host of the engine has: a configuration, a
 * runtime directory, a log.
 */
#ifndef TK_TESTS_UNIT_EMBED_HOST_H
#define TK_TESTS_UNIT_EMBED_HOST_H

#include "tests/unit/engine/scripts.h"

#include "tokeng.h"

#include <pthread.h>

static const char good_config[] =
    "return { policy = { 'tiny' }, sources = { crm = { provider = 'tiny', "
    "url = 'https://sso.example/token', keep = { 'client' } } } }";

/* Owned by the test. */
struct host {
    struct scripts *scripts;
    char dir[128];
    struct tokeng_engine_options options;
    struct tokeng_engine *engine;
    char why[512];
    pthread_mutex_t lock;
    char said[16 * 1024]; /* by the engine's log; under the lock */
    size_t said_len;
};

static void host_hear(uint32_t level, const char *line, size_t len, void *data)
{
    struct host *host = data;
    size_t space;

    assert_in_range(level, TOKENG_LOG_DEBUG, TOKENG_LOG_ERROR);
    pthread_mutex_lock(&host->lock);
    space = sizeof host->said - 1 - host->said_len;
    if (len > space) len = space;
    memcpy(host->said + host->said_len, line, len);
    host->said_len += len;
    pthread_mutex_unlock(&host->lock);
}

static inline bool host_heard(struct host *host, const char *part)
{
    bool found;

    pthread_mutex_lock(&host->lock);
    found = strstr(host->said, part) != NULL;
    pthread_mutex_unlock(&host->lock);
    return found;
}

static inline int host_set_up(void **state)
{
    struct host *host = calloc(1, sizeof *host);
    void *scripts = NULL;

    if (host == NULL || scripts_set_up(&scripts) != 0) return -1;
    host->scripts = scripts;
    pthread_mutex_init(&host->lock, NULL);
    snprintf(host->dir, sizeof host->dir, "%s/run", host->scripts->folder.path);
    host->options = (struct tokeng_engine_options){
        .size = sizeof host->options,
        .config = write_config(host->scripts, good_config),
        .dir = host->dir,
        .log = host_hear,
        .data = host,
        .why = host->why,
        .why_cap = sizeof host->why,
    };
    *state = host;
    return 0;
}

static inline int host_tear_down(void **state)
{
    struct host *host = *state;
    void *scripts = host->scripts;

    tokeng_engine_stop(host->engine);
    pthread_mutex_destroy(&host->lock);
    free(host);
    return scripts_tear_down(&scripts);
}

static inline void host_start(struct host *host)
{
    int rc = tokeng_engine_start(&host->options, &host->engine);

    if (rc != 0) fail_msg("%s: %s", tokeng_strerror(rc), host->why);
}

static inline void host_stop(struct host *host)
{
    tokeng_engine_stop(host->engine);
    host->engine = NULL;
}

static inline void host_expect_token(struct host *host)
{
    struct tokeng *t;
    char token[64];

    assert_int_equal(tokeng_open(host->dir, &t), 0);
    assert_int_equal(
        tokeng_fetch(t, "crm/client", 10, NULL, token, sizeof token, NULL), 12);
    assert_string_equal(token, "token-of-all");
    tokeng_close(t);
}

#define WITH_HOST(test)                                                        \
    cmocka_unit_test_setup_teardown(test, host_set_up, host_tear_down)

#endif
