/* Lives, moments and spans as issuers and people write them: what is taken is
 * in range, and what is printed reads back.
 */
#include "tests/fuzz/fuzz.h"

#include "base/date.h"
#include "base/span.h"
#include "engine/expiry.h"

/* 2026-11-23T12:00:00Z */
#define WALL INT64_C(1795435200000)

static void read_life(const struct tk_value *value)
{
    int64_t life_ms = -1;
    int rc = tk_expiry_in(value, &life_ms);

    HOLD(rc == 0 || rc == TK_EINVAL || rc == TK_ETIMEDOUT);
    if (rc == 0) HOLD(life_ms >= 1000 && life_ms <= TK_SPAN_MAX_MS);
    life_ms = -1;
    rc = tk_expiry_at(value, WALL, &life_ms);
    HOLD(rc == 0 || rc == TK_EINVAL || rc == TK_ETIMEDOUT);
    if (rc == 0) HOLD(life_ms >= 1 && life_ms <= TK_SPAN_MAX_MS);
}

static void read_numbers(const uint8_t *data, size_t size)
{
    struct tk_value whole = {.type = TK_INT};
    struct tk_value broken = {.type = TK_NUM};

    if (size < 8) return;
    memcpy(&whole.as.integer, data, 8);
    memcpy(&broken.as.number, data, 8);
    read_life(&whole);
    read_life(&broken);
}

static void read_moment(struct tk_str text)
{
    char printed[TK_DATE_TEXT];
    int64_t wall_ms, again_ms;

    if (tk_date_parse_rfc3339(text, &wall_ms) == 0) {
        tk_date_print(wall_ms, printed);
        HOLD(tk_date_parse_rfc3339(tk_str(printed), &again_ms) == 0);
        HOLD(again_ms == wall_ms);
    }
    if (tk_date_parse_http(text, &wall_ms) == 0) HOLD(wall_ms % 1000 == 0);
}

static void read_span(struct tk_str text)
{
    char printed[TK_SPAN_TEXT];
    int64_t span_ms;

    if (tk_span_parse(text, &span_ms) != 0) return;
    HOLD(span_ms >= 0 && span_ms <= TK_SPAN_MAX_MS);
    HOLD(strlen(tk_span_print(span_ms, printed)) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tk_str text = fuzz_text(data, size);
    struct tk_value value = {.type = TK_TEXT, .as.text = text};

    read_life(&value);
    read_numbers(data, size);
    read_moment(text);
    read_span(text);
    return 0;
}
