#include "engine/source.h"

#include "base/log.h"
#include "base/span.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SETTINGS_MAX_BYTES = 256 * 1024,
    DEFAULT_MAX_KEYS = 10000,
    DEFAULT_MAX_CONCURRENT = 3,
};

#define DAY_MS      (24 * 3600 * INT64_C(1000))
#define NAMED(text) .name = {text, sizeof(text) - 1}

/* What every source may say, whatever its provider. */
static const struct tk_field common_fields[] = {
    {NAMED("provider"), .type = TK_FIELD_TEXT, .required = true},
    {NAMED("policy"), .type = TK_FIELD_ANY},
    {NAMED("keep"), .type = TK_FIELD_LIST},
    {NAMED("tokens"), .type = TK_FIELD_TABLE},
    {NAMED("facts"), .type = TK_FIELD_TABLE},
    {NAMED("max_keys"), .type = TK_FIELD_COUNT, .min = 1, .max = 1000000},
    {NAMED("max_concurrent"), .type = TK_FIELD_COUNT, .min = 1, .max = 1000},
    {NAMED("quota"), .type = TK_FIELD_TABLE},
    {NAMED("forget"), .type = TK_FIELD_SPAN, .min = 1000,
     .max = TK_SPAN_MAX_MS},
    {NAMED("timezone"), .type = TK_FIELD_TEXT},
    {NAMED("timeout"), .type = TK_FIELD_SPAN, .min = 100, .max = 300 * 1000},
    {NAMED("insecure_http"), .type = TK_FIELD_BOOL},
    {NAMED("proxy"), .type = TK_FIELD_URL},
    {NAMED("ca_file"), .type = TK_FIELD_TEXT},
    {NAMED("cert_file"), .type = TK_FIELD_TEXT},
    {NAMED("key_file"), .type = TK_FIELD_TEXT},
};
enum { COMMON_FIELDS = sizeof common_fields / sizeof common_fields[0] };

/* All that is needed while one source is read. */
struct reading {
    struct tk_source *source;
    const struct tk_library *library;
    const struct tk_value *table;
    const char *path;
    struct tk_problems *problems;
    struct tk_field fields[TK_FIELDS_MAX]; /* common ones first */
    size_t count;
};

static void read_unit(struct reading *r)
{
    const char *provider = tk_read_text(r->table, "provider", NULL);
    char file[PATH_MAX];
    struct tk_unit_options options = {TK_UNIT_PROVIDER, file,
                                      r->library->lua_dir};
    struct tk_why why;

    if (provider == NULL) {
        tk_problem(r->problems, r->path,
                   "provider is missing; it must name one, such as \"oauth2\"");
        return;
    }
    r->source->provider = provider;
    if (tk_library_find_provider(r->library, tk_str(provider), file, &why) !=
            0 ||
        tk_unit_open(&options, &r->source->unit, &why) != 0) {
        tk_problem(r->problems, r->path, "%s", why.text);
    }
}

static void read_fields(struct reading *r)
{
    const struct tk_value *about = tk_unit_about(r->source->unit);
    struct tk_field own[TK_FIELDS_MAX];
    size_t count = tk_schema_declared(r->path, tk_value_get(about, "settings"),
                                      own, r->problems);

    memcpy(r->fields, common_fields, sizeof common_fields);
    r->count = COMMON_FIELDS;
    for (size_t i = 0; i < count; i++) {
        if (r->count == TK_FIELDS_MAX) {
            tk_problem(r->problems, r->path,
                       "the provider has more than %d "
                       "settings",
                       TK_FIELDS_MAX - COMMON_FIELDS);
            return;
        }
        r->fields[r->count++] = own[i];
    }
    tk_schema_check(r->path, r->table, r->fields, r->count, false, r->problems);
}

static void read_secret(struct reading *r, struct tk_str name,
                        const struct tk_value *value)
{
    struct tk_why why;

    if (tk_secret_read(value->as.secret, &why) != 0) {
        tk_problem(r->problems, r->path, "%.*s: %s", TK_ARG(name), why.text);
    }
}

static void read_secrets(struct reading *r)
{
    for (size_t i = COMMON_FIELDS; i < r->count; i++) {
        const struct tk_value *value =
            tk_value_find(r->table, r->fields[i].name);

        if (value == NULL || !tk_secrets_is_choice(value)) continue;
        if (value->type == TK_SECRET) {
            read_secret(r, r->fields[i].name, value);
        } else {
            read_secret(r, r->fields[i].name, &value->as.table.items[0]);
            read_secret(r, r->fields[i].name, &value->as.table.items[1]);
        }
    }
}

