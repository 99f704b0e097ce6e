#include "net/watch.h"

#include "net/loop_uv.h"

#include <stdlib.h>

/* Freed in its close callback. */
struct tk_watch {
    uv_poll_t poll;
    tk_loop_cb cb;
    void *data;
};

static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct tk_watch *watch = handle->data;

    (void)status;
    (void)events;
    watch->cb(watch->data);
}

static void on_close(uv_handle_t *handle)
{
    free(handle->data);
}

int tk_watch_new(struct tk_loop *loop, int fd, tk_loop_cb cb, void *data,
                 struct tk_watch **out)
{
    struct tk_watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL) return TK_ENOMEM;
    if (uv_poll_init(tk_loop_uv(loop), &watch->poll, fd) != 0) {
        free(watch);
        return TK_EIO;
    }
    watch->poll.data = watch;
    watch->cb = cb;
    watch->data = data;
    uv_poll_start(&watch->poll, UV_READABLE, on_readable);
    *out = watch;
    return 0;
}

void tk_watch_free(struct tk_watch *watch)
{
    if (watch == NULL) return;
    uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, on_close);
}
