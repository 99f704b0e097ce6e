/* tests/unit/net/client_scene.h - a client, a peer and a loop for one test. */
#ifndef TK_TESTS_UNIT_NET_CLIENT_SCENE_H
#define TK_TESTS_UNIT_NET_CLIENT_SCENE_H

#include "net/client.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/peer.h"

/* What the last `done` was told. */
struct got {
    int error;
    int status;
    bool was_sent;
    char detail[100];
    char head[1024];
    char body[1024];
    size_t body_len;
    int64_t sent_at;
    int64_t received_at;
};

struct scene {
    struct tk_loop *loop;
    struct tk_client *client;
    struct peer *peer;
    struct tk_http_route route;
    struct got got;
    int done;            /* how many times it was called */
    char request[4096];  /* the start of the last one that the peer saw */
    size_t request_len;  /* of the whole of it */
    const char *answer;  /* what the peer says; NULL: nothing */
    const char *answers; /* says it, then hangs up ("close") or "reset"s */
};

static inline void scene_on_shutdown(uv_shutdown_t *shutdown, int status)
{
    (void)status;
    free(shutdown);
}

static inline void scene_answer(struct peer_conn *conn, const char *text,
                                void *data)
{
    struct scene *scene = data;

    scene->request_len = strlen(text);
    snprintf(scene->request, sizeof scene->request, "%s", text);
    if (scene->answer != NULL) peer_say(conn, scene->answer);
    if (scene->answers == NULL) return;
    if (strcmp(scene->answers, "reset") == 0) {
        peer_reset(conn);
    } else {
        uv_shutdown_t *shutdown = calloc(1, sizeof *shutdown);

        if (shutdown == NULL) abort();
        uv_shutdown(shutdown, (uv_stream_t *)&conn->handle, scene_on_shutdown);
    }
}

static inline int scene_enter(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    if (scene == NULL || tk_loop_new(&scene->loop) != 0) return -1;
    if (tk_client_new(scene->loop, &scene->client) != 0) return -1;
    scene->peer = peer_open(scene->loop, scene_answer, scene);
    scene->route.insecure_http = true;
    *state = scene;
    return 0;
}

/* No test may leave a handle open. */
static inline int scene_leave(void **state)
{
    struct scene *scene = *state;
    int left_open;

    tk_client_free(scene->client);
    if (scene->peer != NULL) peer_close(scene->peer);
    left_open = tk_loop_free(scene->loop);
    free(scene);
    return left_open;
}

static inline void scene_done(const struct tk_http_reply *reply, void *data)
{
    struct scene *scene = data;
    struct got *got = &scene->got;

    scene->done++;
    *got = (struct got){
        .error = reply->error,
        .status = reply->status,
        .was_sent = reply->was_sent,
        .body_len = reply->body.len,
        .sent_at = reply->sent_at,
        .received_at = reply->received_at,
    };
    snprintf(got->detail, sizeof got->detail, "%s", reply->detail);
    snprintf(got->head, sizeof got->head, "%.*s", TK_ARG(reply->head));
    snprintf(got->body, sizeof got->body, "%.*s", TK_ARG(reply->body));
}

/* Sends without waiting; `body` NULL makes it a GET. */
static inline int scene_start(struct scene *scene, const char *url,
                              const char *body, struct tk_transfer **out)
{
    struct tk_http_request request = {
        .method = body == NULL ? "GET" : "POST",
        .url = url,
        .body = tk_str(body),
        .route = &scene->route,
    };

    return tk_client_send(scene->client, &request, scene_done, scene, out,
                          NULL);
}

/* Sends, and runs the loop until nothing is left to happen. */
static inline void scene_fetch(struct scene *scene, const char *body)
{
    int before = scene->done;

    assert_int_equal(scene_start(scene, scene->peer->url, body, NULL), 0);
    assert_int_equal(scene->done, before);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->done, before + 1);
}

#define SCENE_TEST(name)                                                       \
    cmocka_unit_test_setup_teardown(name, scene_enter, scene_leave)

#endif
