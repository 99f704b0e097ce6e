#define _GNU_SOURCE
#include "cli/list.h"

#include "base/clock.h"
#include "cli/call.h"
#include "cli/rows.h"
#include "net/json.h"

#include <signal.h>
#include <time.h>

enum {
    /* Rows of a page: with the longest keys and failures they are well under
     * the megabyte that a JSON document may have. */
    PAGE_ROWS = 500,
    /* Lines of a screen that are no rows: heading, summary, cursor. */
    OTHER_LINES = 4,
    SPAN_MS_DEFAULT = 1000,
};

static const struct tk_option options[] = {
    {"source", '\0', TK_OPTION_TEXT, "NAME", "only keys of this source"},
    {"state", '\0', TK_OPTION_TEXT, "STATE",
     "only keys in this state: fresh, due, stale, lapsed, poisoned"},
    {"watch", '\0', TK_OPTION_FLAG, NULL,
     "print again and again, until interrupted"},
    {"interval", '\0', TK_OPTION_SPAN, "SPAN", "how often, with --watch (1s)"},
    {"seconds", '\0', TK_OPTION_SECONDS, "N", "how long, with --watch"},
    {"title", '\0', TK_OPTION_TEXT, "TEXT", "a line above the keys"},
    TK_OPTION_JSON,
    TK_OPTION_SOCKET,
    TK_OPTION_DIR,
};

/* One listing while it is fetched page by page. */
struct listing {
    const struct tk_args *args;
    const struct tk_show *show;
    struct tk_engine_call call;
    struct tk_buf out;
    struct tk_grid table;
    struct tk_json json;
    bool is_json;
    int64_t rows; /* that may still be shown */
};

static void put_path(const struct listing *listing, struct tk_str after,
                     struct tk_buf *path)
{
    int64_t rows = listing->rows < PAGE_ROWS ? listing->rows : PAGE_ROWS;
    const char *source = tk_args_text(listing->args, "source");
    const char *state = tk_args_text(listing->args, "state");
    struct tk_buf limit;

    tk_buf_init(&limit, 24);
    tk_buf_put_int(&limit, rows);
    tk_buf_put_text(path, "/v1/tokens");
    tk_call_put_query(path, "limit", tk_buf_str(&limit));
    if (source != NULL) tk_call_put_query(path, "source", tk_str(source));
    if (state != NULL) tk_call_put_query(path, "state", tk_str(state));
    if (after.len > 0) tk_call_put_query(path, "after", after);
    tk_buf_fini(&limit);
}

static void begin_json(struct listing *listing)
{
    listing->json = (struct tk_json){.out = &listing->out};
    tk_json_open(&listing->json, '{');
    tk_json_name(&listing->json, "tokens");
    tk_json_open(&listing->json, '[');
}

static void put_json_value(struct listing *listing,
                           const struct tk_value *value)
{
    struct tk_buf text;

    tk_buf_init(&text, TK_JSON_MAX);
    if (value == NULL || tk_json_write(&text, value) != 0) {
        tk_json_null(&listing->json);
    } else {
        tk_json_raw(&listing->json, tk_buf_str(&text));
    }
    tk_buf_fini(&text);
}

static void put_json_page(struct listing *listing)
{
    const struct tk_value *tokens = tk_value_get(&listing->call.body, "tokens");
    const struct tk_value *token;

    for (uint32_t i = 0; (token = tk_value_item(tokens, i)) != NULL; i++) {
        put_json_value(listing, token);
    }
}

static void end_json(struct listing *listing)
{
    static const char *const rest[] = {"total", "counts", "sources"};

    tk_json_close(&listing->json, ']');
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        tk_json_name(&listing->json, rest[i]);
        put_json_value(listing, tk_value_get(&listing->call.body, rest[i]));
    }
    tk_json_close(&listing->json, '}');
    tk_buf_put_byte(&listing->out, '\n');
}

/* A long listing leaves page by page; a screen that is redrawn, as one. */
static enum tk_exit put_page(struct listing *listing, bool is_screen)
{
    if (listing->is_json) {
        put_json_page(listing);
    } else {
        tk_rows_put(&listing->call.body, &listing->table);
        tk_grid_print(&listing->table, listing->show, &listing->out);
    }
    return is_screen ? TK_EXIT_OK : tk_show_put(listing->show, &listing->out);
}

static enum tk_exit fetch_pages(struct listing *listing, bool is_screen)
{
    char after[TK_CALL_PATH] = "";
    enum tk_exit status = TK_EXIT_OK;

