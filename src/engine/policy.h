/* engine/policy.h - a policy in force: a script, its options, and the built-in
 * rule that answers when the script cannot.
 */
#ifndef TK_ENGINE_POLICY_H
#define TK_ENGINE_POLICY_H

#include "base/list.h"
#include "engine/library.h"
#include "engine/options.h"
#include "script/unit.h"

enum { TK_POLICY_NAME = 64 };

/* How one function of the script is doing. */
struct tk_policy_part {
    uint64_t calls;
    uint64_t failures;
    unsigned failures_in_row;
    bool is_out; /* failed too often in a row, and is not called any more */
};

/* Owned by its configuration. */
struct tk_policy {
    char name[TK_POLICY_NAME];
    struct tk_unit *unit; /* NULL: the built-in rule alone */
    struct tk_options options;
    int64_t check_interval_ms;
    int64_t epoch;                /* ticks fall on epoch + n * check_interval */
    struct tk_policy_part decide; /* out: the built-in rule took over */
    struct tk_policy_part learn;
    struct tk_policy_part tick;
    struct tk_why last_failure;

    /* State while running, of engine/tick. */
    struct tk_link sources; /* that it decides for */
    struct tk_link of_ticks;
    int64_t tick_at;
    int64_t ticked_at;
};

/* `choice` is { "name", option = ... } or a plain text. Every problem goes to
 * `problems` under `path`; NULL is returned if there was one. */
struct tk_policy *tk_policy_open(const struct tk_library *library,
                                 const char *path,
                                 const struct tk_value *choice,
                                 struct tk_problems *problems);
void tk_policy_close(struct tk_policy *policy);

/* Asks the script; if it fails, answers by the built-in rule (renew when a
 * quarter of the life is left) and sets `*fallback`. */
void tk_policy_decide(struct tk_policy *policy,
                      const struct tk_token_view *token,
                      struct tk_decision *out, bool *fallback);

/* Does the script want to hear of events, and of ticks? */
bool tk_policy_learns(const struct tk_policy *policy);
bool tk_policy_ticks(const struct tk_policy *policy);

/* Tells the script, if it wants to hear of it. */
void tk_policy_learn(struct tk_policy *policy,
                     const struct tk_token_view *token, enum tk_event event);

/* Calls its tick with what there is to know of the fleet, at this time of day;
 * returns whether it has moved its options. */
bool tk_policy_tick(struct tk_policy *policy, const struct tk_value *fleet,
                    int64_t local_s);

/* The first tick at or after `moment`. */
int64_t tk_policy_tick_at(const struct tk_policy *policy, int64_t moment);

#endif
