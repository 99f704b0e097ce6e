/* A request's way: begin (its first line is in), headers, pieces of the body,
 * whole (the handler is called), and end. Between whole and end it is either
 * answered at once, or suspended: in the list of those that wait for their
 * owners, then, answered, in the queue of those to be resumed, which makes
 * libmicrohttpd call whole again.
 *
 * A suspended connection is never closed by libmicrohttpd, so a request lives
 * at least until its owner has answered.
 */
#define _DEFAULT_SOURCE
#include "net/server_request.h"

#include "base/buf.h"
#include "net/server_conn.h"
#include "net/server_inside.h"
#include "net/server_query.h"
#include "net/server_reply.h"
#include "net/server_review.h"

#include <microhttpd.h>
#include <stdlib.h>

/* A body that is too large is still read up to this, so that the client, who
 * often reads only when it has written all, gets to see the 413. */
enum { DRAIN_MAX = 1 << 20 };

/* Longest query that needs no memory of its own. */
enum { QUERY_INLINE = 256 };

static const char MALFORMED[] =
    "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
    "\"code\":\"malformed\","
    "\"detail\":\"the first line, the host or the length of the body is "
    "malformed\"}";
static const char TOO_LARGE[] =
    "{\"type\":\"about:blank\",\"title\":\"Content Too Large\","
    "\"status\":413,\"code\":\"too_large\","
    "\"detail\":\"the body is larger than this listener takes\"}";
static const char STOPPING[] =
    "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\","
    "\"status\":503,\"code\":\"stopping\","
    "\"detail\":\"the engine is stopping\"}";

enum step {
    READING,  /* libmicrohttpd's */
    WAITING,  /* its owner's, suspended unless the handler still runs */
    ANSWERED, /* the answer waits to be written, or is being written */
};

/* Owned by libmicrohttpd as the context of the request. */
struct tk_request {
    struct tk_server_desk *desk;
    struct MHD_Connection *connection;
    struct tk_server_conn *conn;
    enum step step;
    bool is_suspended;
    bool has_gap; /* in its target */
    bool is_too_big;
    const char *uri; /* in libmicrohttpd's memory, valid to the end, as are */
    size_t uri_len;
    const char *path;
    const char *method;
    struct MHD_Response *answer; /* NULL when it could not be made */
    int status;
    uint64_t body_len; /* as received, also of what was drained */
    struct tk_buf body;
    void *data;
    struct tk_request *next;  /* in the list or the queue */
    struct tk_request **link; /* in the list: what points here */
    char *query;              /* twice query_len: as sent, and decoded */
    size_t query_len;
    char query_inline[2 * QUERY_INLINE];
};

static void answer(struct tk_request *request, const struct tk_reply *reply)
{
    request->answer = tk_server_reply_build(reply, request->desk->is_last_call);
    request->status = reply->status;
    request->step = ANSWERED;
    request->desk->answering++;
}

static void answer_problem(struct tk_request *request, int status,
                           const char *text)
{
    struct tk_reply reply = {.status = status,
                             .content_type = "application/problem+json",
                             .body = tk_str(text)};

    answer(request, &reply);
}

static void begin_part(struct tk_request *request, enum tk_server_part part)
{
    struct tk_server_desk *desk = request->desk;

    tk_server_conn_begin(&desk->conns, request->conn, part, desk->now_ms);
}

/* Hands the answer to libmicrohttpd; only where that allows it: when the
 * headers are in (the connection is then closed after it) or the whole. */
static bool hand_over(struct tk_request *request)
{
    enum MHD_Result rc;

    if (request->answer == NULL) return false;
    begin_part(request, TK_PART_ANSWER);
    rc = MHD_queue_response(request->connection, (unsigned)request->status,
                            request->answer);
    MHD_destroy_response(request->answer);
    request->answer = NULL;
    return rc == MHD_YES;
}

static void suspend(struct tk_request *request)
{
    struct tk_server_desk *desk = request->desk;

    MHD_suspend_connection(request->connection);
    request->is_suspended = true;
    request->next = desk->waiting;
    request->link = &desk->waiting;
    if (request->next != NULL) request->next->link = &request->next;
    desk->waiting = request;
    desk->waiting_count++;
}

bool tk_request_may_wait(const struct tk_request *request)
{
    return request->desk->waiting_count < request->desk->waiting_max;
}