    do {
        struct tk_str next;
        struct tk_buf path;

        tk_buf_init(&path, TK_CALL_PATH);
        put_path(listing, tk_str(after), &path);
        status = tk_call_ask(&listing->call, "GET", tk_buf_text(&path),
                             TK_STR(""), TK_CALL_TIMEOUT_MS);
        tk_buf_fini(&path);
        if (status == TK_EXIT_OK) status = put_page(listing, is_screen);
        if (status != TK_EXIT_OK) return status;
        listing->rows -= PAGE_ROWS;
        next = tk_value_text(tk_value_get(&listing->call.body, "next"));
        if (next.len >= sizeof after) break;
        if (next.len > 0) memcpy(after, next.data, next.len);
        after[next.len] = '\0';
    } while (after[0] != '\0' && listing->rows > 0);
    return TK_EXIT_OK;
}

static void put_title(struct listing *listing)
{
    const char *title = tk_args_text(listing->args, "title");
    const struct tk_show *show = listing->show;

    if (title == NULL || listing->is_json) return;
    tk_buf_put_text(&listing->out, tk_show_colour(show, TK_COLOUR_BOLD));
    tk_show_wrap(show, &listing->out, 0, 0, tk_str(title));
    tk_buf_put_text(&listing->out, tk_show_colour(show, TK_COLOUR_NONE));
}

static enum tk_exit print_all(struct listing *listing, bool is_screen)
{
    enum tk_exit status;

    /* Home, and clear to the end: less flicker than clearing first. */
    if (is_screen) tk_buf_put_text(&listing->out, "\033[H\033[J");
    put_title(listing);
    if (listing->is_json) begin_json(listing);
    status = fetch_pages(listing, is_screen);
    if (status != TK_EXIT_OK) return status;
    if (listing->is_json) {
        end_json(listing);
    } else {
        tk_rows_summary(&listing->call.body, &listing->out);
    }
    return tk_show_put(listing->show, &listing->out);
}

static enum tk_exit print_once(const struct tk_args *args,
                               const struct tk_show *show, bool is_screen)
{
    struct listing listing = {.args = args,
                              .show = show,
                              .is_json = tk_args_has(args, "json"),
                              .rows = INT64_MAX};
    enum tk_exit status = tk_call_open(&listing.call, args, show);

    if (status != TK_EXIT_OK) return status;
    if (is_screen) {
        int others = OTHER_LINES + (tk_args_has(args, "title") ? 1 : 0);

        listing.rows =
            show->height > 2 * others ? show->height - others : OTHER_LINES;
    }
    tk_buf_init(&listing.out, TK_SHOW_MAX);
    tk_grid_init(&listing.table, tk_rows_columns, TK_ROWS_COLUMNS);
    status = print_all(&listing, is_screen);
    tk_grid_fini(&listing.table);
    tk_buf_fini(&listing.out);
    tk_call_close(&listing.call);
    return status;
}

/* Sleeps; returns true if an interrupt came. The signals are blocked, so they
 * arrive here and nowhere else. */
static bool is_interrupted(const sigset_t *signals, int64_t ms)
{
    struct timespec wait = {ms / 1000, (long)(ms % 1000) * 1000000};

    return sigtimedwait(signals, NULL, &wait) > 0;
}

/* The engine may go and come back: each round opens a connection of its own,
 * and only the last round decides the exit status. */
static enum tk_exit watch(const struct tk_args *args,
                          const struct tk_show *show)
{
    int64_t every = tk_args_ms(args, "interval", SPAN_MS_DEFAULT);
    int64_t end = tk_args_has(args, "seconds")
                      ? tk_clock_boot_ms() + tk_args_ms(args, "seconds", 0)
                      : TK_NEVER;
    bool is_screen = show->is_terminal && !tk_args_has(args, "json");
    struct tk_show now = *show;
    enum tk_exit status;
    sigset_t signals, before;
    int64_t left;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, &before);
    do {
        tk_show_init(&now, show->out, show->err); /* it may be resized */
        status = print_once(args, &now, is_screen);
        left = end == TK_NEVER ? every : end - tk_clock_boot_ms();
        if (left > every) left = every;
    } while (left > 0 && !is_interrupted(&signals, left));
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    if (tk_args_ms(args, "interval", SPAN_MS_DEFAULT) < 10) {
        return tk_show_fail(show, TK_EXIT_USAGE,
                            "list: --interval must be at least 10ms");
    }
    if (tk_args_has(args, "watch")) return watch(args, show);
    return print_once(args, show, false);
}

const struct tk_command tk_list_command = {
    .name = "list",
    .words = "",
    .summary = "list the keys: state, life left, what is next",
    .about = "Prints a line for every key that has had a token, fails or is "
             "kept, and a summary. Lines fit the terminal ($COLUMNS or 80 "
             "where there is none); --json has all that is known.",
    .example = "tokeng list --source feishu --watch",
    TK_COMMAND_OPTIONS(options),
    .run = run,
};
