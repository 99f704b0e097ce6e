/* tests/unit/fake/scene.h - a loop with a client of ours on it, for servers on
 * the same loop: a request is made, and the loop runs until it is answered.
 */
#ifndef TK_TESTS_UNIT_FAKE_SCENE_H
#define TK_TESTS_UNIT_FAKE_SCENE_H

#include "tests/unit/text.h"

#include "net/client.h"
#include "net/json.h"
#include "net/server.h"

#include <stdio.h>
#include <stdlib.h>

enum { SCENE_BODY = 16 * 1024, SCENE_CALLS = 64, SCENE_LIMIT_MS = 10 * 1000 };

/* One request; owned by the scene. */
struct scene_call {
    bool is_done;
    int error;
    int status;
    int64_t took_ms;
    char body[SCENE_BODY];
    char head[2048];
};

/* Owned by the test. */
struct scene {
    struct tk_loop *loop;
    struct tk_client *client;
    struct tk_timer *limit;
    struct scene_call calls[SCENE_CALLS];
    size_t started;
    const char *base; /* URL in front of all paths */
};

static inline void scene_stop(void *data)
{
    tk_loop_stop(data);
}

static inline void scene_init(struct scene *scene)
{
    *scene = (struct scene){.loop = NULL};
    assert_int_equal(tk_loop_new(&scene->loop), 0);
    assert_int_equal(tk_client_new(scene->loop, &scene->client), 0);
    assert_int_equal(
        tk_timer_new(scene->loop, scene_stop, scene->loop, &scene->limit), 0);
}

/* The server is gone by now. */
static inline void scene_fini(struct scene *scene)
{
    tk_timer_free(scene->limit);
    tk_client_free(scene->client);
    assert_int_equal(tk_loop_free(scene->loop), 0);
}

/* Owned by the request that it is the data of. */
struct scene_waiter {
    struct scene *scene;
    struct scene_call *call;
};

static inline void scene_copy(char *out, size_t cap, struct tk_str text)
{
    assert_true(text.len < cap);
    if (text.len > 0) memcpy(out, text.data, text.len);
    out[text.len] = '\0';
}

static inline void scene_done(const struct tk_http_reply *reply, void *data)
{
    struct scene_waiter *waiter = data;
    struct scene_call *call = waiter->call;

    call->is_done = true;
    call->error = reply->error;
    call->status = reply->status;
    call->took_ms = reply->received_at - reply->sent_at;
    scene_copy(call->body, sizeof call->body, reply->body);
    scene_copy(call->head, sizeof call->head, reply->head);
    tk_loop_stop(waiter->scene->loop);
    free(waiter);
}

/* A POST if there is a body. `header` is "Name: value" or NULL. */
static inline struct scene_call *scene_start(struct scene *scene,
                                             const char *path,
                                             const char *header,
                                             const char *body)
{
    struct scene_waiter *waiter = malloc(sizeof *waiter);
    struct tk_http_route route = {.insecure_http = true};
    struct tk_http_header headers[1];
    struct tk_http_request request = {
        .method = body == NULL ? "GET" : "POST",
        .headers = headers,
        .body = tk_str(body),
        .route = &route,
    };
    struct tk_why why = {0, ""};
    char url[512];
    int rc;

    assert_non_null(waiter);
    *waiter = (struct scene_waiter){
        scene, &scene->calls[scene->started++ % SCENE_CALLS]};
    *waiter->call = (struct scene_call){.is_done = false};
    if (header != NULL) {
        struct tk_str rest = tk_str(header);

        headers[0].name = tk_str_cut(&rest, ':');
        headers[0].value = tk_str_skip(rest, 1);
        request.header_count = 1;
    }
    snprintf(url, sizeof url, "%s%s", scene->base, path);
    request.url = url;
    rc =
        tk_client_send(scene->client, &request, scene_done, waiter, NULL, &why);
    if (rc != 0) fail_msg("%s: %s", url, why.text);
    return waiter->call;
}

static inline struct scene_call *scene_finish(struct scene *scene,
                                              struct scene_call *call)
{
    tk_timer_set(scene->limit, tk_loop_now(scene->loop) + SCENE_LIMIT_MS);
    for (int i = 0; i < SCENE_CALLS && !call->is_done; i++) {
        tk_loop_run(scene->loop);
    }
    if (!call->is_done) fail_msg("no answer in time");
    tk_timer_set(scene->limit, INT64_MAX);
    return call;
}

static inline struct scene_call *scene_ask(struct scene *scene,
                                           const char *path, const char *header,
                                           const char *body)
{
    return scene_finish(scene, scene_start(scene, path, header, body));
}

static inline void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not hold \"%s\"", text, part);
    }
}

#endif
