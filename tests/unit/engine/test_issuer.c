#include "tests/unit/engine/fixture.h"

static void is_origin(const char *url, const char *origin)
{
    char out[TK_ORIGIN_TEXT];

    tk_origin_of(tk_str(url), out);
    assert_string_equal(out, origin);
}

static void an_origin_is_scheme_host_and_port(void **state)
{
    (void)state;
    is_origin("https://sso.example/token", "https://sso.example");
    is_origin("HTTPS://SSO.Example:443?x=/y", "https://sso.example");
    is_origin("https://sso.example:8443", "https://sso.example:8443");
    is_origin("http://[::1]:80/a", "http://[::1]");
    is_origin("proxy:3128", "http://proxy:3128");
}

static void an_origin_never_holds_a_password(void **state)
{
    (void)state;
    is_origin("http://me:p@ss@proxy:3128/", "http://proxy:3128");
    is_origin("https://me:secret@sso.example#x@y", "https://sso.example");
}

static void a_very_long_url_is_cut_off(void **state)
{
    char url[1000] = "https://";
    char out[TK_ORIGIN_TEXT];

    (void)state;
    memset(url + 8, 'a', sizeof url - 9);
    tk_origin_of(tk_str(url), out);
    assert_int_equal(strlen(out), TK_ORIGIN_TEXT - 1);
    tk_origin_add_proxy(out, "http://proxy");
    assert_int_equal(strlen(out), TK_ORIGIN_TEXT - 1);
}

static void sources_of_one_origin_share_an_issuer(void **state)
{
    struct fixture *f = *state;
    struct tk_source two = {.name = "two", .origin = "https://a"};
    struct tk_source three = {.name = "three", .origin = "https://b"};
    struct tk_source none = {.name = "none"};

    snprintf(f->source.origin, sizeof f->source.origin, "https://a");
    tk_fleet_meet_issuer(f->fleet, &f->source);
    tk_fleet_meet_issuer(f->fleet, &two);
    tk_fleet_meet_issuer(f->fleet, &two);
    tk_fleet_meet_issuer(f->fleet, &three);
    tk_fleet_meet_issuer(f->fleet, &none);
    assert_non_null(two.issuer);
    assert_ptr_equal(f->source.issuer, two.issuer);
    assert_ptr_not_equal(three.issuer, two.issuer);
    assert_null(none.issuer);
    assert_int_equal(tk_issuer_next(none.issuer), 0);
    tk_list_drop(&two.of_issuer);
    tk_list_drop(&three.of_issuer);
}

/* --- outages --- */

static struct tk_entry *kept(struct fixture *f, const char *key)
{
    struct tk_entry *entry = claim(f, key);

    entry->is_kept = true;
    return entry;
}

static void want(struct fixture *f, struct tk_entry *entry)
{
    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
}

static void with_issuer(struct fixture *f)
{
    snprintf(f->source.origin, sizeof f->source.origin, "https://issuer");
    tk_fleet_meet_issuer(f->fleet, &f->source);
    f->source.issuer->breaker.life_ms = LIFE;
    f->source.max_concurrent = 20;
}

static void land_down(struct fixture *f, struct tk_entry *entry)
{
    struct tk_answer answer = {
        .class = TK_CLASS_TRANSIENT, .code = "timeout", .reach = TK_REACH_DOWN};

    assert_non_null(entry->flight);
    tk_refresh_land(f->fleet, entry, entry->source, &answer, f->now);
}

static void go_down(struct fixture *f)
{
    char name[32];

    for (int i = 0; i < TK_BREAKER_FAILURES; i++) {
        struct tk_entry *entry;

        snprintf(name, sizeof name, "crm/client/down%d", i);
        entry = kept(f, name);
        want(f, entry);
        land_down(f, entry);
    }
    assert_true(f->source.issuer->breaker.is_open);
}

static void an_outage_seen_by_some_keys_spares_the_others_theirs(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *other = kept(f, "crm/client/other");

    with_issuer(f);
    go_down(f);
    want(f, other);
    tk_refresh_want(f->fleet, other, TK_URGENCY_FORCED, f->now);
    assert_int_equal(f->fetches, TK_BREAKER_FAILURES);
    assert_true(other->is_queued);
}

