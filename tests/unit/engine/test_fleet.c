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

static void another_fleets_fingerprint(struct tk_str token, char *out)
{
    struct tk_fleet_options options = {.max_keys = 1, .mean_bytes = 64};
    struct tk_fleet *other;

    assert_int_equal(tk_fleet_new(&options, &other), 0);
    tk_fleet_fingerprint(other, token, out);
    tk_fleet_free(other);
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
    another_fleets_fingerprint(TK_STR("secret-token"), two);
    assert_string_not_equal(one, two);
}

static void looks_are_found_from_the_last_key_down(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = claim(f, "crm/client/a");
    struct tk_entry *b = claim(f, "crm/client/b");
    struct tk_entry *c = claim(f, "crm/client/c");

    assert_int_equal(tk_fleet_next_look(f->fleet, 3, f->now), UINT32_MAX);
    tk_fleet_set_look(f->fleet, a, f->now + 1);
    tk_fleet_set_look(f->fleet, b, TK_NEVER);
    tk_fleet_set_look(f->fleet, c, 0);
    assert_int_equal(tk_fleet_next_look(f->fleet, 100, f->now), 2);
    /* To the second, and not before its moment. */
    assert_int_equal(tk_fleet_next_look(f->fleet, 2, f->now + 999), UINT32_MAX);
    assert_int_equal(tk_fleet_next_look(f->fleet, 2, f->now + 1000), 0);
    /* Removing moves the last into the gap, with its look. */
    tk_fleet_remove(f->fleet, a);
    assert_ptr_equal(tk_fleet_at(f->fleet, 0), c);
    assert_int_equal(tk_fleet_next_look(f->fleet, 2, f->now), 0);
    tk_fleet_set_look(f->fleet, c, TK_NEVER);
    assert_int_equal(tk_fleet_next_look(f->fleet, 2, TK_NEVER - 1), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(looks_are_found_from_the_last_key_down),
        WITH_FLEET(a_key_is_claimed_once),
        WITH_FLEET(a_kind_that_the_source_does_not_have_is_no_key),
        WITH_FLEET(keys_are_bounded_by_max_keys),
        WITH_FLEET(removing_a_key_keeps_the_others_in_their_place),
        WITH_FLEET(the_earliest_moment_is_a_bound_until_it_is_sought),
        WITH_FLEET(words_are_kept_once_and_bounded),
        WITH_FLEET(a_fingerprint_hides_the_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
