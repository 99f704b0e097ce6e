/* libmicrohttpd on the loop.
 *
 * A daemon's epoll descriptor lies under one uv_poll; its timeouts under one
 * uv_timer. Both only note that there is work; all work is done in uv_check, at
 * most once a turn, after everybody else's I/O of this turn has had its chance
 * to answer a request. While work is noted a uv_idle keeps the poll from
 * blocking.
 *
 * One MHD_run does all that is ready, however much that is. So the connections
 * are spread over lanes, a daemon for every 500 of them, all of one
 * listening socket, and one turn of the loop runs one lane. The next lane opens
 * when all before it are full: few connections have one.
 *
 * Two things that libmicrohttpd does not say by itself count as work: a
 * connection that was resumed (it waits until the next MHD_run, which nothing
 * announces), and one that has ended (a listener at its limit of connections is
 * taken up again only by the next MHD_run).
 */
#include "net/server.h"

#include "net/loop_uv.h"
#include "net/server_conn.h"
#include "net/server_inside.h"
#include "net/server_listen.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>

enum {
    LANE = 500, /* connections, whose work is a few ms */
    IDLE_S = 60,
    PATIENCE_MS = 30 * 1000,
    IDLE_MAX_S = 24 * 3600,
    BODY_MAX = 64 * 1024,
    SOCKET_MODE = 0660,
    /* Memory of a connection: what all headers of a request may take. It is
     * cleared for each request, so a larger one costs speed. */
    CONNECTION_MEMORY = 16 * 1024,
    /* Answers to wake in one turn, so that ten thousand waiters of one token do
     * not hold the loop for the time of ten thousand writes. */
    RESUME_MAX = 250,
    LAST_WRITES_MS = 1000,
};

/* Owned by its server. */
struct lane {
    uv_poll_t poll;
    struct tk_server *server;
    int epoll_fd; /* the daemon's */
    struct MHD_Daemon *daemon;
    bool has_work;
};

/* Owned by the caller of tk_server_new; its memory lives until the last of its
 * handles is closed. */
struct tk_server {
    uv_timer_t timer;
    uv_idle_t idle;
    uv_check_t check;
    int open_handles;
    struct lane *lanes;
    size_t lane_count; /* open, from the first */
    size_t next_lane;  /* whose turn it is */
    unsigned max_connections;
    struct tk_server_listen listen;
    struct tk_server_desk desk;
    unsigned conn_count;
    bool has_lost; /* a connection has ended in this run */
    bool is_stopped;
    uint64_t timer_at; /* of uv_now; UINT64_MAX: not set */
};

static void on_idle(uv_idle_t *handle)
{
    (void)handle;
}

static void stay_awake(struct tk_server *server)
{
    uv_idle_start(&server->idle, on_idle);
}

static void on_wake(void *data)
{
    stay_awake(data);
}

static void note_work(struct tk_server *server)
{
    for (size_t i = 0; i < server->lane_count; i++) {
        server->lanes[i].has_work = true;
    }
}

static void on_timer(uv_timer_t *handle)
{
    struct tk_server *server = handle->data;

    server->timer_at = UINT64_MAX;
    note_work(server);
    stay_awake(server);
}

/* libmicrohttpd's next moment moves later with each byte received, ours with
 * each request. The timer is left where it is then, and finds nothing to do
 * once in a while. */
static void plan_timeout(struct tk_server *server, struct lane *lane)
{
    uint64_t now = server->desk.now_ms;
    uint64_t at = tk_server_conns_next(&server->desk.conns);
    MHD_UNSIGNED_LONG_LONG wait_ms;

    if (MHD_get_timeout(lane->daemon, &wait_ms) == MHD_YES) {
        if (wait_ms == 0) lane->has_work = true;
        if (wait_ms > 0 && now + wait_ms < at) at = now + wait_ms;
    }
    if (at >= server->timer_at) return;
    server->timer_at = at;
    uv_timer_start(&server->timer, on_timer, at - now, 0);
}

/* In turns; NULL if none has work. */
static struct lane *find_work(struct tk_server *server)
{
    for (size_t i = 0; i < server->lane_count; i++) {
        struct lane *lane = &server->lanes[server->next_lane];

        server->next_lane = (server->next_lane + 1) % server->lane_count;
        if (lane->has_work) return lane;
    }
    return NULL;
}

static bool has_work(const struct tk_server *server)
{
    for (size_t i = 0; i < server->lane_count; i++) {
        if (server->lanes[i].has_work) return true;
    }
    return server->desk.first != NULL;
}

/* What libmicrohttpd calls back has the time of this turn. What has come in
 * time is read before anybody is found late. */
static void run(struct tk_server *server, struct lane *lane)
{
    server->desk.now_ms = uv_now(server->timer.loop);
    server->has_lost = false;
    lane->has_work = false;
    MHD_run(lane->daemon);
    lane->has_work = server->has_lost;
    tk_server_conns_end_late(&server->desk.conns, server->desk.now_ms);
    plan_timeout(server, lane);
}

/* Also on an error: MHD_run looks for itself. */
static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct lane *lane = handle->data;

    (void)status;
    (void)events;
    lane->has_work = true;
}