static void read_kinds(struct reading *r)
{
    const struct tk_value *kinds =
        tk_value_get(tk_unit_about(r->source->unit), "kinds");
    const struct tk_value *facts = tk_value_get(r->table, "facts");

    for (uint32_t i = 0; kinds != NULL && i < kinds->as.table.pair_count; i++) {
        const struct tk_pair *pair = &kinds->as.table.pairs[i];
        char path[TK_PATH_TEXT];

        if (r->source->kind_count == TK_KINDS_MAX) break;
        snprintf(path, sizeof path, "%s.facts (kind %.*s)", r->path,
                 TK_ARG(pair->name));
        tk_kind_read(path, pair->name, &pair->value, facts, r->problems,
                     &r->source->kinds[r->source->kind_count++]);
    }
    if (r->source->kind_count == 0) {
        tk_problem(r->problems, r->path, "the provider declares no kinds");
    }
}

static void note_no_memory(struct reading *r)
{
    tk_problem(r->problems, r->path, "%s", tk_err_text(TK_ENOMEM));
}

/* A variant may say whatever the provider's settings allow, but no secret: one
 * source is one set of credentials. */
static void read_variants(struct reading *r)
{
    const struct tk_value *tokens = tk_value_get(r->table, "tokens");
    struct tk_field fields[TK_FIELDS_MAX];
    size_t count = 0;

    for (size_t i = COMMON_FIELDS; i < r->count; i++) {
        if (r->fields[i].type == TK_FIELD_SECRET) continue;
        fields[count] = r->fields[i];
        fields[count].required = false;
        fields[count++].fallback = NULL;
    }
    r->source->variants = tk_value_of_table(
        &r->source->pool, 0, tokens == NULL ? 0 : tokens->as.table.pair_count);
    if (r->source->variants.type == TK_NIL) return note_no_memory(r);
    for (uint32_t i = 0; tokens != NULL && i < tokens->as.table.pair_count;
         i++) {
        const struct tk_pair *pair = &tokens->as.table.pairs[i];
        struct tk_pair *out = &r->source->variants.as.table.pairs[i];
        char path[TK_PATH_TEXT];

        snprintf(path, sizeof path, "%s.tokens.%.*s", r->path,
                 TK_ARG(pair->name));
        if (!tk_key_is_part(pair->name)) {
            tk_problem(r->problems, path, "is no part of a key");
        }
        tk_schema_check(path, &pair->value, fields, count, false, r->problems);
        out->name = pair->name;
        out->value =
            tk_schema_settle(&r->source->pool, &pair->value, fields, count);
        if (out->value.type == TK_NIL) note_no_memory(r);
    }
}

/* A kind's quota counts all keys of the issuer: the strictest of them holds.
 * The operator knows the contract, and overrules what the provider says. */
static uint32_t settle_limit(const struct reading *r, const char *name,
                             size_t offset)
{
    uint32_t limit = 0;

    for (size_t i = 0; i < r->source->kind_count; i++) {
        uint32_t other;

        memcpy(&other, (const char *)&r->source->kinds[i].quota + offset,
               sizeof other);
        if (other != 0 && (limit == 0 || other < limit)) limit = other;
    }
    return (uint32_t)tk_read_count(tk_value_get(r->table, "quota"), name,
                                   limit);
}

static void read_budget(struct reading *r)
{
    static const struct tk_field fields[] = {
        {NAMED("per_second"), .type = TK_FIELD_COUNT, .min = 1, .max = 1000000},
        {NAMED("per_minute"), .type = TK_FIELD_COUNT, .min = 1, .max = 1000000},
        {NAMED("per_day"), .type = TK_FIELD_COUNT, .min = 1, .max = 1000000000},
    };
    struct tk_source *source = r->source;
    struct tk_limits half;
    char path[TK_PATH_TEXT];

    snprintf(path, sizeof path, "%s.quota", r->path);
    tk_schema_check(path, tk_value_get(r->table, "quota"), fields,
                    sizeof fields / sizeof fields[0], false, r->problems);
    source->quota = (struct tk_limits){{
        [TK_SECOND] = settle_limit(
            r, "per_second", offsetof(struct tk_issuer_quota, per_second)),
        [TK_MINUTE] = settle_limit(
            r, "per_minute", offsetof(struct tk_issuer_quota, per_minute)),
        [TK_DAY] = settle_limit(r, "per_day",
                                offsetof(struct tk_issuer_quota, per_day)),
    }};
    tk_budget_limit(&source->budget, &source->quota);
    half = tk_limits_half(&source->quota);
    tk_budget_limit(&source->newcomer_budget, &half);
}

