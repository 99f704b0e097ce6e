#include "engine/schema.h"

#include "base/near.h"
#include "base/span.h"
#include "engine/secrets.h"

#include <math.h>
#include <stdio.h>

/* The last line that is shown may begin just before the end of what is. */
enum { PROBLEMS_SHOWN = 64 * 1024, PROBLEMS_MAX_BYTES = 2 * PROBLEMS_SHOWN };

void tk_problems_init(struct tk_problems *problems)
{
    problems->count = 0;
    tk_buf_init(&problems->text, PROBLEMS_MAX_BYTES);
}

void tk_problems_fini(struct tk_problems *problems)
{
    tk_buf_fini(&problems->text);
}

/* One line stays one line, and does nothing to a terminal, whatever a file
 * calls its fields. */
static void put_printable(struct tk_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        tk_buf_put_byte(out, byte < ' ' || byte == 0x7f ? '?' : *text);
    }
}

void tk_problem(struct tk_problems *problems, const char *path,
                const char *format, ...)
{
    char sentence[512];
    va_list args;

    problems->count++;
    if (problems->text.len >= PROBLEMS_SHOWN) return;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    put_printable(&problems->text, path);
    if (*path != '\0') tk_buf_put_text(&problems->text, ": ");
    put_printable(&problems->text, sentence);
    tk_buf_put_byte(&problems->text, '\n');
    if (problems->text.len >= PROBLEMS_SHOWN) {
        tk_buf_put_text(&problems->text, "the others are not shown\n");
    }
}

/* --- checking --- */

static const char *type_name(enum tk_field_type type)
{
    static const char *const names[] = {
        [TK_FIELD_TEXT] = "a text",
        [TK_FIELD_URL] = "a URL (https://...)",
        [TK_FIELD_SECRET] =
            ("a secret (secret.file, secret.env or secret.credential) or a "
             "list of two, the current one and the next"),
        [TK_FIELD_SPAN] = "a length of time such as \"15m\"",
        [TK_FIELD_COUNT] = "a whole number",
        [TK_FIELD_NUMBER] = "a number",
        [TK_FIELD_BOOL] = "true or false",
        [TK_FIELD_LIST] = "a list of texts",
        [TK_FIELD_TABLE] = "a table",
        [TK_FIELD_ANY] = "a value",
    };

    return names[type];
}

static bool is_list_of_texts(const struct tk_value *value)
{
    const struct tk_value *item;

    if (value->type != TK_LIST && value->type != TK_TABLE) return false;
    if (value->as.table.pair_count > 0) return false;
    for (uint32_t i = 0; (item = tk_value_item(value, i)) != NULL; i++) {
        if (item->type != TK_TEXT) return false;
    }
    return true;
}

static bool is_url(struct tk_str text)
{
    return tk_str_starts(text, TK_STR("https://")) ||
           tk_str_starts(text, TK_STR("http://"));
}

static bool fits_type(const struct tk_value *value, enum tk_field_type type)
{
    int64_t whole;

    switch (type) {
    case TK_FIELD_TEXT:
        return value->type == TK_TEXT;
    case TK_FIELD_URL:
        return value->type == TK_TEXT && is_url(value->as.text);
    case TK_FIELD_SECRET:
        return tk_secrets_is_choice(value);
    case TK_FIELD_SPAN:
        return value->type == TK_TEXT &&
               tk_span_parse(value->as.text, &whole) == 0;
    case TK_FIELD_COUNT:
        return tk_value_int(value, &whole);
    case TK_FIELD_NUMBER:
        return value->type == TK_INT || value->type == TK_NUM;
    case TK_FIELD_BOOL:
        return value->type == TK_BOOL;
    case TK_FIELD_LIST:
        return is_list_of_texts(value);
    case TK_FIELD_TABLE:
        return value->type == TK_TABLE || value->type == TK_LIST;
    case TK_FIELD_ANY:
        break;
    }
    return true;
}