static void an_outage_is_probed_by_one_call_at_a_time(void **state)
{
    struct fixture *f = *state;
    int64_t end = f->now + 60 * MINUTE;
    int fetches;

    with_issuer(f);
    go_down(f);
    fetches = f->fetches;
    while (f->now < end) {
        run_until(f, end);
        assert_true(f->source.active <= 1);
        if (f->source.active == 1) land_down(f, f->last);
    }
    /* 10, 20, 40 s, then every minute, and each up to an eighth earlier. */
    assert_in_range(f->fetches - fetches, 55, 72);
}

static void the_probe_is_for_the_key_that_goes_dark_first(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *late = fresh(f, "crm/client/late", "l", 3 * LIFE);
    struct tk_entry *soon = fresh(f, "crm/client/soon", "s", 2 * LIFE);

    with_issuer(f);
    go_down(f);
    want(f, late);
    want(f, soon);
    for (uint32_t i = 0; i < tk_fleet_count(f->fleet); i++) {
        struct tk_entry *entry = tk_fleet_at(f->fleet, i);

        if (entry != late && entry != soon) {
            tk_fleet_set_due(f->fleet, entry, TK_NEVER);
        }
    }
    f->last = NULL;
    run_until(f, f->now + MINUTE);
    assert_ptr_equal(f->last, soon);
    assert_true(late->is_queued);
}

/* A second source of the same issuer, with a policy and kinds like the first.
 */
static void make_sibling(const struct fixture *f, struct tk_source *out)
{
    *out = (struct tk_source){.name = "hr",
                              .provider = "test",
                              .policy = f->source.policy,
                              .kind_count = 1,
                              .max_keys = 50,
                              .max_concurrent = 20,
                              .forget_ms = f->source.forget_ms};
    out->kinds[0] = f->source.kinds[0];
    snprintf(out->origin, sizeof out->origin, "%s", f->source.origin);
}

static struct tk_entry *claim_at(struct fixture *f, struct tk_source *source,
                                 const char *text)
{
    struct tk_entry *entry = NULL;
    struct tk_key key;

    assert_int_equal(tk_key_parse(tk_str(text), &key, NULL), 0);
    assert_int_equal(tk_fleet_claim(f->fleet, source, &key, &entry, NULL), 0);
    entry->is_kept = true;
    return entry;
}

static void of_two_sources_the_darkest_key_is_probed(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *late = fresh(f, "crm/client/late", "l", 3 * LIFE);
    struct tk_entry *soon;
    struct tk_source hr;

    with_issuer(f);
    make_sibling(f, &hr);
    soon = claim_at(f, &hr, "hr/client/soon");
    want(f, soon);
    land_token(f, soon, "s", 2 * LIFE);
    f->source.issuer->breaker.life_ms = LIFE;
    go_down(f);
    for (int i = 0; i < TK_BREAKER_FAILURES; i++) {
        char name[32];

        snprintf(name, sizeof name, "crm/client/down%d", i);
        tk_fleet_set_due(f->fleet, claim(f, name), TK_NEVER);
    }
    want(f, late);
    want(f, soon);
    assert_true(late->is_queued && soon->is_queued);
    f->last = NULL;
    run_until(f, f->now + MINUTE);
    assert_ptr_equal(f->last, soon);
    assert_true(late->is_queued);
    land_token(f, soon, "s2", 2 * LIFE);
    run_until(f, f->now);
    assert_ptr_equal(f->last, late);
    tk_fleet_free(f->fleet);
    f->fleet = NULL;
    tk_queue_fini(&hr.queue);
    tk_queue_fini(&hr.newcomers);
}

static void an_answer_ends_the_outage_and_the_rest_goes_in_its_turn(void **s)
{
    struct fixture *f = *s;
    char name[32];

    with_issuer(f);
    f->source.max_concurrent = 2;
    go_down(f);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "crm/client/w%d", i);
        want(f, kept(f, name));
    }
    run_until(f, f->now + MINUTE);
    land_failure(f, f->last, TK_CLASS_CONFIG, 0);
    assert_true(f->source.issuer->breaker.is_open);
    assert_int_equal(f->source.active, 0);
    run_until(f, f->now + MINUTE);
    land_token(f, f->last, "t", LIFE);
    assert_false(f->source.issuer->breaker.is_open);
    assert_int_equal(f->source.active, 2);
}

