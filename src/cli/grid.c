#include "cli/grid.h"

#include <stdlib.h>

enum {
    GAP = 2, /* blanks between columns */
    CELLS_AT_FIRST = 64,
    TEXT_MAX_BYTES = 32 * 1024 * 1024,
};

/* Two dots, and not one character: that would need to know the encoding. */
static const struct tk_str cut_mark = {"..", 2};

struct tk_cell {
    struct tk_str text; /* ASCII and printable, so bytes are columns */
    enum tk_colour colour;
};

void tk_grid_init(struct tk_grid *grid, const struct tk_column *columns,
                  int count)
{
    *grid = (struct tk_grid){.columns = columns, .count = count};
    tk_pool_init(&grid->pool, TEXT_MAX_BYTES);
    for (int i = 0; i < count; i++) {
        grid->widths[i] = (int)strlen(columns[i].head);
    }
}

void tk_grid_fini(struct tk_grid *grid)
{
    free(grid->cells);
    tk_pool_fini(&grid->pool);
    *grid = (struct tk_grid){0};
}

static struct tk_cell *new_cell(struct tk_grid *grid)
{
    size_t cap = grid->cell_cap == 0 ? CELLS_AT_FIRST : grid->cell_cap * 2;
    struct tk_cell *grown;

    if (grid->cell_count == grid->cell_cap) {
        grown = realloc(grid->cells, cap * sizeof *grown);
        if (grown == NULL) return NULL;
        grid->cells = grown;
        grid->cell_cap = cap;
    }
    return &grid->cells[grid->cell_count++];
}

void tk_grid_put(struct tk_grid *grid, struct tk_str text,
                 enum tk_colour colour)
{
    struct tk_cell *cell = new_cell(grid);
    char *copy = cell == NULL ? NULL : tk_pool_dup(&grid->pool, text);
    int column;

    if (copy == NULL) grid->is_lost = true;
    if (cell == NULL) return;
    column = (int)((grid->cell_count - 1) % (size_t)grid->count);
    *cell = (struct tk_cell){{"", 0}, colour};
    if (copy == NULL) return;
    for (size_t i = 0; i < text.len; i++) {
        if (copy[i] < ' ' || copy[i] > '~') copy[i] = '?';
    }
    cell->text = tk_str_of(copy, text.len);
    if ((int)text.len > grid->widths[column]) {
        grid->widths[column] = (int)text.len;
    }
}

static int sum(const int *widths, int count)
{
    int total = count > 0 ? (count - 1) * GAP : 0;

    for (int i = 0; i < count; i++) total += widths[i];
    return total;
}

static int least_of(const struct tk_grid *grid, int column)
{
    const struct tk_column *about = &grid->columns[column];
    int width = grid->widths[column];

    if (about->kind == TK_COLUMN_NUMBER || width < about->least) return width;
    return about->least;
}

/* Decides how wide each column is and returns how many are shown. */
static int fit(const struct tk_grid *grid, int width, int out[TK_COLUMNS_MAX])
{
    int count = grid->count;
    int total = 0;

    for (int i = 0; i < count; i++) out[i] = least_of(grid, i);
    while (count > 1 && sum(out, count) > width) count--;
    for (int i = 0; i < count; i++) out[i] = grid->widths[i];
    for (total = sum(out, count); total > width; total--) {
        int widest = -1;

        for (int i = 0; i < count; i++) {
            if (out[i] <= least_of(grid, i)) continue;
            if (widest < 0 || out[i] > out[widest]) widest = i;
        }
        if (widest < 0) break; /* a single column may be wider */
        out[widest]--;
    }
    return count;
}

static void put_shortened(struct tk_buf *out, struct tk_str text, size_t width,
                          enum tk_column_kind kind)
{
    size_t rest = width < cut_mark.len ? 0 : width - cut_mark.len;
    size_t tail = kind == TK_COLUMN_KEY ? rest / 2 : 0;

    tk_buf_put(out, text.data, rest - tail);
    tk_buf_put(out, cut_mark.data, width - rest);
    tk_buf_put_str(out, tk_str_skip(text, text.len - tail));
}

static void put_cell(const struct tk_show *show, struct tk_buf *out,
                     const struct tk_cell *cell, enum tk_column_kind kind,
                     int width, bool is_last)
{
    int blanks = width - (int)cell->text.len;
    bool is_coloured = cell->colour != TK_COLOUR_NONE;

    if (blanks > 0 && kind == TK_COLUMN_NUMBER) {
        tk_buf_printf(out, "%*s", blanks, "");
    }
    if (is_coloured) tk_buf_put_text(out, tk_show_colour(show, cell->colour));
    if (blanks < 0) {
        put_shortened(out, cell->text, (size_t)width, kind);
    } else {
        tk_buf_put_str(out, cell->text);
    }
    if (is_coloured) tk_buf_put_text(out, tk_show_colour(show, TK_COLOUR_NONE));
    if (is_last) return;
    if (blanks > 0 && kind != TK_COLUMN_NUMBER) {
        tk_buf_printf(out, "%*s", blanks, "");
    }
    tk_buf_printf(out, "%*s", GAP, "");
}

static void put_head(const struct tk_grid *grid, const struct tk_show *show,
                     struct tk_buf *out, const int *widths, int shown)
{
    for (int i = 0; i < shown; i++) {
        struct tk_cell cell = {tk_str(grid->columns[i].head), TK_COLOUR_BOLD};

        put_cell(show, out, &cell, grid->columns[i].kind, widths[i],
                 i == shown - 1);
    }
    tk_buf_put_byte(out, '\n');
}

void tk_grid_print(struct tk_grid *grid, const struct tk_show *show,
                   struct tk_buf *out)
{
    int widths[TK_COLUMNS_MAX];
    int shown = fit(grid, show->width, widths);

    if (grid->is_lost) {
        tk_buf_put_text(out, "no memory for the table\n");
        return;
    }
    if (!grid->has_head) put_head(grid, show, out, widths, shown);
    grid->has_head = true;
    for (size_t i = 0; i < grid->cell_count; i++) {
        int column = (int)(i % (size_t)grid->count);

        if (column < shown) {
            put_cell(show, out, &grid->cells[i], grid->columns[column].kind,
                     widths[column], column == shown - 1);
        }
        if (column == grid->count - 1) tk_buf_put_byte(out, '\n');
    }
    grid->cell_count = 0;
    tk_pool_fini(&grid->pool);
    tk_pool_init(&grid->pool, TEXT_MAX_BYTES);
}