static const char *print_bound(double bound, enum tk_field_type type,
                               char out[TK_SPAN_TEXT])
{
    if (type == TK_FIELD_SPAN) return tk_span_print((int64_t)bound, out);
    snprintf(out, TK_SPAN_TEXT, "%.15g", bound);
    return out;
}

/* What is compared with the range: a span in ms, written or in seconds. */
static bool read_number(const struct tk_value *value, enum tk_field_type type,
                        double *out)
{
    int64_t span_ms;

    if (type != TK_FIELD_SPAN && type != TK_FIELD_COUNT &&
        type != TK_FIELD_NUMBER) {
        return false;
    }
    if (value->type == TK_TEXT) {
        if (tk_span_parse(value->as.text, &span_ms) != 0) return false;
        *out = (double)span_ms;
        return true;
    }
    *out = value->type == TK_INT ? (double)value->as.integer : value->as.number;
    if (type == TK_FIELD_SPAN) *out *= 1000;
    return true;
}

static void check_range(const char *path, const struct tk_value *value,
                        const struct tk_field *field,
                        struct tk_problems *problems)
{
    char text[TK_SPAN_TEXT];
    double number;

    if ((field->min == 0 && field->max == 0) ||
        !read_number(value, field->type, &number)) {
        return;
    }
    if (number < field->min) {
        tk_problem(problems, path, "is less than %s",
                   print_bound(field->min, field->type, text));
    } else if (number > field->max) {
        tk_problem(problems, path, "is more than %s",
                   print_bound(field->max, field->type, text));
    }
}

static void check_choices(const char *path, const struct tk_value *value,
                          const struct tk_field *field,
                          struct tk_problems *problems)
{
    const struct tk_value *item;
    struct tk_buf names;

    if (field->choices == NULL || value->type != TK_TEXT) return;
    tk_buf_init(&names, 400);
    for (uint32_t i = 0; (item = tk_value_item(field->choices, i)) != NULL;
         i++) {
        if (tk_str_eq(tk_value_text(item), value->as.text)) break;
        tk_buf_put_text(&names, i == 0 ? "" : ", ");
        tk_buf_put_str(&names, tk_value_text(item));
    }
    if (item == NULL) {
        tk_problem(problems, path, "must be one of: %s", tk_buf_text(&names));
    }
    tk_buf_fini(&names);
}

static void check_field(const char *path, const struct tk_value *value,
                        const struct tk_field *field,
                        struct tk_problems *problems)
{
    if (!fits_type(value, field->type)) {
        tk_problem(problems, path, "must be %s, not %s", type_name(field->type),
                   tk_value_type_name(value));
        return;
    }
    check_range(path, value, field, problems);
    check_choices(path, value, field, problems);
}

static const struct tk_field *find_field(const struct tk_field *fields,
                                         size_t count, struct tk_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (tk_str_eq(fields[i].name, name)) return &fields[i];
    }
    return NULL;
}

static void report_unknown(const char *path, struct tk_str name,
                           const struct tk_field *fields, size_t count,
                           struct tk_problems *problems)
{
    struct tk_near near;

    tk_near_init(&near, name);
    for (size_t i = 0; i < count; i++) tk_near_try(&near, fields[i].name);
    if (near.best.len > 0) {
        tk_problem(problems, path, "unknown field; did you mean %.*s?",
                   TK_ARG(near.best));
    } else {
        tk_problem(problems, path, "unknown field");
    }
}

/* Every '.' between names; a name at the top stands alone. */
static const char *join_path(char out[TK_PATH_TEXT], const char *path,
                             struct tk_str name)
{
    snprintf(out, TK_PATH_TEXT, "%s%s%.*s", path, *path == '\0' ? "" : ".",
             TK_ARG(name));
    return out;
}

