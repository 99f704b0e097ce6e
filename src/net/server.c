/* libmicrohttpd on the loop.
 *
 * A daemon's epoll descriptor lies under one uv_poll; its timeouts under one
 * uv_timer. Both only note that there is work; all work is done in uv_check, at
 * most once a turn, after everybody else's I/O of this turn has had its chance
 * to answer a request. While work is noted a uv_idle keeps the poll from
 * blocking.
 *
 * A connection that was resumed counts as work too, although libmicrohttpd does
 * not say so: it waits until the next MHD_run, which nothing announces.
 */
#include "net/server.h"

#include "net/loop_uv.h"
#include "net/server_accept.h"
#include "net/server_conn.h"
#include "net/server_inside.h"
#include "net/server_lane.h"
#include "net/server_listen.h"

#include <microhttpd.h>
#include <stdlib.h>

enum {
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

/* Owned by the caller of tk_server_new; its memory lives until the last of its
 * handles is closed. */
struct tk_server {
    uv_timer_t timer;
    uv_idle_t idle;
    uv_check_t check;
    int open_handles;
    struct tk_server_lanes lanes;
    struct tk_server_accept accept;
    unsigned max_connections;
    unsigned max_per_user;
    const struct tk_peer *arriving; /* while libmicrohttpd is given him */
    struct tk_server_listen listen;
    struct tk_server_desk desk;
    unsigned conn_count;
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

static void on_timer(uv_timer_t *handle)
{
    struct tk_server *server = handle->data;

    server->timer_at = UINT64_MAX;
    tk_server_lanes_note_work(&server->lanes);
    stay_awake(server);
}

/* libmicrohttpd's next moment moves later with each byte received, ours with
 * each request. The timer is left where it is then, and finds nothing to do
 * once in a while. */
static void plan_timeout(struct tk_server *server, struct tk_server_lane *lane)
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

static bool has_work(const struct tk_server *server)
{
    return tk_server_lanes_have_work(&server->lanes) ||
           server->desk.first != NULL || server->accept.is_waiting;
}

/* What libmicrohttpd calls back has the time of this turn. What has come in
 * time is read before anybody is found late. */
static void run(struct tk_server *server, struct tk_server_lane *lane)
{
    lane->has_work = false;
    MHD_run(lane->daemon);
    tk_server_conns_end_late(&server->desk.conns, server->desk.now_ms);
    plan_timeout(server, lane);
}

/* Without memory the context stays NULL, and so the first request ends the
 * connection. */
static void on_connection(void *data, struct MHD_Connection *connection,
                          void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct tk_server_lane *lane = data;
    struct tk_server *server = lane->owner;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        server->conn_count++;
        lane->conn_count++;
        *context = tk_server_conn_new(&server->desk.conns, connection,
                                      server->arriving, server->desk.now_ms);
    } else {
        server->conn_count--;
        lane->conn_count--;
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

/* Without MHD_USE_ERROR_LOG it prints nothing. */
static struct MHD_Daemon *start_daemon(struct tk_server_lane *lane,
                                       unsigned limit)
{
    struct tk_server *server = lane->owner;

    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0,
        NULL, NULL, on_access, server, MHD_OPTION_CONNECTION_LIMIT, limit,
        MHD_OPTION_CONNECTION_TIMEOUT, server->desk.idle_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, NULL, MHD_OPTION_URI_LOG_CALLBACK, on_first_line, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, lane, MHD_OPTION_END);
}

static bool is_full(const struct tk_server *server, const struct tk_peer *peer)
{
    return server->conn_count >= server->max_connections ||
           tk_server_user_is_full(&server->desk.conns.users, peer,
                                  server->max_per_user);
}

/* Who hung up before this one came has left his place: lanes are run to see
 * that. */
static struct tk_server_lane *find_place(struct tk_server *server,
                                         const struct tk_peer *peer)
{
    if (is_full(server, peer)) {
        tk_server_lanes_run_all(&server->lanes);
        tk_server_lanes_note_work(&server->lanes);
        if (is_full(server, peer)) return NULL;
    }
    return tk_server_lanes_place(&server->lanes);
}

/* libmicrohttpd closes what it cannot take. */
static void on_accepted(void *data, int fd, const struct sockaddr *address,
                        socklen_t len)
{
    struct tk_server *server = data;
    struct tk_peer peer = tk_peer_read(fd, server->listen.is_unix);
    struct tk_server_lane *lane = find_place(server, &peer);

    if (lane == NULL) {
        tk_server_accept_refuse(fd);
        return;
    }
    server->arriving = &peer;
    MHD_add_connection(lane->daemon, fd, address, len);
    server->arriving = NULL;
    lane->has_work = true; /* so that its deadline is planned */
}

static void on_check(uv_check_t *handle)
{
    struct tk_server *server = handle->data;
    struct tk_server_lane *lane;

    server->desk.now_ms = uv_now(handle->loop);
    if (server->desk.first != NULL) {
        tk_request_resume_some(&server->desk, RESUME_MAX);
        tk_server_lanes_note_work(&server->lanes);
    }
    lane = tk_server_lanes_find_work(&server->lanes);
    if (lane == NULL && !server->accept.is_waiting) return;
    if (lane != NULL) run(server, lane);
    tk_server_accept_some(&server->accept);
    if (has_work(server)) {
        stay_awake(server);
    } else {
        uv_idle_stop(&server->idle);
    }
}

static void free_memory(struct tk_server *server)
{
    tk_server_lanes_fini(&server->lanes);
    free(server);
}

static void on_closed(uv_handle_t *handle)
{
    struct tk_server *server = handle->data;

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
    server->open_handles += (int)server->lanes.count;
    tk_server_lanes_close(&server->lanes, on_closed);
    if (server->accept.is_open) {
        server->open_handles += TK_SERVER_ACCEPT_HANDLES;
        tk_server_accept_close(&server->accept, on_closed);
    }
    uv_close((uv_handle_t *)&server->timer, on_closed);
    uv_close((uv_handle_t *)&server->idle, on_closed);
    uv_close((uv_handle_t *)&server->check, on_closed);
}

/* One place in sixteen is kept from callers that wait. */
static unsigned spare_of(const struct tk_server *server)
{
    return (server->max_connections + 15) / 16;
}

static struct tk_server *new_server(const struct tk_server_options *options,
                                    tk_request_cb handler, void *data)
{
    struct tk_server *server = calloc(1, sizeof *server);
    unsigned idle_s = options->idle_s == 0 ? IDLE_S : options->idle_s;

    if (server == NULL) return NULL;
    server->max_connections = tk_server_conns_most(options->max_connections);
    server->max_per_user = options->max_per_user == 0
                               ? (server->max_connections + 1) / 2
                               : options->max_per_user;
    if (!tk_server_lanes_init(&server->lanes, server->max_connections)) {
        free(server);
        return NULL;
    }
    server->timer_at = UINT64_MAX;
    server->desk = (struct tk_server_desk){
        .handler = handler,
        .data = data,
        .max_body = options->max_body == 0 ? BODY_MAX : options->max_body,
        .idle_s = idle_s > IDLE_MAX_S ? IDLE_MAX_S : idle_s,
        .waiting_max = server->max_connections - spare_of(server),
        .wake = on_wake,
        .server = server,
    };
    tk_server_conns_init(
        &server->desk.conns, (uint64_t)server->desk.idle_s * 1000,
        options->patience_ms == 0 ? PATIENCE_MS : options->patience_ms);
    return server;
}

static int open_door(struct tk_server *server, uv_loop_t *uv)
{
    int rc;

    server->desk.now_ms = uv_now(uv);
    server->lanes.uv = uv;
    server->lanes.owner = server;
    server->lanes.start = start_daemon;
    rc = tk_server_lanes_open_one(&server->lanes);
    if (rc != 0) return rc;
    server->accept = (struct tk_server_accept){
        .take = on_accepted, .wake = on_wake, .data = server};
    return tk_server_accept_open(&server->accept, uv, server->listen.fd);
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
    rc = open_door(server, tk_loop_uv(loop));
    if (rc != 0) {
        tk_fail(why, rc, "%s: the HTTP server cannot be started",
                server->listen.address);
        tk_server_free(server);
        return rc;
    }
    *out = server;
    return 0;
}

int tk_server_set_mode(struct tk_server *server, unsigned mode,
                       struct tk_why *why)
{
    return tk_server_listen_set_mode(&server->listen, mode, why);
}

void tk_server_stop(struct tk_server *server)
{
    if (server->is_stopped) return;
    server->is_stopped = true;
    server->desk.is_last_call = true;
    tk_server_accept_stop(&server->accept);
    tk_server_listen_close(&server->listen);
    tk_server_conns_end_idle(&server->desk.conns);
}

/* Here the loop stands still, so this does what the loop would. */
static void write_the_rest(struct tk_server *server)
{
    uint64_t end = uv_hrtime() / 1000000 + LAST_WRITES_MS;

    tk_request_turn_away(&server->desk);
    tk_request_resume_some(&server->desk, SIZE_MAX);
    tk_server_lanes_run_all(&server->lanes);
    while (server->desk.answering > 0) {
        uint64_t now = uv_hrtime() / 1000000;

        if (now >= end) break;
        tk_server_lanes_await(&server->lanes, end - now);
        tk_server_lanes_run_all(&server->lanes);
    }
}

void tk_server_free(struct tk_server *server)
{
    if (server == NULL) return;
    tk_server_stop(server);
    server->desk.is_closed = true;
    write_the_rest(server);
    close_handles(server);
}

const char *tk_server_address(const struct tk_server *server)
{
    return server->listen.address;
}

unsigned tk_server_connections(const struct tk_server *server)
{
    return server->conn_count;
}
