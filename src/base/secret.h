/* base/secret.h - bytes that nobody may print.
 *
 * A secret knows where it comes from (a file, a variable of the environment,
 * a systemd credential), so that it can be read again; the place may be
 * printed, the bytes never. They lie in pages of their own, or on the heap if
 * the secret was handed over and is soon gone; they are wiped when they are
 * replaced or freed.
 */
#ifndef TK_BASE_SECRET_H
#define TK_BASE_SECRET_H

#include "base/err.h"
#include "base/pages.h"
#include "base/str.h"

enum tk_secret_from {
    TK_SECRET_FILE,
    TK_SECRET_ENV,
    TK_SECRET_CREDENTIAL,
    TK_SECRET_GIVEN, /* handed over by tk_secret_put; cannot be read again */
};

enum { TK_SECRET_MAX = 64 * 1024 };

/* Owned by whoever called tk_secret_init. */
struct tk_secret {
    enum tk_secret_from from;
    char *place;
    char *bytes;
    size_t len;
    struct tk_pages pages; /* of `bytes`; none for one that is given */
};

/* `place` is copied: a path, a variable's name or a credential's name. */
TK_MUST_USE int tk_secret_init(struct tk_secret *secret,
                               enum tk_secret_from from, struct tk_str place);
void tk_secret_fini(struct tk_secret *secret);

/* Reads the bytes from their place; one trailing line end is dropped. An empty
 * secret is an error. On failure the bytes held before stay. A variable's
 * value is overwritten in place once it has been read, and read only once. */
TK_MUST_USE int tk_secret_read(struct tk_secret *secret, struct tk_why *why);
/* Copies `bytes` in, wiping what was held before. */
TK_MUST_USE int tk_secret_put(struct tk_secret *secret, struct tk_str bytes);

/* Borrowed until the next read, put or fini. */
struct tk_str tk_secret_bytes(const struct tk_secret *secret);
/* "file", "env", "credential" or "given". */
const char *tk_secret_from_name(enum tk_secret_from from);

/* Wipes and frees; `bytes` may be NULL. */
void tk_wipe_free(void *bytes, size_t len);

#endif
