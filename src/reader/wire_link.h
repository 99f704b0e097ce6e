/* reader/wire_link.h - bytes to and from a unix socket, against a deadline.
 *
 * Works on a non-blocking socket with poll(2). Every failure has its reason in
 * `why`; after one the owner closes the link.
 */
#ifndef TK_READER_WIRE_LINK_H
#define TK_READER_WIRE_LINK_H

#include "base/buf.h"
#include "base/err.h"

#include <sys/un.h>

/* Owned by whoever called tk_wire_link_init. */
struct tk_wire_link {
    int fd; /* -1: not connected */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    int64_t deadline_ms; /* of what runs now */
    bool has_heard;      /* something has come since tk_wire_link_begin */
    struct tk_why *why;  /* of what runs now; may be NULL */
    size_t at;           /* what is read and not yet taken: in[at..len) */
    size_t len;
    char in[4096];
};

/* TK_EINVAL if the path is too long for a socket. Does not connect. */
TK_MUST_USE int tk_wire_link_init(struct tk_wire_link *link, const char *path,
                                  struct tk_why *why);
/* Closes the connection, if there is one, and wipes what was read. */
void tk_wire_link_close(struct tk_wire_link *link);

/* Sets the deadline and the place for reasons of all that follows. */
void tk_wire_link_begin(struct tk_wire_link *link, int timeout_ms,
                        struct tk_why *why);

/* 0, TK_ECONNECT, TK_EDENIED, TK_ETIMEDOUT or TK_EIO. */
TK_MUST_USE int tk_wire_link_dial(struct tk_wire_link *link);
/* Also 0 when the peer has hung up: it may have answered before. */
TK_MUST_USE int tk_wire_link_send(struct tk_wire_link *link,
                                  struct tk_str bytes);
/* Append the next `len` bytes, or the next line with its end, to `out`. When
 * the peer hangs up: TK_ECONNECT if nothing has come since begin, else
 * TK_EPROTO; when `out` is full: TK_ETOOBIG. */
TK_MUST_USE int tk_wire_link_take(struct tk_wire_link *link, struct tk_buf *out,
                                  uint64_t len);
TK_MUST_USE int tk_wire_link_take_line(struct tk_wire_link *link,
                                       struct tk_buf *out);

/* Nothing is due between two exchanges: what can be read there is the peer's
 * end, or nonsense. */
bool tk_wire_link_is_stale(const struct tk_wire_link *link);
/* Has more come than was taken? If not, what was read is wiped. */
bool tk_wire_link_has_rest(struct tk_wire_link *link);

#endif
