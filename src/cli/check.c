#include "cli/check.h"

#include "cli/grid.h"
#include "net/json.h"

static const struct tk_option options[] = {
    {"config", 'c', TK_OPTION_TEXT, "FILE", "the configuration"},
    {"policy", '\0', TK_OPTION_TEXT, "FILE",
     "as with run: this policy over everything"},
    TK_OPTION_JSON,
};

enum { COLUMNS = 5, CELL_MAX_BYTES = 256 };

static const struct tk_column columns[COLUMNS] = {
    {"SOURCE", TK_COLUMN_TEXT, 8}, {"PROVIDER", TK_COLUMN_TEXT, 8},
    {"KINDS", TK_COLUMN_TEXT, 8},  {"POLICY", TK_COLUMN_TEXT, 10},
    {"KEPT", TK_COLUMN_NUMBER, 0},
};

static void count_key(struct tk_str key, void *data)
{
    (void)key;
    ++*(int64_t *)data;
}

static int64_t count_kept(const struct tk_source *source)
{
    int64_t count = 0;

    tk_source_each_kept(source, count_key, &count);
    return count;
}

static void put_cell(struct tk_grid *table, struct tk_buf *cell)
{
    tk_grid_put(table, tk_buf_str(cell), TK_COLOUR_NONE);
    tk_buf_clear(cell);
}

static void put_source(struct tk_grid *table, const struct tk_source *source)
{
    char span[TK_SPAN_TEXT];
    struct tk_buf cell;

    tk_buf_init(&cell, CELL_MAX_BYTES);
    tk_grid_put(table, tk_str(source->name), TK_COLOUR_NONE);
    tk_grid_put(table, tk_str(source->provider), TK_COLOUR_NONE);
    for (size_t i = 0; i < source->kind_count; i++) {
        tk_buf_printf(&cell, "%s%s", i == 0 ? "" : ", ", source->kinds[i].name);
    }
    put_cell(table, &cell);
    tk_buf_printf(&cell, "%s every %s", source->policy->name,
                  tk_span_print(source->policy->check_interval_ms, span));
    put_cell(table, &cell);
    tk_buf_put_int(&cell, count_kept(source));
    put_cell(table, &cell);
    tk_buf_fini(&cell);
}

/* The facts by which the issuer's tokens are renewed. */
static void put_facts(const struct tk_source *source,
                      const struct tk_show *show, struct tk_buf *out)
{
    char words[CELL_MAX_BYTES];

    for (size_t i = 0; i < source->kind_count; i++) {
        struct tk_buf line;

        tk_buf_init(&line, 2 * CELL_MAX_BYTES);
        tk_buf_printf(&line, "%s/%s: %s", source->name, source->kinds[i].name,
                      tk_kind_describe(&source->kinds[i], words, sizeof words));
        tk_show_wrap(show, out, 0, 2, tk_buf_str(&line));
        tk_buf_fini(&line);
    }
}

void tk_check_print(const struct tk_config *config, const struct tk_show *show,
                    struct tk_buf *out)
{
    struct tk_grid table;

    tk_grid_init(&table, columns, COLUMNS);
    for (size_t i = 0; i < config->source_count; i++) {
        put_source(&table, config->sources[i]);
    }
    tk_grid_print(&table, show, out);
    tk_grid_fini(&table);
    tk_buf_put_byte(out, '\n');
    for (size_t i = 0; i < config->source_count; i++) {
        put_facts(config->sources[i], show, out);
    }
    tk_buf_printf(out, "%s is good\n", config->path);
}

static void put_text(struct tk_json *json, const char *name, const char *text)
{
    tk_json_name(json, name);
    tk_json_text(json, tk_str(text));
}

static void put_key(struct tk_str key, void *data)
{
    tk_json_text(data, key);
}

static void put_kinds(struct tk_json *json, const struct tk_source *source)
{
    char words[CELL_MAX_BYTES];

    tk_json_name(json, "kinds");
    tk_json_open(json, '[');
    for (size_t i = 0; i < source->kind_count; i++) {
        tk_json_open(json, '{');
        put_text(json, "name", source->kinds[i].name);
        put_text(json, "facts",
                 tk_kind_describe(&source->kinds[i], words, sizeof words));
        tk_json_close(json, '}');
    }
    tk_json_close(json, ']');
}