static void queue_resume(struct tk_request *request)
{
    struct tk_server_desk *desk = request->desk;

    *request->link = request->next;
    if (request->next != NULL) request->next->link = request->link;
    request->next = NULL;
    desk->waiting_count--;
    if (desk->last == NULL) {
        desk->first = request;
    } else {
        desk->last->next = request;
    }
    desk->last = request;
    desk->wake(desk->server);
}

static void set_timeout(struct tk_request *request, unsigned seconds)
{
    MHD_set_connection_option(request->connection,
                              MHD_CONNECTION_OPTION_TIMEOUT, seconds);
}

/* libmicrohttpd reads from a resumed connection before it writes, and drops the
 * answer when the client has closed its writing side. But it first gives a turn
 * to each connection with a timeout of its own, so ours has one until its
 * answer is handed over. */
bool tk_request_resume_some(struct tk_server_desk *desk, size_t max)
{
    for (size_t i = 0; i < max && desk->first != NULL; i++) {
        struct tk_request *request = desk->first;

        desk->first = request->next;
        if (desk->first == NULL) desk->last = NULL;
        set_timeout(request, desk->idle_s + 1);
        MHD_resume_connection(request->connection);
    }
    return desk->first != NULL;
}

void tk_request_reply(struct tk_request *request, const struct tk_reply *reply)
{
    answer(request, reply);
    if (request->is_suspended) queue_resume(request);
}

void tk_request_turn_away(struct tk_server_desk *desk)
{
    while (desk->waiting != NULL) {
        struct tk_request *request = desk->waiting;

        answer_problem(request, 503, STOPPING);
        queue_resume(request);
    }
}

static bool keep_query(struct tk_request *request)
{
    const char *mark = memchr(request->uri, '?', request->uri_len);

    request->query = request->query_inline;
    if (mark == NULL) return true;
    request->query_len = request->uri_len - (size_t)(mark + 1 - request->uri);
    if (request->query_len > QUERY_INLINE) {
        request->query = malloc(2 * request->query_len);
        if (request->query == NULL) return false;
    }
    memcpy(request->query, mark + 1, request->query_len);
    return true;
}

/* The query is copied, because libmicrohttpd is about to take it apart in
 * place, and turns '+' into ' ' while it does. */
struct tk_request *tk_request_begin(struct tk_server_desk *desk,
                                    struct MHD_Connection *connection,
                                    const char *uri)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct tk_request *request;

    if (info == NULL || info->socket_context == NULL) return NULL;
    request = malloc(sizeof *request);
    if (request == NULL) return NULL;
    memset(request, 0, offsetof(struct tk_request, query_inline));
    request->desk = desk;
    request->connection = connection;
    request->conn = info->socket_context;
    request->uri = uri;
    request->uri_len = strlen(uri);
    request->has_gap =
        tk_server_review_has_gap(tk_str_of(uri, request->uri_len));
    tk_buf_init(&request->body, desk->max_body);
    if (!keep_query(request)) {
        free(request);
        return NULL;
    }
    request->conn->request = request;
    begin_part(request, TK_PART_REQUEST);
    return request;
}

bool tk_request_has_headers(const struct tk_request *request)
{
    return request->path != NULL;
}

static enum MHD_Result review_header(void *data, enum MHD_ValueKind kind,
                                     const char *name, size_t name_len,
                                     const char *value, size_t value_len)
{
    (void)kind;
    tk_server_review_header(data, tk_str_of(name, name_len),
                            tk_str_of(value == NULL ? "" : value, value_len));
    return MHD_YES;
}

/* A zero byte in the first line would make the handler see less than was sent,
 * because libmicrohttpd works with terminated texts. So the three parts must
 * stand side by side in its memory, one byte apart. */
static bool is_first_line_whole(const struct tk_request *request,
                                const char *version)
{
    return request->method + strlen(request->method) + 1 == request->uri &&
           request->uri + request->uri_len + 1 == version;
}

