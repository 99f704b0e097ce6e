/* reader/wire.h - a small HTTP client for the engine's unix socket.
 *
 * It blocks, at most until a deadline, and keeps one connection for the next
 * call. For libtokeng and the command line; needs libc alone.
 */
#ifndef TK_READER_WIRE_H
#define TK_READER_WIRE_H

#include "base/buf.h"
#include "base/err.h"

/* One connection, so one call at a time. Owned by the caller of tk_wire_open.
 */
struct tk_wire;

enum {
    TK_WIRE_HEAD_MAX = 16 * 1024,
    TK_WIRE_BODY_MAX = 16 * 1024 * 1024,
};

/* Owned by the caller of tk_wire_call, who ends it with tk_wire_reply_fini,
 * also after an error. */
struct tk_wire_reply {
    int status;
    struct tk_buf head;
    struct tk_buf body;
};

/* Does not connect yet. Fails with TK_EINVAL if the path is too long for a
 * socket, and with TK_ENOMEM. */
TK_MUST_USE int tk_wire_open(const char *socket_path, struct tk_wire **out,
                             struct tk_why *why);
void tk_wire_close(struct tk_wire *wire);

/* One exchange: connects if need be, sends, and reads the whole answer. `path`
 * is sent as it is, with its query; `body`, if its data is not NULL, is JSON;
 * `accept` may be NULL. A kept connection that the engine has closed meanwhile
 * is replaced, if nothing of the answer had come, so `method` and `path` are
 * such that being asked twice does no harm.
 *
 * Returns 0 and whatever status the engine has answered with; or TK_ECONNECT
 * (nobody listens, or it hung up without an answer), TK_EDENIED (the socket is
 * not for this user), TK_ETIMEDOUT, TK_EPROTO, TK_ETOOBIG, TK_EINVAL (a path
 * with a space or a control byte), TK_EIO or TK_ENOMEM. */
TK_MUST_USE int tk_wire_call(struct tk_wire *wire, const char *method,
                             struct tk_str path, struct tk_str body,
                             const char *accept, int timeout_ms,
                             struct tk_wire_reply *out, struct tk_why *why);

/* A header of the answer (compared without case), or a view whose data is
 * NULL. Borrowed from the reply. */
struct tk_str tk_wire_reply_header(const struct tk_wire_reply *reply,
                                   const char *name);
void tk_wire_reply_fini(struct tk_wire_reply *reply);

#endif
