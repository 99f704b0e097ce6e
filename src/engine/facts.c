#include "engine/facts.h"

#include "base/key.h"
#include "base/span.h"

#include <stdio.h>

enum {
    /* Whoever holds a token asks for it again within this time, or does not
     * mind a refusal. */
    SHORT_OVERLAP_MS = 60 * 1000,
    CALLS_MAX = 1000000000,
};

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

static void read_quota(const char *path, const struct tk_value *value,
                       struct tk_problems *problems, struct tk_kind *out)
{
    static const struct tk_field fields[] = {
        {.name = {"per_second", 10},
         .type = TK_FIELD_COUNT,
         .min = 1,
         .max = CALLS_MAX},
        {.name = {"per_minute", 10},
         .type = TK_FIELD_COUNT,
         .min = 1,
         .max = CALLS_MAX},
        {.name = {"per_day", 7},
         .type = TK_FIELD_COUNT,
         .min = 1,
         .max = CALLS_MAX},
    };
    char inner[TK_PATH_TEXT];

    if (value == NULL) return;
    snprintf(inner, sizeof inner, "%s.quota", path);
    if (tk_schema_check(inner, value, fields, sizeof fields / sizeof fields[0],
                        false, problems) > 0) {
        return;
    }
    out->quota = (struct tk_issuer_quota){
        .per_second = (uint32_t)tk_read_count(value, "per_second", 0),
        .per_minute = (uint32_t)tk_read_count(value, "per_minute", 0),
        .per_day = (uint32_t)tk_read_count(value, "per_day", 0),
    };
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
        {.name = {"one_spender", 11}, .type = TK_FIELD_BOOL},
        {.name = {"single_use", 10}, .type = TK_FIELD_BOOL},
        {.name = {"quota", 5}, .type = TK_FIELD_TABLE},
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
    read_quota(path, tk_value_get(facts, "quota"), problems, out);
    out->one_spender = tk_read_bool(facts, "one_spender", out->one_spender);
    out->single_use = tk_read_bool(facts, "single_use", out->single_use);
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

bool tk_kind_renewal_hurts(const struct tk_kind *kind)
{
    return !kind->overlap_is_own_life && kind->overlap_ms < SHORT_OVERLAP_MS &&
           kind->renewable != TK_RENEWABLE_EXTENDS &&
           kind->renewable != TK_RENEWABLE_AT_END;
}

static void describe_renewal(const struct tk_kind *kind, struct tk_buf *out)
{
    char window[TK_SPAN_TEXT];

    switch (kind->renewable) {
    case TK_RENEWABLE_ALWAYS:
        tk_buf_put_text(out, "renewable at any time");
        break;
    case TK_RENEWABLE_LAST:
        tk_buf_printf(out, "renewable while less than %s remain",
                      tk_span_print(kind->window_ms, window));
        break;
    case TK_RENEWABLE_EXTENDS:
        tk_buf_put_text(out, "renewing extends the same token");
        break;
    case TK_RENEWABLE_AT_END:
        tk_buf_put_text(out, "renewable only after its end");
        break;
    }
}

static void describe_overlap(const struct tk_kind *kind, struct tk_buf *out)
{
    char span[TK_SPAN_TEXT];

    if (kind->overlap_is_own_life) return;
    if (kind->overlap_ms == 0) {
        tk_buf_put_text(out, "; renewing ends the old token at once");
    } else {
        tk_buf_printf(out, "; renewing ends the old token %s later",
                      tk_span_print(kind->overlap_ms, span));
    }
}

static void describe_quota(const struct tk_issuer_quota *quota,
                           struct tk_buf *out)
{
    if (quota->per_second > 0) {
        tk_buf_printf(out, "; at most %u calls a second", quota->per_second);
    }
    if (quota->per_minute > 0) {
        tk_buf_printf(out, "; at most %u calls a minute", quota->per_minute);
    }
    if (quota->per_day > 0) {
        tk_buf_printf(out, "; at most %u calls a day", quota->per_day);
    }
}

char *tk_kind_describe(const struct tk_kind *kind, char out[TK_KIND_TEXT])
{
    struct tk_buf text;

    tk_buf_init(&text, TK_KIND_TEXT);
    describe_renewal(kind, &text);
    describe_overlap(kind, &text);
    if (kind->one_spender) tk_buf_put_text(&text, "; one refresher only");
    if (kind->single_use) tk_buf_put_text(&text, "; its secret is used once");
    describe_quota(&kind->quota, &text);
    snprintf(out, TK_KIND_TEXT, "%.*s", TK_ARG(tk_buf_str(&text)));
    tk_buf_fini(&text);
    return out;
}