static void put_json_source(struct tk_json *json,
                            const struct tk_source *source)
{
    tk_json_open(json, '{');
    put_text(json, "name", source->name);
    put_text(json, "provider", source->provider);
    put_kinds(json, source);
    put_text(json, "policy", source->policy->name);
    tk_json_name(json, "check_interval");
    tk_json_num(json, (double)source->policy->check_interval_ms / 1000);
    tk_json_name(json, "keep");
    tk_json_open(json, '[');
    tk_source_each_kept(source, put_key, json);
    tk_json_close(json, ']');
    tk_json_close(json, '}');
}

void tk_check_print_json(const struct tk_config *config, struct tk_buf *out)
{
    struct tk_json json = {.out = out};

    tk_json_open(&json, '{');
    put_text(&json, "config", config->path);
    tk_json_name(&json, "problems");
    tk_json_open(&json, '[');
    tk_json_close(&json, ']');
    tk_json_name(&json, "sources");
    tk_json_open(&json, '[');
    for (size_t i = 0; i < config->source_count; i++) {
        put_json_source(&json, config->sources[i]);
    }
    tk_json_close(&json, ']');
    tk_json_close(&json, '}');
    tk_buf_put_byte(out, '\n');
}

static void put_problems_json(const struct tk_problems *problems,
                              const char *path, struct tk_buf *out)
{
    struct tk_str rest = tk_buf_str(&problems->text);
    struct tk_json json = {.out = out};

    tk_json_open(&json, '{');
    put_text(&json, "config", path);
    tk_json_name(&json, "problems");
    tk_json_open(&json, '[');
    while (rest.len > 0) tk_json_text(&json, tk_str_cut(&rest, '\n'));
    tk_json_close(&json, ']');
    tk_json_close(&json, '}');
    tk_buf_put_byte(out, '\n');
}

static enum tk_exit print_problems(struct tk_problems *problems,
                                   const char *path, bool is_json,
                                   const struct tk_show *show)
{
    struct tk_show to_err = *show;
    struct tk_buf out;

    to_err.out = show->err;
    tk_buf_init(&out, TK_SHOW_MAX);
    if (is_json) {
        put_problems_json(problems, path, &out);
        tk_show_put(show, &out);
    } else {
        tk_show_put(&to_err, &problems->text);
    }
    tk_buf_fini(&out);
    return TK_EXIT_CONFIG;
}

static enum tk_exit print_config(const struct tk_config *config, bool is_json,
                                 const struct tk_show *show)
{
    enum tk_exit status;
    struct tk_buf out;

    tk_buf_init(&out, TK_SHOW_MAX);
    if (is_json) {
        tk_check_print_json(config, &out);
    } else {
        tk_check_print(config, show, &out);
    }
    status = tk_show_put(show, &out);
    tk_buf_fini(&out);
    return status;
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    bool is_json = tk_args_has(args, "json");
    struct tk_problems problems;
    struct tk_config *config;
    char path[PATH_MAX];
    enum tk_exit status;
    struct tk_why why;

    if (tk_config_find(tk_args_text(args, "config"), path, &why) != 0) {
        return tk_show_fail(show, TK_EXIT_CONFIG, "%s", why.text);
    }
    tk_problems_init(&problems);
    config =
        tk_config_load(path, NULL, tk_args_text(args, "policy"), &problems);
    status = config == NULL ? print_problems(&problems, path, is_json, show)
                            : print_config(config, is_json, show);
    tk_config_free(config);
    tk_problems_fini(&problems);
    return status;
}

const struct tk_command tk_check_command = {
    .name = "check",
    .words = "",
    .summary = "check the configuration, its scripts and secrets",
    .about = "Loads everything that 'tokeng run' would load and prints what it "
             "would run, or every problem with its path. Nothing is asked of "
             "an issuer. Exit status 78 if there is a problem.",
    .example = "tokeng check -c tokeng.lua",
    TK_COMMAND_OPTIONS(options),
    .run = run,
};
