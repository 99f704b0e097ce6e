/* libmicrohttpd on the loop.
 *
 * Its epoll descriptor lies under one uv_poll, its timeouts under one
 * uv_timer. Both only note that there is work; all work is done in uv_check, at
 * most once a turn, after everybody else's I/O of this turn has had its chance
 * to answer a request. While work is noted a uv_idle keeps the poll from
 * blocking.
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
#include <sys/resource.h>

enum {
    CONNECTIONS = 16 * 1024,
    SPARE_FDS = 256, /* for requests to issuers, files and other listeners */
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
    uv_poll_t poll;
    uv_timer_t timer;
    uv_idle_t idle;
    uv_check_t check;
    int open_handles;
    int epoll_fd; /* the daemon's */
    struct MHD_Daemon *daemon;
    struct tk_server_listen listen;
    struct tk_server_desk desk;
    unsigned conn_count;
    bool has_work;
    bool has_lost; /* a connection has ended in this run */
    bool is_stopped;
    uint64_t timer_at; /* of uv_now; UINT64_MAX: not set */
};

static void on_idle(uv_idle_t *handle)
{
    (void)handle;
}

static void note_work(struct tk_server *server)
{
    server->has_work = true;
    uv_idle_start(&server->idle, on_idle);
}

static void on_wake(void *data)
{
    note_work(data);
}

static void on_timer(uv_timer_t *handle)
{
    struct tk_server *server = handle->data;

    server->timer_at = UINT64_MAX;
    note_work(server);
}

/* libmicrohttpd's next moment moves later with each byte received, ours with
 * each request. The timer is left where it is then, and finds nothing to do
 * once in a while. */
static void plan_timeout(struct tk_server *server)
{
    uint64_t now = server->desk.now_ms;
    uint64_t at = tk_server_conns_next(&server->desk.conns);
    MHD_UNSIGNED_LONG_LONG wait_ms;

    if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES) {
        if (wait_ms == 0) note_work(server);
        if (now + wait_ms < at) at = now + wait_ms;
    }
    if (server->has_work || at >= server->timer_at) return;
    server->timer_at = at;
    uv_timer_start(&server->timer, on_timer, at - now, 0);
}

/* What libmicrohttpd calls back has the time of this turn. What has come in
 * time is read before anybody is found late. */
static void run(struct tk_server *server)
{
    bool has_more = tk_request_resume_some(&server->desk, RESUME_MAX);

    server->desk.now_ms = uv_now(server->timer.loop);
    server->has_work = false;
    server->has_lost = false;
    MHD_run(server->daemon);
    tk_server_conns_end_late(&server->desk.conns, server->desk.now_ms);
    if (has_more || server->has_lost) note_work(server);
    plan_timeout(server);
    if (!server->has_work) uv_idle_stop(&server->idle);
}

static void on_check(uv_check_t *handle)
{
    struct tk_server *server = handle->data;

    if (server->has_work) run(server);
}

/* Also on an error: MHD_run looks for itself. */
static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct tk_server *server = handle->data;

    (void)status;
    (void)events;
    server->has_work = true;
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

/* No more than there are descriptors for: without one, nobody would be told
 * that the listener is full. */
static unsigned most_connections(unsigned asked)
{
    unsigned limit = asked == 0 ? CONNECTIONS : asked;
    struct rlimit fds;

    if (getrlimit(RLIMIT_NOFILE, &fds) != 0) return limit;
    if (fds.rlim_cur >= (rlim_t)limit + SPARE_FDS) return limit;
    if (fds.rlim_cur > 2 * SPARE_FDS) return (unsigned)fds.rlim_cur - SPARE_FDS;
    return (unsigned)fds.rlim_cur / 2;
}

/* Without MHD_USE_ERROR_LOG it prints nothing. */
static int start_daemon(struct tk_server *server,
                        const struct tk_server_options *options)
{
    unsigned limit = most_connections(options->max_connections);
    const union MHD_DaemonInfo *info;

    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access,
        server, MHD_OPTION_LISTEN_SOCKET, server->listen.fd,
        MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_TIMEOUT,
        server->desk.idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, on_first_line, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
    if (server->daemon == NULL) return TK_EIO;
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) return TK_EINTERNAL;
    server->epoll_fd = info->epoll_fd;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct tk_server *server = handle->data;

    if (--server->open_handles == 0) free(server);
}

static void open_handle(struct tk_server *server, uv_handle_t *handle)
{
    handle->data = server;
    server->open_handles++;
}

/* The poll comes first, because it alone can fail. */
static int start_handles(struct tk_server *server, uv_loop_t *uv)
{
    if (uv_poll_init(uv, &server->poll, server->epoll_fd) != 0) return TK_EIO;
    open_handle(server, (uv_handle_t *)&server->poll);
    uv_timer_init(uv, &server->timer);
    open_handle(server, (uv_handle_t *)&server->timer);
    uv_idle_init(uv, &server->idle);
    open_handle(server, (uv_handle_t *)&server->idle);
    uv_check_init(uv, &server->check);
    open_handle(server, (uv_handle_t *)&server->check);
    uv_check_start(&server->check, on_check);
    return uv_poll_start(&server->poll, UV_READABLE, on_readable) == 0 ? 0
                                                                       : TK_EIO;
}

static void close_handles(struct tk_server *server)
{
    uv_close((uv_handle_t *)&server->poll, on_closed);
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
        free(server);
        return rc;
    }
    rc = start_daemon(server, options);
    if (rc == 0) rc = start_handles(server, tk_loop_uv(loop));
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
    if (server->daemon != NULL) MHD_quiesce_daemon(server->daemon);
    tk_server_listen_close(&server->listen);
    tk_server_conns_end_idle(&server->desk.conns);
}

/* Here the loop stands still, so this does what the loop would. */
static void write_the_rest(struct tk_server *server)
{
    uint64_t end = uv_hrtime() / 1000000 + LAST_WRITES_MS;
    struct pollfd pollfd = {.fd = server->epoll_fd, .events = POLLIN};

    tk_request_turn_away(&server->desk);
    tk_request_resume_some(&server->desk, SIZE_MAX);
    MHD_run(server->daemon);
    while (server->desk.answering > 0) {
        uint64_t now = uv_hrtime() / 1000000;
        MHD_UNSIGNED_LONG_LONG wait_ms = LAST_WRITES_MS;

        if (now >= end) break;
        MHD_get_timeout(server->daemon, &wait_ms);
        if (wait_ms > end - now) wait_ms = end - now;
        poll(&pollfd, 1, (int)wait_ms);
        MHD_run(server->daemon);
    }
}

/* The poll leaves libuv's epoll set when it is closed, so that comes before the
 * daemon closes the descriptor under it. */
void tk_server_free(struct tk_server *server)
{
    bool is_whole;

    if (server == NULL) return;
    is_whole = server->open_handles > 0;
    tk_server_stop(server);
    server->desk.is_closed = true;
    if (is_whole) {
        write_the_rest(server);
        close_handles(server);
    }
    if (server->daemon != NULL) MHD_stop_daemon(server->daemon);
    if (!is_whole) free(server);
}

const char *tk_server_address(const struct tk_server *server)
{
    return server->listen.address;
}

unsigned tk_server_connections(const struct tk_server *server)
{
    return server->conn_count;
}
