/* Of the key that is shown the page holds what a reader can look through, not
 * more: four weeks from where judging begins, and of a busy one less.
 */
#include "sim/html_data.h"

#include "base/near.h"
#include "net/json.h"

#include <stdlib.h>

#define SHOWN_MS (INT64_C(28) * 24 * 3600 * 1000)
enum { USES_MAX = 20000, REPORT_MAX_BYTES = 16 * 1024 * 1024 };

/* The uses of the shown key in the span that is shown. Owned by
 * tk_html_data_put. */
struct shown {
    int64_t *at_ms;
    int64_t *starts; /* of the optimum's refreshes */
    size_t count;
    size_t begin; /* of these; before it is what was learned from */
    int64_t from_ms;
    int64_t to_ms;
};

static const struct tk_trace *trace_of(const struct tk_html_data *data)
{
    return data->contest->terms->trace;
}

/* --- which key is shown --- */

static int find_key(const struct tk_trace *trace, struct tk_str name,
                    uint32_t *key, struct tk_why *why)
{
    struct tk_near near;

    tk_near_init(&near, name);
    for (uint32_t i = 0; i < trace->key_count; i++) {
        if (tk_str_eq(trace->keys[i], name)) {
            *key = i;
            return 0;
        }
        tk_near_try(&near, trace->keys[i]);
    }
    if (near.best.len > 0) {
        return tk_fail(why, TK_ENOENT,
                       "no key %.*s in the trace; did you mean %.*s?",
                       TK_ARG(name), TK_ARG(near.best));
    }
    return tk_fail(why, TK_ENOENT, "no key %.*s in the trace", TK_ARG(name));
}

struct busy {
    size_t uses;
    uint32_t key;
};

static int by_uses(const void *a, const void *b)
{
    const struct busy *left = a, *right = b;

    if (left->uses != right->uses) return left->uses < right->uses ? -1 : 1;
    return (left->key > right->key) - (left->key < right->key);
}

static int pick_median(const struct tk_trace *trace, uint32_t *key)
{
    struct busy *keys = calloc((size_t)trace->key_count + 1, sizeof *keys);

    if (keys == NULL) return TK_ENOMEM;
    for (uint32_t i = 0; i < trace->key_count; i++) keys[i].key = i;
    for (size_t i = 0; i < trace->use_count; i++) {
        keys[trace->uses[i].key].uses++;
    }
    qsort(keys, trace->key_count, sizeof *keys, by_uses);
    *key = keys[trace->key_count / 2].key;
    free(keys);
    return 0;
}

int tk_html_data_pick(const struct tk_trace *trace, const char *name,
                      uint32_t *key, struct tk_why *why)
{
    int rc;

    *key = 0;
    if (name != NULL) return find_key(trace, tk_str(name), key, why);
    rc = pick_median(trace, key);
    return rc == 0 ? 0 : tk_fail(why, rc, "%s", tk_err_text(rc));
}

/* --- writing --- */

static void put_int(struct tk_json *json, const char *name, int64_t number)
{
    tk_json_name(json, name);
    tk_json_int(json, number);
}

static int put_report(struct tk_json *json, const struct tk_html_data *data)
{
    struct tk_buf report;
    int rc;

    tk_buf_init(&report, REPORT_MAX_BYTES);
    tk_report_write(data->contest, data->optimum, &report);
    tk_json_name(json, "report");
    tk_json_raw(json, tk_buf_str(&report));
    rc = report.failed;
    tk_buf_fini(&report);
    return rc;
}

static void put_minutes(struct tk_json *json, const struct tk_html_data *data)
{
    tk_json_name(json, "minutes");
    tk_json_open(json, '[');
    for (size_t i = 0; i < data->contest->count; i++) {
        const struct tk_tally *tally = &data->contest->tallies[i];

        tk_json_open(json, '[');
        for (size_t m = 0; m < TK_DAY_MINUTES; m++) {
            tk_json_int(json, (int64_t)tally->minutes[m]);
        }
        tk_json_close(json, ']');
    }
    tk_json_close(json, ']');
}

/* --- the key that is shown --- */

static void put_span(struct tk_json *json, int64_t from_ms, int64_t to_ms)
{
    tk_json_open(json, '[');
    tk_json_int(json, from_ms);
    tk_json_int(json, to_ms);
    tk_json_close(json, ']');
}

