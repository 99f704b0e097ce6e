/* A trace: it is taken whole, in order and within bounds, or refused in a
 * sentence that names the file.
 */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"

#include "base/span.h"
#include "sim/trace.h"

static char path[SCRATCH_PATH];

static void hold_trace(const struct tk_trace *trace)
{
    HOLD(trace->use_count > 0 && trace->key_count > 0);
    HOLD(trace->begin_ms == trace->uses[0].at_ms);
    HOLD(trace->begin_ms >= 0 && trace->end_ms <= TK_SPAN_MAX_MS);
    for (size_t i = 0; i < trace->use_count; i++) {
        HOLD(trace->uses[i].key < trace->key_count);
        HOLD(i == 0 || trace->uses[i - 1].at_ms <= trace->uses[i].at_ms);
    }
    for (uint32_t i = 0; i < trace->key_count; i++) {
        HOLD(trace->keys[i].len > 0 && trace->keys[i].len <= 200);
    }
    for (size_t i = 0; i < trace->answer_count; i++) {
        HOLD(trace->answers[i].took_ms >= 0 && trace->answers[i].life_ms >= 0);
    }
}

static void try_text(struct tk_str text, bool is_good)
{
    struct tk_trace trace;
    struct tk_why why = {0};
    int rc;

    scratch_write(path, text);
    tk_trace_init(&trace);
    rc = tk_trace_load(&trace, path, &why);
    HOLD(rc == 0 || !is_good);
    HOLD((rc == 0) == (why.text[0] == '\0'));
    if (rc == 0) hold_trace(&trace);
    if (rc != 0) HOLD(strncmp(why.text, path, strlen(path)) == 0);
    tk_trace_fini(&trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (path[0] == '\0') {
        scratch_open();
        scratch_path("t.csv", path);
        try_text(TK_STR("seconds,key\n97,crm/client\n"), true);
    }
    try_text(fuzz_text(data, size), false);
    return 0;
}
