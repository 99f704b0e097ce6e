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

static void hold_written_is_read(const struct tk_value *value)
{
    struct tk_buf once, twice;
    struct tk_value again;
    struct tk_pool pool;

    tk_buf_init(&once, WRITTEN_MAX);
    tk_buf_init(&twice, WRITTEN_MAX);
    tk_pool_init(&pool, POOL_MAX);
    HOLD(tk_json_write(&once, value) == 0);
    HOLD(tk_json_parse(tk_buf_str(&once), &pool, &again, NULL) == 0);
    HOLD(tk_json_write(&twice, &again) == 0);
    HOLD(tk_str_eq(tk_buf_str(&once), tk_buf_str(&twice)));
    tk_pool_fini(&pool);
    tk_buf_fini(&once);
    tk_buf_fini(&twice);
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
