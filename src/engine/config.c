#include "engine/config.h"

#include "base/loopback.h"
#include "script/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONFIG_MAX_BYTES = 16 * 1024 * 1024 };

#define NAMED(text) .name = {text, sizeof(text) - 1}

static const struct tk_field top_fields[] = {
    {NAMED("api_keys"), .type = TK_FIELD_ANY},
    {NAMED("listen"), .type = TK_FIELD_LIST},
    {NAMED("policy"), .type = TK_FIELD_ANY},
    {NAMED("readers"), .type = TK_FIELD_ANY},
    {NAMED("record"), .type = TK_FIELD_ANY},
    {NAMED("require_mlock"), .type = TK_FIELD_BOOL},
    {NAMED("sources"), .type = TK_FIELD_TABLE, .required = true},
};
enum { TOP_FIELDS = sizeof top_fields / sizeof top_fields[0] };

/* Two places that name one secret share it. */
struct tk_config_secret {
    struct tk_config_secret *next;
    struct tk_secret secret;
};

static const struct tk_secret *find_secret(const struct tk_config *config,
                                           enum tk_secret_from from,
                                           struct tk_str place)
{
    if (config == NULL) return NULL;
    for (const struct tk_config_secret *s = config->secrets; s != NULL;
         s = s->next) {
        if (s->secret.from == from && tk_str_is(place, s->secret.place)) {
            return &s->secret;
        }
    }
    return NULL;
}

struct secret_maker {
    struct tk_config *config;
    const struct tk_config *previous;
};

static struct tk_secret *make_secret(enum tk_secret_from from,
                                     struct tk_str place, void *data)
{
    struct secret_maker *maker = data;
    const struct tk_secret *known = find_secret(maker->config, from, place);
    struct tk_config_secret *made;

    if (known != NULL) return (struct tk_secret *)known;
    made = calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    known = find_secret(maker->previous, from, place);
    if (tk_secret_init(&made->secret, from, place) != 0 ||
        (from == TK_SECRET_ENV && known != NULL &&
         tk_secret_put(&made->secret, tk_secret_bytes(known)) != 0)) {
        tk_secret_fini(&made->secret);
        free(made);
        return NULL;
    }
    made->next = maker->config->secrets;
    maker->config->secrets = made;
    return &made->secret;
}

int tk_config_find(const char *given, char out[PATH_MAX], struct tk_why *why)
{
    const char *named = given != NULL ? given : getenv("TOKENG_CONFIG");
    const char *xdg = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");

    if (named != NULL) {
        snprintf(out, PATH_MAX, "%s", named);
        if (access(out, R_OK) == 0) return 0;
        return tk_fail(why, TK_ENOENT, "%s: no such file, or not readable",
                       named);
    }
    snprintf(out, PATH_MAX, "/etc/tokeng/tokeng.lua");
    if (access(out, R_OK) == 0) return 0;
    if (xdg != NULL) {
        snprintf(out, PATH_MAX, "%s/tokeng/tokeng.lua", xdg);
    } else {
        snprintf(out, PATH_MAX, "%s/.config/tokeng/tokeng.lua",
                 home == NULL ? "" : home);
    }
    if (access(out, R_OK) == 0) return 0;
    return tk_fail(why, TK_ENOENT,
                   "no configuration: neither -c FILE nor $TOKENG_CONFIG is "
                   "given, and neither /etc/tokeng/tokeng.lua nor %s is there",
                   out);
}

static bool is_listed(struct tk_policy *const *policies, size_t count,
                      const struct tk_policy *policy)
{
    for (size_t i = 0; i < count; i++) {
        if (policies[i] == policy) return true;
    }
    return false;
}

static void forget_policies(struct tk_config *config)
{
    for (size_t i = 0; i < config->policy_count; i++) {
        tk_policy_close(config->policies[i]);
    }
    free(config->policies);
    config->policies = NULL;
    config->policy_count = 0;
}

int tk_config_list_policies(struct tk_config *config)
{
    struct tk_policy **policies =
        calloc(config->source_count + 1, sizeof(struct tk_policy *));
    size_t count = 0;

    if (policies == NULL) return TK_ENOMEM;
    for (size_t i = 0; i < config->source_count; i++) {
        struct tk_policy *policy = config->sources[i]->policy;

        if (is_listed(policies, count, policy)) continue;
        policies[count++] = tk_policy_hold(policy);
    }
    forget_policies(config);
    config->policies = policies;
    config->policy_count = count;
    return 0;
}

/* The policy of all sources that name none: the file's, or threshold. */
static struct tk_policy *load_policy(struct tk_config *config,
                                     const char *policy_file,
                                     struct tk_problems *problems)
{
    const struct tk_value *choice = tk_value_get(&config->root, "policy");
    struct tk_value name = tk_value_of_text(
        &config->pool, tk_str(policy_file != NULL ? policy_file : "threshold"));

    if (choice == NULL || policy_file != NULL) choice = &name;
    return tk_policy_open(&config->library, "policy", choice, problems);
}

static void load_source(struct tk_config *config, const struct tk_pair *pair,
                        struct tk_policy *policy, bool overruled,
                        struct tk_problems *problems)
{
    struct tk_source *source =
        tk_source_open(&config->library, pair->name, &pair->value, policy,
                       overruled, problems);

    if (source == NULL) return;
    config->sources[config->source_count++] = source;
    if (tk_map_put(&config->by_name, tk_str(source->name), source) != 0) {
        tk_problem(problems, "sources", "%s", tk_err_text(TK_ENOMEM));
    }
}

