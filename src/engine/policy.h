/* engine/policy.h - a policy in force: a script, its options, and the built-in
 * rule that answers when the script cannot.
 */
#ifndef TK_ENGINE_POLICY_H
#define TK_ENGINE_POLICY_H

#include "base/key.h"
#include "base/list.h"
#include "engine/library.h"
#include "engine/options.h"
#include "engine/watch.h"
#include "script/unit.h"

enum { TK_POLICY_NAME = 64 };

/* How one function of the script is doing. */
struct tk_policy_part {
    uint64_t calls;
    uint64_t failures;
    unsigned failures_in_row;
    bool is_out;     /* failed too often in a row, and is not called any more */
    uint64_t slow;   /* calls that held the loop for longer than they may */
    int64_t busy_us; /* in all its calls */
};

/* Sees to it that a script that holds the loop is named, once a minute at
 * most. */
struct tk_watchdog {
    int64_t since;   /* what follows is counted from then on */
    int64_t busy_us; /* in the calls of all functions, */
    uint64_t calls;
    int64_t quiet_until; /* it was named */
};

/* Owned by all who hold it: the configuration, the sources that it decides
 * for, and those that may go back to it. */
struct tk_policy {
    unsigned holders;
    char name[TK_POLICY_NAME];
    struct tk_unit *unit;   /* NULL: the built-in rule alone */
    struct tk_watch watch;  /* of its file */
    struct tk_pool pool;    /* of `choice` */
    struct tk_value choice; /* what was asked for: { "name", option = ... } */
    struct tk_options options;
    int64_t check_interval_ms;
    int64_t epoch;                /* ticks fall on epoch + n * check_interval */
    struct tk_policy_part decide; /* out: the built-in rule took over */
    struct tk_policy_part learn;
    struct tk_policy_part tick;
    struct tk_why last_failure;
    struct tk_watchdog watchdog;
    struct tk_link sources; /* that it decides for */

    /* State while running, of engine/tick. */
    struct tk_link of_ticks;
    int64_t tick_at;        /* the next */
    int64_t ticked_at;      /* the last */
    struct tk_round *round; /* the one that is at work; NULL: none */
};

/* `choice` is { "name", option = ... } or a plain text. Every problem goes to
 * `problems` under `path`; NULL is returned if there was one. Whoever calls
 * this holds it. */
struct tk_policy *tk_policy_open(const struct tk_library *library,
                                 const char *path,
                                 const struct tk_value *choice,
                                 struct tk_problems *problems);
/* The name in a choice. */
struct tk_str tk_policy_chosen_name(const struct tk_value *choice);

/* NULL is allowed in all three. The last who lets go frees it. */
struct tk_policy *tk_policy_hold(struct tk_policy *policy);
void tk_policy_close(struct tk_policy *policy);
/* Lets go of what stands at `place` and holds `policy` there. */
void tk_policy_put(struct tk_policy **place, struct tk_policy *policy);

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

/* A call of `part` has taken this long; `key` is what it was about. */
void tk_policy_took(struct tk_policy *policy, struct tk_policy_part *part,
                    struct tk_str key, int64_t took_us, int64_t now);

/* The first tick at or after `moment`. */
int64_t tk_policy_tick_at(const struct tk_policy *policy, int64_t moment);

#endif
