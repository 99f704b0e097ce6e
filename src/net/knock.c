#include "net/knock.h"

#include "net/loop_uv.h"

#include <stdlib.h>

struct tk_knock {
    uv_async_t handle;
    tk_loop_cb cb;
    void *data;
};

static void on_knock(uv_async_t *handle)
{
    struct tk_knock *knock = handle->data;

    knock->cb(knock->data);
}

static void on_close(uv_handle_t *handle)
{
    free(handle->data);
}

int tk_knock_new(struct tk_loop *loop, tk_loop_cb cb, void *data,
                 struct tk_knock **out)
{
    struct tk_knock *knock = calloc(1, sizeof *knock);
    int status;

    if (knock == NULL) return TK_ENOMEM;
    status = uv_async_init(tk_loop_uv(loop), &knock->handle, on_knock);
    if (status != 0) {
        free(knock);
        return status == UV_ENOMEM ? TK_ENOMEM : TK_EIO;
    }
    knock->handle.data = knock;
    knock->cb = cb;
    knock->data = data;
    *out = knock;
    return 0;
}

void tk_knock(struct tk_knock *knock)
{
    uv_async_send(&knock->handle);
}

void tk_knock_free(struct tk_knock *knock)
{
    if (knock == NULL) return;
    uv_close((uv_handle_t *)&knock->handle, on_close);
}
