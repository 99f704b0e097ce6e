/* engine/source.h - one configured set of credentials at one issuer.
 */
#ifndef TK_ENGINE_SOURCE_H
#define TK_ENGINE_SOURCE_H

#include "base/key.h"
#include "base/list.h"
#include "engine/budget.h"
#include "engine/facts.h"
#include "engine/issuer.h"
#include "engine/learned.h"
#include "engine/policy.h"
#include "engine/queue.h"
#include "engine/secrets.h"
#include "engine/zone.h"
#include "net/client.h"

enum { TK_KINDS_MAX = 16, TK_IDENTITY_LEN = 16 };

/* What happened since the start, for metrics. */
struct tk_source_stats {
    uint64_t hits;         /* answered from the cache */
    uint64_t cold;         /* callers that had to wait for the issuer */
    uint64_t cold_failed;  /* of these, those that got no token */
    uint64_t renewed;      /* refreshes that gave a new token, */
    uint64_t extended;     /* the same one with a longer life, */
    uint64_t early;        /* the same one, before the facts promise another, */
    uint64_t unchanged;    /* the same one though they do, */
    uint64_t failed;       /* or nothing */
    uint64_t wasted;       /* tokens that were replaced and never used */
    uint64_t rejected;     /* reports that named the current token */
    uint64_t late_rejects; /* reports that named an older one, */
    uint64_t held_rejects; /* the current one too often in a row, */
    uint64_t false_rejects; /* or none that was given out */
    uint64_t late_answers;  /* of refreshes that something had overtaken */
    uint64_t withdrawn;
};

/* How a source came to the policy that it has. */
struct tk_post {
    struct tk_policy *configured; /* what the configuration names; held */
    struct tk_policy *before;     /* what a rollback brings back; held, or
                                   * NULL */
    bool is_chosen;               /* over the API */
    bool was_chosen;              /* the one before */
    int64_t since;                /* a moment; 0: since the start */
    uint64_t swaps;
    uint64_t refusals;
    int64_t refused_at; /* the last one; 0: another was taken since */
    struct tk_why refusal;
    uint64_t saved;  /* a hash of the state that was kept last */
    bool is_unsaved; /* it could not be kept */
};

/* Are the tokens of a kind, without a variant, for the same thing as they were
 * under the configuration before? Found out while this one is judged. */
enum tk_sameness { TK_SAMENESS_UNKNOWN, TK_SAMENESS_SAME, TK_SAMENESS_OTHER };

/* Owned by its configuration; its texts are borrowed from there. */
struct tk_source {
    const char *name;
    const char *provider;
    struct tk_unit *unit;
    struct tk_pool pool;
    struct tk_value settings;  /* as the script gets them, secrets included */
    struct tk_secrets secrets; /* those of `settings` */
    const struct tk_value *identity; /* names of settings */
    struct tk_kind kinds[TK_KINDS_MAX];
    size_t kind_count;
    struct tk_value variants; /* name -> settings that differ */
    const struct tk_value *keep;
    struct tk_policy *policy; /* in force, and held; set by tk_source_choose */
    struct tk_link of_policy; /* in its list */
    struct tk_post post;
    struct tk_http_route route;
    struct tk_zone *zone; /* where its users live */
    int64_t forget_ms;
    uint32_t max_keys;
    uint32_t max_concurrent;
    struct tk_limits quota;
    char origin[TK_ORIGIN_TEXT]; /* of the issuer; empty: it calls no URL */

    /* State while running. */
    bool is_paused;
    bool is_draining; /* tk_refresh_drain is at work */
    uint32_t active;  /* refreshes on their way */
    uint32_t key_count;
    struct tk_queue queue; /* refreshes that wait for their turn: of keys that
                              are known, */
    struct tk_queue newcomers; /* and of those that never had a token */
    bool was_newcomer;         /* the last turn went to one of these */
    struct tk_budget budget;
    struct tk_budget newcomer_budget;
    struct tk_link of_turns;  /* in the fleet's list while `turn_at` is set */
    int64_t turn_at;          /* when the budget allows the next; 0: not set */
    struct tk_issuer *issuer; /* borrowed from the fleet; NULL: not met yet */
    struct tk_link of_issuer; /* in its list, if there is one */
    unsigned strains;         /* a bit for each that was warned of */
    struct tk_source_stats stats;
    struct tk_source_stats stats_at_tick;    /* of its policy, the last one */
    struct tk_learned learned[TK_KINDS_MAX]; /* beside `kinds` */
    enum tk_sameness sameness[TK_KINDS_MAX]; /* likewise */
};

/* `table` is sources.NAME. Every problem goes to `problems`; NULL is returned
 * if there was one. `policy` is used unless the source names its own; if
 * `overruled` it is used all the same. */
struct tk_source *tk_source_open(const struct tk_library *library,
                                 struct tk_str name,
                                 const struct tk_value *table,
                                 struct tk_policy *policy, bool overruled,
                                 struct tk_problems *problems);
void tk_source_close(struct tk_source *source);

/* Is another policy in force than the configuration and the policy's file
 * say? */
bool tk_source_has_drifted(const struct tk_source *source);
/* From now on this policy decides for the source. */
void tk_source_choose(struct tk_source *source, struct tk_policy *policy);

/* Finds the issuer of the source in this list, once; of a source that calls
 * no URL there is none. */
void tk_source_meet_issuer(struct tk_source *source, struct tk_link *issuers);

const struct tk_kind *tk_source_kind(const struct tk_source *source,
                                     struct tk_str name);

/* What was learned of a kind of this source. */
struct tk_learned *tk_source_learned(struct tk_source *source,
                                     const struct tk_kind *kind);

/* May this key exist here? Returns its kind, or NULL with a reason. */
const struct tk_kind *tk_source_accepts(const struct tk_source *source,
                                        const struct tk_key *key,
                                        struct tk_why *why);

/* The settings of `tokens.SUBJECT` for a kind with variants, or NULL. */
const struct tk_value *tk_source_variant(const struct tk_source *source,
                                         const struct tk_kind *kind,
                                         struct tk_str subject);

/* What a key's tokens are for: a digest of provider, kind and the settings
 * that the provider names as identity. */
TK_MUST_USE int tk_source_identity(const struct tk_source *source,
                                   const struct tk_key *key,
                                   const struct tk_kind *kind,
                                   unsigned char out[TK_IDENTITY_LEN]);

/* Is this key of the source to be fetched at start and kept? */
bool tk_source_keeps(const struct tk_source *source, const struct tk_key *key);

/* Calls `each` with the text of every key that `keep` names. */
void tk_source_each_kept(const struct tk_source *source,
                         void (*each)(struct tk_str key, void *data),
                         void *data);

#endif
