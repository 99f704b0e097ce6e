#include "cli/policy.h"

#include "base/key.h"
#include "cli/call.h"
#include "cli/grid.h"
#include "net/json.h"

#include <stdio.h>

enum { BODY_MAX_BYTES = 64 * 1024, CELL_MAX_BYTES = 1024 };

static const struct tk_option options[] = {
    {"trial", '\0', TK_OPTION_FLAG, NULL,
     "set: only try the policy on live keys"},
    {"end", '\0', TK_OPTION_FLAG, NULL, "compare: end the comparison"},
    TK_OPTION_JSON,
    TK_OPTION_SOCKET,
    TK_OPTION_DIR,
};

static const struct tk_column columns[] = {
    {"SOURCE", TK_COLUMN_KEY, 6},   {"POLICY", TK_COLUMN_TEXT, 8},
    {"OPTIONS", TK_COLUMN_TEXT, 8}, {"BY", TK_COLUMN_TEXT, 3},
    {"NOTE", TK_COLUMN_TEXT, 12},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* --- what is sent --- */

static bool is_number(struct tk_str text, struct tk_pool *pool)
{
    struct tk_value value;

    return tk_json_parse(text, pool, &value, NULL) == 0 &&
           (value.type == TK_INT || value.type == TK_NUM);
}

static int put_value(struct tk_json *json, struct tk_str value,
                     struct tk_why *why)
{
    struct tk_value text;
    struct tk_pool pool;
    int rc = 0;

    tk_pool_init(&pool, BODY_MAX_BYTES);
    if (tk_str_is(value, "true") || tk_str_is(value, "false") ||
        is_number(value, &pool)) {
        tk_json_raw(json, value);
    } else if (!tk_str_starts(value, TK_STR("\""))) {
        tk_json_text(json, value);
    } else if (tk_json_parse(value, &pool, &text, why) == 0) {
        tk_json_raw(json, value);
    } else {
        rc = TK_EINVAL;
    }
    tk_pool_fini(&pool);
    return rc;
}

static int put_options(struct tk_json *json, const char *const *words,
                       size_t count, struct tk_why *why)
{
    for (size_t i = 0; i < count; i++) {
        struct tk_str value = tk_str(words[i]);
        struct tk_str name = tk_str_cut(&value, '=');
        char text[64];

        if (value.data == NULL || name.len == 0 || name.len >= sizeof text) {
            return tk_fail(why, TK_EINVAL,
                           "'%s' is no option of a policy: name=value",
                           words[i]);
        }
        snprintf(text, sizeof text, "%.*s", TK_ARG(name));
        tk_json_name(json, text);
        if (put_value(json, value, why) != 0) return TK_EINVAL;
    }
    return 0;
}

int tk_policy_write_choice(const char *const *words, size_t count,
                           struct tk_buf *out, struct tk_why *why)
{
    struct tk_json json = {.out = out};
    int rc;

    tk_json_open(&json, '{');
    tk_json_put_text(&json, "policy", words[0]);
    tk_json_name(&json, "options");
    tk_json_open(&json, '{');
    rc = put_options(&json, words + 1, count - 1, why);
    tk_json_close(&json, '}');
    tk_json_close(&json, '}');
    return rc;
}

/* --- what is printed --- */

static void put_options_cell(struct tk_grid *grid, const struct tk_value *row)
{
    const struct tk_value *given = tk_value_get(row, "options");
    struct tk_buf text;

    tk_buf_init(&text, CELL_MAX_BYTES);
    for (uint32_t i = 0; given != NULL && given->type == TK_TABLE &&
                         i < given->as.table.pair_count;
         i++) {
        const struct tk_pair *pair = &given->as.table.pairs[i];

        if (i > 0) tk_buf_put_byte(&text, ' ');
        tk_buf_printf(&text, "%.*s=", TK_ARG(pair->name));
        if (pair->value.type == TK_TEXT) {
            tk_buf_put_str(&text, pair->value.as.text);
        } else if (tk_json_write(&text, &pair->value) != 0) {
            tk_buf_put_byte(&text, '?');
        }
    }
    if (text.len == 0) tk_buf_put_byte(&text, '-');
    tk_grid_put(grid, tk_buf_str(&text), TK_COLOUR_NONE);
    tk_buf_fini(&text);
}

/* What somebody should know, the worst first. */
static void put_note(struct tk_grid *grid, const struct tk_value *row)
{
    const struct tk_value *refused = tk_value_get(row, "refused");
    const struct tk_value *configured = tk_value_get(row, "configured");
    enum tk_colour colour = TK_COLOUR_WARN;
    struct tk_buf text;

    tk_buf_init(&text, CELL_MAX_BYTES);
    if (tk_show_is_true(tk_value_get(row, "out"))) {
        colour = TK_COLOUR_BAD;
        tk_buf_put_text(&text, "it fails: the built-in rule decides");
    } else if (refused != NULL && refused->type == TK_TABLE) {
        tk_buf_put_text(&text, "not taken: ");
        tk_buf_put_str(&text, tk_show_text(tk_value_get(refused, "why")));
    } else if (tk_show_is_true(tk_value_get(row, "behind"))) {
        tk_buf_put_text(&text, "its file has a newer version");
    } else if (tk_show_is_true(tk_value_get(row, "gone"))) {
        tk_buf_put_text(&text, "its file is gone");
    } else if (tk_show_is_true(tk_value_get(row, "drift"))) {
        tk_buf_put_text(&text, "configured: ");
        tk_buf_put_str(&text, tk_show_text(tk_value_get(configured, "policy")));
    } else {
        colour = TK_COLOUR_NONE;
        tk_buf_put_byte(&text, '-');
    }
    tk_grid_put(grid, tk_buf_str(&text), colour);
    tk_buf_fini(&text);
}

static void put_row(struct tk_grid *grid, const struct tk_value *row)
{
    tk_grid_put(grid, tk_show_text(tk_value_get(row, "source")),
                TK_COLOUR_NONE);
    tk_grid_put(grid, tk_show_text(tk_value_get(row, "policy")),
                TK_COLOUR_NONE);
    put_options_cell(grid, row);
    tk_grid_put(grid, tk_show_text(tk_value_get(row, "chosen")),
                TK_COLOUR_NONE);
    put_note(grid, row);
}

void tk_policy_print_list(const struct tk_value *answer,
                          const struct tk_show *show, struct tk_buf *out)
{
    const struct tk_value *rows = tk_value_get(answer, "sources");
    const struct tk_value *names = tk_value_get(answer, "installed");
    const struct tk_value *item;
    struct tk_grid grid;
    struct tk_buf line;

    tk_grid_init(&grid, columns, COLUMNS);
    for (uint32_t i = 0; (item = tk_value_item(rows, i)) != NULL; i++) {
        put_row(&grid, item);
    }
    tk_grid_print(&grid, show, out);
    tk_grid_fini(&grid);
    tk_buf_init(&line, BODY_MAX_BYTES);
    tk_buf_put_text(&line, "installed:");
    for (uint32_t i = 0; (item = tk_value_item(names, i)) != NULL; i++) {
        tk_buf_printf(&line, " %.*s", TK_ARG(tk_show_text(item)));
    }
    tk_show_wrap(show, out, 0, 2, tk_buf_str(&line));
    tk_buf_fini(&line);
}

static const struct tk_column compared[] = {
    {"POLICY", TK_COLUMN_TEXT, 8},      {"USES", TK_COLUMN_NUMBER, 0},
    {"CALLS", TK_COLUMN_NUMBER, 0},     {"COLD", TK_COLUMN_NUMBER, 0},
    {"PER 10000", TK_COLUMN_NUMBER, 0}, {"COST 4:1", TK_COLUMN_NUMBER, 0},
    {"10:1", TK_COLUMN_NUMBER, 0},      {"30:1", TK_COLUMN_NUMBER, 0},
};
enum { COMPARED = sizeof compared / sizeof compared[0] };

static void put_number(struct tk_grid *grid, const struct tk_value *value,
                       int digits)
{
    char text[32];
    double number = 0;

    (void)tk_show_number(value, &number);
    snprintf(text, sizeof text, "%.*f", digits, number);
    tk_grid_put(grid, tk_str(text), TK_COLOUR_NONE);
}

static void put_deeds(struct tk_grid *grid, const struct tk_value *name,
                      const struct tk_value *deeds)
{
    const struct tk_value *cost = tk_value_get(deeds, "cost");

    tk_grid_put(grid, tk_show_text(name), TK_COLOUR_NONE);
    put_number(grid, tk_value_get(deeds, "uses"), 0);
    put_number(grid, tk_value_get(deeds, "calls"), 0);
    put_number(grid, tk_value_get(deeds, "cold"), 0);
    put_number(grid, tk_value_get(deeds, "cold_per_10k"), 1);
    put_number(grid, tk_value_get(cost, "4"), 0);
    put_number(grid, tk_value_get(cost, "10"), 0);
    put_number(grid, tk_value_get(cost, "30"), 0);
}

void tk_policy_print_comparison(const struct tk_value *answer,
                                const struct tk_show *show, struct tk_buf *out)
{
    struct tk_grid grid;

    tk_grid_init(&grid, compared, COMPARED);
    put_deeds(&grid, tk_value_get(answer, "in_force"),
              tk_value_get(answer, "live"));
    put_deeds(&grid, tk_value_get(answer, "policy"),
              tk_value_get(answer, "would"));
    tk_grid_print(&grid, show, out);
    tk_grid_fini(&grid);
}

/* --- the verbs --- */

static enum tk_exit print_answer(struct tk_engine_call *call,
                                 const struct tk_args *args)
{
    struct tk_buf text;
    enum tk_exit status;

    if (tk_args_has(args, "json")) return tk_call_put_json(call);
    tk_buf_init(&text, TK_SHOW_MAX);
    if (strcmp(args->words[0], "list") == 0) {
        tk_policy_print_list(&call->body, call->show, &text);
    } else {
        tk_show_wrap(call->show, &text, 0, 0,
                     tk_show_text(tk_value_get(&call->body, "detail")));
    }
    if (strcmp(args->words[0], "compare") == 0) {
        tk_policy_print_comparison(&call->body, call->show, &text);
    }
    status = tk_show_put(call->show, &text);
    tk_buf_fini(&text);
    return status;
}

static enum tk_exit ask(const struct tk_args *args, const struct tk_show *show,
                        const char *method, const char *path,
                        struct tk_str body)
{
    struct tk_engine_call call;
    enum tk_exit status = tk_call_open(&call, args, show);

    if (status != TK_EXIT_OK) return status;
    status = tk_call_ask(&call, method, path, body, TK_CALL_TIMEOUT_MS);
    if (status == TK_EXIT_OK) {
        status = print_answer(&call, args);
    }
    tk_call_close(&call);
    return status;
}

/* The policy that is named, to this path. */
static enum tk_exit put(const struct tk_args *args, const struct tk_show *show,
                        const char *path)
{
    enum tk_exit status;
    struct tk_buf body;
    struct tk_why why;

    tk_buf_init(&body, BODY_MAX_BYTES);
    if (tk_policy_write_choice(args->words + 2, args->word_count - 2, &body,
                               &why) != 0) {
        status = tk_show_fail(show, TK_EXIT_USAGE, "policy: %s", why.text);
    } else {
        status = ask(args, show, "PUT", path, tk_buf_str(&body));
    }
    tk_buf_fini(&body);
    return status;
}

/* One of the things that can be done. */
struct verb {
    const char *name;
    size_t least; /* words, with the verb */
    size_t most;
    const char *method; /* PUT where a policy is named */
    const char *path;   /* the source follows */
};

static const struct verb verbs[] = {
    {"list", 1, 1, "GET", "/v1/policies"},
    {"set", 3, TK_WORDS_MAX, "PUT", "/v1/policies/"},
    {"reset", 2, 2, "DELETE", "/v1/policies/"},
    {"rollback", 2, 2, "POST", "/v1/rollback/"},
    {"compare", 2, TK_WORDS_MAX, "GET", "/v1/shadow/"},
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static const struct verb *find_verb(const char *name)
{
    for (int i = 0; i < VERBS; i++) {
        if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
    }
    return NULL;
}

static enum tk_exit run_verb(const struct verb *verb,
                             const struct tk_args *args,
                             const struct tk_show *show)
{
    const char *source = args->word_count < 2 ? "" : args->words[1];
    enum tk_exit status;
    struct tk_buf path;

    tk_buf_init(&path, TK_CALL_PATH);
    tk_buf_printf(&path, "%s%s%s", verb->path, source,
                  tk_args_has(args, "trial") ? "?trial=1" : "");
    if (args->word_count > 2) {
        status = put(args, show, tk_buf_text(&path));
    } else {
        status =
            ask(args, show, tk_args_has(args, "end") ? "DELETE" : verb->method,
                tk_buf_text(&path), TK_STR(""));
    }
    tk_buf_fini(&path);
    return status;
}

/* Passed over, either would do for real what is only to be tried, or begin
 * what is to be ended. */
static bool has_stray_flag(const struct tk_args *args)
{
    const char *verb = args->words[0];

    return (tk_args_has(args, "trial") && strcmp(verb, "set") != 0) ||
           (tk_args_has(args, "end") &&
            (strcmp(verb, "compare") != 0 || args->word_count > 2));
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    const struct verb *verb = find_verb(args->words[0]);

    if (verb == NULL) {
        return tk_show_fail(show, TK_EXIT_USAGE,
                            "policy: there are list, set, reset, rollback and "
                            "compare, not '%s'",
                            args->words[0]);
    }
    if (args->word_count < verb->least || args->word_count > verb->most ||
        has_stray_flag(args)) {
        return tk_show_fail(show, TK_EXIT_USAGE,
                            "policy %s: see 'tokeng help policy' for what "
                            "goes with it",
                            verb->name);
    }
    if (args->word_count > 1 && !tk_key_is_part(tk_str(args->words[1]))) {
        return tk_show_fail(show, TK_EXIT_USAGE, "'%s' is no name of a source",
                            args->words[1]);
    }
    return run_verb(verb, args, show);
}

const struct tk_command tk_policy_command = {
    .name = "policy",
    .words = "list | set SOURCE POLICY [OPTION=VALUE ...] | rollback SOURCE | "
             "reset SOURCE | compare SOURCE [POLICY [OPTION=VALUE ...]]",
    .summary = "see, replace and bring back policies",
    .about =
        "list shows which policy decides for each source. set puts an "
        "installed one in its place while the engine runs: it is loaded beside "
        "the old one, checked and asked about live keys, and anything wrong "
        "leaves the old one in force. The choice holds after a restart. "
        "rollback brings back what was in force before, reset what the "
        "configuration says. compare lets a policy decide beside the one in "
        "force, without acting on it, and later shows what it would have "
        "cost.",
    .example = "tokeng policy set crm foresight cold_cost=10",
    TK_COMMAND_OPTIONS(options),
    .word_count = 1,
    .word_most = TK_WORDS_MAX,
    .run = run,
};
