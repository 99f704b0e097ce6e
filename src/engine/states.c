#include "engine/states.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "net/json.h"

#include <limits.h>
#include <stdio.h>

#define FOLDER "policy-state"

enum {
    TREE_MAX_BYTES = 16 * TK_UNIT_STATE_MAX,
    /* The state and what stands around it. */
    TEXT_MAX_BYTES = TK_UNIT_STATE_MAX + 1024,
};

static bool find_path(const char *state_dir, const struct tk_source *source,
                      char out[PATH_MAX])
{
    int len = snprintf(out, PATH_MAX, "%s/" FOLDER "/%s.json", state_dir,
                       source->name);

    return len > 0 && len < PATH_MAX;
}

static struct tk_str script_of(const struct tk_policy *policy)
{
    return tk_value_text(tk_value_get(tk_unit_about(policy->unit), "name"));
}

static bool is_first(const struct tk_source *source)
{
    return source->policy->sources.next == &source->of_policy;
}

/* --- saving --- */

static int put_state(const struct tk_policy *policy, struct tk_pool *pool,
                     struct tk_buf *out, struct tk_why *why)
{
    struct tk_json json = {.out = out};
    struct tk_value state;
    struct tk_buf text;
    int rc = tk_unit_state_get(policy->unit, pool, &state, why);

    if (rc != 0 ||
        (state.as.table.pair_count == 0 && state.as.table.item_count == 0)) {
        return rc;
    }
    tk_buf_init(&text, TK_UNIT_STATE_MAX);
    rc = tk_json_write(&text, &state);
    tk_json_open(&json, '{');
    tk_json_name(&json, "policy");
    tk_json_text(&json, script_of(policy));
    tk_json_name(&json, "state");
    tk_json_raw(&json, tk_buf_str(&text));
    tk_json_close(&json, '}');
    tk_buf_fini(&text);
    return rc != 0 ? rc : out->failed;
}

static int write_if_new(const char *state_dir, struct tk_source *source,
                        struct tk_str text, struct tk_why *why)
{
    uint64_t hash = tk_hash((struct tk_seed){0}, text);
    char path[PATH_MAX];
    int rc;

    if (hash == source->post.saved || !find_path(state_dir, source, path)) {
        return 0;
    }
    rc = tk_file_write(path, 0600, text, why);
    if (rc != 0) {
        char dir[PATH_MAX];

        snprintf(dir, sizeof dir, "%s/" FOLDER, state_dir);
        rc = tk_file_make_dir(dir, 0700, why);
        if (rc == 0) rc = tk_file_write(path, 0600, text, why);
    }
    if (rc == 0) source->post.saved = hash;
    return rc;
}

void tk_states_save(const char *state_dir, struct tk_source *source)
{
    struct tk_pool pool;
    struct tk_buf text;
    struct tk_why why = {0};
    int rc;

    if (state_dir == NULL || source->policy->unit == NULL ||
        !is_first(source)) {
        return;
    }
    tk_pool_init(&pool, TREE_MAX_BYTES);
    tk_buf_init(&text, TEXT_MAX_BYTES);
    rc = put_state(source->policy, &pool, &text, &why);
    if (rc == 0 && text.len > 0) {
        rc = write_if_new(state_dir, source, tk_buf_str(&text), &why);
    }
    if (rc != 0 && !source->post.is_unsaved) {
        tk_log(TK_LOG_WARN, "state of a policy is not kept",
               tk_text("source", source->name), tk_text("why", why.text));
    }
    source->post.is_unsaved = rc != 0;
    tk_buf_fini(&text);
    tk_pool_fini(&pool);
}

/* --- restoring --- */

static int give_back(struct tk_policy *policy, struct tk_str text,
                     struct tk_pool *pool, struct tk_why *why)
{
    const struct tk_value *state;
    struct tk_value all;
    struct tk_str name;
    int rc = tk_json_parse(text, pool, &all, why);

    if (rc != 0) return rc;
    state = tk_value_get(&all, "state");
    name = tk_value_text(tk_value_get(&all, "policy"));
    if (state == NULL || !tk_str_eq(name, script_of(policy))) return 0;
    return tk_unit_state_set(policy->unit, state, why);
}

static void restore(const char *state_dir, const struct tk_source *source,
                    struct tk_policy *policy)
{
    char path[PATH_MAX];
    struct tk_pool pool;
    struct tk_buf text;
    struct tk_why why;
    int rc;

    if (!find_path(state_dir, source, path)) return;
    tk_pool_init(&pool, TREE_MAX_BYTES);
    tk_buf_init(&text, TEXT_MAX_BYTES);
    rc = tk_file_read(path, &text, &why);
    if (rc == 0) rc = give_back(policy, tk_buf_str(&text), &pool, &why);
    if (rc != 0 && rc != TK_ENOENT) {
        tk_log(TK_LOG_WARN, "state of a policy cannot be read",
               tk_text("path", path), tk_text("why", why.text));
    }
    tk_buf_fini(&text);
    tk_pool_fini(&pool);
}

/* Of one that is configured but not in force the state may still be there. */
void tk_states_restore(const char *state_dir, const struct tk_config *config)
{
    for (size_t i = 0; state_dir != NULL && i < config->source_count; i++) {
        const struct tk_source *source = config->sources[i];
        struct tk_policy *configured = source->post.configured;

        if (source->policy->unit != NULL && is_first(source)) {
            restore(state_dir, source, source->policy);
        }
        if (configured->unit != NULL &&
            tk_list_is_empty(&configured->sources)) {
            restore(state_dir, source, configured);
        }
    }
}