static void read_limits(struct reading *r)
{
    struct tk_source *source = r->source;

    source->max_keys =
        (uint32_t)tk_read_count(r->table, "max_keys", DEFAULT_MAX_KEYS);
    source->max_concurrent = (uint32_t)tk_read_count(r->table, "max_concurrent",
                                                     DEFAULT_MAX_CONCURRENT);
    source->forget_ms = tk_read_span(r->table, "forget", 30 * DAY_MS);
    source->route = (struct tk_http_route){
        .insecure_http = tk_read_bool(r->table, "insecure_http", false),
        .proxy = tk_read_text(r->table, "proxy", NULL),
        .ca_file = tk_read_text(r->table, "ca_file", NULL),
        .cert_file = tk_read_text(r->table, "cert_file", NULL),
        .key_file = tk_read_text(r->table, "key_file", NULL),
        .total_ms = tk_read_span(r->table, "timeout", 0),
    };
}

/* Days and hours are those of the source's users. A host that has no zone is
 * taken to live by UTC, as the C library does. */
static void read_timezone(struct reading *r)
{
    const char *name = tk_read_text(r->table, "timezone", NULL);
    struct tk_why why;

    if (name != NULL) {
        if (tk_zone_open(name, &r->source->zone, &why) != 0) {
            tk_problem(r->problems, r->path, "timezone: %s", why.text);
        }
    } else if (tk_zone_open_host(&r->source->zone, &why) != 0) {
        tk_log(TK_LOG_WARN, "the host's time zone cannot be read; UTC is taken",
               tk_text("source", r->source->name), tk_text("why", why.text));
    }
}

/* http:// would carry the secret in the clear, so it must be asked for. */
static void check_urls(struct reading *r)
{
    for (size_t i = COMMON_FIELDS; i < r->count; i++) {
        const struct tk_value *value = tk_field_value(r->table, &r->fields[i]);

        if (r->fields[i].type != TK_FIELD_URL || value == NULL ||
            r->source->route.insecure_http ||
            !tk_str_starts(tk_value_text(value), TK_STR("http://"))) {
            continue;
        }
        tk_problem(r->problems, r->path,
                   "%.*s is not https; for a loopback address set "
                   "insecure_http = true",
                   TK_ARG(r->fields[i].name));
    }
}

/* The first URL among the provider's settings is where its issuer is. */
static void read_origin(struct reading *r)
{
    struct tk_source *source = r->source;
    char proxy[TK_ORIGIN_TEXT];

    for (size_t i = COMMON_FIELDS; i < r->count; i++) {
        const struct tk_value *value = tk_field_value(r->table, &r->fields[i]);

        if (r->fields[i].type != TK_FIELD_URL || value == NULL) continue;
        tk_origin_of(tk_value_text(value), source->origin);
        break;
    }
    if (source->origin[0] == '\0' || source->route.proxy == NULL) return;
    tk_origin_of(tk_str(source->route.proxy), proxy);
    tk_origin_add_proxy(source->origin, proxy);
}

static void check_kept(struct tk_str text, void *data)
{
    struct reading *r = data;
    struct tk_key key;
    struct tk_why why;

    if (tk_key_parse(text, &key, &why) != 0 ||
        tk_source_accepts(r->source, &key, &why) == NULL) {
        tk_problem(r->problems, r->path, "keep: %s", why.text);
    }
}

/* A policy of its own is checked also where another overrules it. */
static void read_policy(struct reading *r, struct tk_policy *policy,
                        bool overruled)
{
    const struct tk_value *choice = tk_value_get(r->table, "policy");
    struct tk_policy *own = NULL;
    char path[TK_PATH_TEXT];

    if (choice != NULL) {
        snprintf(path, sizeof path, "%s.policy", r->path);
        own = tk_policy_open(r->library, path, choice, r->problems);
    }
    if (own != NULL && !overruled) policy = own;
    tk_source_choose(r->source, policy);
    tk_policy_put(&r->source->post.configured, policy);
    tk_policy_close(own);
}