static void load_sources(struct tk_config *config, struct tk_policy *policy,
                         bool overruled, struct tk_problems *problems)
{
    const struct tk_value *sources = tk_value_get(&config->root, "sources");
    uint32_t count;

    if (sources == NULL || sources->type != TK_TABLE ||
        sources->as.table.pair_count == 0) {
        if (sources != NULL) {
            tk_problem(problems, "sources", "names no source");
        }
        return;
    }
    count = sources->as.table.pair_count;
    config->sources = calloc(count, sizeof(struct tk_source *));
    if (config->sources == NULL) {
        tk_problem(problems, "sources", "%s", tk_err_text(TK_ENOMEM));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        load_source(config, &sources->as.table.pairs[i], policy, overruled,
                    problems);
    }
    if (tk_config_list_policies(config) != 0) {
        tk_problem(problems, "sources", "%s", tk_err_text(TK_ENOMEM));
    }
}

static void check_listen(const struct tk_config *config,
                         struct tk_problems *problems)
{
    const char *text;

    for (size_t i = 0; (text = tk_config_listen(config, i)) != NULL; i++) {
        struct tk_str address = tk_str(text);

        if (tk_str_starts(address, TK_STR("unix:/"))) continue;
        if (!tk_str_starts(address, TK_STR("tcp:")) ||
            !tk_loopback_is_place(tk_str_skip(address, 4))) {
            tk_problem(problems, "listen",
                       "'%s' must be \"unix:/absolute/path\", or a loopback "
                       "address and a port, \"tcp:127.0.0.1:7070\"",
                       text);
        } else if (config->api_keys.count == 0) {
            tk_problem(problems, "listen",
                       "'%s' needs api_keys: anybody on this host could "
                       "connect to it",
                       text);
        }
    }
}

bool tk_config_secret_memory(const struct tk_config *config, size_t *bytes)
{
    bool is_locked = true;

    *bytes = 0;
    for (const struct tk_config_secret *s = config->secrets; s != NULL;
         s = s->next) {
        *bytes += s->secret.pages.size;
        if (s->secret.pages.size > 0 && !s->secret.pages.is_locked) {
            is_locked = false;
        }
    }
    for (size_t i = 0; i < config->source_count; i++) {
        is_locked &= tk_secrets_memory(&config->sources[i]->secrets, bytes);
    }
    return is_locked;
}

static void check_memory(const struct tk_config *config,
                         struct tk_problems *problems)
{
    size_t bytes;

    if (!tk_read_bool(&config->root, "require_mlock", false)) return;
    if (tk_config_secret_memory(config, &bytes)) return;
    tk_problem(problems, "require_mlock",
               "the %zu bytes of memory that the secrets lie in cannot all be "
               "locked; raise the limit (LimitMEMLOCK= of the unit, ulimit -l)",
               bytes);
}

static void load(struct tk_config *config, const struct tk_config *previous,
                 const char *policy_file, struct tk_problems *problems)
{
    struct secret_maker maker = {config, previous};
    struct tk_policy *policy;
    struct tk_why why;

    if (tk_library_init(&config->library, config->path, &why) != 0 ||
        tk_data_read(config->path, &config->pool, make_secret, &maker,
                     &config->root, &why) != 0) {
        tk_problem(problems, "", "%s", why.text);
        return;
    }
    tk_schema_check("", &config->root, top_fields, TOP_FIELDS, false, problems);
    tk_api_keys_read(tk_value_get(&config->root, "api_keys"),
                     tk_value_get(&config->root, "sources"), &config->pool,
                     &config->api_keys, problems);
    tk_readers_read(tk_value_get(&config->root, "readers"),
                    tk_value_get(&config->root, "sources"), &config->pool,
                    &config->readers, problems);
    check_listen(config, problems);
    tk_recording_options_read(tk_value_get(&config->root, "record"),
                              &config->record, problems);
    policy = load_policy(config, policy_file, problems);
    load_sources(config, policy, policy_file != NULL, problems);
    tk_policy_close(policy);
    check_memory(config, problems);
}

struct tk_config *tk_config_load(const char *path,
                                 const struct tk_config *previous,
                                 const char *policy_file,
                                 struct tk_problems *problems)
{
    struct tk_config *config = calloc(1, sizeof *config);
    unsigned before = problems->count;

    if (config != NULL) config->path = strdup(path);
    if (config == NULL || config->path == NULL) {
        free(config);
        tk_problem(problems, path, "%s", tk_err_text(TK_ENOMEM));
        return NULL;
    }
    tk_pool_init(&config->pool, CONFIG_MAX_BYTES);
    tk_map_init(&config->by_name);
    load(config, previous, policy_file, problems);
    if (problems->count > before) {
        tk_config_free(config);
        return NULL;
    }
    return config;
}

void tk_config_free(struct tk_config *config)
{
    if (config == NULL) return;
    for (size_t i = 0; i < config->source_count; i++) {
        tk_source_close(config->sources[i]);
    }
    forget_policies(config);
    while (config->secrets != NULL) {
        struct tk_config_secret *next = config->secrets->next;

        tk_secret_fini(&config->secrets->secret);
        free(config->secrets);
        config->secrets = next;
    }
    tk_map_fini(&config->by_name);
    free(config->sources);
    tk_pool_fini(&config->pool);
    free(config->path);
    free(config);
}

struct tk_source *tk_config_source(const struct tk_config *config,
                                   struct tk_str name)
{
    return tk_map_get(&config->by_name, name);
}

const char *tk_config_listen(const struct tk_config *config, size_t index)
{
    return tk_value_text(tk_value_item(tk_value_get(&config->root, "listen"),
                                       (uint32_t)index))
        .data;
}

bool tk_config_is_busy(const struct tk_config *config)
{
    for (size_t i = 0; i < config->source_count; i++) {
        if (config->sources[i]->active > 0) return true;
    }
    return false;
}
