#include "engine/policy.h"

#include "base/log.h"
#include "base/span.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    /* A script that fails this often in a row is not asked again before it is
     * replaced: one typing error must not fill the log for ever. */
    FAILURES_IN_ROW = 10,
    TICK_MAX_BYTES = 1024 * 1024,
    CHOICE_MAX_BYTES = 64 * 1024,
    CHECK_INTERVAL_MIN_MS = 100,
    /* One call may take its instructions, some 3 ms; past that something is
     * wrong. A policy of a large fleet is busy for seconds after a reload. */
    SLOW_CALL_US = 20 * 1000,
    WATCH_MS = 10 * 1000,
    BUSY_PERCENT = 20,
    QUIET_MS = 60 * 1000,
};

#define DEFAULT_CHECK_INTERVAL_MS (30 * 60 * INT64_C(1000))

struct tk_str tk_policy_chosen_name(const struct tk_value *choice)
{
    if (choice->type == TK_TEXT) return choice->as.text;
    return tk_value_text(tk_value_item(choice, 0));
}

/* A reserved option that C reads: the time between ticks. A script may move it
 * to any number; it is kept in bounds. */
static int64_t read_check_interval(const struct tk_options *options)
{
    double seconds;

    if (!tk_value_num(tk_value_get(&options->values, "check_interval"),
                      &seconds)) {
        return DEFAULT_CHECK_INTERVAL_MS;
    }
    return (int64_t)fmax(CHECK_INTERVAL_MIN_MS,
                         fmin(seconds * 1000, (double)TK_SPAN_MAX_MS));
}

static bool is_interval_good(const struct tk_options *options)
{
    const struct tk_value *value =
        tk_value_get(&options->values, "check_interval");

    return value == NULL || (value->type == TK_NUM &&
                             value->as.number * 1000 >= CHECK_INTERVAL_MIN_MS);
}

static int hand_over_options(struct tk_policy *policy, struct tk_why *why)
{
    policy->check_interval_ms = read_check_interval(&policy->options);
    return tk_unit_set_options(policy->unit, &policy->options.values, why);
}

/* Gives the script its options: what it declares, with the operator's values
 * in place of the defaults. */
static void settle_options(struct tk_policy *policy, const char *path,
                           const struct tk_value *choice,
                           struct tk_problems *problems)
{
    const struct tk_value *declared =
        tk_value_get(tk_unit_about(policy->unit), "options");
    struct tk_why why;

    if (tk_options_open(&policy->options, path, declared, choice, problems) !=
        0) {
        return;
    }
    if (!is_interval_good(&policy->options)) {
        tk_problem(problems, path,
                   "check_interval must be a length of time, 100ms at least");
    } else if (hand_over_options(policy, &why) != 0) {
        tk_problem(problems, path, "%s", why.text);
    }
}

static void load(struct tk_policy *policy, const struct tk_library *library,
                 const char *path, const struct tk_value *choice,
                 struct tk_problems *problems)
{
    struct tk_str name = tk_policy_chosen_name(choice);
    char file[PATH_MAX];
    struct tk_unit_options options = {TK_UNIT_POLICY, file, library->lua_dir};
    struct tk_why why;

    if (name.data == NULL) {
        tk_problem(problems, path,
                   "must be a name or { \"name\", option = value }");
        return;
    }
    snprintf(policy->name, sizeof policy->name, "%.*s", TK_ARG(name));
    if (tk_value_copy(&policy->pool, choice, &policy->choice) != 0) {
        tk_problem(problems, path, "the options take too much memory");
        return;
    }
    if (tk_library_find_policy(library, name, file, &why) != 0) {
        tk_problem(problems, path, "%s", why.text);
        return;
    }
    tk_watch_start(&policy->watch, file);
    if (tk_unit_open(&options, &policy->unit, &why) != 0) {
        tk_problem(problems, path, "%s", why.text);
        return;
    }
    settle_options(policy, path, choice, problems);
}

struct tk_policy *tk_policy_open(const struct tk_library *library,
                                 const char *path,
                                 const struct tk_value *choice,
                                 struct tk_problems *problems)
{
    struct tk_policy *policy = calloc(1, sizeof *policy);
    unsigned before = problems->count;

    if (policy == NULL) {
        tk_problem(problems, path, "%s", tk_err_text(TK_ENOMEM));
        return NULL;
    }
    policy->holders = 1;
    tk_pool_init(&policy->pool, CHOICE_MAX_BYTES);
    tk_list_init(&policy->sources);
    tk_list_init(&policy->of_ticks);
    policy->check_interval_ms = DEFAULT_CHECK_INTERVAL_MS;
    load(policy, library, path, choice, problems);
    if (problems->count > before) {
        tk_policy_close(policy);
        return NULL;
    }
    return policy;
}

struct tk_policy *tk_policy_hold(struct tk_policy *policy)
{
    if (policy != NULL) policy->holders++;
    return policy;
}

void tk_policy_put(struct tk_policy **place, struct tk_policy *policy)
{
    struct tk_policy *before = *place;

    *place = tk_policy_hold(policy);
    tk_policy_close(before);
}

void tk_policy_close(struct tk_policy *policy)
{
    if (policy == NULL || --policy->holders > 0) return;
    tk_list_drop(&policy->of_ticks);
    if (policy->unit != NULL) tk_unit_close(policy->unit);
    tk_options_close(&policy->options);
    free(policy->round);
    tk_pool_fini(&policy->pool);
    free(policy);
}

static void built_in_rule(const struct tk_token_view *token,
                          struct tk_decision *out)
{
    *out = (struct tk_decision){
        .verb = TK_RENEW,
        .seconds = (double)(token->remaining_ms - token->life_ms / 4) / 1000,
        .why = "built-in rule",
    };
}