static void take_secrets(struct reading *r)
{
    struct tk_value *settings = &r->source->settings;

    for (uint32_t i = 0; i < settings->as.table.pair_count; i++) {
        struct tk_pair *pair = &settings->as.table.pairs[i];

        if (!tk_secrets_is_choice(&pair->value)) continue;
        if (tk_secrets_add(&r->source->secrets, &pair->value) != 0) {
            tk_problem(r->problems, r->path,
                       "%.*s: no room for it; a source has at most %d secrets",
                       TK_ARG(pair->name), TK_SECRETS_MAX);
        }
    }
}

static void hand_settings_over(struct reading *r)
{
    struct tk_why why;

    r->source->settings =
        tk_schema_settle(&r->source->pool, r->table, r->fields + COMMON_FIELDS,
                         r->count - COMMON_FIELDS);
    if (r->source->settings.type == TK_NIL) return note_no_memory(r);
    take_secrets(r);
    if (tk_unit_set_options(r->source->unit, &r->source->settings, &why) != 0) {
        tk_problem(r->problems, r->path, "%s", why.text);
    }
}

static void read_source(struct reading *r, struct tk_policy *policy,
                        bool overruled)
{
    unsigned before = r->problems->count;

    if (r->table->type != TK_TABLE) {
        tk_problem(r->problems, r->path, "must be a table, not %s",
                   tk_value_type_name(r->table));
        return;
    }
    read_unit(r);
    if (r->source->unit == NULL) return;
    read_fields(r);
    read_policy(r, policy, overruled);
    if (r->problems->count > before) return;
    read_secrets(r);
    read_limits(r);
    read_timezone(r);
    check_urls(r);
    read_origin(r);
    read_kinds(r);
    read_budget(r);
    read_variants(r);
    r->source->identity =
        tk_value_get(tk_unit_about(r->source->unit), "identity");
    r->source->keep = tk_value_get(r->table, "keep");
    if (r->problems->count > before) return;
    tk_source_each_kept(r->source, check_kept, r);
    hand_settings_over(r);
}

struct tk_source *tk_source_open(const struct tk_library *library,
                                 struct tk_str name,
                                 const struct tk_value *table,
                                 struct tk_policy *policy, bool overruled,
                                 struct tk_problems *problems)
{
    struct tk_source *source = calloc(1, sizeof *source);
    char path[TK_PATH_TEXT];
    struct reading r = {.source = source,
                        .library = library,
                        .table = table,
                        .path = path,
                        .problems = problems};
    unsigned before = problems->count;

    snprintf(path, sizeof path, "sources.%.*s", TK_ARG(name));
    if (source == NULL) {
        tk_problem(problems, path, "%s", tk_err_text(TK_ENOMEM));
        return NULL;
    }
    tk_pool_init(&source->pool, SETTINGS_MAX_BYTES);
    source->name = name.data;
    if (!tk_key_is_part(name)) {
        tk_problem(problems, path,
                   "is no part of a key; use "
                   "[A-Za-z0-9._:@=+~|-]");
    } else {
        read_source(&r, policy, overruled);
    }
    if (problems->count > before) {
        tk_source_close(source);
        return NULL;
    }
    return source;
}

bool tk_source_has_drifted(const struct tk_source *source)
{
    return source->post.is_chosen || tk_watch_is_behind(&source->policy->watch);
}

void tk_source_choose(struct tk_source *source, struct tk_policy *policy)
{
    if (source->policy != NULL) tk_list_drop(&source->of_policy);
    tk_policy_put(&source->policy, policy);
    if (policy != NULL) tk_list_push(&policy->sources, &source->of_policy);
}

void tk_source_meet_issuer(struct tk_source *source, struct tk_link *issuers)
{
    if (source->issuer != NULL || source->origin[0] == '\0') return;
    source->issuer = tk_issuer_claim(issuers, source->origin);
    if (source->issuer == NULL) return;
    tk_list_push(&source->issuer->sources, &source->of_issuer);
}

void tk_source_close(struct tk_source *source)
{
    if (source == NULL) return;
    if (source->unit != NULL) tk_unit_close(source->unit);
    tk_zone_free(source->zone);
    if (source->turn_at != 0) tk_list_drop(&source->of_turns);
    if (source->issuer != NULL) tk_list_drop(&source->of_issuer);
    tk_source_choose(source, NULL);
    tk_policy_close(source->post.configured);
    tk_policy_close(source->post.before);
    tk_queue_fini(&source->queue);
    tk_queue_fini(&source->newcomers);
    tk_secrets_fini(&source->secrets);
    tk_pool_fini(&source->pool);
    free(source);
}
