/* engine/schema.h - what a configuration may say, as data; and every problem
 * of one, with its path and the nearest right name.
 */
#ifndef TK_ENGINE_SCHEMA_H
#define TK_ENGINE_SCHEMA_H

#include "base/buf.h"
#include "base/value.h"

/* A list of sentences, one a line: "sources.crm.scpoe: unknown field; did you
 * mean scope?". Owned by whoever called tk_problems_init. */
struct tk_problems {
    struct tk_buf text;
    unsigned count;
};

void tk_problems_init(struct tk_problems *problems);
void tk_problems_fini(struct tk_problems *problems);
void tk_problem(struct tk_problems *problems, const char *path,
                const char *format, ...) TK_PRINTF(3, 4);

enum tk_field_type {
    TK_FIELD_TEXT,
    TK_FIELD_URL,
    TK_FIELD_SECRET,
    TK_FIELD_SPAN,  /* "15m"; milliseconds */
    TK_FIELD_COUNT, /* a whole number */
    TK_FIELD_NUMBER,
    TK_FIELD_BOOL,
    TK_FIELD_LIST, /* of texts */
    TK_FIELD_TABLE,
    TK_FIELD_ANY, /* checked by its reader */
};

/* All texts are borrowed. */
struct tk_field {
    struct tk_str name;
    enum tk_field_type type;
    bool required;
    double min; /* of a span (ms), a count or a number; both 0: no range */
    double max;
    const struct tk_value *choices;  /* list of texts, or NULL */
    const struct tk_value *fallback; /* the default, or NULL */
};

enum { TK_FIELDS_MAX = 64, TK_PATH_TEXT = 256 };

/* Checks every pair of `table` (NULL: an empty one) against `fields`: unknown
 * names, wrong types, ranges, what is required and missing. Positional items
 * are a problem unless `items_allowed`. Returns the number of problems. */
unsigned tk_schema_check(const char *path, const struct tk_value *table,
                         const struct tk_field *fields, size_t count,
                         bool items_allowed, struct tk_problems *problems);

/* Reads the fields that a script declares ({ name = { type=, unit=, required=,
 * default=, choices=, min=, max=, help= } }) into `out`. A field without `type`
 * gets that of its default, where a text such as "30m" is a span. Returns how
 * many. What is wrong with the declaration goes to `problems`. */
size_t tk_schema_declared(const char *path, const struct tk_value *declared,
                          struct tk_field out[TK_FIELDS_MAX],
                          struct tk_problems *problems);

/* The value of a field in `table`, or its default, or NULL. */
const struct tk_value *tk_field_value(const struct tk_value *table,
                                      const struct tk_field *field);

/* The table that a script gets: every field with its value or default, spans
 * as seconds. TK_NIL for lack of memory. */
struct tk_value tk_schema_settle(struct tk_pool *pool,
                                 const struct tk_value *table,
                                 const struct tk_field *fields, size_t count);

/* Checks a value as tk_schema_settle gives it, spans as seconds. */
void tk_schema_check_settled(const char *path, const struct tk_value *value,
                             const struct tk_field *field,
                             struct tk_problems *problems);

/* Short readers for tables that were checked: the default where absent. */
int64_t tk_read_span(const struct tk_value *table, const char *name,
                     int64_t otherwise);
int64_t tk_read_count(const struct tk_value *table, const char *name,
                      int64_t otherwise);
bool tk_read_bool(const struct tk_value *table, const char *name,
                  bool otherwise);
const char *tk_read_text(const struct tk_value *table, const char *name,
                         const char *otherwise);

#endif
