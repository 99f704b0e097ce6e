/* tests/unit/engine/realm.h - a fleet whose sources and policies are those of
 * a configuration file: "crm" and "hr" with the policy `mine`, which lies in a
 * folder that the test writes to. Time is a number that the test holds.
 */
#ifndef TK_TESTS_UNIT_ENGINE_REALM_H
#define TK_TESTS_UNIT_ENGINE_REALM_H

#include "tests/unit/engine/scripts.h"

#include "engine/caller.h"
#include "engine/tick.h"

#define REALM_NOW INT64_C(1000000)

/* Renews when 1000 s are left; its state counts how often it is asked. */
#define MINE(word)                                                             \
    "local policy = { api = 1, name = 'mine', state = { asked = 0 } }\n"       \
    "policy.options = { check_interval = { default = '10s' },\n"               \
    "                   lead = { default = 1000 } }\n"                         \
    "function policy.decide(token, options)\n"                                 \
    "  policy.state.asked = policy.state.asked + 1\n"                          \
    "  return renew(token.remaining - options.lead, '" word                    \
    " ' .. policy.state.asked)\n"                                              \
    "end\n"                                                                    \
    "return policy\n"

static const char realm_provider[] =
    "return { api = 1, name = 'any', settings = { url = { type = 'url' } },\n"
    "  kinds = { client = { renewable = 'always', subject = 'any' } },\n"
    "  fetch = function() end }\n";

static const char realm_config[] =
    "return { policy = 'mine', sources = {\n"
    "  crm = { provider = 'any', url = 'https://a.example/t' },\n"
    "  hr = { provider = 'any', url = 'https://b.example/t' } } }\n";

struct realm {
    struct scripts *s;
    struct tk_config *config;
    struct tk_fleet *fleet;
    int64_t now;
    int fetches;
    int tokens;
    int64_t clock_us; /* it goes on by */
    int64_t step_us;  /* this, each time that somebody looks */
};

static int realm_fetch(struct tk_entry *entry, int64_t now, void *data)
{
    struct realm *r = data;

    (void)now;
    r->fetches++;
    entry->flight = r;
    return 0;
}

static int64_t realm_clock_us(void *data)
{
    struct realm *r = data;

    r->clock_us += r->step_us;
    return r->clock_us;
}

static inline struct tk_source *source_of(const struct realm *r,
                                          const char *name)
{
    return tk_config_source(r->config, tk_str(name));
}

static inline int realm_set_up(void **state)
{
    struct realm *r = calloc(1, sizeof *r);
    struct tk_fleet_options options = {
        .max_keys = 512,
        .mean_bytes = 256,
        .node = TK_STR("test"),
        .port = {.fetch = realm_fetch, .data = r, .clock_us = realm_clock_us}};
    void *scripts;

    if (r == NULL || scripts_set_up(&scripts) != 0) return -1;
    r->s = scripts;
    r->now = REALM_NOW;
    folder_write(&r->s->folder, "providers/any.lua", realm_provider);
    folder_write(&r->s->folder, "policies/mine.lua", MINE("first"));
    r->config = load(r->s, realm_config);
    assert_string_equal(problems_of(r->s), "");
    assert_int_equal(tk_fleet_new(&options, &r->fleet), 0);
    tk_tick_start(r->fleet, source_of(r, "crm")->policy, r->now);
    *state = r;
    return 0;
}

static inline int realm_tear_down(void **state)
{
    struct realm *r = *state;
    void *scripts = r->s;

    tk_fleet_free(r->fleet);
    tk_config_free(r->config);
    free(r);
    return scripts_tear_down(&scripts);
}

/* A refresh that is on its way brings a new token of two hours. */
static inline void realm_land(struct realm *r, struct tk_entry *entry)
{
    char token[24];
    struct tk_answer answer = {.is_token = true,
                               .order = entry->commits,
                               .life_ms = 7200 * 1000,
                               .sent_at = r->now,
                               .received_at = r->now};

    if (entry->flight == NULL) return;
    snprintf(token, sizeof token, "t%d", ++r->tokens);
    answer.token = tk_str(token);
    tk_refresh_land(r->fleet, entry, entry->source, &answer, r->now);
}

static inline struct tk_entry *realm_fresh(struct realm *r, const char *text)
{
    struct tk_entry *entry = NULL;
    struct tk_key key;
    struct tk_why why;

    assert_int_equal(tk_key_parse(tk_str(text), &key, &why), 0);
    assert_int_equal(tk_fleet_claim(r->fleet,
                                    tk_config_source(r->config, key.source),
                                    &key, &entry, &why),
                     0);
    tk_refresh_want(r->fleet, entry, TK_URGENCY_PLANNED, r->now);
    assert_non_null(entry->flight);
    realm_land(r, entry);
    return entry;
}

static inline const char *why_of(const struct realm *r,
                                 const struct tk_entry *entry)
{
    return tk_fleet_word(r->fleet, entry->plan.why);
}

#define WITH_REALM(test)                                                       \
    cmocka_unit_test_setup_teardown(test, realm_set_up, realm_tear_down)

#endif
