#include "tests/unit/engine/fixture.h"

#include "engine/credential.h"

static const struct tk_want any = {.wait_ms = 5000};

/* Two secrets that need no disk: the test changes them. */
struct secrets {
    struct tk_secret places[2];
    struct tk_value items[2];
    struct tk_value setting;
};

static void say(struct tk_secret *secret, const char *bytes)
{
    assert_int_equal(tk_secret_put(secret, tk_str(bytes)), 0);
}

static void give_secrets(struct fixture *f, struct secrets *s)
{
    const char *names[] = {"current", "next"};

    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            tk_secret_init(&s->places[i], TK_SECRET_GIVEN, tk_str("")), 0);
        say(&s->places[i], names[i]);
        s->items[i] =
            (struct tk_value){.type = TK_SECRET, .as.secret = &s->places[i]};
    }
    s->setting = (struct tk_value){.type = TK_LIST};
    s->setting.as.table.items = s->items;
    s->setting.as.table.item_count = 2;
    assert_int_equal(tk_secrets_add(&f->source.secrets, &s->setting), 0);
}

static void take_secrets(struct fixture *f, struct secrets *s)
{
    tk_secrets_fini(&f->source.secrets);
    tk_secret_fini(&s->places[0]);
    tk_secret_fini(&s->places[1]);
}

static void refuse(struct fixture *f, struct tk_entry *entry)
{
    land_failure(f, entry, TK_CLASS_CREDENTIAL, 0);
}

/* Peers 40: a dead credential was tried again for minutes, key by key. */
static void after_a_refusal_no_other_key_calls_the_issuer(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *kept = fresh(f, "crm/client/kept", "t", LIFE);
    struct tk_wait waits[20];
    char name[32];

    kept->is_kept = true;
    f->source.max_concurrent = 1;
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "crm/client/%d", i);
        wait_for(f, &waits[i], claim(f, name), any);
    }
    assert_int_equal(f->fetches, 2);
    refuse(f, f->last);
    assert_int_equal(f->answers, 20);
    assert_int_equal(f->refusal, TK_REFUSAL_FAILED);
    for (int i = 0; i < 20; i++) {
        tk_caller_refresh(f->fleet, kept, f->now);
        tk_caller_reject(f->fleet, kept, 1, TK_STR(""), f->now);
    }
    assert_int_equal(f->fetches, 2);
    assert_string_equal(kept->failure->code, "broken");
    assert_int_equal(tk_entry_state(kept, f->now), TK_STATE_STALE);
    assert_true(tk_entry_has_token(kept, f->now));
}

static void a_new_caller_is_refused_at_once_and_leaves_no_key(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *kept = claim(f, "crm/client/kept");
    struct tk_wait wait;

    kept->is_kept = true;
    tk_refresh_want(f->fleet, kept, TK_URGENCY_PLANNED, f->now);
    refuse(f, kept);
    wait_for(f, &wait, claim(f, "crm/client/new"), any);
    assert_int_equal(f->answers, 1);
    assert_int_equal(f->refusal, TK_REFUSAL_FAILED);
    tk_refresh_run_due(f->fleet, f->now);
    assert_int_equal(tk_fleet_count(f->fleet), 1);
}

static void the_probe_after_five_minutes_is_one_call(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *keys[10];
    int64_t failed_at;
    char name[32];

    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "crm/client/%d", i);
        keys[i] = fresh(f, name, "t", LIFE);
    }
    failed_at = run_until(f, START + LIFE);
    refuse(f, f->last);
    for (int i = 0; i < 10; i++) {
        tk_caller_refresh(f->fleet, keys[i], f->now);
    }
    assert_int_equal(f->fetches, 11);
    assert_int_equal(run_until(f, START + LIFE), failed_at + 5 * MINUTE);
    tk_refresh_run_due(f->fleet, f->now);
    assert_int_equal(f->fetches, 12);
    refuse(f, f->last);
    assert_int_equal(run_until(f, START + LIFE), failed_at + 10 * MINUTE);
    /* The issuer has mended its side: all go on, in their places. */
    land_token(f, f->last, "t2", LIFE);
    tk_refresh_run_due(f->fleet, f->now);
    assert_int_equal(f->source.active, 3);
    assert_int_equal(f->source.secrets.refused_at, 0);
}

static void what_a_probe_needs_for_itself_may_leave(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *tenant = claim(f, "crm/client/tenant");

    tenant->is_kept = true;
    tk_refresh_want(f->fleet, tenant, TK_URGENCY_PLANNED, f->now);
    refuse(f, tenant);
    run_until(f, f->now + 10 * MINUTE);
    assert_int_equal(f->fetches, 2);
    tk_refresh_want(f->fleet, claim(f, "crm/client/app"), TK_URGENCY_NEEDED,
                    f->now);
    assert_int_equal(f->fetches, 3);
}

