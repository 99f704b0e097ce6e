/* JSON: what the check lets pass is read, what is read is written again, and
 * reading what was written brings the same tree.
 */
#include "tests/fuzz/fuzz.h"

#include "net/json.h"
#include "net/json_check.h"

#include <math.h>

enum { POOL_MAX = 4 << 20, WRITTEN_MAX = 4 << 20 };

static void hold_sound(const struct tk_value *value)
{
    const struct tk_value *items = value->as.table.items;
    const struct tk_pair *pairs = value->as.table.pairs;

    switch (value->type) {
    case TK_NUM:
        HOLD(isfinite(value->as.number));
        return;
    case TK_TEXT:
        HOLD(value->as.text.data[value->as.text.len] == '\0');
        HOLD(strlen(value->as.text.data) == value->as.text.len);
        return;
    case TK_TABLE:
    case TK_LIST:
        for (uint32_t i = 0; i < value->as.table.item_count; i++) {
            hold_sound(&items[i]);
        }
        for (uint32_t i = 0; i < value->as.table.pair_count; i++) {
            HOLD(tk_value_find(value, pairs[i].name) == &pairs[i].value);
            hold_sound(&pairs[i].value);
        }
        return;
    default:
        return;
    }
}

static void hold_same(const struct tk_value *a, const struct tk_value *b)
{
    HOLD(a->type == b->type);
    switch (a->type) {
    case TK_NIL:
        return;
    case TK_BOOL:
        HOLD(a->as.flag == b->as.flag);
        return;
    case TK_INT:
        HOLD(a->as.integer == b->as.integer);
        return;
    case TK_NUM:
        HOLD(a->as.number == b->as.number);
        return;
    case TK_TEXT:
        HOLD(tk_str_eq(a->as.text, b->as.text));
        return;
    case TK_TABLE:
    case TK_LIST:
        HOLD(a->as.table.item_count == b->as.table.item_count);
        HOLD(a->as.table.pair_count == b->as.table.pair_count);
        for (uint32_t i = 0; i < a->as.table.item_count; i++) {
            hold_same(&a->as.table.items[i], &b->as.table.items[i]);
        }
        for (uint32_t i = 0; i < a->as.table.pair_count; i++) {
            const struct tk_pair *pair = &a->as.table.pairs[i];

            HOLD(tk_str_eq(pair->name, b->as.table.pairs[i].name));
            hold_same(&pair->value, &b->as.table.pairs[i].value);
        }
        return;
    case TK_SECRET:
        HOLD(false);
    }
}

static void hold_written_is_read(const struct tk_value *value)
{
    struct tk_buf written;
    struct tk_value again;
    struct tk_pool pool;

    tk_buf_init(&written, WRITTEN_MAX);
    tk_pool_init(&pool, POOL_MAX);
    HOLD(tk_json_write(&written, value) == 0);
    HOLD(tk_json_parse(tk_buf_str(&written), &pool, &again, NULL) == 0);
    hold_same(value, &again);
    tk_pool_fini(&pool);
    tk_buf_fini(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tk_str text = fuzz_text(data, size);
    struct tk_value value;
    struct tk_pool pool;
    struct tk_why why = {0, ""};
    size_t count = 0;
    int checked = tk_json_check(text, TK_JSON_DEPTH, &count, NULL);
    int rc;

    tk_pool_init(&pool, POOL_MAX);
    rc = tk_json_parse(text, &pool, &value, &why);
    HOLD(rc == 0 || rc == TK_EINVAL);
    HOLD(rc != 0 || checked == 0);
    HOLD(rc == 0 || (value.type == TK_NIL && why.text[0] != '\0'));
    if (rc == 0) {
        hold_sound(&value);
        hold_written_is_read(&value);
    }
    tk_pool_fini(&pool);
    return 0;
}
