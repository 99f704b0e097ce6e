/* A configuration file: it is taken whole, or each problem of it is said in a
 * line of its own.
 */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"

#include "base/log.h"
#include "engine/config.h"

static const char good[] =
    "return { sources = { crm = { provider = 'oauth2', client_id = 'crm',"
    " token_url = 'https://h/t', client_secret = secret.file '/s' } } }";

static char path[SCRATCH_PATH];
static struct tk_str given;

/* No secret of this machine is read. */
int __wrap_tk_secret_read(struct tk_secret *secret, struct tk_why *why);
int __wrap_tk_secret_read(struct tk_secret *secret, struct tk_why *why)
{
    if (secret->place[0] != '/') {
        return tk_fail(why, TK_ENOENT, "%s: no such secret", secret->place);
    }
    return tk_secret_put(secret, TK_STR("canary-of-a-secret"));
}

static bool has_canary(struct tk_str text)
{
    return text.len > 0 && memmem(text.data, text.len, "canary", 6) != NULL;
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
    HOLD(lines == problems->count || text.len > 64 * 1024);
    HOLD(!has_canary(text) || has_canary(given));
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
    config = tk_config_load(path, previous, NULL, &problems);
    HOLD((config != NULL) == (problems.count == 0));
    hold_problems(&problems);
    tk_problems_fini(&problems);
    return config;
}

static void try_text(struct tk_str text, bool is_good)
{
    struct tk_config *config, *again;

    given = text;
    scratch_write(path, text);
    config = load(NULL);
    HOLD(config != NULL || !is_good);
    if (config == NULL) return;
    for (size_t i = 0; i < config->source_count; i++) {
        hold_source(config->sources[i]);
    }
    again = load(config);
    HOLD(again != NULL && again->source_count == config->source_count);
    tk_config_free(again);
    tk_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (path[0] == '\0') {
        tk_log_setup(TK_LOG_OFF, NULL, NULL);
        scratch_open();
        scratch_path("tokeng.lua", path);
        try_text(tk_str(good), true);
    }
    try_text(fuzz_text(data, size), false);
    return 0;
}
