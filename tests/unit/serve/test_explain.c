#include "serve/explain.h"

#include "tests/unit/serve/scene.h"

#define NOON INT64_C(1795435200000)

static const struct reading *explain(struct scene *s,
                                     const struct tk_entry *entry)
{
    tk_buf_clear(&s->out);
    tk_explain_write(s->f->fleet, entry, NULL, s->f->now, NOON, &s->out);
    return read_out(s);
}

static void the_chain_of_a_fresh_token_is_whole(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "secret-1", LIFE);
    const struct reading *r = explain(s, entry);

    says(r, "key", "crm/client/a");
    says(r, "state", "fresh");
    counts(r, "generation", (double)generation_of(s->f, entry));
    says(r, "now", "2026-11-23T12:00:00.000Z");
    counts(r, "token.age", 0.1);
    counts(r, "token.life", 7200);
    counts(r, "token.remaining", 7199.9);
    says(r, "token.expires_at", "2026-11-23T13:59:59.900Z");
    says(r, "issuer.facts", "renewable at any time");
    counts(r, "issuer.renewable_in", 0);
    is_null(r, "issuer.learned.not_before_in");
    says(r, "policy.name", "threshold");
    counts(r, "policy.check_interval", 30);
    says(r, "policy.chosen", "configuration");
    counts(r, "policy.tick_in", 29.9);
    is_null(r, "shadow");
    says(r, "policy.verb", "renew");
    counts(r, "policy.asked_in", 5399.9);
    says(r, "policy.why", "built-in rule");
    is_bool(r, "policy.fallback", true);
    is_bool(r, "policy.kept", false);
    is_null(r, "clamp");
    counts(r, "spread", (double)entry->plan.spread_ms / 1000);
    says(r, "next.what", "renew");
    is_bool(r, "refresh.running", false);
    is_bool(r, "refresh.queued", false);
    counts(r, "refresh.active", 0);
    counts(r, "refresh.max_concurrent", 3);
    is_null(r, "failure");
    counts(r, "demand.uses", 0);
    is_null(r, "demand.idle");
    says(r, "source.name", "crm");
    says(r, "source.provider", "test");
    is_bool(r, "source.paused", false);
    counts(r, "reject.rejected", 0);
    is_bool(r, "reject.poisoned", false);
    holds_not(tk_buf_str(&s->out), "secret");
}

/* What a policy would say of a token that is not there is not made up. */
static void a_key_without_a_token_has_no_answer_of_the_policy(void **state)
{
    struct scene *s = *state;
    const struct reading *r;

    tk_fleet_keep_word(s->f->fleet, "a word about another key");
    r = explain(s, claim(s->f, "crm/client/a"));
    says(r, "state", "lapsed");
    counts(r, "generation", 0);
    is_null(r, "token");
    is_null(r, "issuer.renewable_in");
    says(r, "policy.name", "threshold");
    is_null(r, "policy.verb");
    is_null(r, "policy.asked_in");
    is_null(r, "policy.why");
    says(r, "next.what", "none");
}

static void an_issuers_window_bends_the_plan(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry;
    const struct reading *r;

    s->f->source.kinds[0].renewable = TK_RENEWABLE_LAST;
    s->f->source.kinds[0].window_ms = 10 * MINUTE;
    entry = fresh(s->f, "crm/client/a", "t", LIFE);
    r = explain(s, entry);
    says(r, "issuer.facts", "renewable while less than 10m remain");
    counts(r, "issuer.renewable_in", 6601.5);
    says(r, "clamp", "not before the issuer gives a new token");
    entry->not_before = s->f->now + MINUTE;
    r = explain(s, entry);
    counts(r, "issuer.learned.not_before_in", 60);
}

static void a_failure_and_its_next_try_are_told(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "t", LIFE);
    const struct reading *r;

    tk_refresh_want(s->f->fleet, entry, TK_URGENCY_FORCED, s->f->now);
    land_failure(s->f, entry, TK_CLASS_RATE, 90 * SECOND);
    s->f->now += 10 * SECOND;
    r = explain(s, entry);
    says(r, "state", "stale");
    says(r, "failure.class", "rate");
    says(r, "failure.code", "broken");
    counts(r, "failure.count", 1);
    counts(r, "failure.ago", 10);
    counts(r, "failure.next_try_in", 80);
    says(r, "next.what", "retry");
    counts(r, "next.in", 80);
}

static void use_and_reject_are_told(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "t", LIFE);
    uint64_t generation = generation_of(s->f, entry);
    const struct reading *r;

    tk_entry_note_use(entry, s->f->now);
    assert_int_equal(tk_caller_reject(s->f->fleet, entry, generation,
                                      tk_str_of(NULL, 0), s->f->now),
                     TK_VERDICT_REFRESHING);
    s->f->now += SECOND;
    r = explain(s, entry);
    counts(r, "demand.uses", 1);
    counts(r, "demand.idle", 1);
    counts(r, "demand.rate", 1);
    counts(r, "reject.rejected", (double)generation);
    is_bool(r, "refresh.running", true);
    counts(r, "refresh.active", 1);
    says(r, "next.what", "running");
}

static void a_plan_to_lapse_has_no_moment_that_was_asked_for(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "t", LIFE);
    const struct reading *r;

    entry->plan.verb = TK_LAPSE;
    r = explain(s, entry);
    says(r, "policy.verb", "lapse");
    is_null(r, "policy.asked_in");
    says(r, "next.what", "lapse");
    entry->plan.verb = TK_ASK;
    r = explain(s, entry);
    says(r, "policy.verb", "ask");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(the_chain_of_a_fresh_token_is_whole),
        IN_SCENE(a_key_without_a_token_has_no_answer_of_the_policy),
        IN_SCENE(an_issuers_window_bends_the_plan),
        IN_SCENE(a_failure_and_its_next_try_are_told),
        IN_SCENE(use_and_reject_are_told),
        IN_SCENE(a_plan_to_lapse_has_no_moment_that_was_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
