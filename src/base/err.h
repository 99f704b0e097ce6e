/* base/err.h - what can go wrong, as one list of negative numbers.
 *
 * Every function that can fail returns 0 (or a count) or one of these. Codes
 * of foreign libraries are translated where they enter and travel no further.
 * Functions whose answer a person will read also fill a struct tk_why.
 */
#ifndef TK_BASE_ERR_H
#define TK_BASE_ERR_H

#include <stddef.h>

#define TK_MUST_USE          __attribute__((warn_unused_result))
#define TK_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#define TK_ERR_MAP(XX)                                                         \
    XX(ENOMEM, 1, "out of memory")                                             \
    XX(EINVAL, 2, "malformed input")                                           \
    XX(ENOENT, 3, "not found")                                                 \
    XX(EEXIST, 4, "already there")                                             \
    XX(EFULL, 5, "no room left")                                               \
    XX(ETOOBIG, 6, "too large")                                                \
    XX(EIO, 7, "input or output failed")                                       \
    XX(ETIMEDOUT, 8, "timed out")                                              \
    XX(ECANCELED, 9, "canceled")                                               \
    XX(ECONNECT, 10, "cannot connect")                                         \
    XX(ERESOLVE, 11, "cannot resolve the host name")                           \
    XX(ETLS, 12, "TLS failed")                                                 \
    XX(EPROTO, 13, "the peer broke the protocol")                              \
    XX(EDENIED, 14, "not allowed")                                             \
    XX(EBUSY, 15, "in use by another")                                         \
    XX(ESCRIPT, 16, "the script failed")                                       \
    XX(EBUDGET, 17, "the script used up its budget")                           \
    XX(EINTERNAL, 18, "internal error")                                        \
    XX(EREFUSED, 19, "refused by the issuer")                                  \
    XX(EVERSION, 20, "of another version")

enum tk_err {
    TK_OK = 0,
#define TK_ERR_ENUM(name, number, text) TK_##name = -(number),
    TK_ERR_MAP(TK_ERR_ENUM)
#undef TK_ERR_ENUM
};

/* The reason of a failure, in a sentence for a person: what, where, and what
 * to do about it. Never holds a secret. */
struct tk_why {
    int code;
    char text[400];
};

/* The name ("ETLS") and the text of a code; both are static and also defined
 * for numbers that are no code. */
const char *tk_err_name(int code);
const char *tk_err_text(int code);

/* Fills `why` (which may be NULL) and returns `code`, so that a failing
 * function ends in `return tk_fail(why, TK_EIO, ...)`. The text that `why` held
 * before may be an argument. */
int tk_fail(struct tk_why *why, int code, const char *format, ...)
    TK_PRINTF(3, 4);

#endif
