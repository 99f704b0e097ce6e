/* cli/progress.h - how far something is that takes its time: one line of a
 * terminal, gone when it is done.
 */
#ifndef TK_CLI_PROGRESS_H
#define TK_CLI_PROGRESS_H

#include "cli/show.h"

/* Owned by the command. */
struct tk_progress {
    const struct tk_show *show;
    bool is_shown;
    int percent; /* as shown; -1: nothing is */
};

/* For people alone: nothing is shown where standard error is no terminal. */
void tk_progress_init(struct tk_progress *progress, const struct tk_show *show);
/* `share`, 0 to 1, of everything; `what` is at work now. */
void tk_progress_tell(struct tk_progress *progress, double share,
                      const char *what);
/* Takes the line away. */
void tk_progress_end(struct tk_progress *progress);

#endif
