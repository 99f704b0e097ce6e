/* engine/policy.h - a policy in force: a script, its options, and the built-in
 * rule that answers when the script cannot.
 */
#ifndef TK_ENGINE_POLICY_H
#define TK_ENGINE_POLICY_H

#include "engine/library.h"
#include "engine/schema.h"
#include "script/unit.h"

enum { TK_POLICY_NAME = 64 };

/* Owned by its configuration. */
struct tk_policy {
    char name[TK_POLICY_NAME];
    struct tk_unit *unit; /* NULL: the built-in rule alone */
    struct tk_pool pool;  /* of the options */
    int64_t check_interval_ms;
    int64_t epoch; /* ticks fall on epoch + n * check_interval */
    unsigned failures_in_row;
    uint64_t calls;
    uint64_t failures;
    struct tk_why last_failure;
    bool is_out; /* failed too often in a row; the built-in rule took over */
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

/* The first tick at or after `moment`. */
int64_t tk_policy_tick_at(const struct tk_policy *policy, int64_t moment);

#endif
