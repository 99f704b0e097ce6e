/* A time zone file, of any bytes: it is refused with a reason, or local time is
 * never further from UTC than a zone may be.
 */
#include "tests/fuzz/fuzz.h"

#include "engine/zone.h"
#include "engine/zone_rule.h"

/* More than -25 h, less than 26 h; a rule may say one more. */
static bool is_near(int64_t ahead_s)
{
    return ahead_s > -26 * 3600 && ahead_s < 26 * 3600;
}

static void look_around(const struct tk_zone *zone)
{
    for (int64_t at = -(INT64_C(1) << 33); at < INT64_C(1) << 33;
         at += INT64_C(1) << 24) {
        HOLD(is_near(tk_zone_ahead_s(zone, at)));
    }
    HOLD(is_near(tk_zone_ahead_s(zone, INT64_MIN)));
    HOLD(is_near(tk_zone_ahead_s(zone, INT64_MAX)));
}

static void read_file(struct tk_str bytes)
{
    struct tk_zone *zone;
    struct tk_why why = {0};
    int rc = tk_zone_read(bytes, &zone, &why);

    HOLD(rc == 0 || rc == TK_EINVAL);
    HOLD((rc == 0) == (zone != NULL));
    HOLD(rc == 0 || why.text[0] != '\0');
    if (rc == 0) look_around(zone);
    tk_zone_free(zone);
}

static void read_rule(struct tk_str text)
{
    struct tk_zone_rule rule;

    if (tk_zone_rule_parse(text, &rule) != 0 || !rule.has_summer) return;
    for (int year = 1970; year <= 2100; year++) {
        int64_t start = (int64_t)(year - 1970) * 365 * 86400;

        /* A week off its day, and the leap days since. */
        HOLD(tk_zone_rule_begins(&rule, year) > start - 9 * 86400);
        HOLD(tk_zone_rule_ends(&rule, year) < start + 420 * INT64_C(86400));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_file(fuzz_text(data, size));
    read_rule(fuzz_text(data, size));
    return 0;
}