static void put_best_tokens(struct tk_json *json,
                            const struct tk_html_data *data,
                            const struct shown *shown)
{
    const struct tk_contest_terms *terms = data->contest->terms;
    struct tk_oracle_terms oracle = tk_optimum_terms(&terms->issuer, 0, 1, 1);
    size_t count = data->optimum == NULL
                       ? 0
                       : tk_oracle_starts(shown->at_ms, shown->count, &oracle,
                                          shown->starts);

    tk_json_name(json, "optimum");
    tk_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        int64_t end = shown->starts[i] + oracle.life_ms - oracle.margin_ms;

        if (end <= shown->from_ms) continue;
        put_span(json, shown->starts[i] + oracle.latency_ms, end);
    }
    tk_json_close(json, ']');
}

static void put_tokens(struct tk_json *json, const struct tk_tally *tally,
                       const struct shown *shown)
{
    tk_json_open(json, '[');
    for (size_t i = 0; i < tally->shown_count; i++) {
        const struct tk_stretch *token = &tally->shown[i];

        if (token->to_ms <= shown->from_ms || token->from_ms >= shown->to_ms) {
            continue;
        }
        put_span(json, token->from_ms, token->to_ms);
    }
    tk_json_close(json, ']');
}

static void put_key(struct tk_json *json, const struct tk_html_data *data,
                    const struct shown *shown)
{
    const struct tk_trace *trace = trace_of(data);
    uint32_t key = data->contest->terms->show_key;

    tk_json_name(json, "key");
    tk_json_open(json, '{');
    tk_json_name(json, "name");
    tk_json_text(json, key < trace->key_count ? trace->keys[key] : tk_str(""));
    put_int(json, "from_ms", shown->from_ms);
    put_int(json, "to_ms", shown->to_ms);
    tk_json_name(json, "uses");
    tk_json_open(json, '[');
    for (size_t i = shown->begin; i < shown->count; i++) {
        tk_json_int(json, shown->at_ms[i]);
    }
    tk_json_close(json, ']');
    put_best_tokens(json, data, shown);
    tk_json_name(json, "tokens");
    tk_json_open(json, '[');
    for (size_t i = 0; i < data->contest->count; i++) {
        put_tokens(json, &data->contest->tallies[i], shown);
    }
    tk_json_close(json, ']');
    tk_json_close(json, '}');
}

static int find_shown(const struct tk_html_data *data, struct shown *shown)
{
    const struct tk_trace *trace = trace_of(data);
    const struct tk_contest_terms *terms = data->contest->terms;

    *shown = (struct shown){.from_ms = trace->begin_ms + terms->learn_ms};
    shown->to_ms = shown->from_ms + SHOWN_MS;
    if (shown->to_ms > trace->end_ms) shown->to_ms = trace->end_ms + 1;
    shown->at_ms = calloc(trace->use_count + 1, sizeof *shown->at_ms);
    shown->starts = calloc(trace->use_count + 1, sizeof *shown->starts);
    if (shown->at_ms == NULL || shown->starts == NULL) return TK_ENOMEM;
    for (size_t i = 0; i < trace->use_count; i++) {
        const struct tk_use *use = &trace->uses[i];

        if (use->key != terms->show_key || use->at_ms >= shown->to_ms) continue;
        if (shown->count - shown->begin == USES_MAX) {
            shown->to_ms = use->at_ms;
            break;
        }
        shown->at_ms[shown->count++] = use->at_ms;
        if (use->at_ms < shown->from_ms) shown->begin = shown->count;
    }
    return 0;
}

int tk_html_data_put(struct tk_buf *out, const struct tk_html_data *data)
{
    struct tk_json json = {.out = out};
    struct shown shown;
    int rc = find_shown(data, &shown);

    if (rc == 0) {
        tk_json_open(&json, '{');
        tk_json_name(&json, "name");
        tk_json_text(&json, data->trace);
        rc = put_report(&json, data);
        put_minutes(&json, data);
        put_key(&json, data, &shown);
        tk_json_close(&json, '}');
    }
    free(shown.at_ms);
    free(shown.starts);
    return rc == 0 ? out->failed : rc;
}
