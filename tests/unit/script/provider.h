/* tests/unit/script/provider.h - one provider script on a loop with a client.
 */
#ifndef TK_TESTS_UNIT_SCRIPT_PROVIDER_H
#define TK_TESTS_UNIT_SCRIPT_PROVIDER_H

#include "tests/unit/harness.h"

#include "base/clock.h"
#include "script/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct provider {
    struct tk_loop *loop;
    struct tk_client *client;
    struct tk_timer *guard;
    struct tk_http_route route;
    struct tk_task_host host;
    struct tk_unit *unit;
    struct tk_task *task;
    struct tk_task *asking; /* the one that called engine.token */
    char asked[64];
    char logged[512];
    int done;
    int code;
    char detail[400];
    char token[64];
    char class[32];
    char error_code[64];
    char message[200];
};

static inline void provider_too_late(void *data)
{
    (void)data;
    fail_msg("nothing happened for ten seconds");
}

static inline int provider_token(struct tk_task *task, struct tk_str kind,
                                 struct tk_str subject, void *data)
{
    struct provider *p = data;

    if (tk_str_is(kind, "refused")) return TK_ENOENT;
    p->asking = task;
    snprintf(p->asked, sizeof p->asked, "%.*s/%.*s", TK_ARG(kind),
             TK_ARG(subject));
    tk_loop_stop(p->loop);
    return 0;
}

static inline void provider_log(struct tk_str text, void *data)
{
    struct provider *p = data;

    snprintf(p->logged, sizeof p->logged, "%.*s", TK_ARG(text));
}

static inline void provider_copy(const struct tk_value *table, const char *name,
                                 char *out, size_t cap)
{
    struct tk_str text = tk_value_text(tk_value_get(table, name));

    snprintf(out, cap, "%.*s", (int)text.len,
             text.data == NULL ? "" : text.data);
}

static inline void provider_done(const struct tk_task_result *result,
                                 void *data)
{
    struct provider *p = data;

    p->done++;
    p->code = result->code;
    p->task = NULL;
    snprintf(p->detail, sizeof p->detail, "%s", result->detail);
    provider_copy(result->first, "token", p->token, sizeof p->token);
    provider_copy(result->second, "class", p->class, sizeof p->class);
    provider_copy(result->second, "code", p->error_code, sizeof p->error_code);
    provider_copy(result->second, "message", p->message, sizeof p->message);
    tk_loop_stop(p->loop);
}

static inline int provider_set_up(void **state)
{
    struct provider *p = calloc(1, sizeof *p);

    if (p == NULL || tk_loop_new(&p->loop) != 0 ||
        tk_client_new(p->loop, &p->client) != 0 ||
        tk_timer_new(p->loop, provider_too_late, p, &p->guard) != 0) {
        return -1;
    }
    p->route.insecure_http = true;
    p->host = (struct tk_task_host){.loop = p->loop,
                                    .client = p->client,
                                    .route = &p->route,
                                    .token = provider_token,
                                    .log = provider_log,
                                    .data = p};
    tk_timer_set(p->guard, tk_loop_now(p->loop) + 10000);
    *state = p;
    return 0;
}

static inline int provider_tear_down(void **state)
{
    struct provider *p = *state;
    int open;

    if (p->task != NULL) tk_task_drop(p->task);
    if (p->unit != NULL) tk_unit_close(p->unit);
    tk_client_free(p->client);
    tk_timer_free(p->guard);
    open = tk_loop_free(p->loop);
    free(p);
    return open;
}

/* Loads a provider whose fetch has the given body. */
static inline void provider_load(struct provider *p, const char *body)
{
    char path[] = "/tmp/tokeng-test-XXXXXX";
    struct tk_unit_options options = {TK_UNIT_PROVIDER, path, NULL};
    struct tk_why why = {0};
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    int rc;

    assert_non_null(file);
    fprintf(file,
            "return { api = 1, name = 'test', settings = {}, kinds = {},\n"
            "fetch = function(key, settings, engine) %s end }\n",
            body);
    assert_int_equal(fclose(file), 0);
    rc = tk_unit_open(&options, &p->unit, &why);
    unlink(path);
    if (rc != 0) fail_msg("%s", why.text);
}

static inline void provider_start(struct provider *p)
{
    struct tk_task_call call = {.function = "fetch",
                                .key = tk_key_split(TK_STR("crm/app"))};

    assert_int_equal(
        tk_task_start(p->unit, &call, &p->host, provider_done, p, &p->task), 0);
}

static inline void provider_run(struct provider *p, const char *body)
{
    provider_load(p, body);
    provider_start(p);
    tk_loop_run(p->loop);
}

#define WITH_PROVIDER(test)                                                    \
    cmocka_unit_test_setup_teardown(test, provider_set_up, provider_tear_down)

#endif
