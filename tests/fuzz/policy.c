/* The body of a policy's `decide`, from the script's bytes to the plan: it is
 * ended in time, and whatever it answers is bent into what C allows.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"

#include "base/log.h"
#include "engine/refresh.h"
#include "script/unit_state.h"

#define START INT64_C(1000000)
#define LIFE  INT64_C(7200000)

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

static void decide(struct tk_unit *unit)
{
    struct tk_policy policy = {.unit = unit, .check_interval_ms = 30000};
    struct tk_answer answer = {.is_token = true,
                               .token = TK_STR("abc"),
                               .life_ms = LIFE,
                               .sent_at = START,
                               .received_at = START + 100};
    struct tk_entry *entry;
    struct tk_key key;

    source.policy = &policy;
    HOLD(tk_key_parse(TK_STR("crm/client"), &key, NULL) == 0);
    HOLD(tk_fleet_claim(fleet, &source, &key, &entry, NULL) == 0);
    tk_refresh_want(fleet, entry, TK_URGENCY_PLANNED, START);
    tk_refresh_land(fleet, entry, &source, &answer, START + 100);
    HOLD(tk_entry_has_token(entry, START + 100));
    hold_plan(entry, START + 100);
    HOLD(policy.decide.failures == 0 || policy.last_failure.text[0] != '\0');
    HOLD(entry->plan.fallback == (policy.decide.failures > 0));
    HOLD(unit->vm->used <= TK_VM_MEMORY_MAX);
    tk_fleet_remove(fleet, entry);
}

static void write_script(struct tk_str body)
{
    struct tk_buf text;

    tk_buf_init(&text, body.len + 256);
    tk_buf_put_text(&text, "local policy = { api = 1, name = 'fuzz' }\n"
                           "function policy.decide(token, options)\n");
    tk_buf_put_str(&text, body);
    tk_buf_put_text(&text, "\nend\nreturn policy\n");
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
