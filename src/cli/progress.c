#define _DEFAULT_SOURCE
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BAR_CELLS = 24, LINE_BYTES = 256 };

void tk_progress_init(struct tk_progress *progress, const struct tk_show *show)
{
    const char *term = getenv("TERM");

    *progress = (struct tk_progress){.show = show, .percent = -1};
    progress->is_shown =
        isatty(show->err) == 1 && term != NULL && strcmp(term, "dumb") != 0;
}

/* Nobody is helped by an error about a line that is meant to vanish. */
static void put(const struct tk_progress *progress, const char *text)
{
    (void)!write(progress->show->err, text, strlen(text));
}

void tk_progress_tell(struct tk_progress *progress, double share,
                      const char *what)
{
    static const char full[] = "########################";
    int percent = (int)(share * 100);
    int cells = percent * BAR_CELLS / 100;
    char line[LINE_BYTES];

    if (!progress->is_shown || percent == progress->percent) return;
    progress->percent = percent;
    snprintf(line, sizeof line, "\r[%.*s%*s] %3d%% %.40s\033[K", cells, full,
             BAR_CELLS - cells, "", percent, what);
    put(progress, line);
}

void tk_progress_end(struct tk_progress *progress)
{
    if (progress->percent >= 0) put(progress, "\r\033[K");
    progress->percent = -1;
}