unsigned tk_schema_check(const char *path, const struct tk_value *table,
                         const struct tk_field *fields, size_t count,
                         bool items_allowed, struct tk_problems *problems)
{
    unsigned before = problems->count;
    char full[TK_PATH_TEXT];

    if (table != NULL && !fits_type(table, TK_FIELD_TABLE)) {
        tk_problem(problems, path, "must be a table, not %s",
                   tk_value_type_name(table));
        return 1;
    }
    if (tk_value_item(table, 0) != NULL && !items_allowed) {
        tk_problem(problems, path, "has a value without a name");
    }
    for (uint32_t i = 0; table != NULL && i < table->as.table.pair_count; i++) {
        const struct tk_pair *pair = &table->as.table.pairs[i];
        const struct tk_field *field = find_field(fields, count, pair->name);

        join_path(full, path, pair->name);
        if (field == NULL) {
            report_unknown(full, pair->name, fields, count, problems);
        } else {
            check_field(full, &pair->value, field, problems);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (fields[i].required &&
            tk_value_find(table, fields[i].name) == NULL) {
            tk_problem(problems, join_path(full, path, fields[i].name),
                       "is missing; it must be %s", type_name(fields[i].type));
        }
    }
    return problems->count - before;
}

/* --- what a script declares --- */

static bool type_by_name(struct tk_str name, enum tk_field_type *out)
{
    static const struct {
        const char *name;
        enum tk_field_type type;
    } words[] = {
        {"text", TK_FIELD_TEXT},     {"url", TK_FIELD_URL},
        {"secret", TK_FIELD_SECRET}, {"span", TK_FIELD_SPAN},
        {"count", TK_FIELD_COUNT},   {"number", TK_FIELD_NUMBER},
        {"bool", TK_FIELD_BOOL},     {"list", TK_FIELD_LIST},
        {"table", TK_FIELD_TABLE},   {"any", TK_FIELD_ANY},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!tk_str_is(name, words[i].name)) continue;
        *out = words[i].type;
        return true;
    }
    return false;
}

static enum tk_field_type type_of_default(const struct tk_value *value)
{
    switch (value == NULL ? TK_NIL : value->type) {
    case TK_BOOL:
        return TK_FIELD_BOOL;
    case TK_INT:
    case TK_NUM:
        return TK_FIELD_NUMBER;
    case TK_TEXT:
        return fits_type(value, TK_FIELD_SPAN) ? TK_FIELD_SPAN : TK_FIELD_TEXT;
    case TK_LIST:
        return TK_FIELD_LIST;
    case TK_TABLE:
        return TK_FIELD_TABLE;
    case TK_SECRET:
    case TK_NIL:
        break;
    }
    return TK_FIELD_ANY;
}

/* A bound of a span is written as one, any other is a number. */
static double bound(const char *path, const struct tk_value *value,
                    enum tk_field_type type, double otherwise,
                    struct tk_problems *problems)
{
    double number;

    if (value == NULL) return otherwise;
    if (fits_type(value, type) && read_number(value, type, &number)) {
        return number;
    }
    tk_problem(problems, path, "has a min or max that is no bound of %s",
               type_name(type));
    return otherwise;
}

static const struct tk_field attributes[] = {
    {{"choices", 7}, .type = TK_FIELD_LIST},
    {{"default", 7}, .type = TK_FIELD_ANY},
    {{"help", 4}, .type = TK_FIELD_TEXT},
    {{"max", 3}, .type = TK_FIELD_ANY},
    {{"min", 3}, .type = TK_FIELD_ANY},
    {{"required", 8}, .type = TK_FIELD_BOOL},
    {{"type", 4}, .type = TK_FIELD_TEXT},
    {{"unit", 4}, .type = TK_FIELD_TEXT},
};
enum { ATTRIBUTES = sizeof attributes / sizeof attributes[0] };

static struct tk_field declared_field(const char *path,
                                      const struct tk_pair *pair,
                                      struct tk_problems *problems)
{
    const struct tk_value *type = tk_value_get(&pair->value, "type");
    const struct tk_value *min = tk_value_get(&pair->value, "min");
    const struct tk_value *max = tk_value_get(&pair->value, "max");
    struct tk_field field = {
        .name = pair->name,
        .choices = tk_value_get(&pair->value, "choices"),
        .fallback = tk_value_get(&pair->value, "default"),
        .required = tk_read_bool(&pair->value, "required", false),
    };

