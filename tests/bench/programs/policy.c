/* policy FILE LUA_DIR KEYS - what a policy costs: one decision about a key with
 * habits, and a tick over many keys of which one in a hundred is to be asked
 * about. Prints "name number" lines. */
#define _GNU_SOURCE
#include "base/log.h"
#include "engine/caller.h"
#include "engine/slice.h"
#include "engine/tick.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { DECISIONS = 200 * 1000, SHARE = 100 };
#define START  INT64_C(1000000)
#define LIFE   (INT64_C(7200) * 1000)
#define MINUTE (INT64_C(60) * 1000)

static struct tk_source source = {
    .name = "crm",
    .provider = "bench",
    .kinds = {{.name = "user",
               .overlap_is_own_life = true,
               .subjects = TK_SUBJECT_ANY}},
    .kind_count = 1,
    .max_concurrent = UINT32_MAX,
    .forget_ms = INT64_C(365) * 24 * 3600 * 1000,
};

static int64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Processor time: what others do on the machine is not the policy's. */
static int64_t clock_us(void *data)
{
    (void)data;
    return cpu_ns() / 1000;
}

static int fetch(struct tk_entry *entry, int64_t now, void *data)
{
    (void)now;
    (void)data;
    entry->flight = &source;
    return 0;
}

static struct tk_policy *open_policy(char *const *arguments)
{
    static struct tk_library library;
    struct tk_value choice = {.type = TK_TEXT, .as.text = tk_str(arguments[1])};
    struct tk_problems problems;
    struct tk_policy *policy;

    tk_problems_init(&problems);
    snprintf(library.lua_dir, sizeof library.lua_dir, "%s", arguments[2]);
    policy = tk_policy_open(&library, "policy", &choice, &problems);
    if (policy == NULL) {
        fputs(tk_buf_text(&problems.text), stderr);
        exit(1);
    }
    tk_problems_fini(&problems);
    return policy;
}

/* A key with a fresh token that was used a while ago. */
static struct tk_entry *add_key(struct tk_fleet *fleet, uint32_t number)
{
    struct tk_answer answer = {.is_token = true,
                               .token = TK_STR("0123456789abcdef"),
                               .life_ms = LIFE,
                               .sent_at = START,
                               .received_at = START + 100};
    struct tk_entry *entry;
    struct tk_key key;
    char text[32];

    snprintf(text, sizeof text, "crm/user/%08x", number);
    if (tk_key_parse(tk_str(text), &key, NULL) != 0 ||
        tk_fleet_claim(fleet, &source, &key, &entry, NULL) != 0) {
        abort();
    }
    tk_refresh_want(fleet, entry, TK_URGENCY_PLANNED, START);
    answer.order = entry->commits;
    tk_refresh_land(fleet, entry, &source, &answer, START);
    return entry;
}

static void give_habits(struct tk_fleet *fleet, struct tk_entry *entry)
{
    for (int hour = 0; hour < 14 * 24; hour += 1 + hour % 3) {
        tk_caller_note_use(fleet, entry, START + hour * 60 * MINUTE);
    }
}

static void time_decisions(struct tk_fleet *fleet, struct tk_entry *entry)
{
    int64_t now = START + 15 * 24 * 60 * MINUTE;
    struct tk_token_view view;
    struct tk_decision decision;
    bool fallback;
    int64_t since;

    give_habits(fleet, entry);
    tk_schedule_view(fleet, entry, now, &view);
    since = cpu_ns();
    for (int i = 0; i < DECISIONS; i++) {
        tk_policy_decide(source.policy, &view, &decision, &fallback);
        if (fallback) {
            fprintf(stderr, "%s\n", source.policy->last_failure.text);
            exit(1);
        }
        view.local_s += 60;
    }
    printf("decide_ns %.0f\n", (double)(cpu_ns() - since) / DECISIONS);
}

/* Every hundredth key has a look due; the rest is only scanned. */
static void time_tick(struct tk_fleet *fleet, int64_t now)
{
    int64_t longest = 0;
    int64_t all = 0;
    int runs = 0;

    for (uint32_t id = 0; id < tk_fleet_count(fleet); id += SHARE) {
        struct tk_entry *entry = tk_fleet_at(fleet, id);

        entry->last_use_at = now;
        tk_fleet_set_look(fleet, entry, now);
    }
    tk_fleet_set_tick(fleet, source.policy, now);
    for (; tk_fleet_earliest(fleet) <= now; runs++) {
        int64_t since = cpu_ns();
        int64_t took;

        tk_refresh_run_due(fleet, now);
        took = cpu_ns() - since;
        all += took;
        if (took > longest) longest = took;
    }
    printf("tick_us %.0f\ntick_longest_us %.0f\ntick_runs %d\n",
           (double)all / 1000, (double)longest / 1000, runs);
}

int main(int count, char **arguments)
{
    struct tk_fleet_options options = {.mean_bytes = 128,
                                       .node = TK_STR("bench"),
                                       .port = {fetch, NULL, clock_us}};
    struct tk_fleet *fleet;
    uint32_t keys;

    if (count != 4) return 64;
    keys = (uint32_t)strtoul(arguments[3], NULL, 10);
    options.max_keys = source.max_keys = keys;
    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    tk_source_choose(&source, open_policy(arguments));
    if (tk_fleet_new(&options, &fleet) != 0) abort();
    tk_tick_start(fleet, source.policy, START);
    for (uint32_t i = 0; i < keys; i++) add_key(fleet, i);
    time_tick(fleet, START + MINUTE);
    time_decisions(fleet, tk_fleet_at(fleet, 0));
    return 0;
}
