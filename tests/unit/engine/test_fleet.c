#include "tests/unit/engine/fixture.h"

static void a_key_is_claimed_once(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");

    assert_ptr_equal(claim(f, "crm/client/a"), entry);
    assert_ptr_equal(tk_fleet_find(f->fleet, TK_STR("crm/client/a")), entry);
    assert_int_equal(tk_fleet_count(f->fleet), 1);
    assert_int_equal(f->source.key_count, 1);
}

static void a_kind_that_the_source_does_not_have_is_no_key(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;
    struct tk_key key;
    struct tk_why why;

    assert_int_equal(tk_key_parse(TK_STR("crm/clinet/a"), &key, &why), 0);
    assert_int_equal(tk_fleet_claim(f->fleet, &f->source, &key, &entry, &why),
                     TK_ENOENT);
    assert_string_equal(why.text,
                        "source crm has no kind clinet; did you mean client?");
}

static void keys_are_bounded_by_max_keys(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;
    struct tk_key key;
    struct tk_why why;

    f->source.max_keys = 2;
    claim(f, "crm/client/1");
    claim(f, "crm/client/2");
    assert_int_equal(tk_key_parse(TK_STR("crm/client/3"), &key, &why), 0);
    assert_int_equal(tk_fleet_claim(f->fleet, &f->source, &key, &entry, &why),
                     TK_EFULL);
}

static void removing_a_key_keeps_the_others_in_their_place(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = claim(f, "crm/client/a");
    struct tk_entry *b = claim(f, "crm/client/b");
    struct tk_entry *c = claim(f, "crm/client/c");

    tk_fleet_set_due(f->fleet, a, 10);
    tk_fleet_set_due(f->fleet, b, 20);
    tk_fleet_set_due(f->fleet, c, 30);
    tk_fleet_remove(f->fleet, a);
    assert_int_equal(tk_fleet_count(f->fleet), 2);
    assert_int_equal(tk_fleet_due(f->fleet, b), 20);
    assert_int_equal(tk_fleet_due(f->fleet, c), 30);
    assert_ptr_equal(tk_fleet_at(f->fleet, 0), c);
    assert_ptr_equal(tk_fleet_at(f->fleet, 1), b);
    assert_null(tk_fleet_find(f->fleet, TK_STR("crm/client/a")));
}

/* Of the 400 bytes that a key may weigh above its own and its token's. */
static void an_entry_takes_half_of_what_a_key_may_weigh(void **state)
{
    (void)state;
    assert_true(offsetof(struct tk_entry, key) <= 200);
}

static void the_earliest_moment_is_a_bound_until_it_is_sought(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = claim(f, "crm/client/a");
    struct tk_entry *b = claim(f, "crm/client/b");

    assert_true(tk_fleet_earliest(f->fleet) == TK_NEVER);
    tk_fleet_set_due(f->fleet, a, 10);
    tk_fleet_set_due(f->fleet, b, 20);
    assert_int_equal(tk_fleet_earliest(f->fleet), 10);
    tk_fleet_set_due(f->fleet, a, TK_NEVER);
    assert_int_equal(tk_fleet_earliest(f->fleet), 10);
    tk_fleet_find_earliest(f->fleet);
    assert_int_equal(tk_fleet_earliest(f->fleet), 20);
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

static void words_are_kept_once_and_bounded(void **state)
{
    struct fixture *f = *state;
    char word[16];
    uint16_t number = tk_fleet_keep_word(f->fleet, "threshold");

    assert_int_equal(tk_fleet_keep_word(f->fleet, "threshold"), number);
    assert_string_equal(tk_fleet_word(f->fleet, number), "threshold");
    for (int i = 0; i < 5000; i++) {
        snprintf(word, sizeof word, "w%d", i);
        number = tk_fleet_keep_word(f->fleet, word);
    }
    assert_string_equal(tk_fleet_word(f->fleet, number),
                        "(one of too many reasons)");
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

static void a_fingerprint_hides_the_token(void **state)
{
    struct fixture *f = *state;
    char one[32];
    char two[32];

    tk_fleet_fingerprint(f->fleet, TK_STR("secret-token"), one);
    tk_fleet_fingerprint(f->fleet, TK_STR("secret-token"), two);
    assert_string_equal(one, two);
    assert_int_equal(strlen(one), 16);
    tk_fleet_fingerprint(f->fleet, TK_STR("secret-tokem"), two);
    assert_string_not_equal(one, two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(a_key_is_claimed_once),
        WITH_FLEET(a_kind_that_the_source_does_not_have_is_no_key),
        WITH_FLEET(keys_are_bounded_by_max_keys),
        WITH_FLEET(removing_a_key_keeps_the_others_in_their_place),
        cmocka_unit_test(an_entry_takes_half_of_what_a_key_may_weigh),
        WITH_FLEET(the_earliest_moment_is_a_bound_until_it_is_sought),
        WITH_FLEET(states_follow_from_token_refresh_and_failure),
        WITH_FLEET(the_rate_counts_uses_of_the_last_hour_or_so),
        WITH_FLEET(words_are_kept_once_and_bounded),
        WITH_FLEET(names_and_classes_have_words),
        WITH_FLEET(a_fingerprint_hides_the_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
