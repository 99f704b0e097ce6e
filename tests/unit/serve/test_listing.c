#include "serve/listing.h"

#include "tests/unit/serve/scene.h"

static const struct reading *list(struct scene *s,
                                  const struct tk_listing_query *query)
{
    struct tk_page_want want;
    struct tk_why why = {0, ""};

    if (tk_listing_read(query, &s->config, &want, &why) != 0) {
        fail_msg("%s", why.text);
    }
    tk_buf_clear(&s->out);
    tk_listing_write(s->f->fleet, &s->config, &want, s->f->now, &s->out);
    return read_out(s);
}

static void what_is_asked_for_is_read(void **state)
{
    struct scene *s = *state;
    const struct tk_listing_query query = {TK_STR("hr"), TK_STR("stale"),
                                           TK_STR("hr/user"), TK_STR("1000")};
    const struct tk_listing_query none = {.source = TK_STR("")};
    struct tk_page_want want;
    struct tk_why why;

    assert_int_equal(tk_listing_read(&query, &s->config, &want, &why), 0);
    assert_ptr_equal(want.source, &s->hr);
    assert_int_equal(want.state, TK_STATE_STALE);
    assert_text(want.after, TK_STR("hr/user"));
    assert_int_equal(want.limit, 1000);
    assert_int_equal(tk_listing_read(&none, &s->config, &want, &why), 0);
    assert_null(want.source);
    assert_int_equal(want.state, -1);
    assert_int_equal(want.after.len, 0);
    assert_int_equal(want.limit, 100);
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct scene *s = *state;
    const struct tk_listing_query queries[] = {
        {.state = TK_STR("Fresh")},
        {.state = TK_STR("good")},
        {.limit = TK_STR("0")},
        {.limit = TK_STR("1001")},
        {.limit = TK_STR("-1")},
        {.limit = TK_STR("ten")},
        {.limit = TK_STR("100000000000000000000")},
    };
    const struct tk_listing_query unknown = {.source = TK_STR("nobody")};
    struct tk_page_want want;
    struct tk_why why;

    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        assert_int_equal(tk_listing_read(&queries[i], &s->config, &want, &why),
                         TK_EINVAL);
    }
    assert_int_equal(tk_listing_read(&unknown, &s->config, &want, &why),
                     TK_ENOENT);
}

static void a_fresh_key_is_told_whole(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "secret-1", LIFE);
    const struct tk_listing_query query = {.source = TK_STR("")};
    const struct reading *r;

    tk_entry_note_use(entry, s->f->now);
    s->f->now += SECOND;
    r = list(s, &query);
    has_items(r, "tokens", 1);
    says(r, "tokens.0.key", "crm/client/a");
    says(r, "tokens.0.source", "crm");
    says(r, "tokens.0.kind", "client");
    says(r, "tokens.0.state", "fresh");
    counts(r, "tokens.0.generation", (double)generation_of(s->f, entry));
    counts(r, "tokens.0.expires_in", 7198.9);
    counts(r, "tokens.0.life", 7200);
    says(r, "tokens.0.next.what", "renew");
    says(r, "tokens.0.next.why", "built-in rule");
    counts(r, "tokens.0.uses", 1);
    counts(r, "tokens.0.idle", 1);
    counts(r, "tokens.0.waiting", 0);
    counts(r, "tokens.0.failures", 0);
    is_null(r, "tokens.0.error");
    is_bool(r, "tokens.0.kept", false);
    is_null(r, "next");
    counts(r, "total", 1);
    counts(r, "counts.fresh", 1);
    counts(r, "counts.needs_ticket", 0);
    holds_not(tk_buf_str(&s->out), "secret");
}

static void a_failing_key_without_a_token_is_told(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/client/a");
    const struct tk_listing_query query = {.state = TK_STR("needs_login")};
    struct tk_wait wait;
    const struct reading *r;

    entry->is_kept = true;
    tk_refresh_want(s->f->fleet, entry, TK_URGENCY_PLANNED, s->f->now);
    land_failure(s->f, entry, TK_CLASS_REAUTHORIZE, 0);
    wait_for(s->f, &wait, entry, (struct tk_want){.wait_ms = LIFE});
    r = list(s, &query);
    tk_wait_leave(&wait);
    says(r, "tokens.0.state", "needs_login");
    counts(r, "tokens.0.generation", 0);
    is_null(r, "tokens.0.expires_in");
    is_null(r, "tokens.0.life");
    is_null(r, "tokens.0.idle");
    counts(r, "tokens.0.waiting", 1);
    counts(r, "tokens.0.failures", 1);
    says(r, "tokens.0.error.class", "reauthorize");
    says(r, "tokens.0.error.code", "broken");
    is_bool(r, "tokens.0.kept", true);
}

static void a_page_names_its_last_key_if_there_are_more(void **state)
{
    struct scene *s = *state;
    struct tk_listing_query query = {.limit = TK_STR("2")};
    const struct reading *r;

    fresh(s->f, "crm/client/c", "1", LIFE);
    fresh(s->f, "crm/client/a", "2", LIFE);
    fresh(s->f, "crm/client/b", "3", LIFE);
    r = list(s, &query);
    has_items(r, "tokens", 2);
    says(r, "tokens.0.key", "crm/client/a");
    says(r, "next", "crm/client/b");
    counts(r, "total", 3);
    query.after = TK_STR("crm/client/b");
    r = list(s, &query);
    has_items(r, "tokens", 1);
    says(r, "tokens.0.key", "crm/client/c");
    is_null(r, "next");
    counts(r, "total", 3);
}

static void sources_come_with_their_numbers(void **state)
{
    struct scene *s = *state;
    struct tk_listing_query query = {.source = TK_STR("")};
    const struct reading *r;

    fresh(s->f, "crm/client/a", "1", LIFE);
    s->f->source.stats = (struct tk_source_stats){.hits = 1,
                                                  .cold = 2,
                                                  .cold_failed = 3,
                                                  .renewed = 4,
                                                  .extended = 5,
                                                  .unchanged = 6,
                                                  .failed = 7,
                                                  .rejected = 8,
                                                  .early = 9};
    s->f->source.is_paused = true;
    tk_refresh_want(s->f->fleet, claim(s->f, "crm/client/b"),
                    TK_URGENCY_PLANNED, s->f->now);
    r = list(s, &query);
    has_items(r, "sources", 2);
    says(r, "sources.0.name", "crm");
    is_bool(r, "sources.0.paused", true);
    counts(r, "sources.0.keys", 2);
    counts(r, "sources.0.active", 0);
    counts(r, "sources.0.queued", 1);
    counts(r, "sources.0.hits", 1);
    counts(r, "sources.0.cold", 2);
    counts(r, "sources.0.cold_failed", 3);
    counts(r, "sources.0.renewed", 4);
    counts(r, "sources.0.extended", 5);
    counts(r, "sources.0.early", 9);
    counts(r, "sources.0.unchanged", 6);
    counts(r, "sources.0.failed", 7);
    counts(r, "sources.0.rejected", 8);
    says(r, "sources.1.name", "hr");
    is_bool(r, "sources.1.paused", false);
    query.source = TK_STR("hr");
    r = list(s, &query);
    has_items(r, "sources", 1);
    says(r, "sources.0.name", "hr");
    has_items(r, "tokens", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(what_is_asked_for_is_read),
        IN_SCENE(what_makes_no_sense_is_refused),
        IN_SCENE(a_fresh_key_is_told_whole),
        IN_SCENE(a_failing_key_without_a_token_is_told),
        IN_SCENE(a_page_names_its_last_key_if_there_are_more),
        IN_SCENE(sources_come_with_their_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
