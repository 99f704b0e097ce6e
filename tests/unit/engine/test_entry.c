#include "tests/unit/engine/fixture.h"

/* Of the 400 bytes that a key may weigh above its own and its token's. */
static void an_entry_takes_half_of_what_a_key_may_weigh(void **state)
{
    (void)state;
    assert_true(offsetof(struct tk_entry, key) <= 200);
}

static void states_follow_from_token_refresh_and_failure(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_failure failure = {.class = TK_CLASS_REAUTHORIZE, .count = 1};

    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_LAPSED);
    tk_entry_set_failure(entry, &failure);
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_NEEDS_LOGIN);
    failure.class = TK_CLASS_TICKET;
    tk_entry_set_failure(entry, &failure);
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_NEEDS_TICKET);
    entry->life.expires_at = f->now + 1;
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_STALE);
    tk_entry_forget_failure(entry);
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_FRESH);
    entry->flight = f;
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_DUE);
    entry->is_poisoned = true;
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_POISONED);
    entry->flight = NULL;
}

static void a_token_is_given_to_its_last_millisecond(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int64_t end = entry->life.expires_at;
    struct tk_want any = {0};
    struct tk_got got;

    assert_true(tk_entry_has_token(entry, end - 1));
    assert_true(tk_caller_get(f->fleet, entry, &any, end - 1, &got));
    assert_true(tk_str_is(got.token, "t1"));
    assert_false(tk_entry_has_token(entry, end));
    assert_true(!tk_caller_get(f->fleet, entry, &any, end, &got) ||
                got.token.data == NULL);
}

static void the_rate_counts_uses_of_the_last_hour_or_so(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");

    for (int i = 0; i < 600; i++) {
        tk_entry_note_use(entry, f->now + i * MINUTE);
    }
    assert_int_equal(entry->uses, 600);
    assert_true(entry->rate > 55 && entry->rate < 65);
}

static void names_and_classes_have_words(void **state)
{
    enum tk_class class;

    (void)state;
    for (int i = 0; i < TK_STATES; i++) {
        assert_non_null(tk_state_name((enum tk_state)i));
    }
    for (int i = 0; i < TK_CLASSES; i++) {
        assert_true(
            tk_class_parse(tk_str(tk_class_name((enum tk_class)i)), &class));
        assert_int_equal(class, i);
    }
    assert_false(tk_class_parse(TK_STR("fatal"), &class));
    assert_true(tk_class_is_hard(TK_CLASS_CREDENTIAL));
    assert_false(tk_class_is_hard(TK_CLASS_RATE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_takes_half_of_what_a_key_may_weigh),
        WITH_FLEET(states_follow_from_token_refresh_and_failure),
        WITH_FLEET(a_token_is_given_to_its_last_millisecond),
        WITH_FLEET(the_rate_counts_uses_of_the_last_hour_or_so),
        WITH_FLEET(names_and_classes_have_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