bool tk_request_headers(struct tk_request *request, const char *path,
                        const char *method, const char *version)
{
    struct tk_server_review review = {.is_odd = request->has_gap};
    uint64_t max = request->desk->max_body;

    request->path = path;
    request->method = method;
    begin_part(request, TK_PART_REQUEST);
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND,
                                review_header, &review);
    if (!is_first_line_whole(request, version) ||
        !tk_server_review_is_clean(&review, version)) {
        answer_problem(request, 400, MALFORMED);
        return hand_over(request);
    }
    request->is_too_big = tk_server_review_is_beyond(&review, max);
    if (tk_server_review_is_beyond(&review, max + DRAIN_MAX)) {
        return tk_request_whole(request);
    }
    return true;
}

bool tk_request_piece(struct tk_request *request, const char *piece,
                      size_t *size)
{
    request->body_len += *size;
    if (request->body_len > request->desk->max_body) request->is_too_big = true;
    if (!request->is_too_big) tk_buf_put(&request->body, piece, *size);
    /* It may show a token, and stays where it is as long as the connection. */
    explicit_bzero((char *)(uintptr_t)piece, *size);
    *size = 0;
    return request->body.failed == 0 &&
           request->body_len <= request->desk->max_body + DRAIN_MAX;
}

bool tk_request_whole(struct tk_request *request)
{
    struct tk_server_desk *desk = request->desk;

    if (request->is_suspended) {
        request->is_suspended = false;
        set_timeout(request, desk->idle_s);
        return hand_over(request);
    }
    if (request->is_too_big) {
        answer_problem(request, 413, TOO_LARGE);
        return hand_over(request);
    }
    if (desk->is_closed) {
        answer_problem(request, 503, STOPPING);
        return hand_over(request);
    }
    request->step = WAITING;
    begin_part(request, TK_PART_OWNER);
    desk->handler(request, desk->data);
    if (request->step == ANSWERED) return hand_over(request);
    suspend(request);
    return true;
}

void tk_request_end(struct tk_request *request)
{
    if (request->step == ANSWERED) request->desk->answering--;
    if (request->answer != NULL) MHD_destroy_response(request->answer);
    begin_part(request, TK_PART_FIRST_LINE);
    request->conn->request = NULL;
    tk_buf_fini(&request->body);
    if (request->query != request->query_inline) free(request->query);
    free(request);
}

void tk_request_end_last(struct tk_server_conn *conn)
{
    if (conn->request != NULL) tk_request_end(conn->request);
}

struct tk_str tk_request_method(const struct tk_request *request)
{
    return tk_str(request->method);
}

struct tk_str tk_request_path(const struct tk_request *request)
{
    return tk_str(request->path);
}

struct tk_str tk_request_query(struct tk_request *request, const char *name)
{
    return tk_server_query_find(tk_str_of(request->query, request->query_len),
                                name, request->query + request->query_len);
}

struct tk_str tk_request_header(const struct tk_request *request,
                                const char *name)
{
    const char *value = NULL;
    size_t len = 0;

    if (MHD_lookup_connection_value_n(request->connection, MHD_HEADER_KIND,
                                      name, strlen(name), &value,
                                      &len) != MHD_YES) {
        return (struct tk_str){NULL, 0};
    }
    return tk_str_of(value == NULL ? "" : value, len);
}

struct each {
    void (*call)(struct tk_http_header header, void *data);
    void *data;
};

static enum MHD_Result pass_on(void *data, enum MHD_ValueKind kind,
                               const char *name, size_t name_len,
                               const char *value, size_t value_len)
{
    const struct each *each = data;
    struct tk_http_header header = {
        tk_str_of(name, name_len),
        tk_str_of(value == NULL ? "" : value, value_len)};

    (void)kind;
    each->call(header, each->data);
    return MHD_YES;
}

void tk_request_each_header(const struct tk_request *request,
                            void (*each)(struct tk_http_header header,
                                         void *data),
                            void *data)
{
    struct each both = {each, data};

    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, pass_on,
                                &both);
}

struct tk_str tk_request_body(const struct tk_request *request)
{
    return tk_buf_str(&request->body);
}

const struct tk_peer *tk_request_peer(const struct tk_request *request)
{
    return &request->conn->peer;
}

size_t tk_request_peer_groups(const struct tk_request *request, gid_t *out,
                              size_t cap)
{
    return tk_peer_groups(request->conn->fd, out, cap);
}

void tk_request_set_data(struct tk_request *request, void *data)
{
    request->data = data;
}

void *tk_request_data(const struct tk_request *request)
{
    return request->data;
}
