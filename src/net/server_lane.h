/* net/server_lane.h - libmicrohttpd's daemons, over which the connections of a
 * server are spread.
 *
 * One MHD_run does all that is ready, however much that is. So there is a
 * daemon, a lane, for every 500 connections, and one turn of the loop runs one
 * lane. The next lane opens when all before it are full: few connections have
 * one.
 */
#ifndef TK_NET_SERVER_LANE_H
#define TK_NET_SERVER_LANE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct MHD_Daemon;

/* Owned by its lanes. */
struct tk_server_lane {
    uv_poll_t poll;
    int epoll_fd; /* the daemon's */
    struct MHD_Daemon *daemon;
    void *owner;
    unsigned conn_count;
    bool has_work;
};

/* Owned by a server, whose memory outlives the handles. */
struct tk_server_lanes {
    struct tk_server_lane *lanes;
    size_t count; /* open, from the first */
    size_t next;  /* whose turn it is */
    uv_loop_t *uv;
    void *owner;
    /* A daemon for at most `limit` connections; NULL if it cannot start. */
    struct MHD_Daemon *(*start)(struct tk_server_lane *lane, unsigned limit);
};

/* Room for `connections`; false for lack of memory. */
bool tk_server_lanes_init(struct tk_server_lanes *lanes, unsigned connections);
TK_MUST_USE int tk_server_lanes_open_one(struct tk_server_lanes *lanes);
/* One with room, opened if need be; NULL if there is none. */
struct tk_server_lane *tk_server_lanes_place(struct tk_server_lanes *lanes);

void tk_server_lanes_note_work(struct tk_server_lanes *lanes);
bool tk_server_lanes_have_work(const struct tk_server_lanes *lanes);
/* In turns; NULL if none has work. */
struct tk_server_lane *tk_server_lanes_find_work(struct tk_server_lanes *lanes);

/* Runs each once, whatever that takes. */
void tk_server_lanes_run_all(struct tk_server_lanes *lanes);
/* For the end, when the loop stands still: until one has something to do. */
void tk_server_lanes_await(const struct tk_server_lanes *lanes,
                           uint64_t most_ms);

/* Ends all connections. `on_closed` is called for each lane, with the owner as
 * the handle's data. */
void tk_server_lanes_close(struct tk_server_lanes *lanes,
                           uv_close_cb on_closed);
void tk_server_lanes_fini(struct tk_server_lanes *lanes);

#endif
