#include "cli/scores.h"

#include "cli/grid.h"

#include <stdio.h>

enum { CELL_BYTES = 64 };

static const struct tk_column verdict[] = {
    {"POLICY", TK_COLUMN_TEXT, 12},   {"CALLS", TK_COLUMN_NUMBER, 0},
    {"FRESH", TK_COLUMN_NUMBER, 0},   {"COLD/10K", TK_COLUMN_NUMBER, 0},
    {"AVOIDED", TK_COLUMN_NUMBER, 0},
};
enum { VERDICT = sizeof verdict / sizeof verdict[0] };

__attribute__((format(printf, 2, 3))) static void put(struct tk_grid *grid,
                                                      const char *format, ...)
{
    char text[CELL_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tk_grid_put(grid, tk_str(text), TK_COLOUR_NONE);
}

void tk_scores_print(const struct tk_contest *contest,
                     const struct tk_show *show, struct tk_buf *out)
{
    struct tk_grid grid;

    tk_grid_init(&grid, verdict, VERDICT);
    for (size_t i = 0; i < contest->count; i++) {
        const struct tk_tally *t = &contest->tallies[i];

        put(&grid, "%s", t->name);
        put(&grid, "%llu", (unsigned long long)t->calls);
        put(&grid, "%.1f%%",
            100 * (double)t->calls / (double)contest->tallies[1].calls);
        put(&grid, "%.1f", tk_tally_cold_per_10k(t));
        put(&grid, "%.1f%%",
            100 - 100 * (double)t->cold / (double)contest->tallies[0].cold);
    }
    tk_grid_print(&grid, show, out);
    tk_grid_fini(&grid);
}