    field.type = type_of_default(field.fallback);
    if (type != NULL && !type_by_name(tk_value_text(type), &field.type)) {
        tk_problem(problems, path, "declares an unknown type");
    }
    if (min != NULL || max != NULL) {
        field.min = bound(path, min, field.type, -HUGE_VAL, problems);
        field.max = bound(path, max, field.type, HUGE_VAL, problems);
    }
    return field;
}

size_t tk_schema_declared(const char *path, const struct tk_value *declared,
                          struct tk_field out[TK_FIELDS_MAX],
                          struct tk_problems *problems)
{
    size_t count = 0;

    if (declared == NULL) return 0;
    for (uint32_t i = 0; i < declared->as.table.pair_count; i++) {
        const struct tk_pair *pair = &declared->as.table.pairs[i];
        char full[TK_PATH_TEXT];

        join_path(full, path, pair->name);
        if (count == TK_FIELDS_MAX) {
            tk_problem(problems, full, "is one field too many (limit %d)",
                       TK_FIELDS_MAX);
            break;
        }
        tk_schema_check(full, &pair->value, attributes, ATTRIBUTES, false,
                        problems);
        out[count] = declared_field(full, pair, problems);
        if (out[count].fallback != NULL) {
            check_field(full, out[count].fallback, &out[count], problems);
        }
        count++;
    }
    return count;
}

void tk_schema_check_settled(const char *path, const struct tk_value *value,
                             const struct tk_field *field,
                             struct tk_problems *problems)
{
    bool is_number = value->type == TK_INT || value->type == TK_NUM;

    if (field->type != TK_FIELD_SPAN) {
        check_field(path, value, field, problems);
    } else if (!is_number) {
        tk_problem(problems, path, "must be a number of seconds, not %s",
                   tk_value_type_name(value));
    } else {
        check_range(path, value, field, problems);
    }
}

const struct tk_value *tk_field_value(const struct tk_value *table,
                                      const struct tk_field *field)
{
    const struct tk_value *value = tk_value_find(table, field->name);

    return value != NULL ? value : field->fallback;
}

struct tk_value tk_schema_settle(struct tk_pool *pool,
                                 const struct tk_value *table,
                                 const struct tk_field *fields, size_t count)
{
    struct tk_value out = tk_value_of_table(pool, 0, (uint32_t)count);
    uint32_t filled = 0;

    if (out.type == TK_NIL) return out;
    for (size_t i = 0; i < count; i++) {
        const struct tk_value *value = tk_field_value(table, &fields[i]);
        struct tk_pair *pair = &out.as.table.pairs[filled];
        int64_t span_ms;

        if (value == NULL) continue;
        pair->name = fields[i].name;
        pair->value = *value;
        if (fields[i].type == TK_FIELD_SPAN &&
            tk_span_parse(tk_value_text(value), &span_ms) == 0) {
            pair->value = (struct tk_value){
                .type = TK_NUM, .as.number = (double)span_ms / 1000};
        }
        filled++;
    }
    out.as.table.pair_count = filled;
    return out;
}

/* --- short readers --- */

int64_t tk_read_span(const struct tk_value *table, const char *name,
                     int64_t otherwise)
{
    int64_t span_ms;

    return tk_span_parse(tk_value_text(tk_value_get(table, name)), &span_ms) ==
                   0
               ? span_ms
               : otherwise;
}

int64_t tk_read_count(const struct tk_value *table, const char *name,
                      int64_t otherwise)
{
    int64_t count;

    return tk_value_int(tk_value_get(table, name), &count) ? count : otherwise;
}

bool tk_read_bool(const struct tk_value *table, const char *name,
                  bool otherwise)
{
    const struct tk_value *value = tk_value_get(table, name);

    return value != NULL && value->type == TK_BOOL ? value->as.flag : otherwise;
}

const char *tk_read_text(const struct tk_value *table, const char *name,
                         const char *otherwise)
{
    struct tk_str text = tk_value_text(tk_value_get(table, name));

    return text.data != NULL ? text.data : otherwise;
}
