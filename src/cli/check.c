#include "cli/check.h"

#include "cli/grid.h"
#include "cli/setup.h"
#include "engine/feasibility.h"
#include "net/json.h"

#include <stdio.h>

enum { OUTPUT_MAX_BYTES = 16 * 1024 * 1024 };

static const struct tk_option options[] = {
    TK_SETUP_OPTIONS,
    TK_OPTION_JSON,
};

static const struct tk_column columns[] = {
    {"SOURCE", TK_COLUMN_KEY, 6},      {"PROVIDER", TK_COLUMN_KEY, 6},
    {"KIND", TK_COLUMN_TEXT, 6},       {"POLICY", TK_COLUMN_TEXT, 6},
    {"CHECKED", TK_COLUMN_TEXT, 6},    {"KEPT", TK_COLUMN_NUMBER, 0},
    {"RENEWABLE", TK_COLUMN_TEXT, 10},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* Which kept keys of a source are meant, and where they go. */
struct kept {
    const struct tk_kind *kind; /* NULL: of all kinds */
    uint32_t count;
    struct tk_buf *text; /* "a, b"; or NULL */
    struct tk_json *json;
};

static void add_kept(struct tk_str text, void *data)
{
    struct kept *kept = data;
    struct tk_key key;

    if (kept->kind != NULL && (tk_key_parse(text, &key, NULL) != 0 ||
                               !tk_str_is(key.kind, kept->kind->name))) {
        return;
    }
    if (kept->json != NULL) tk_json_text(kept->json, text);
    if (kept->text != NULL) {
        if (kept->count > 0) tk_buf_put_text(kept->text, ", ");
        tk_buf_put_str(kept->text, text);
    }
    kept->count++;
}

/* "renewable at any time" stands under a heading that says half of it. */
static struct tk_str after_first_word(const char *text)
{
    struct tk_str rest = tk_str(text);

    (void)tk_str_cut(&rest, ' ');
    return rest;
}

static void put_kind(struct tk_grid *table, const struct tk_source *source,
                     const struct tk_kind *kind)
{
    struct kept kept = {.kind = kind};
    char span[TK_SPAN_TEXT], facts[TK_KIND_TEXT], count[24];

    tk_source_each_kept(source, add_kept, &kept);
    snprintf(count, sizeof count, "%u", kept.count);
    tk_grid_put(table, tk_str(source->name), TK_COLOUR_NONE);
    tk_grid_put(table, tk_str(source->provider), TK_COLOUR_NONE);
    tk_grid_put(table, tk_str(kind->name), TK_COLOUR_NONE);
    tk_grid_put(table, tk_str(source->policy->name), TK_COLOUR_NONE);
    tk_grid_put(table,
                tk_str(tk_span_print(source->policy->check_interval_ms, span)),
                TK_COLOUR_NONE);
    tk_grid_put(table, tk_str(count), TK_COLOUR_NONE);
    tk_kind_describe(kind, facts);
    tk_grid_put(table, after_first_word(facts), TK_COLOUR_NONE);
}

static void print_warnings(const struct tk_config *config, struct tk_buf *out)
{
    for (size_t i = 0; i < config->source_count * TK_STRAINS; i++) {
        struct tk_source *source = config->sources[i / TK_STRAINS];
        struct tk_strains strains;

        tk_feasibility_of(source, &strains);
        if (strains.texts[i % TK_STRAINS][0] == '\0') continue;
        tk_buf_printf(out, "warning: sources.%s: %s\n", source->name,
                      strains.texts[i % TK_STRAINS]);
    }
}

void tk_check_print(const struct tk_config *config, const struct tk_show *show,
                    struct tk_buf *out)
{
    struct tk_grid table;
    struct tk_buf keys;
    struct kept kept = {.text = &keys};

    tk_buf_init(&keys, OUTPUT_MAX_BYTES);
    tk_grid_init(&table, columns, COLUMNS);
    for (size_t i = 0; i < config->source_count; i++) {
        const struct tk_source *source = config->sources[i];

        tk_source_each_kept(source, add_kept, &kept);
        for (size_t k = 0; k < source->kind_count; k++) {
            put_kind(&table, source, &source->kinds[k]);
        }
    }
    tk_grid_print(&table, show, out);
    if (kept.count > 0) {
        tk_buf_put_text(out, "kept: ");
        tk_show_wrap(show, out, 6, 6, tk_buf_str(&keys));
    }
    print_warnings(config, out);
    tk_buf_printf(out, "%s is good: %zu source%s\n", config->path,
                  config->source_count, config->source_count == 1 ? "" : "s");
    tk_grid_fini(&table);
    tk_buf_fini(&keys);
}

static void write_warnings(struct tk_source *source, struct tk_json *json)
{
    struct tk_strains strains;

    tk_feasibility_of(source, &strains);
    tk_json_name(json, "warnings");
    tk_json_open(json, '[');
    for (int i = 0; i < TK_STRAINS; i++) {
        if (strains.texts[i][0] == '\0') continue;
        tk_json_text(json, tk_str(strains.texts[i]));
    }
    tk_json_close(json, ']');
}

static void write_source(struct tk_source *source, struct tk_json *json)
{
    struct kept kept = {.json = json};
    char facts[TK_KIND_TEXT];

    tk_json_open(json, '{');
    tk_json_put_text(json, "name", source->name);
    tk_json_put_text(json, "provider", source->provider);
    tk_json_put_text(json, "policy", source->policy->name);
    tk_json_put_num(json, "check_interval",
                    (double)source->policy->check_interval_ms / 1000);
    tk_json_name(json, "kinds");
    tk_json_open(json, '{');
    for (size_t i = 0; i < source->kind_count; i++) {
        tk_json_put_text(json, source->kinds[i].name,
                         tk_kind_describe(&source->kinds[i], facts));
    }
    tk_json_close(json, '}');
    tk_json_name(json, "kept");
    tk_json_open(json, '[');
    tk_source_each_kept(source, add_kept, &kept);
    tk_json_close(json, ']');
    write_warnings(source, json);
    tk_json_close(json, '}');
}

void tk_check_write(const struct tk_config *config, struct tk_buf *out)
{
    struct tk_json json = {.out = out};

    tk_json_open(&json, '{');
    tk_json_put_text(&json, "config", config->path);
    tk_json_name(&json, "problems");
    tk_json_open(&json, '[');
    tk_json_close(&json, ']');
    tk_json_name(&json, "sources");
    tk_json_open(&json, '[');
    for (size_t i = 0; i < config->source_count; i++) {
        write_source(config->sources[i], &json);
    }
    tk_json_close(&json, ']');
    tk_json_close(&json, '}');
    tk_buf_put_byte(out, '\n');
}

static void write_problems(const char *path, const struct tk_problems *problems,
                           struct tk_buf *out)
{
    struct tk_str lines = tk_buf_str(&problems->text);
    struct tk_json json = {.out = out};

    tk_json_open(&json, '{');
    tk_json_put_text(&json, "config", path);
    tk_json_name(&json, "problems");
    tk_json_open(&json, '[');
    while (lines.data != NULL) {
        struct tk_str line = tk_str_cut(&lines, '\n');

        if (line.len > 0) tk_json_text(&json, line);
    }
    tk_json_close(&json, ']');
    tk_json_close(&json, '}');
    tk_buf_put_byte(out, '\n');
}

static enum tk_exit report(const struct tk_args *args,
                           const struct tk_show *show, const char *path,
                           const struct tk_config *config,
                           const struct tk_problems *problems)
{
    enum tk_exit status = config == NULL ? TK_EXIT_CONFIG : TK_EXIT_OK;
    enum tk_exit written;
    struct tk_buf out;

    tk_buf_init(&out, OUTPUT_MAX_BYTES);
    if (config == NULL) tk_setup_say_problems(show, path, problems);
    if (config == NULL && tk_args_has(args, "json")) {
        write_problems(path, problems, &out);
    } else if (config != NULL && tk_args_has(args, "json")) {
        tk_check_write(config, &out);
    } else if (config != NULL) {
        tk_check_print(config, show, &out);
    }
    written = tk_show_put(show, &out);
    tk_buf_fini(&out);
    return written != TK_EXIT_OK ? written : status;
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    struct tk_problems problems;
    struct tk_config *config;
    struct tk_setup setup;
    enum tk_exit status = tk_setup_find(args, show, &setup);

    if (status != TK_EXIT_OK) return status;
    tk_problems_init(&problems);
    config =
        tk_config_load(setup.config, NULL, tk_setup_policy(&setup), &problems);
    status = report(args, show, setup.config, config, &problems);
    tk_config_free(config);
    tk_problems_fini(&problems);
    return status;
}

const struct tk_command tk_check_command = {
    .name = "check",
    .words = "",
    .summary = "check the configuration",
    .about = "Reads the configuration, the scripts that it names and their "
             "secrets, as run does, and prints every problem on standard "
             "error; or what is configured, if there is none. Asks no issuer.",
    .example = "tokeng check -c /etc/tokeng/tokeng.lua",
    TK_COMMAND_OPTIONS(options),
    .run = run,
};
