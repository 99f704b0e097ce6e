/* cli/grid.h - rows in columns that fit the terminal.
 *
 * What is too wide is shortened, a key in its middle because both its ends
 * tell; when even that does not help, columns are left out from the right.
 * Rows may be printed in several portions: the columns then only grow.
 */
#ifndef TK_CLI_GRID_H
#define TK_CLI_GRID_H

#include "base/pool.h"
#include "cli/show.h"

enum tk_column_kind {
    TK_COLUMN_TEXT,   /* shortened at its end */
    TK_COLUMN_KEY,    /* shortened in its middle */
    TK_COLUMN_NUMBER, /* stands to the right, never shortened */
};

struct tk_column {
    const char *head;
    enum tk_column_kind kind;
    int least; /* a width that must remain */
};

enum { TK_COLUMNS_MAX = 10 };

struct tk_cell;

/* Owned by whoever called tk_grid_init; the columns are borrowed. */
struct tk_grid {
    const struct tk_column *columns;
    int count;
    int widths[TK_COLUMNS_MAX]; /* of the widest cell so far */
    struct tk_cell *cells;
    size_t cell_count;
    size_t cell_cap;
    struct tk_pool pool; /* of their texts */
    bool has_head;       /* it has been printed */
    bool is_lost; /* there was no memory for a cell: nothing is printed */
};

void tk_grid_init(struct tk_grid *grid, const struct tk_column *columns,
                  int count);
void tk_grid_fini(struct tk_grid *grid);

/* The next cell, from left to right, row by row. The text is copied. */
void tk_grid_put(struct tk_grid *grid, struct tk_str text,
                 enum tk_colour colour);

/* Appends the rows that were put since the last time, under the headings if
 * those were not printed yet, and forgets them. */
void tk_grid_print(struct tk_grid *grid, const struct tk_show *show,
                   struct tk_buf *out);

#endif
