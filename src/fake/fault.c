#include "fake/fault.h"

#include "base/hash.h"
#include "base/near.h"

enum { MINUTE_MS = 60 * 1000 };

const char *tk_fault_name(enum tk_fault fault)
{
    switch (fault) {
    case TK_FAULT_ERROR:
        return "error";
    case TK_FAULT_LIMIT:
        return "limit";
    case TK_FAULT_OK_ERROR:
        return "ok_error";
    case TK_FAULT_EMPTY:
        return "empty";
    case TK_FAULT_GARBAGE:
        return "garbage";
    case TK_FAULT_503:
        return "outage";
    case TK_FAULT_HANG:
        return "hang";
    case TK_FAULT_NONE:
        break;
    }
    return NULL;
}

/* --- chance --- */

enum draw { DRAW_FAULT = 1, DRAW_LATENCY = 2 };

/* 0 to 1, without 1: the upper 53 bits are what a double holds. */
static double draw(uint64_t seed, enum draw what, uint64_t call)
{
    struct tk_seed key = {seed, (uint64_t)what};
    struct tk_str bytes = tk_str_of((const char *)&call, sizeof call);

    return (double)(tk_hash(key, bytes) >> 11) / 9007199254740992.0;
}

enum tk_fault tk_fault_draw(const struct tk_switches *switches, uint64_t seed,
                            uint64_t call)
{
    const struct {
        double rate;
        enum tk_fault fault;
    } sides[] = {
        {switches->error_rate, TK_FAULT_ERROR},
        {switches->rate_limit_rate, TK_FAULT_LIMIT},
        {switches->ok_error_rate, TK_FAULT_OK_ERROR},
        {switches->empty_rate, TK_FAULT_EMPTY},
        {switches->garbage_rate, TK_FAULT_GARBAGE},
    };
    double left = draw(seed, DRAW_FAULT, call);

    if (switches->outage == TK_OUTAGE_503) return TK_FAULT_503;
    if (switches->outage == TK_OUTAGE_HANG) return TK_FAULT_HANG;
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        if (left < sides[i].rate) return sides[i].fault;
        left -= sides[i].rate;
    }
    return TK_FAULT_NONE;
}

int64_t tk_fault_latency(const struct tk_switches *switches, uint64_t seed,
                         uint64_t call)
{
    double more = draw(seed, DRAW_LATENCY, call);

    return switches->latency_ms +
           (int64_t)(more * (double)switches->latency_jitter_ms);
}

int64_t tk_quota_take(struct tk_quota *quota, int64_t per_minute,
                      int64_t now_ms)
{
    if (quota->calls == 0 || now_ms - quota->began_ms >= MINUTE_MS) {
        *quota = (struct tk_quota){now_ms, 0};
    }
    quota->calls++;
    if (per_minute == 0 || quota->calls <= per_minute) return 0;
    return (quota->began_ms + MINUTE_MS - now_ms + 999) / 1000;
}

/* --- changing the switches --- */

enum kind { KIND_COUNT, KIND_RATE };

struct field {
    const char *name;
    enum kind kind;
    size_t offset;
};

#define FIELD(name, kind)                                                      \
    {                                                                          \
#name, kind, offsetof(struct tk_switches, name)                        \
    }

static const struct field fields[] = {
    FIELD(latency_ms, KIND_COUNT),    FIELD(latency_jitter_ms, KIND_COUNT),
    FIELD(error_rate, KIND_RATE),     FIELD(rate_limit_rate, KIND_RATE),
    FIELD(ok_error_rate, KIND_RATE),  FIELD(empty_rate, KIND_RATE),
    FIELD(garbage_rate, KIND_RATE),   FIELD(quota_per_minute, KIND_COUNT),
    FIELD(retry_after_s, KIND_COUNT),
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

/* Above a day nothing is a test any more, and sums stay far from overflow. */
enum { COUNT_MAX = 24 * 3600 * 1000 };

static int change_number(struct tk_switches *switches,
                         const struct field *field,
                         const struct tk_value *value, struct tk_why *why)
{
    char *at = (char *)switches + field->offset;
    int64_t count;

    if (field->kind == KIND_COUNT) {
        if (!tk_value_int(value, &count) || count < 0 || count > COUNT_MAX) {
            return tk_fail(why, TK_EINVAL,
                           "%s must be a whole number from 0 to %d",
                           field->name, COUNT_MAX);
        }
        memcpy(at, &count, sizeof count);
    } else {
        double rate = value->type == TK_INT   ? (double)value->as.integer
                      : value->type == TK_NUM ? value->as.number
                                              : -1;

        if (!(rate >= 0 && rate <= 1)) {
            return tk_fail(why, TK_EINVAL, "%s must be a number from 0 to 1",
                           field->name);
        }
        memcpy(at, &rate, sizeof rate);
    }
    return 0;
}

static int change_outage(struct tk_switches *switches,
                         const struct tk_value *value, struct tk_why *why)
{
    if (value->type == TK_BOOL) {
        switches->outage = value->as.flag ? TK_OUTAGE_503 : TK_OUTAGE_NONE;
    } else if (tk_str_is(tk_value_text(value), "503")) {
        switches->outage = TK_OUTAGE_503;
    } else if (tk_str_is(tk_value_text(value), "hang")) {
        switches->outage = TK_OUTAGE_HANG;
    } else {
        return tk_fail(why, TK_EINVAL,
                       "outage must be true, false, \"503\" or \"hang\"");
    }
    return 0;
}

static int refuse_unknown(struct tk_str name, struct tk_why *why)
{
    struct tk_near near;

    tk_near_init(&near, name);
    tk_near_try(&near, TK_STR("outage"));
    for (size_t i = 0; i < FIELDS; i++)
        tk_near_try(&near, tk_str(fields[i].name));
    if (near.best.len > 0) {
        return tk_fail(why, TK_EINVAL,
                       "there is no such switch; did you mean %.*s?",
                       TK_ARG(near.best));
    }
    return tk_fail(why, TK_EINVAL, "there is no such switch");
}

static int change_one(struct tk_switches *switches, const struct tk_pair *pair,
                      struct tk_why *why)
{
    if (tk_str_is(pair->name, "outage")) {
        return change_outage(switches, &pair->value, why);
    }
    for (size_t i = 0; i < FIELDS; i++) {
        if (tk_str_is(pair->name, fields[i].name)) {
            return change_number(switches, &fields[i], &pair->value, why);
        }
    }
    return refuse_unknown(pair->name, why);
}

int tk_switches_change(struct tk_switches *switches,
                       const struct tk_value *table, struct tk_why *why)
{
    struct tk_switches changed = *switches;

    if (table->type != TK_TABLE) {
        return tk_fail(why, TK_EINVAL, "must be an object of switches");
    }
    for (uint32_t i = 0; i < table->as.table.pair_count; i++) {
        int rc = change_one(&changed, &table->as.table.pairs[i], why);

        if (rc != 0) return rc;
    }
    *switches = changed;
    return 0;
}
