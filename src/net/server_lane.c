#include "net/server_lane.h"

#include "base/list.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>

enum { LANE = 250 }; /* connections, whose work is a few ms */

bool tk_server_lanes_init(struct tk_server_lanes *lanes, unsigned connections)
{
    lanes->lanes = calloc(connections / LANE + 1, sizeof *lanes->lanes);
    return lanes->lanes != NULL;
}

/* Also on an error: MHD_run looks for itself. */
static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct tk_server_lane *lane =
        TK_LIST_ITEM(handle, struct tk_server_lane, poll);

    (void)status;
    (void)events;
    lane->has_work = true;
}

int tk_server_lanes_open_one(struct tk_server_lanes *lanes)
{
    struct tk_server_lane *lane = &lanes->lanes[lanes->count];
    const union MHD_DaemonInfo *info;

    *lane = (struct tk_server_lane){.owner = lanes->owner};
    lane->daemon = lanes->start(lane, LANE);
    if (lane->daemon == NULL) return TK_EIO;
    info = MHD_get_daemon_info(lane->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info != NULL) lane->epoll_fd = info->epoll_fd;
    if (info == NULL ||
        uv_poll_init(lanes->uv, &lane->poll, lane->epoll_fd) != 0) {
        MHD_stop_daemon(lane->daemon);
        return TK_EIO;
    }
    lanes->count++;
    return uv_poll_start(&lane->poll, UV_READABLE, on_readable) == 0 ? 0
                                                                     : TK_EIO;
}

struct tk_server_lane *tk_server_lanes_place(struct tk_server_lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->lanes[i].conn_count < LANE) return &lanes->lanes[i];
    }
    if (tk_server_lanes_open_one(lanes) != 0) return NULL;
    return &lanes->lanes[lanes->count - 1];
}

void tk_server_lanes_note_work(struct tk_server_lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) lanes->lanes[i].has_work = true;
}

bool tk_server_lanes_have_work(const struct tk_server_lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->lanes[i].has_work) return true;
    }
    return false;
}

struct tk_server_lane *tk_server_lanes_find_work(struct tk_server_lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        struct tk_server_lane *lane = &lanes->lanes[lanes->next];

        lanes->next = (lanes->next + 1) % lanes->count;
        if (lane->has_work) return lane;
    }
    return NULL;
}

void tk_server_lanes_run_all(struct tk_server_lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) MHD_run(lanes->lanes[i].daemon);
}

void tk_server_lanes_await(const struct tk_server_lanes *lanes,
                           uint64_t most_ms)
{
    struct pollfd *fds = calloc(lanes->count + 1, sizeof *fds);

    for (size_t i = 0; i < lanes->count; i++) {
        MHD_UNSIGNED_LONG_LONG wait_ms = most_ms;

        MHD_get_timeout(lanes->lanes[i].daemon, &wait_ms);
        if (wait_ms < most_ms) most_ms = wait_ms;
        if (fds == NULL) continue;
        fds[i] =
            (struct pollfd){.fd = lanes->lanes[i].epoll_fd, .events = POLLIN};
    }
    poll(fds, fds == NULL ? 0 : (nfds_t)lanes->count, (int)most_ms);
    free(fds);
}

/* A poll leaves libuv's epoll set when it is closed, so that comes before its
 * daemon closes the descriptor under it. */
void tk_server_lanes_close(struct tk_server_lanes *lanes, uv_close_cb on_closed)
{
    for (size_t i = 0; i < lanes->count; i++) {
        struct tk_server_lane *lane = &lanes->lanes[i];

        lane->poll.data = lanes->owner;
        uv_close((uv_handle_t *)&lane->poll, on_closed);
        MHD_stop_daemon(lane->daemon);
    }
}

void tk_server_lanes_fini(struct tk_server_lanes *lanes)
{
    free(lanes->lanes);
}
