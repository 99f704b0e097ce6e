#include "cli/rows.h"

#include "cli/explain.h"

enum { CELL_MAX_BYTES = 256 };

const struct tk_column tk_rows_columns[TK_ROWS_COLUMNS] = {
    {"KEY", TK_COLUMN_KEY, 12},    {"STATE", TK_COLUMN_TEXT, 6},
    {"GEN", TK_COLUMN_NUMBER, 0},  {"LEFT", TK_COLUMN_NUMBER, 0},
    {"NEXT", TK_COLUMN_TEXT, 9},   {"WHY", TK_COLUMN_TEXT, 6},
    {"USES", TK_COLUMN_NUMBER, 0},
};

static void put_number(struct tk_grid *table, const struct tk_value *value)
{
    char digits[24];
    struct tk_buf text;
    int64_t number = 0;

    tk_buf_init(&text, sizeof digits);
    if (tk_value_int(value, &number)) {
        tk_buf_put_int(&text, number);
    } else {
        tk_buf_put_byte(&text, '-');
    }
    tk_grid_put(table, tk_buf_str(&text), TK_COLOUR_NONE);
    tk_buf_fini(&text);
}

static void put_next(struct tk_grid *table, const struct tk_value *next)
{
    struct tk_buf text;

    tk_buf_init(&text, CELL_MAX_BYTES);
    tk_explain_next(next, "", &text);
    tk_grid_put(table, tk_buf_str(&text), TK_COLOUR_NONE);
    tk_buf_fini(&text);
}

/* Why the next step is what it is; of a key that fails, what it fails with. */
static void put_why(struct tk_grid *table, const struct tk_value *token)
{
    const struct tk_value *error = tk_value_get(token, "error");
    const struct tk_value *next = tk_value_get(token, "next");
    struct tk_buf text;

    if (error == NULL || error->type != TK_TABLE) {
        tk_grid_put(table, tk_show_text(tk_value_get(next, "why")),
                    TK_COLOUR_NONE);
        return;
    }
    tk_buf_init(&text, CELL_MAX_BYTES);
    tk_buf_put_str(&text, tk_show_text(tk_value_get(error, "class")));
    tk_buf_put_byte(&text, ' ');
    tk_buf_put_str(&text, tk_show_text(tk_value_get(error, "code")));
    tk_grid_put(table, tk_buf_str(&text), TK_COLOUR_BAD);
    tk_buf_fini(&text);
}

static void put_token(struct tk_grid *table, const struct tk_value *token)
{
    struct tk_str state = tk_show_text(tk_value_get(token, "state"));
    char span[TK_SPAN_TEXT];

    tk_grid_put(table, tk_show_text(tk_value_get(token, "key")),
                TK_COLOUR_NONE);
    tk_grid_put(table, state, tk_show_state_colour(state));
    put_number(table, tk_value_get(token, "generation"));
    tk_grid_put(
        table, tk_str(tk_show_seconds(tk_value_get(token, "expires_in"), span)),
        TK_COLOUR_NONE);
    put_next(table, tk_value_get(token, "next"));
    put_why(table, token);
    put_number(table, tk_value_get(token, "uses"));
}

void tk_rows_put(const struct tk_value *page, struct tk_grid *table)
{
    const struct tk_value *tokens = tk_value_get(page, "tokens");
    const struct tk_value *token;

    for (uint32_t i = 0; (token = tk_value_item(tokens, i)) != NULL; i++) {
        put_token(table, token);
    }
}

static int64_t count_of(const struct tk_value *table, const char *name)
{
    int64_t number = 0;

    return tk_value_int(tk_value_get(table, name), &number) ? number : 0;
}

/* ": 48 fresh, 3 due"; returns how many there are in all. */
static int64_t put_counts(const struct tk_value *counts, struct tk_buf *out)
{
    const char *mark = ": ";
    int64_t all = 0;

    for (uint32_t i = 0; counts != NULL && i < counts->as.table.pair_count;
         i++) {
        const struct tk_pair *pair = &counts->as.table.pairs[i];
        int64_t number = 0;

        if (!tk_value_int(&pair->value, &number) || number == 0) continue;
        tk_buf_put_text(out, mark);
        tk_buf_put_int(out, number);
        tk_buf_put_byte(out, ' ');
        tk_buf_put_str(out, pair->name);
        mark = ", ";
        all += number;
    }
    return all;
}

static int64_t sum_of(const struct tk_value *sources, const char *name)
{
    const struct tk_value *source;
    int64_t sum = 0;

    for (uint32_t i = 0; (source = tk_value_item(sources, i)) != NULL; i++) {
        sum += count_of(source, name);
    }
    return sum;
}

void tk_rows_summary(const struct tk_value *page, struct tk_buf *out)
{
    const struct tk_value *sources = tk_value_get(page, "sources");
    int64_t total = count_of(page, "total");
    struct tk_buf counts;
    int64_t all;

    tk_buf_init(&counts, CELL_MAX_BYTES);
    all = put_counts(tk_value_get(page, "counts"), &counts);
    if (total != all) tk_buf_printf(out, "%lld of ", (long long)total);
    tk_buf_printf(out, "%lld %s", (long long)all, all == 1 ? "key" : "keys");
    tk_buf_put_str(out, tk_buf_str(&counts));
    tk_buf_printf(out, "; hits %lld, cold %lld, failed %lld\n",
                  (long long)sum_of(sources, "hits"),
                  (long long)sum_of(sources, "cold"),
                  (long long)sum_of(sources, "cold_failed"));
    tk_buf_fini(&counts);
}
