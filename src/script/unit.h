/* script/unit.h - one script file, loaded in a sandbox of its own.
 *
 * A unit is one version of a policy, a provider or a fake issuer. A newer
 * version of the file is another unit: it is opened beside the old one and
 * takes its place only if it is good. Nothing is shared between units.
 */
#ifndef TK_SCRIPT_UNIT_H
#define TK_SCRIPT_UNIT_H

#include "base/profile.h"
#include "base/value.h"

struct tk_unit;

enum { TK_UNIT_STATE_MAX = 64 * 1024 };

enum tk_unit_kind { TK_UNIT_POLICY, TK_UNIT_PROVIDER, TK_UNIT_FAKE };

struct tk_unit_options {
    enum tk_unit_kind kind;
    const char *path;
    const char *lua_dir; /* where require "tokeng.x" looks for tokeng/x.lua */
};

/* Loads the file and checks its table: `api` is 1, `name` is there, the
 * functions of its kind are there (policy: decide; provider: fetch, or request
 * and parse; fake: handle), and no unknown name. `why` has file and line. */
TK_MUST_USE int tk_unit_open(const struct tk_unit_options *options,
                             struct tk_unit **out, struct tk_why *why);
/* No task of the unit may be alive. */
void tk_unit_close(struct tk_unit *unit);

/* What the script's table says of itself, functions left out: name, options,
 * settings, kinds ... Borrowed from the unit. */
const struct tk_value *tk_unit_about(const struct tk_unit *unit);
bool tk_unit_has(const struct tk_unit *unit, const char *function);
const char *tk_unit_path(const struct tk_unit *unit);

/* Keeps `value` (copied; secrets stay borrowed and must outlive the unit) as
 * the Lua value that is handed to the script's functions: a policy's options,
 * a provider's or a fake's settings. */
TK_MUST_USE int tk_unit_set_options(struct tk_unit *unit,
                                    const struct tk_value *value,
                                    struct tk_why *why);

/* --- policies --- */

/* What a policy may know of a token. Never the token. Texts are borrowed
 * during the call. */
struct tk_token_view {
    struct tk_str key;
    struct tk_str source;
    struct tk_str kind;
    struct tk_str subject;
    const char *state;
    int64_t generation;
    int64_t age_ms;
    int64_t life_ms;
    int64_t remaining_ms;
    int64_t renewable_in_ms; /* 0: now */
    int64_t idle_ms;         /* since the last use; -1: never used */
    int64_t uses;
    double rate; /* uses per hour */
    int failures;
    const struct tk_profile *profile; /* NULL: never used */
    uint16_t phase_s;                 /* of the key's own clock */
    int64_t local_s;                  /* as base/profile.h counts it */
};

enum tk_verb { TK_RENEW, TK_ASK, TK_LAPSE };
enum { TK_WHY_WORD = 64 };

struct tk_decision {
    enum tk_verb verb;
    double seconds;        /* from now; finite; 0 for TK_LAPSE */
    char why[TK_WHY_WORD]; /* the script's word, printable, may be empty */
};

/* Calls decide(token, options). TK_ESCRIPT if it raised or answered with
 * anything but renew, ask or lapse; TK_EBUDGET if it was ended; the reason
 * names the line. */
TK_MUST_USE int tk_unit_decide(struct tk_unit *unit,
                               const struct tk_token_view *token,
                               struct tk_decision *out, struct tk_why *why);

/* What a policy may learn of. */
#define TK_EVENT_MAP(XX)                                                       \
    XX(ISSUED, "issued")     /* a new token, or the same with a longer life */ \
    XX(COLD, "cold")         /* somebody waits, and there is no token */       \
    XX(WASTED, "wasted")     /* a new one is there, nobody used the last */    \
    XX(FAILED, "failed")     /* a refresh */                                   \
    XX(REJECTED, "rejected") /* a caller reports the token as refused */       \
    XX(DAY, "day")           /* the key's own day has ended */

enum tk_event {
#define TK_EVENT_ENUM(name, word) TK_EVENT_##name,
    TK_EVENT_MAP(TK_EVENT_ENUM)
#undef TK_EVENT_ENUM
        TK_EVENTS,
};
const char *tk_event_name(enum tk_event event);

/* Calls learn(token, event); errors as above. */
TK_MUST_USE int tk_unit_learn(struct tk_unit *unit,
                              const struct tk_token_view *token,
                              enum tk_event event, struct tk_why *why);

/* What a policy is told at a tick; all of it is borrowed. */
struct tk_tick_view {
    const struct tk_value *fleet;
    const struct tk_value *options; /* as they are */
    int64_t local_s;                /* as in struct tk_token_view */
};

/* Calls tick(fleet, options) with copies of both. What `options` is afterwards
 * arrives in `pool`; the options that decide sees are as before. */
TK_MUST_USE int tk_unit_tick(struct tk_unit *unit,
                             const struct tk_tick_view *view,
                             struct tk_pool *pool, struct tk_value *moved,
                             struct tk_why *why);

/* A copy of `policy.state`: plain values, TK_UNIT_STATE_MAX bytes of JSON at
 * most. An empty table if the script has none. TK_ESCRIPT or TK_EFULL. */
TK_MUST_USE int tk_unit_state_get(struct tk_unit *unit, struct tk_pool *pool,
                                  struct tk_value *out, struct tk_why *why);
/* Puts a copy of `state` in its place. The table stays the same one, so that a
 * script may hold it in a local; a field that `state` does not have keeps the
 * value that the file gave it. */
TK_MUST_USE int tk_unit_state_set(struct tk_unit *unit,
                                  const struct tk_value *state,
                                  struct tk_why *why);

/* --- fake issuers --- */

/* Calls handle(request, state, now): `request` as a table, `state` a table
 * that lives as long as the unit, `now` in seconds. The results (status,
 * headers, body) arrive as a list in `pool`. The settings of
 * tk_unit_set_options are `state.settings`. */
TK_MUST_USE int tk_unit_handle(struct tk_unit *unit,
                               const struct tk_value *request, double now,
                               struct tk_pool *pool, struct tk_value *results,
                               struct tk_why *why);

#endif
