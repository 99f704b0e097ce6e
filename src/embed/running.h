/* embed/running.h - an engine and its API on a loop, in a runtime directory of
 * their own: what `tokeng run` and tokeng_engine_start both run.
 */
#ifndef TK_EMBED_RUNNING_H
#define TK_EMBED_RUNNING_H

#include "engine/schema.h"
#include "net/loop.h"

struct tk_running;

/* Borrowed until tk_running_free. */
struct tk_running_options {
    const char *config; /* its path */
    const char *policy; /* overrules every policy of the file; or NULL */
    const char *dir;    /* as in embed/runtime.h */
    const char *socket; /* listen here and nowhere else; or NULL */
};

/* Takes the directory, loads the configuration and listens. What is wrong with
 * the configuration goes to `problems`, all else to `why`. `*out` is the
 * caller's, and NULL after an error. */
TK_MUST_USE int tk_running_new(const struct tk_running_options *options,
                               struct tk_problems *problems,
                               struct tk_running **out, struct tk_why *why);

/* Until tk_running_stop. */
void tk_running_run(struct tk_running *running);
/* On the loop. */
void tk_running_stop(struct tk_running *running);
/* On the loop. Logs what comes of it; after an error all is as it was. */
int tk_running_reload(struct tk_running *running);
struct tk_loop *tk_running_loop(struct tk_running *running);

/* Answers everybody who waits, then takes all apart. Returns how many handles
 * were left open: 0 without a leak. NULL is allowed. */
int tk_running_free(struct tk_running *running);

#endif
