/* A call is: connect, send, read the head, read the body. After any failure the
 * connection is closed, because nobody can say where the next answer begins.
 */
#include "reader/wire.h"

#include "reader/wire_head.h"
#include "reader/wire_link.h"

#include <stdlib.h>

struct tk_wire {
    struct tk_wire_link link;
};

static int fail_odd(struct tk_wire_link *link)
{
    return tk_fail(link->why, TK_EPROTO,
                   "the answer from %s is not what an engine would say",
                   link->path);
}

/* Ends at the first line that is no longer than a line's end. */
static int take_head(struct tk_wire_link *link, struct tk_buf *text,
                     struct tk_wire_head *out)
{
    size_t before;
    int rc;

    do {
        before = text->len;
        rc = tk_wire_link_take_line(link, text);
        if (rc == TK_ETOOBIG) return fail_odd(link);
        if (rc != 0) return rc;
    } while (text->len - before > 2);
    rc = tk_wire_head_read(tk_buf_str(text), out);
    return rc == 0 ? 0 : fail_odd(link);
}

/* The size of a chunk: up to eight hex digits and CR LF, no extension. */
static bool read_size(struct tk_str line, uint64_t *out)
{
    *out = 0;
    if (line.len < 3 || line.len > 10 || line.data[line.len - 2] != '\r') {
        return false;
    }
    for (size_t i = 0; i + 2 < line.len; i++) {
        char c = line.data[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0) return false;
        *out = *out * 16 + (uint64_t)digit;
    }
    return true;
}

static int take_short_line(struct tk_wire_link *link, struct tk_buf *line)
{
    int rc;

    tk_buf_clear(line);
    rc = tk_wire_link_take_line(link, line);
    return rc == TK_ETOOBIG ? fail_odd(link) : rc;
}

/* Each chunk is a line with its size, its bytes, and an empty line; the last
 * one has no bytes, and nothing but the empty line may follow. */
static int take_chunks(struct tk_wire_link *link, struct tk_buf *line,
                       struct tk_buf *body)
{
    uint64_t size;
    int rc;

    do {
        rc = take_short_line(link, line);
        if (rc != 0) return rc;
        if (!read_size(tk_buf_str(line), &size)) return fail_odd(link);
        rc = tk_wire_link_take(link, body, size);
        if (rc != 0) return rc;
        rc = take_short_line(link, line);
        if (rc != 0) return rc;
        if (!tk_str_is(tk_buf_str(line), "\r\n")) return fail_odd(link);
    } while (size > 0);
    return 0;
}

static int take_body(struct tk_wire_link *link, const struct tk_wire_head *head,
                     struct tk_buf *body)
{
    struct tk_buf line;
    int rc;

    if (head->is_chunked) {
        tk_buf_init(&line, 16);
        rc = take_chunks(link, &line, body);
        tk_buf_fini(&line);
        return rc;
    }
    if (!head->has_length) return fail_odd(link);
    if (head->length > TK_WIRE_BODY_MAX) {
        return tk_fail(link->why, TK_ETOOBIG, "the answer from %s is too large",
                       link->path);
    }
    return tk_wire_link_take(link, body, head->length);
}

/* `has_body` is false for an answer to HEAD. Bytes that follow the answer
 * unasked make the connection useless. */
static int exchange(struct tk_wire_link *link, struct tk_str request,
                    bool has_body, struct tk_wire_reply *out)
{
    struct tk_wire_head head = {.status = 0};
    int rc = link->fd >= 0 ? 0 : tk_wire_link_dial(link);

    if (rc == 0) rc = tk_wire_link_send(link, request);
    if (rc == 0) rc = take_head(link, &out->head, &head);
    if (head.status == 204 || head.status == 304) has_body = false;
    if (rc == 0 && has_body) rc = take_body(link, &head, &out->body);
    if (rc == 0) out->status = head.status;
    if (rc != 0 || head.is_last || tk_wire_link_has_rest(link)) {
        tk_wire_link_close(link);
    }
    return rc;
}

static bool is_plain(struct tk_str path)
{
    if (path.len == 0 || path.data[0] != '/') return false;
    for (size_t i = 0; i < path.len; i++) {
        unsigned char byte = (unsigned char)path.data[i];

        if (byte <= ' ' || byte > '~') return false;
    }
    return true;
}

static int compose(struct tk_buf *out, const char *method, struct tk_str path,
                   struct tk_str body, const char *accept, struct tk_why *why)
{
    if (!is_plain(path)) {
        return tk_fail(why, TK_EINVAL,
                       "a path begins with '/' and has only visible bytes");
    }
    tk_buf_printf(out, "%s %.*s HTTP/1.1\r\nHost: tokeng\r\n", method,
                  TK_ARG(path));
    if (accept != NULL) tk_buf_printf(out, "Accept: %s\r\n", accept);
    if (body.data != NULL) {
        tk_buf_printf(out,
                      "Content-Type: application/json\r\n"
                      "Content-Length: %zu\r\n",
                      body.len);
    }
    tk_buf_put_text(out, "\r\n");
    if (body.data != NULL) tk_buf_put_str(out, body);
    if (out->failed == 0) return 0;
    return tk_fail(why, out->failed, "the request: %s",
                   tk_err_text(out->failed));
}

int tk_wire_open(const char *socket_path, struct tk_wire **out,
                 struct tk_why *why)
{
    struct tk_wire *wire = malloc(sizeof *wire);
    int rc;

    *out = NULL;
    if (wire == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    rc = tk_wire_link_init(&wire->link, socket_path, why);
    if (rc != 0) {
        free(wire);
        return rc;
    }
    *out = wire;
    return 0;
}

void tk_wire_close(struct tk_wire *wire)
{
    if (wire == NULL) return;
    tk_wire_link_close(&wire->link);
    free(wire);
}

int tk_wire_call(struct tk_wire *wire, const char *method, struct tk_str path,
                 struct tk_str body, const char *accept, int timeout_ms,
                 struct tk_wire_reply *out, struct tk_why *why)
{
    struct tk_wire_link *link = &wire->link;
    bool has_body = strcmp(method, "HEAD") != 0;
    struct tk_buf request;
    bool is_kept;
    int rc;

    *out = (struct tk_wire_reply){.status = 0};
    tk_buf_init(&out->head, TK_WIRE_HEAD_MAX);
    tk_buf_init(&out->body, TK_WIRE_BODY_MAX);
    tk_buf_init(&request, TK_WIRE_HEAD_MAX + TK_WIRE_BODY_MAX);
    rc = compose(&request, method, path, body, accept, why);
    if (rc == 0) {
        tk_wire_link_begin(link, timeout_ms, why);
        if (link->fd >= 0 && tk_wire_link_is_stale(link)) {
            tk_wire_link_close(link);
        }
        is_kept = link->fd >= 0;
        rc = exchange(link, tk_buf_str(&request), has_body, out);
        if (rc == TK_ECONNECT && is_kept) {
            rc = exchange(link, tk_buf_str(&request), has_body, out);
        }
    }
    tk_buf_fini(&request);
    return rc;
}

struct tk_str tk_wire_reply_header(const struct tk_wire_reply *reply,
                                   const char *name)
{
    return tk_wire_head_find(tk_buf_str(&reply->head), name);
}

void tk_wire_reply_fini(struct tk_wire_reply *reply)
{
    tk_buf_fini(&reply->head);
    tk_buf_fini(&reply->body);
}
