/* serve/next.h - what will happen to a key next, in words.
 */
#ifndef TK_SERVE_NEXT_H
#define TK_SERVE_NEXT_H

#include "engine/fleet.h"
#include "net/json.h"

/* `in_ms` is -1 where no moment can be named. Texts are static or borrowed
 * from entry and fleet. */
struct tk_next {
    const char *what; /* renew, ask, lapse, retry, running, queued, paused or
                       * none */
    int64_t in_ms;
    const char *why;
};

struct tk_next tk_next_of(const struct tk_fleet *fleet,
                          const struct tk_entry *entry, int64_t now);

/* As {"what","in","why"}. */
void tk_next_write(const struct tk_next *next, struct tk_json *json);

/* Writes a span in seconds under `name`; null if it is negative. */
void tk_next_write_span(struct tk_json *json, const char *name,
                        int64_t span_ms);

/* Is the key one to be shown? It is when it has succeeded once, is kept, or
 * fails; a name that somebody has merely asked for is not. */
bool tk_next_is_shown(const struct tk_entry *entry);

#endif
