#include "sim/sources.h"

#include "base/span.h"

#include <stdio.h>
#include <stdlib.h>

enum { POOL_MAX_BYTES = 512 * 1024 * 1024 };

/* All that is needed while they are made. */
struct making {
    struct tk_sim_sources *out;
    const struct tk_terms *terms;
    struct tk_policy *policy;
    struct tk_map by_name;
    struct tk_why *why;
};

static int no_memory(const struct making *m)
{
    return tk_fail(m->why, TK_ENOMEM, "out of memory");
}

static void furnish(const struct making *m, struct tk_source *source)
{
    source->provider = "sim";
    tk_source_choose(source, m->policy);
    source->max_keys = UINT32_MAX;
    source->max_concurrent = m->terms->max_concurrent;
    /* Whoever is idle goes on costing what the policy makes it cost. */
    source->forget_ms = TK_SPAN_MAX_MS;
    source->quota = m->terms->quota;
    tk_budget_limit(&source->budget, &source->quota);
    /* Half of it for newcomers holds back callers whom a trace cannot make
     * up: all its keys are real. */
    tk_budget_limit(&source->newcomer_budget, &source->quota);
}

static int add_source(struct making *m, struct tk_str name,
                      struct tk_source **out)
{
    size_t size = (m->out->count + 1) * sizeof(struct tk_source *);
    struct tk_source **grown = realloc(m->out->sources, size);
    struct tk_source *source = calloc(1, sizeof *source);
    int rc;

    if (grown != NULL) m->out->sources = grown;
    if (source != NULL) source->name = tk_pool_dup(&m->out->pool, name);
    if (grown == NULL || source == NULL || source->name == NULL) {
        free(source);
        return no_memory(m);
    }
    furnish(m, source);
    grown[m->out->count++] = *out = source;
    rc = tk_map_put(&m->by_name, tk_str(source->name), source);
    return rc == 0 ? 0 : no_memory(m);
}

static int add_kind(const struct making *m, struct tk_source *source,
                    struct tk_str name)
{
    struct tk_kind *kind = &source->kinds[source->kind_count];

    if (tk_source_kind(source, name) != NULL) return 0;
    if (source->kind_count == TK_KINDS_MAX || name.len >= TK_KIND_NAME) {
        return tk_fail(m->why, TK_EFULL,
                       "source %s of the trace has more than %d kinds, or "
                       "one with a name of more than %d bytes",
                       source->name, TK_KINDS_MAX, TK_KIND_NAME - 1);
    }
    *kind = (struct tk_kind){
        .renewable =
            m->terms->window_ms > 0 ? TK_RENEWABLE_LAST : TK_RENEWABLE_ALWAYS,
        .window_ms = m->terms->window_ms,
        .overlap_is_own_life = true,
    };
    memcpy(kind->name, name.data, name.len);
    source->kind_count++;
    return 0;
}

/* What is no key gets a name that is one. */
static struct tk_str name_of(struct making *m, struct tk_str raw,
                             uint32_t number)
{
    char text[TK_KEY_MAX + 1];
    struct tk_key key;

    if (tk_key_parse(raw, &key, NULL) == 0) return raw;
    snprintf(text, sizeof text, "sim/key/%.*s", TK_ARG(raw));
    if (tk_key_parse(tk_str(text), &key, NULL) != 0) {
        snprintf(text, sizeof text, "sim/key/:%u", number);
    }
    return tk_str(tk_pool_dup(&m->out->pool, tk_str(text)));
}

static int add_key(struct making *m, struct tk_str raw, uint32_t number)
{
    struct tk_sim_key *key = &m->out->keys[number];
    struct tk_key parts;
    int rc = 0;

    key->text = name_of(m, raw, number);
    if (key->text.data == NULL) return no_memory(m);
    rc = tk_key_parse(key->text, &parts, m->why);
    if (rc != 0) return rc;
    key->source = tk_map_get(&m->by_name, parts.source);
    if (key->source == NULL) rc = add_source(m, parts.source, &key->source);
    return rc == 0 ? add_kind(m, key->source, parts.kind) : rc;
}

int tk_sim_sources_init(struct tk_sim_sources *sources,
                        const struct tk_trace *trace,
                        const struct tk_terms *terms, struct tk_policy *policy,
                        struct tk_why *why)
{
    struct making m = {sources, terms, policy, {0}, why};
    int rc = 0;

    *sources = (struct tk_sim_sources){0};
    tk_pool_init(&sources->pool, POOL_MAX_BYTES);
    tk_map_init(&m.by_name);
    sources->keys = calloc(trace->key_count, sizeof *sources->keys);
    if (sources->keys == NULL) rc = no_memory(&m);
    for (uint32_t i = 0; rc == 0 && i < trace->key_count; i++) {
        rc = add_key(&m, trace->keys[i], i);
    }
    tk_map_fini(&m.by_name);
    if (rc != 0) tk_sim_sources_fini(sources);
    return rc;
}

void tk_sim_sources_fini(struct tk_sim_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct tk_source *source = sources->sources[i];

        tk_source_choose(source, NULL);
        tk_queue_fini(&source->queue);
        tk_queue_fini(&source->newcomers);
        free(source);
    }
    free(sources->sources);
    free(sources->keys);
    tk_pool_fini(&sources->pool);
    *sources = (struct tk_sim_sources){0};
}

int tk_sim_sources_claim(const struct tk_sim_sources *sources,
                         struct tk_fleet *fleet, uint32_t key,
                         struct tk_entry **out, struct tk_why *why)
{
    const struct tk_sim_key *it = &sources->keys[key];
    struct tk_key parts = tk_key_split(it->text);
    struct tk_kind *kind =
        (struct tk_kind *)tk_source_kind(it->source, parts.kind);

    /* Every key of the trace may be, with a subject or without. */
    kind->subjects = parts.subject.len > 0 ? TK_SUBJECT_ANY : TK_SUBJECT_NONE;
    return tk_fleet_claim(fleet, it->source, &parts, out, why);
}
