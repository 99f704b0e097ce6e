/* tests/unit/serve/reading.h - what was written as JSON, read back.
 */
#ifndef TK_TESTS_UNIT_SERVE_READING_H
#define TK_TESTS_UNIT_SERVE_READING_H

#include "tests/unit/harness.h"
#include "tests/unit/text.h"

#include "net/json.h"

#include <math.h>
#include <stdlib.h>

struct reading {
    struct tk_pool pool;
    struct tk_value root;
};

static inline void reading_open(struct reading *reading, struct tk_str text)
{
    struct tk_why why = {0, ""};

    tk_pool_init(&reading->pool, 16 << 20);
    if (tk_json_parse(text, &reading->pool, &reading->root, &why) != 0) {
        fail_msg("%s: %.*s", why.text, TK_ARG(text));
    }
}

static inline void reading_close(struct reading *reading)
{
    tk_pool_fini(&reading->pool);
}

/* The value at a path such as "tokens.0.key". */
static inline const struct tk_value *at(const struct reading *reading,
                                        const char *path)
{
    const struct tk_value *value = &reading->root;
    struct tk_str rest = tk_str(path);

    while (rest.data != NULL) {
        struct tk_str name = tk_str_cut(&rest, '.');

        value = value->type == TK_LIST
                    ? tk_value_item(value, (uint32_t)atoi(name.data))
                    : tk_value_find(value, name);
        if (value == NULL) fail_msg("there is no %s", path);
    }
    return value;
}

static inline void says(const struct reading *reading, const char *path,
                        const char *wanted)
{
    assert_text(tk_value_text(at(reading, path)), tk_str(wanted));
}

static inline void counts(const struct reading *reading, const char *path,
                          double wanted)
{
    const struct tk_value *value = at(reading, path);
    double number = value->type == TK_INT   ? (double)value->as.integer
                    : value->type == TK_NUM ? value->as.number
                                            : NAN;

    if (!(fabs(number - wanted) < 1e-9)) {
        fail_msg("%s is %.3f and not %.3f", path, number, wanted);
    }
}

static inline void is_null(const struct reading *reading, const char *path)
{
    assert_string_equal(tk_value_type_name(at(reading, path)),
                        tk_value_type_name(NULL));
}

static inline void is_bool(const struct reading *reading, const char *path,
                           bool wanted)
{
    assert_int_equal(at(reading, path)->type, TK_BOOL);
    assert_int_equal(at(reading, path)->as.flag, wanted);
}

static inline void has_items(const struct reading *reading, const char *path,
                             uint32_t wanted)
{
    assert_int_equal(at(reading, path)->type, TK_LIST);
    assert_int_equal(at(reading, path)->as.table.item_count, wanted);
}

/* Is `part` somewhere in `text`? */
static inline void holds(struct tk_str text, const char *part)
{
    size_t len = strlen(part);

    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.data + i, part, len) == 0) return;
    }
    fail_msg("no \"%s\" in \"%.*s\"", part, TK_ARG(text));
}

static inline void holds_not(struct tk_str text, const char *part)
{
    size_t len = strlen(part);

    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.data + i, part, len) == 0) {
            fail_msg("\"%s\" is in \"%.*s\"", part, TK_ARG(text));
        }
    }
}

#endif
