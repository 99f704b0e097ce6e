/* The body of a policy's functions, from the script's bytes to the plan: each
 * is ended in time, and whatever `decide` answers, `tick` makes of its options
 * and any of them of the state, is bent into what C allows or refused.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"

#include "base/log.h"
#include "engine/refresh.h"
#include "engine/tick.h"
#include "script/unit_state.h"

#define START    INT64_C(1000000)
#define LIFE     INT64_C(7200000)
#define INTERVAL INT64_C(30000)

static struct tk_fleet *fleet;
static char path[SCRATCH_PATH];
static struct tk_source source = {
    .name = "crm",
    .provider = "test",
    .kinds = {{.name = "client", .overlap_is_own_life = true}},
    .kind_count = 1,
    .max_keys = 10,
    .max_concurrent = 3,
    .forget_ms = LIFE,
};

static int fetch(struct tk_entry *entry, int64_t now, void *data)
{
    (void)now;
    (void)data;
    entry->flight = &source;
    return 0;
}

static void open_all(void)
{
    struct tk_fleet_options options = {.max_keys = 4,
                                       .mean_bytes = 256,
                                       .node = TK_STR("test"),
                                       .port = {.fetch = fetch}};

    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    HOLD(tk_fleet_new(&options, &fleet) == 0);
    scratch_open();
    scratch_path("fuzz.lua", path);
}

static void hold_word(const char *word)
{
    HOLD(strlen(word) < TK_WHY_WORD);
    for (; *word != '\0'; word++) HOLD((unsigned char)*word >= ' ');
}

/* Renewed at half of its life at the earliest and before its end; asked again
 * and let go in the future. */
static void hold_plan(const struct tk_entry *entry, int64_t now)
{
    const struct tk_plan *plan = &entry->plan;
    const struct tk_life *life = &entry->life;

    hold_word(tk_fleet_word(fleet, plan->why));
    switch (plan->verb) {
    case TK_RENEW:
        HOLD(plan->at >= life->sent_at + LIFE / 2);
        HOLD(plan->at < life->expires_at);
        return;
    case TK_ASK:
    case TK_LAPSE:
        HOLD(plan->at > now && plan->at != TK_NEVER);
        return;
    }
    HOLD(false);
}

static void open_options(struct tk_policy *policy)
{
    static const struct tk_value choice = {.type = TK_TABLE};
    struct tk_problems problems;

    tk_problems_init(&problems);
    HOLD(tk_options_open(&policy->options, "p",
                         tk_value_get(tk_unit_about(policy->unit), "options"),
                         &choice, &problems) == 0);
    HOLD(tk_unit_set_options(policy->unit, &policy->options.values, NULL) == 0);
    tk_problems_fini(&problems);
}

static void hold_options(const struct tk_policy *policy)
{
    const struct tk_value *lead = tk_value_get(&policy->options.values, "lead");

    HOLD(lead != NULL && (lead->type == TK_NUM || lead->type == TK_INT));
    if (lead->type == TK_NUM) {
        HOLD(lead->as.number >= 1 && lead->as.number <= 3600);
    } else {
        HOLD(lead->as.integer >= 1 && lead->as.integer <= 3600);
    }
}

static void hold_state(struct tk_unit *unit)
{
    struct tk_value state;
    struct tk_pool pool;
    struct tk_why why = {0};

    tk_pool_init(&pool, 4 << 20);
    if (tk_unit_state_get(unit, &pool, &state, &why) == 0) {
        HOLD(tk_unit_state_set(unit, &state, &why) == 0);
    } else {
        HOLD(why.text[0] != '\0');
    }
    tk_pool_fini(&pool);
}

static void decide(struct tk_unit *unit)
{
    struct tk_policy policy = {
        .holders = 1, .unit = unit, .check_interval_ms = INTERVAL};
    struct tk_answer answer = {.is_token = true,
                               .token = TK_STR("abc"),
                               .life_ms = LIFE,
                               .sent_at = START,
                               .received_at = START + 100};
    struct tk_entry *entry;
    struct tk_key key;

    tk_list_init(&policy.sources);
    tk_list_init(&policy.of_ticks);
    tk_source_choose(&source, &policy);
    open_options(&policy);
    tk_tick_start(fleet, &policy, START);
    HOLD(tk_key_parse(TK_STR("crm/client"), &key, NULL) == 0);
    HOLD(tk_fleet_claim(fleet, &source, &key, &entry, NULL) == 0);
    tk_refresh_want(fleet, entry, TK_URGENCY_PLANNED, START);
    tk_refresh_land(fleet, entry, &source, &answer, START + 100);
    HOLD(tk_entry_has_token(entry, START + 100));
    hold_plan(entry, START + 100);
    HOLD(policy.decide.failures == 0 || policy.last_failure.text[0] != '\0');
    HOLD(entry->plan.fallback == (policy.decide.failures > 0));
    tk_refresh_run_due(fleet, START + INTERVAL);
    HOLD(policy.tick.calls == 1);
    hold_options(&policy);
    hold_state(unit);
    HOLD(unit->vm->used <= TK_VM_MEMORY_MAX);
    tk_fleet_remove(fleet, entry);
    tk_source_choose(&source, NULL);
    tk_list_drop(&policy.of_ticks);
    tk_options_close(&policy.options);
}

static void write_script(struct tk_str body)
{
    struct tk_buf text;

    tk_buf_init(&text, body.len + 512);
    tk_buf_put_text(&text, "local policy = { api = 1, name = 'fuzz',\n"
                           "  state = { n = 0 }, options = { lead = {\n"
                           "  default = '1m', min = '1s', max = '1h' } } }\n"
                           "function policy.decide(token, options)\n");
    tk_buf_put_str(&text, body);
    tk_buf_put_text(&text, "\nend\npolicy.learn = policy.decide\n"
                           "policy.tick = policy.decide\nreturn policy\n");
    scratch_write(path, tk_buf_str(&text));
    tk_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tk_unit_options options = {TK_UNIT_POLICY, path, NULL};
    struct tk_unit *unit;
    struct tk_why why = {0, ""};

    if (fleet == NULL) open_all();
    write_script(fuzz_text(data, size));
    if (tk_unit_open(&options, &unit, &why) == 0) {
        decide(unit);
        tk_unit_close(unit);
    } else {
        HOLD(why.text[0] != '\0');
    }
    return 0;
}