static void a_secret_that_changes_is_noticed_and_tried_at_once(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct secrets s = {0};
    int64_t changed_at;

    give_secrets(f, &s);
    run_until(f, START + LIFE);
    refuse(f, entry);
    refuse(f, entry);
    assert_int_equal(f->fetches, 3);
    changed_at = f->now + 9 * SECOND;
    run_until(f, changed_at);
    say(&s.places[0], "mended");
    run_until(f, START + LIFE);
    assert_in_range(f->now - changed_at, 0, TK_CREDENTIAL_LOOK_MS);
    assert_int_equal(f->fetches, 4);
    assert_true(tk_str_is(tk_secret_bytes(s.setting.as.secret), "mended"));
    land_token(f, entry, "t2", LIFE);
    assert_null(entry->failure);
    take_secrets(f, &s);
}

static void the_next_secret_costs_one_more_call_and_no_caller(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct secrets s = {0};
    struct tk_wait wait;

    give_secrets(f, &s);
    wait_for(f, &wait, entry, any);
    refuse(f, entry);
    assert_int_equal(f->answers, 0);
    assert_int_equal(f->fetches, 2);
    assert_true(f->source.secrets.uses_next);
    land_token(f, entry, "t1", LIFE);
    assert_string_equal(f->token, "t1");
    assert_int_equal(f->fetches, 2);
    take_secrets(f, &s);
}

/* The only place is taken by the refresh that waits for this one. */
static void what_another_refresh_needs_gets_the_next_secret_at_once(void **s)
{
    struct fixture *f = *s;
    struct tk_entry *app = claim(f, "crm/client/app");
    struct secrets secrets = {0};

    f->source.max_concurrent = 1;
    give_secrets(f, &secrets);
    tk_refresh_want(f->fleet, claim(f, "crm/client/tenant"), TK_URGENCY_PLANNED,
                    f->now);
    tk_refresh_want(f->fleet, app, TK_URGENCY_NEEDED, f->now);
    refuse(f, app);
    assert_ptr_equal(f->last, app);
    assert_non_null(app->flight);
    assert_int_equal(f->fetches, 3);
    take_secrets(f, &secrets);
}

static void both_refused_is_a_hard_error(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct secrets s = {0};
    struct tk_wait wait;

    give_secrets(f, &s);
    wait_for(f, &wait, entry, any);
    refuse(f, entry);
    refuse(f, entry);
    assert_int_equal(f->answers, 1);
    assert_int_equal(f->refusal, TK_REFUSAL_FAILED);
    assert_false(f->source.secrets.uses_next);
    assert_true(tk_credential_is_held(&f->source, f->now));
    run_until(f, f->now + 4 * MINUTE);
    assert_int_equal(f->fetches, 2);
    take_secrets(f, &s);
}

/* Refreshes that left with the old secret say nothing about the new one. */
static void a_refusal_of_the_secret_before_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = fresh(f, "crm/client/a", "a", LIFE);
    struct tk_entry *b = fresh(f, "crm/client/b", "b", LIFE);
    struct tk_answer old = {.order = b->commits, .class = TK_CLASS_CREDENTIAL};
    struct secrets s = {0};

    give_secrets(f, &s);
    tk_caller_refresh(f->fleet, a, f->now);
    tk_caller_refresh(f->fleet, b, f->now);
    old.secret = f->source.secrets.version;
    refuse(f, a);
    tk_refresh_land(f->fleet, b, &f->source, &old, f->now);
    assert_true(f->source.secrets.uses_next);
    assert_int_equal(f->source.secrets.refused_at, 0);
    assert_int_equal(f->source.active, 2);
    take_secrets(f, &s);
}

static void other_failures_are_of_their_key_alone(void **state)
{
    static const enum tk_class classes[] = {
        TK_CLASS_CONFIG, TK_CLASS_REAUTHORIZE, TK_CLASS_TICKET,
        TK_CLASS_TRANSIENT, TK_CLASS_RATE};
    struct fixture *f = *state;
    char name[32];

    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        struct tk_entry *entry;

        snprintf(name, sizeof name, "crm/client/%zu", i);
        entry = claim(f, name);
        tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
        land_failure(f, entry, classes[i], 0);
        assert_false(tk_credential_is_held(&f->source, f->now));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(after_a_refusal_no_other_key_calls_the_issuer),
        WITH_FLEET(a_new_caller_is_refused_at_once_and_leaves_no_key),
        WITH_FLEET(the_probe_after_five_minutes_is_one_call),
        WITH_FLEET(what_a_probe_needs_for_itself_may_leave),
        WITH_FLEET(a_secret_that_changes_is_noticed_and_tried_at_once),
        WITH_FLEET(the_next_secret_costs_one_more_call_and_no_caller),
        WITH_FLEET(what_another_refresh_needs_gets_the_next_secret_at_once),
        WITH_FLEET(both_refused_is_a_hard_error),
        WITH_FLEET(a_refusal_of_the_secret_before_changes_nothing),
        WITH_FLEET(other_failures_are_of_their_key_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
