#include "sim/issuer.h"

#include "base/hash.h"

#include <stdlib.h>

int tk_sim_issuer_init(struct tk_sim_issuer *issuer,
                       const struct tk_terms *terms,
                       const struct tk_trace *recorded)
{
    *issuer = (struct tk_sim_issuer){.terms = terms, .recorded = recorded};
    issuer->tokens = calloc(recorded->key_count, sizeof *issuer->tokens);
    tk_budget_limit(&issuer->budget, &terms->quota);
    return issuer->tokens == NULL ? TK_ENOMEM : 0;
}

void tk_sim_issuer_fini(struct tk_sim_issuer *issuer)
{
    free(issuer->tokens);
    issuer->tokens = NULL;
}

/* Evenly from 0 to 1; the same for every policy as long as the calls are. */
static double draw(struct tk_sim_issuer *issuer)
{
    struct tk_seed seed = {issuer->terms->seed, issuer->dice++};

    return (double)(tk_hash(seed, TK_STR("")) >> 11) * 0x1p-53;
}

static const struct tk_recorded *draw_answer(struct tk_sim_issuer *issuer)
{
    size_t count = issuer->recorded->answer_count;

    return &issuer->recorded->answers[(size_t)(draw(issuer) * (double)count)];
}

static bool is_over_quota(struct tk_sim_issuer *issuer, int64_t now)
{
    if (tk_budget_next(&issuer->budget, now) > now) return true;
    tk_budget_take(&issuer->budget, now);
    return false;
}

/* Issuers count whole seconds. */
static int64_t whole_seconds(int64_t ms)
{
    return ms / 1000 * 1000;
}

/* Brings the token that is valid at `at`, or a new one. */
static void issue(struct tk_sim_issuer *issuer, uint32_t key, int64_t at,
                  struct tk_reply *reply)
{
    const struct tk_terms *terms = issuer->terms;
    struct tk_issuer_token *token = &issuer->tokens[key];
    int64_t left = token->ends_at - at;

    if (terms->window_ms == 0 || left <= terms->window_ms) {
        *token = (struct tk_issuer_token){
            .stamped_at = at,
            .ends_at = at + terms->life_ms,
            .number = token->number + 1,
        };
        left = terms->life_ms;
    }
    reply->life_ms = terms->life_ms < 1000 ? left : whole_seconds(left);
    reply->number = token->number;
}

struct tk_reply tk_sim_issuer_call(struct tk_sim_issuer *issuer, uint32_t key,
                                   int64_t now)
{
    const struct tk_terms *terms = issuer->terms;
    struct tk_reply reply = {.lands_at = now + terms->latency_ms};
    bool fails = terms->fail_share > 0 && draw(issuer) < terms->fail_share;

    if (terms->is_as_recorded && issuer->recorded->answer_count > 0) {
        const struct tk_recorded *answer = draw_answer(issuer);

        reply.lands_at = now + answer->took_ms;
        fails = fails || answer->life_ms == 0;
    }
    reply.is_limited = is_over_quota(issuer, now);
    if (!fails && !reply.is_limited) {
        issue(issuer, key, now + (reply.lands_at - now) / 2, &reply);
    }
    return reply;
}

int64_t tk_sim_issuer_ends(const struct tk_sim_issuer *issuer, uint32_t key)
{
    return issuer->tokens[key].ends_at - issuer->terms->skew_ms;
}

bool tk_sim_issuer_takes(const struct tk_sim_issuer *issuer, uint32_t key,
                         int64_t now)
{
    return now < tk_sim_issuer_ends(issuer, key);
}