/* --- what the script answers, and does not --- */

static const char *function_of(const struct tk_policy *policy,
                               const struct tk_policy_part *part)
{
    if (part == &policy->decide) return "decide";
    return part == &policy->learn ? "learn" : "tick";
}

static void note_failure(struct tk_policy *policy, struct tk_policy_part *part,
                         struct tk_str key)
{
    const char *function = function_of(policy, part);

    part->failures++;
    part->failures_in_row++;
    tk_log(TK_LOG_WARN, "policy failed", tk_text("policy", policy->name),
           tk_text("function", function), tk_view("key", key),
           tk_text("why", policy->last_failure.text));
    if (part->failures_in_row < FAILURES_IN_ROW) return;
    part->is_out = true;
    if (part == &policy->decide) {
        tk_log(TK_LOG_ERROR,
               "policy is out; the built-in rule takes over until it is "
               "replaced",
               tk_text("policy", policy->name));
    } else {
        tk_log(TK_LOG_ERROR,
               "function of a policy is out; it is not called until the policy "
               "is replaced",
               tk_text("policy", policy->name), tk_text("function", function));
    }
}

static bool has(const struct tk_policy *policy, const char *function)
{
    return policy->unit != NULL && tk_unit_has(policy->unit, function);
}

void tk_policy_decide(struct tk_policy *policy,
                      const struct tk_token_view *token,
                      struct tk_decision *out, bool *fallback)
{
    struct tk_policy_part *part = &policy->decide;

    *fallback = true;
    if (policy->unit != NULL && !part->is_out) {
        part->calls++;
        if (tk_unit_decide(policy->unit, token, out, &policy->last_failure) ==
            0) {
            part->failures_in_row = 0;
            *fallback = false;
            return;
        }
        note_failure(policy, part, token->key);
    }
    built_in_rule(token, out);
}

bool tk_policy_learns(const struct tk_policy *policy)
{
    return !policy->learn.is_out && has(policy, "learn");
}

bool tk_policy_ticks(const struct tk_policy *policy)
{
    return !policy->tick.is_out && has(policy, "tick");
}

void tk_policy_learn(struct tk_policy *policy,
                     const struct tk_token_view *token, enum tk_event event)
{
    struct tk_policy_part *part = &policy->learn;

    if (!tk_policy_learns(policy)) return;
    part->calls++;
    if (tk_unit_learn(policy->unit, token, event, &policy->last_failure) == 0) {
        part->failures_in_row = 0;
    } else {
        note_failure(policy, part, token->key);
    }
}

/* Sets `*changed` if the script has moved its options. */
static int run_tick(struct tk_policy *policy, const struct tk_tick_view *view,
                    bool *changed)
{
    struct tk_why *why = &policy->last_failure;
    struct tk_value moved;
    struct tk_pool pool;
    int rc;

    tk_pool_init(&pool, TICK_MAX_BYTES);
    rc = tk_unit_tick(policy->unit, view, &pool, &moved, why);
    if (rc == 0) rc = tk_options_move(&policy->options, &moved, changed, why);
    if (rc == 0 && *changed) rc = hand_over_options(policy, why);
    tk_pool_fini(&pool);
    return rc;
}

bool tk_policy_tick(struct tk_policy *policy, const struct tk_value *fleet,
                    int64_t local_s)
{
    struct tk_tick_view view = {fleet, &policy->options.values, local_s};
    struct tk_policy_part *part = &policy->tick;
    bool changed = false;

    if (!tk_policy_ticks(policy)) return false;
    part->calls++;
    if (run_tick(policy, &view, &changed) == 0) {
        part->failures_in_row = 0;
    } else {
        note_failure(policy, part, TK_STR("-"));
    }
    return changed;
}

/* --- the watchdog --- */

static bool may_bark(struct tk_watchdog *dog, int64_t now)
{
    if (now < dog->quiet_until) return false;
    dog->quiet_until = now + QUIET_MS;
    return true;
}

/* Over the last while, all calls together. */
static void watch_share(const struct tk_policy *policy, struct tk_watchdog *dog,
                        int64_t now)
{
    int64_t percent = dog->busy_us / 10 / (now - dog->since);

    if (percent >= BUSY_PERCENT && may_bark(dog, now)) {
        tk_log(TK_LOG_WARN, "policy takes much of the engine's time",
               tk_text("policy", policy->name), tk_num("percent", percent),
               tk_num("calls", (int64_t)dog->calls),
               tk_num("us_per_call", dog->busy_us / (int64_t)dog->calls));
    }
    *dog = (struct tk_watchdog){.since = now, .quiet_until = dog->quiet_until};
}

void tk_policy_took(struct tk_policy *policy, struct tk_policy_part *part,
                    struct tk_str key, int64_t took_us, int64_t now)
{
    struct tk_watchdog *dog = &policy->watchdog;

    part->busy_us += took_us;
    dog->busy_us += took_us;
    dog->calls++;
    if (took_us >= SLOW_CALL_US) {
        part->slow++;
        if (may_bark(dog, now)) {
            tk_log(TK_LOG_WARN, "policy is slow",
                   tk_text("policy", policy->name),
                   tk_text("function", function_of(policy, part)),
                   tk_view("key", key), tk_num("took_ms", took_us / 1000));
        }
    }
    if (now - dog->since >= WATCH_MS) watch_share(policy, dog, now);
}

int64_t tk_policy_tick_at(const struct tk_policy *policy, int64_t moment)
{
    int64_t step = policy->check_interval_ms;
    int64_t past = moment - policy->epoch;

    return past <= 0 ? policy->epoch
                     : policy->epoch + (past + step - 1) / step * step;
}