/* Without memory the context stays NULL, and so the first request ends the
 * connection. */
static void on_connection(void *data, struct MHD_Connection *connection,
                          void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct tk_server *server = data;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        server->conn_count++;
        *context =
            tk_server_conn_new(&server->desk.conns, connection,
                               server->listen.is_unix, server->desk.now_ms);
    } else {
        server->conn_count--;
        server->has_lost = true;
        if (*context != NULL) tk_request_end_last(*context);
        tk_server_conn_free(*context);
        *context = NULL;
    }
}

static void *on_first_line(void *data, const char *uri,
                           struct MHD_Connection *connection)
{
    struct tk_server *server = data;

    return tk_request_begin(&server->desk, connection, uri);
}

static enum MHD_Result on_access(void *data, struct MHD_Connection *connection,
                                 const char *path, const char *method,
                                 const char *version, const char *piece,
                                 size_t *size, void **context)
{
    struct tk_request *request = *context;
    bool is_good;

    (void)data;
    (void)connection;
    if (request == NULL) return MHD_NO;
    if (!tk_request_has_headers(request)) {
        is_good = tk_request_headers(request, path, method, version);
    } else if (*size > 0) {
        is_good = tk_request_piece(request, piece, size);
    } else {
        is_good = tk_request_whole(request);
    }
    return is_good ? MHD_YES : MHD_NO;
}

static void on_completed(void *data, struct MHD_Connection *connection,
                         void **context, enum MHD_RequestTerminationCode code)
{
    (void)data;
    (void)connection;
    (void)code;
    if (*context != NULL) tk_request_end(*context);
    *context = NULL;
}

/* Keeps the path as it was sent: libmicrohttpd's own would turn %00 into an
 * end. */
static size_t keep_escapes(void *data, struct MHD_Connection *connection,
                           char *text)
{
    (void)data;
    (void)connection;
    return strlen(text);
}

static unsigned lane_size(const struct tk_server *server, size_t index)
{
    size_t left = server->max_connections - index * LANE;

    return left < LANE ? (unsigned)left : LANE;
}

/* Without MHD_USE_ERROR_LOG it prints nothing. */
static struct MHD_Daemon *start_daemon(struct tk_server *server, unsigned limit)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access,
        server, MHD_OPTION_LISTEN_SOCKET, server->listen.fd,
        MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_TIMEOUT,
        server->desk.idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, on_first_line, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
}

/* The listening socket stays open, as it is not the daemon's own. */
static void stop_daemon(struct MHD_Daemon *daemon)
{
    MHD_quiesce_daemon(daemon);
    MHD_stop_daemon(daemon);
}

static int open_lane(struct tk_server *server)
{
    struct lane *lane = &server->lanes[server->lane_count];
    struct MHD_Daemon *daemon =
        start_daemon(server, lane_size(server, server->lane_count));
    const union MHD_DaemonInfo *info;

    if (daemon == NULL) return TK_EIO;
    info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    *lane = (struct lane){.server = server, .daemon = daemon, .has_work = true};
    if (info != NULL) lane->epoll_fd = info->epoll_fd;
    if (info == NULL ||
        uv_poll_init(server->timer.loop, &lane->poll, lane->epoll_fd) != 0) {
        stop_daemon(daemon);
        return TK_EIO;
    }
    lane->poll.data = lane;
    server->open_handles++;
    server->lane_count++;
    return uv_poll_start(&lane->poll, UV_READABLE, on_readable) == 0 ? 0
                                                                     : TK_EIO;
}

/* Without a new lane, the next connections wait for old ones to end. */
static void open_lane_when_full(struct tk_server *server)
{
    unsigned places = (unsigned)server->lane_count * LANE;

    if (server->is_stopped || server->conn_count < places) return;
    if (places < server->max_connections) (void)open_lane(server);
}

static void on_check(uv_check_t *handle)
{
    struct tk_server *server = handle->data;
    struct lane *lane;

    if (server->desk.first != NULL) {
        tk_request_resume_some(&server->desk, RESUME_MAX);
        note_work(server);
    }
    lane = find_work(server);
    if (lane == NULL) return;
    run(server, lane);
    open_lane_when_full(server);
    if (has_work(server)) {
        stay_awake(server);
    } else {
        uv_idle_stop(&server->idle);
    }
}

static void free_memory(struct tk_server *server)
{
    free(server->lanes);
    free(server);
}

static void on_closed(uv_handle_t *handle)
{
    struct tk_server *server = handle->data;

    if (--server->open_handles == 0) free_memory(server);
}

static void on_lane_closed(uv_handle_t *handle)
{
    struct lane *lane = handle->data;
    struct tk_server *server = lane->server;

    if (--server->open_handles == 0) free_memory(server);
}

static void open_handle(struct tk_server *server, uv_handle_t *handle)
{
    handle->data = server;
    server->open_handles++;
}

static void open_handles(struct tk_server *server, uv_loop_t *uv)
{
    uv_timer_init(uv, &server->timer);
    open_handle(server, (uv_handle_t *)&server->timer);
    uv_idle_init(uv, &server->idle);
    open_handle(server, (uv_handle_t *)&server->idle);
    uv_check_init(uv, &server->check);
    open_handle(server, (uv_handle_t *)&server->check);
    uv_check_start(&server->check, on_check);
}

