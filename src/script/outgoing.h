/* script/outgoing.h - what a script asks of http.get and http.post, made into
 * the bytes of a request. Secrets are joined in here and in no other place.
 */
#ifndef TK_SCRIPT_OUTGOING_H
#define TK_SCRIPT_OUTGOING_H

#include "base/buf.h"
#include "base/value.h"
#include "net/http.h"

enum { TK_OUTGOING_HEADERS = 24, TK_OUTGOING_DEPTH = 33 };

/* Owned by whoever called tk_outgoing_init; wiped at the end. */
struct tk_outgoing {
    const char *method;
    struct tk_buf url;
    struct tk_buf body;
    struct tk_buf work;  /* for a value that is being joined */
    struct tk_pool pool; /* of the header values */
    struct tk_http_header headers[TK_OUTGOING_HEADERS];
    size_t header_count;
    bool has_body;
};

void tk_outgoing_init(struct tk_outgoing *outgoing);
/* It may be filled again. */
void tk_outgoing_fini(struct tk_outgoing *outgoing);

/* `asked` is the table given to http.get or http.post, or the URL alone:
 *
 *   url       text
 *   query     table, appended to the URL like a form
 *   headers   table: name to value
 *   json      any value      \
 *   form      table            at most one of these, and only in a POST
 *   body      value          /
 *   basic     { id, secret }, each encoded as a form first (RFC 6749, 2.3.1)
 *   basic_raw true: they are not
 *
 * A value is a text, a number, a secret or a list of these, which is joined.
 * Returns 0, TK_EINVAL with a reason that names the field, or TK_ENOMEM. */
TK_MUST_USE int tk_outgoing_fill(struct tk_outgoing *outgoing,
                                 const char *method,
                                 const struct tk_value *asked,
                                 struct tk_why *why);

#endif
