/* serve/params.h - what a request asks for beside its path, read strictly: a
 * parameter that does not make sense is refused, never guessed at.
 *
 * A view whose data is NULL is a parameter that was not given.
 */
#ifndef TK_SERVE_PARAMS_H
#define TK_SERVE_PARAMS_H

#include "base/err.h"
#include "engine/wait.h"

enum { TK_WAIT_DEFAULT_MS = 5 * 1000, TK_WAIT_MAX_MS = 60 * 1000 };

/* Reads a whole number from `min` to `max`; `out` keeps its value if the
 * parameter was not given. Returns 0 or TK_EINVAL with a sentence that names
 * it. */
TK_MUST_USE int tk_params_count(const char *name, struct tk_str text,
                                uint64_t min, uint64_t max, uint64_t *out,
                                struct tk_why *why);

/* What a caller wants of a token: `min_ttl` in seconds ("60", "1.5") or as a
 * span ("60s"), `wait` as a span or "0", `newer_than` as a generation. */
TK_MUST_USE int tk_params_want(struct tk_str min_ttl, struct tk_str wait,
                               struct tk_str newer_than, struct tk_want *out,
                               struct tk_why *why);

/* Does the value of an Accept header put text/plain first? */
bool tk_params_is_plain(struct tk_str accept);

#endif