static void close_handles(struct tk_server *server)
{
    for (size_t i = 0; i < server->lane_count; i++) {
        uv_close((uv_handle_t *)&server->lanes[i].poll, on_lane_closed);
    }
    uv_close((uv_handle_t *)&server->timer, on_closed);
    uv_close((uv_handle_t *)&server->idle, on_closed);
    uv_close((uv_handle_t *)&server->check, on_closed);
}

static struct tk_server *new_server(const struct tk_server_options *options,
                                    tk_request_cb handler, void *data)
{
    struct tk_server *server = calloc(1, sizeof *server);
    unsigned idle_s = options->idle_s == 0 ? IDLE_S : options->idle_s;

    if (server == NULL) return NULL;
    server->max_connections = tk_server_conns_most(options->max_connections);
    server->lanes =
        calloc(server->max_connections / LANE + 1, sizeof *server->lanes);
    if (server->lanes == NULL) {
        free(server);
        return NULL;
    }
    server->timer_at = UINT64_MAX;
    server->desk = (struct tk_server_desk){
        .handler = handler,
        .data = data,
        .max_body = options->max_body == 0 ? BODY_MAX : options->max_body,
        .idle_s = idle_s > IDLE_MAX_S ? IDLE_MAX_S : idle_s,
        .wake = on_wake,
        .server = server,
    };
    tk_server_conns_init(
        &server->desk.conns, (uint64_t)server->desk.idle_s * 1000,
        options->patience_ms == 0 ? PATIENCE_MS : options->patience_ms);
    return server;
}

int tk_server_new(struct tk_loop *loop, const struct tk_server_options *options,
                  tk_request_cb handler, void *data, struct tk_server **out,
                  struct tk_why *why)
{
    struct tk_server *server = new_server(options, handler, data);
    unsigned mode = options->mode == 0 ? SOCKET_MODE : options->mode;
    gid_t group = options->group == 0 ? (gid_t)-1 : options->group;
    int rc;

    if (server == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    rc = tk_server_listen_open(&server->listen, options->listen, mode, group,
                               why);
    if (rc != 0) {
        free_memory(server);
        return rc;
    }
    open_handles(server, tk_loop_uv(loop));
    rc = open_lane(server);
    if (rc != 0) {
        tk_fail(why, rc, "%s: the HTTP server cannot be started",
                server->listen.address);
        tk_server_free(server);
        return rc;
    }
    *out = server;
    return 0;
}

void tk_server_stop(struct tk_server *server)
{
    if (server->is_stopped) return;
    server->is_stopped = true;
    server->desk.is_last_call = true;
    for (size_t i = 0; i < server->lane_count; i++) {
        MHD_quiesce_daemon(server->lanes[i].daemon);
    }
    tk_server_listen_close(&server->listen);
    tk_server_conns_end_idle(&server->desk.conns);
}

static void run_all(struct tk_server *server)
{
    for (size_t i = 0; i < server->lane_count; i++) {
        MHD_run(server->lanes[i].daemon);
    }
}

/* Until one of the lanes has something to do. */
static void await(const struct tk_server *server, struct pollfd *fds,
                  uint64_t most_ms)
{
    for (size_t i = 0; i < server->lane_count; i++) {
        const struct lane *lane = &server->lanes[i];
        MHD_UNSIGNED_LONG_LONG wait_ms = most_ms;

        fds[i] = (struct pollfd){.fd = lane->epoll_fd, .events = POLLIN};
        MHD_get_timeout(lane->daemon, &wait_ms);
        if (wait_ms < most_ms) most_ms = wait_ms;
    }
    poll(fds, (nfds_t)server->lane_count, (int)most_ms);
}

/* Here the loop stands still, so this does what the loop would. */
static void write_the_rest(struct tk_server *server)
{
    uint64_t end = uv_hrtime() / 1000000 + LAST_WRITES_MS;
    struct pollfd *fds = calloc(server->lane_count + 1, sizeof *fds);

    tk_request_turn_away(&server->desk);
    tk_request_resume_some(&server->desk, SIZE_MAX);
    run_all(server);
    while (server->desk.answering > 0 && fds != NULL) {
        uint64_t now = uv_hrtime() / 1000000;

        if (now >= end) break;
        await(server, fds, end - now);
        run_all(server);
    }
    free(fds);
}

/* A poll leaves libuv's epoll set when it is closed, so that comes before its
 * daemon closes the descriptor under it. */
void tk_server_free(struct tk_server *server)
{
    if (server == NULL) return;
    tk_server_stop(server);
    server->desk.is_closed = true;
    write_the_rest(server);
    close_handles(server);
    for (size_t i = 0; i < server->lane_count; i++) {
        MHD_stop_daemon(server->lanes[i].daemon);
    }
}

const char *tk_server_address(const struct tk_server *server)
{
    return server->listen.address;
}

unsigned tk_server_connections(const struct tk_server *server)
{
    return server->conn_count;
}
