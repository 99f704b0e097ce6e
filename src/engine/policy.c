#include "engine/policy.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    /* A script that fails this often in a row is not asked again before it is
     * replaced: one typing error must not fill the log for ever. */
    FAILURES_IN_ROW = 10,
    OPTIONS_MAX_BYTES = 64 * 1024,
    CHECK_INTERVAL_MIN_MS = 100,
};

#define DEFAULT_CHECK_INTERVAL_MS (30 * 60 * INT64_C(1000))

static struct tk_str chosen_name(const struct tk_value *choice)
{
    if (choice->type == TK_TEXT) return choice->as.text;
    return tk_value_text(tk_value_item(choice, 0));
}

/* A reserved option that C reads: the time between ticks. A span reaches here
 * as a float of seconds. */
static void read_check_interval(struct tk_policy *policy, const char *path,
                                const struct tk_value *options,
                                struct tk_problems *problems)
{
    const struct tk_value *value = tk_value_get(options, "check_interval");

    if (value == NULL) return;
    if (value->type != TK_NUM ||
        value->as.number * 1000 < CHECK_INTERVAL_MIN_MS) {
        tk_problem(problems, path,
                   "check_interval must be a length of time, 100ms at least");
        return;
    }
    policy->check_interval_ms = (int64_t)(value->as.number * 1000);
}

/* Gives the script its options: what it declares, with the operator's values
 * in place of the defaults. */
static void settle_options(struct tk_policy *policy, const char *path,
                           const struct tk_value *choice,
                           struct tk_problems *problems)
{
    const struct tk_value *given = choice->type == TK_TEXT ? NULL : choice;
    const struct tk_value *declared =
        tk_value_get(tk_unit_about(policy->unit), "options");
    struct tk_field fields[TK_FIELDS_MAX];
    size_t count = tk_schema_declared(path, declared, fields, problems);
    struct tk_value options;
    struct tk_why why;

    if (tk_schema_check(path, given, fields, count, true, problems) > 0) return;
    options = tk_schema_settle(&policy->pool, given, fields, count);
    if (tk_unit_set_options(policy->unit, &options, &why) != 0) {
        tk_problem(problems, path, "%s", why.text);
        return;
    }
    read_check_interval(policy, path, &options, problems);
}

static void load(struct tk_policy *policy, const struct tk_library *library,
                 const char *path, const struct tk_value *choice,
                 struct tk_problems *problems)
{
    struct tk_str name = chosen_name(choice);
    char file[PATH_MAX];
    struct tk_unit_options options = {TK_UNIT_POLICY, file, library->lua_dir};
    struct tk_why why;

    if (name.data == NULL) {
        tk_problem(problems, path,
                   "must be a name or { \"name\", option = value }");
        return;
    }
    snprintf(policy->name, sizeof policy->name, "%.*s", TK_ARG(name));
    if (tk_library_find_policy(library, name, file, &why) != 0 ||
        tk_unit_open(&options, &policy->unit, &why) != 0) {
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
    tk_pool_init(&policy->pool, OPTIONS_MAX_BYTES);
    policy->check_interval_ms = DEFAULT_CHECK_INTERVAL_MS;
    load(policy, library, path, choice, problems);
    if (problems->count > before) {
        tk_policy_close(policy);
        return NULL;
    }
    return policy;
}

void tk_policy_close(struct tk_policy *policy)
{
    if (policy == NULL) return;
    if (policy->unit != NULL) tk_unit_close(policy->unit);
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

static void note_failure(struct tk_policy *policy, struct tk_str key)
{
    policy->failures++;
    policy->failures_in_row++;
    tk_log(TK_LOG_WARN, "policy failed", tk_text("policy", policy->name),
           tk_view("key", key), tk_text("why", policy->last_failure.text));
    if (policy->failures_in_row < FAILURES_IN_ROW) return;
    policy->is_out = true;
    tk_log(TK_LOG_ERROR,
           "policy is out; the built-in rule takes over until it is replaced",
           tk_text("policy", policy->name));
}

void tk_policy_decide(struct tk_policy *policy,
                      const struct tk_token_view *token,
                      struct tk_decision *out, bool *fallback)
{
    *fallback = true;
    if (policy->unit != NULL && !policy->is_out) {
        policy->calls++;
        if (tk_unit_decide(policy->unit, token, out, &policy->last_failure) ==
            0) {
            policy->failures_in_row = 0;
            *fallback = false;
            return;
        }
        note_failure(policy, token->key);
    }
    built_in_rule(token, out);
}

int64_t tk_policy_tick_at(const struct tk_policy *policy, int64_t moment)
{
    int64_t step = policy->check_interval_ms;
    int64_t past = moment - policy->epoch;

    return past <= 0 ? policy->epoch
                     : policy->epoch + (past + step - 1) / step * step;
}
