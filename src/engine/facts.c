#include "engine/facts.h"

#include "base/key.h"
#include "base/span.h"

#include <stdio.h>

static void read_renewable(const char *path, const struct tk_value *value,
                           struct tk_problems *problems, struct tk_kind *out)
{
    struct tk_str word = tk_value_text(value);

    if (value == NULL) return;
    if (tk_str_is(word, "always")) {
        out->renewable = TK_RENEWABLE_ALWAYS;
    } else if (tk_str_is(word, "extends")) {
        out->renewable = TK_RENEWABLE_EXTENDS;
    } else if (tk_str_is(word, "at_end")) {
        out->renewable = TK_RENEWABLE_AT_END;
    } else if (tk_read_span(value, "last", 0) > 0) {
        out->renewable = TK_RENEWABLE_LAST;
        out->window_ms = tk_read_span(value, "last", 0);
    } else {
        tk_problem(problems, path,
                   "renewable must be \"always\", \"extends\", \"at_end\" or "
                   "{ last = \"30m\" }");
    }
}

static void read_overlap(const char *path, const struct tk_value *value,
                         struct tk_problems *problems, struct tk_kind *out)
{
    int64_t number;

    if (value == NULL) return;
    if (tk_str_is(tk_value_text(value), "own_life")) {
        out->overlap_is_own_life = true;
        return;
    }
    out->overlap_is_own_life = false;
    out->overlap_ms = 0;
    if (tk_value_int(value, &number) && number == 0) return;
    if (tk_span_parse(tk_value_text(value), &out->overlap_ms) != 0) {
        tk_problem(problems, path,
                   "overlap must be \"own_life\", 0 or a length of time");
    }
}

static void read_subjects(const char *path, const struct tk_value *value,
                          struct tk_problems *problems, struct tk_kind *out)
{
    struct tk_str word = tk_value_text(value);

    if (value == NULL) return;
    if (tk_str_is(word, "none")) {
        out->subjects = TK_SUBJECT_NONE;
    } else if (tk_str_is(word, "variant")) {
        out->subjects = TK_SUBJECT_VARIANT;
    } else if (tk_str_is(word, "any")) {
        out->subjects = TK_SUBJECT_ANY;
    } else {
        tk_problem(problems, path,
                   "subject must be \"none\", \"variant\" or \"any\"");
    }
}

static void read_attach(const char *path, const struct tk_value *value,
                        struct tk_problems *problems, struct tk_kind *out)
{
    const char *header = tk_read_text(value, "header", "Authorization");
    const char *format = tk_read_text(value, "format", "Bearer %s");
    const char *hole = strstr(format, "%s");

    if (strlen(header) >= TK_ATTACH_TEXT || strlen(format) >= TK_ATTACH_TEXT ||
        hole == NULL || strchr(format, '%') != hole ||
        strchr(hole + 1, '%') != NULL) {
        tk_problem(problems, path,
                   "attach must be { header = \"...\", format = \"... %%s\" } "
                   "with one %%s");
        return;
    }
    snprintf(out->attach_header, sizeof out->attach_header, "%s", header);
    snprintf(out->attach_format, sizeof out->attach_format, "%s", format);
}

static void read_table(const char *path, const struct tk_value *facts,
                       struct tk_problems *problems, struct tk_kind *out)
{
    static const struct tk_field fields[] = {
        {.name = {"renewable", 9}, .type = TK_FIELD_ANY},
        {.name = {"overlap", 7}, .type = TK_FIELD_ANY},
        {.name = {"subject", 7}, .type = TK_FIELD_TEXT},
        {.name = {"attach", 6}, .type = TK_FIELD_TABLE},
        {.name = {"help", 4}, .type = TK_FIELD_TEXT},
    };

    if (tk_schema_check(path, facts, fields, sizeof fields / sizeof fields[0],
                        false, problems) > 0) {
        return;
    }
    read_renewable(path, tk_value_get(facts, "renewable"), problems, out);
    read_overlap(path, tk_value_get(facts, "overlap"), problems, out);
    read_subjects(path, tk_value_get(facts, "subject"), problems, out);
    if (tk_value_get(facts, "attach") != NULL) {
        read_attach(path, tk_value_get(facts, "attach"), problems, out);
    }
}

void tk_kind_read(const char *path, struct tk_str name,
                  const struct tk_value *declared,
                  const struct tk_value *overrides,
                  struct tk_problems *problems, struct tk_kind *out)
{
    *out = (struct tk_kind){.overlap_is_own_life = true};
    if (!tk_key_is_part(name) || name.len >= TK_KIND_NAME) {
        tk_problem(problems, path, "is no name for a kind");
        return;
    }
    memcpy(out->name, name.data, name.len);
    read_attach(path, NULL, problems, out);
    read_table(path, declared, problems, out);
    if (overrides != NULL) read_table(path, overrides, problems, out);
}

char *tk_kind_describe(const struct tk_kind *kind, char *out, size_t cap)
{
    char window[TK_SPAN_TEXT];

    switch (kind->renewable) {
    case TK_RENEWABLE_ALWAYS:
        snprintf(out, cap, "renewable at any time");
        break;
    case TK_RENEWABLE_LAST:
        snprintf(out, cap, "renewable while less than %s remain",
                 tk_span_print(kind->window_ms, window));
        break;
    case TK_RENEWABLE_EXTENDS:
        snprintf(out, cap, "renewing extends the same token");
        break;
    case TK_RENEWABLE_AT_END:
        snprintf(out, cap, "renewable only after its end");
        break;
    }
    return out;
}