static void what_the_probe_needs_for_itself_may_leave(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *app = claim(f, "crm/client/app");

    with_issuer(f);
    go_down(f);
    run_until(f, f->now + MINUTE);
    assert_int_equal(f->source.active, 1);
    tk_refresh_want(f->fleet, app, TK_URGENCY_NEEDED, f->now);
    assert_ptr_equal(f->last, app);
}

static void a_cold_caller_is_told_of_the_outage_and_of_the_next_probe(void **s)
{
    struct fixture *f = *s;
    struct tk_want hasty = {.wait_ms = SECOND};
    struct tk_want patient = {.wait_ms = 2 * MINUTE};
    struct tk_entry *cold = claim(f, "crm/client/cold");
    struct tk_entry *warm = fresh(f, "crm/client/warm", "t", LIFE);
    struct tk_got got;

    with_issuer(f);
    go_down(f);
    assert_true(tk_caller_get(f->fleet, cold, &hasty, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_DOWN);
    assert_int_equal(got.retry_in_ms,
                     f->source.issuer->breaker.probe_at - f->now);
    assert_false(tk_caller_get(f->fleet, cold, &patient, f->now, &got));
    assert_true(tk_caller_get(f->fleet, warm, &hasty, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_NONE);
}

static void who_waits_in_vain_is_told_of_the_outage(void **state)
{
    struct fixture *f = *state;
    struct tk_wait wait;

    with_issuer(f);
    f->source.max_concurrent = 0;
    wait_for(f, &wait, claim(f, "crm/client/cold"),
             (struct tk_want){.wait_ms = SECOND});
    f->source.max_concurrent = 20;
    go_down(f);
    tk_wait_expire(f->fleet, f->now + SECOND);
    assert_int_equal(f->answers, 1);
    assert_int_equal(f->refusal, TK_REFUSAL_DOWN);
}

static void errors_of_keys_are_no_outage(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = kept(f, "crm/client/a");

    with_issuer(f);
    for (int i = 0; i < 50; i++) {
        tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
        land_failure(f, entry, TK_CLASS_CONFIG, 0);
    }
    assert_int_equal(f->fetches, 50);
    assert_false(f->source.issuer->breaker.is_open);
}

static void a_probe_that_is_dropped_makes_way_for_another(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *probe;

    with_issuer(f);
    go_down(f);
    run_until(f, f->now + MINUTE);
    probe = f->last;
    probe->flight = NULL;
    f->source.active--;
    tk_turn_ended(f->fleet, probe, &f->source, TK_REACH_UNASKED, f->now);
    run_until(f, f->now + MINUTE);
    assert_int_equal(f->source.active, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_is_scheme_host_and_port),
        cmocka_unit_test(an_origin_never_holds_a_password),
        cmocka_unit_test(a_very_long_url_is_cut_off),
        WITH_FLEET(sources_of_one_origin_share_an_issuer),
        WITH_FLEET(an_outage_seen_by_some_keys_spares_the_others_theirs),
        WITH_FLEET(an_outage_is_probed_by_one_call_at_a_time),
        WITH_FLEET(the_probe_is_for_the_key_that_goes_dark_first),
        WITH_FLEET(an_answer_ends_the_outage_and_the_rest_goes_in_its_turn),
        WITH_FLEET(what_the_probe_needs_for_itself_may_leave),
        WITH_FLEET(a_cold_caller_is_told_of_the_outage_and_of_the_next_probe),
        WITH_FLEET(who_waits_in_vain_is_told_of_the_outage),
        WITH_FLEET(errors_of_keys_are_no_outage),
        WITH_FLEET(a_probe_that_is_dropped_makes_way_for_another),
        WITH_FLEET(of_two_sources_the_darkest_key_is_probed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
