/* A configuration file: it is taken whole, or each problem of it is said in a
 * line of its own.
 */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"

#include "base/log.h"
#include "engine/config.h"

static struct scratch scratch;

/* No secret of this machine is read. */
int __wrap_tk_secret_read(struct tk_secret *secret, struct tk_why *why);
int __wrap_tk_secret_read(struct tk_secret *secret, struct tk_why *why)
{
    if (secret->place[0] != '/') {
        return tk_fail(why, TK_ENOENT, "%s: no such secret", secret->place);
    }
    return tk_secret_put(secret, TK_STR("canary-of-a-secret"));
}

static void hold_problems(struct tk_problems *problems)
{
    struct tk_str text = tk_buf_str(&problems->text);
    unsigned lines = 0;

    HOLD(problems->text.failed == 0);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (byte == '\n') lines++;
        HOLD(byte == '\n' || (byte >= ' ' && byte != 0x7f));
    }
    HOLD(lines == problems->count);
    HOLD(strstr(tk_buf_text(&problems->text), "canary") == NULL);
}

static void hold_source(const struct tk_source *source)
{
    HOLD(tk_key_is_part(tk_str(source->name)));
    HOLD(source->unit != NULL && source->policy != NULL);
    HOLD(source->kind_count > 0 && source->kind_count <= TK_KINDS_MAX);
    HOLD(source->max_keys > 0 && source->max_concurrent > 0);
    HOLD(source->forget_ms > 0);
    HOLD(source->policy->check_interval_ms > 0);
}

static struct tk_config *load(const struct tk_config *previous)
{
    struct tk_problems problems;
    struct tk_config *config;

    tk_problems_init(&problems);
    config = tk_config_load(scratch.path, previous, NULL, &problems);
    HOLD((config != NULL) == (problems.count == 0));
    hold_problems(&problems);
    tk_problems_fini(&problems);
    return config;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tk_config *config, *again;

    if (scratch.fd == 0) {
        tk_log_setup(TK_LOG_OFF, NULL, NULL);
        scratch_open(&scratch);
    }
    scratch_empty(&scratch);
    scratch_put(&scratch, fuzz_text(data, size));
    config = load(NULL);
    if (config == NULL) return 0;
    for (size_t i = 0; i < config->source_count; i++) {
        hold_source(config->sources[i]);
    }
    again = load(config);
    HOLD(again != NULL && again->source_count == config->source_count);
    tk_config_free(again);
    tk_config_free(config);
    return 0;
}
