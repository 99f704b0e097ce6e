#include "serve/page.h"

#include "tests/unit/random.h"
#include "tests/unit/serve/scene.h"

static const struct tk_page_want all = {.state = -1, .limit = TK_PAGE_MAX};
static struct tk_page page;

static void fill(struct scene *s, struct tk_page_want want)
{
    tk_page_fill(s->f->fleet, &want, s->f->now, &page);
}

static void key_is(uint32_t index, const char *wanted)
{
    assert_in_range(index, 0, page.count - 1);
    assert_text(tk_entry_text(page.entries[index]), tk_str(wanted));
}

static void an_empty_fleet_has_an_empty_page(void **state)
{
    fill(*state, all);
    assert_int_equal(page.count, 0);
    assert_int_equal(page.total, 0);
    assert_false(page.has_more);
}

static void keys_come_in_the_order_of_their_bytes(void **state)
{
    struct scene *s = *state;

    fresh(s->f, "crm/client/b", "1", LIFE);
    fresh(s->f, "crm/client/a-b", "2", LIFE);
    fresh(s->f, "crm/client/a/b", "3", LIFE);
    fresh(s->f, "crm/client/a", "4", LIFE);
    fresh(s->f, "crm/client/B", "5", LIFE);
    fresh(s->f, "crm/client/10", "6", LIFE);
    fresh(s->f, "crm/client/9", "7", LIFE);
    fill(s, all);
    assert_int_equal(page.count, 7);
    key_is(0, "crm/client/10");
    key_is(1, "crm/client/9");
    key_is(2, "crm/client/B");
    key_is(3, "crm/client/a");
    key_is(4, "crm/client/a-b");
    key_is(5, "crm/client/a/b");
    key_is(6, "crm/client/b");
}

/* Every page size, over keys that came in no order. */
static bool is_before(struct tk_str a, struct tk_str b)
{
    int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

    return order < 0 || (order == 0 && a.len < b.len);
}

static void pages_together_are_all_keys_once(void **state)
{
    enum { KEYS = 40 };
    struct scene *s = *state;
    uint64_t seed = 1;

    for (int i = 0; i < KEYS;) {
        char key[64];

        snprintf(key, sizeof key, "crm/client/%u", roll(&seed) % 1000);
        if (tk_fleet_find(s->f->fleet, tk_str(key)) != NULL) continue;
        fresh(s->f, key, key, LIFE);
        i++;
    }
    for (uint32_t limit = 1; limit <= KEYS + 1; limit++) {
        struct tk_page_want want = {
            .after = TK_STR(""), .state = -1, .limit = limit};
        uint32_t seen = 0;

        do {
            fill(s, want);
            assert_int_equal(page.total, KEYS);
            assert_in_range(page.count, 1, limit);
            for (uint32_t i = 0; i < page.count; i++) {
                struct tk_str key = tk_entry_text(page.entries[i]);

                assert_true(is_before(want.after, key));
                want.after = key;
            }
            seen += page.count;
        } while (page.has_more);
        assert_int_equal(seen, KEYS);
    }
}

/* Names from the last to the first, in a fleet that is looked at in several
 * runs. */
static void many_keys_are_each_looked_at_once(void **state)
{
    enum { KEYS = 777 };
    struct scene *s = *state;
    struct tk_fleet_options options = {
        .max_keys = KEYS,
        .mean_bytes = 64,
        .port = *tk_fleet_port(s->f->fleet),
    };

    tk_fleet_free(s->f->fleet);
    s->f->source.max_keys = KEYS;
    assert_int_equal(tk_fleet_new(&options, &s->f->fleet), 0);
    for (int i = KEYS; i > 0; i--) {
        char key[64];

        snprintf(key, sizeof key, "crm/client/%03d", i);
        fresh(s->f, key, key, LIFE);
    }
    fill(s, (struct tk_page_want){.state = -1, .limit = 10});
    assert_int_equal(page.total, KEYS);
    assert_true(page.has_more);
    key_is(0, "crm/client/001");
    key_is(9, "crm/client/010");
    fill(s, all);
    assert_int_equal(page.count, KEYS);
    for (uint32_t i = 0; i < KEYS; i++) {
        char key[64];

        snprintf(key, sizeof key, "crm/client/%03u", i + 1);
        key_is(i, key);
    }
}

static void the_last_page_says_that_it_is_the_last(void **state)
{
    struct scene *s = *state;
    struct tk_page_want want = {.state = -1, .limit = 2};

    fresh(s->f, "crm/client/a", "1", LIFE);
    fresh(s->f, "crm/client/b", "2", LIFE);
    fill(s, want);
    assert_int_equal(page.count, 2);
    assert_false(page.has_more);
    want.after = TK_STR("crm/client/b");
    fill(s, want);
    assert_int_equal(page.count, 0);
    assert_int_equal(page.total, 2);
    assert_false(page.has_more);
}

/* The key of the page before may be gone meanwhile. */
static void a_page_starts_after_a_name_that_need_not_be_there(void **state)
{
    struct scene *s = *state;
    struct tk_page_want want = {
        .state = -1, .limit = 5, .after = TK_STR("crm/client/aa")};

    fresh(s->f, "crm/client/a", "1", LIFE);
    fresh(s->f, "crm/client/b", "2", LIFE);
    fill(s, want);
    assert_int_equal(page.count, 1);
    key_is(0, "crm/client/b");
}

static void a_state_is_chosen_and_all_states_are_counted(void **state)
{
    struct scene *s = *state;
    struct tk_page_want want = {.state = TK_STATE_LAPSED, .limit = 5};

    fresh(s->f, "crm/client/a", "1", LIFE);
    fresh(s->f, "crm/client/b", "2", LIFE);
    fresh(s->f, "crm/client/c", "3", SECOND);
    s->f->now += SECOND;
    fill(s, want);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.total, 1);
    key_is(0, "crm/client/c");
    assert_int_equal(page.states[TK_STATE_FRESH], 2);
    assert_int_equal(page.states[TK_STATE_LAPSED], 1);
    assert_int_equal(page.states[TK_STATE_STALE], 0);
}

static void a_source_is_chosen(void **state)
{
    struct scene *s = *state;
    struct tk_page_want want = {.source = &s->hr, .state = -1, .limit = 5};

    fresh(s->f, "crm/client/a", "1", LIFE);
    fill(s, want);
    assert_int_equal(page.count, 0);
    assert_int_equal(page.states[TK_STATE_FRESH], 0);
    want.source = &s->f->source;
    fill(s, want);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.states[TK_STATE_FRESH], 1);
}

static void names_that_were_merely_asked_for_are_left_out(void **state)
{
    struct scene *s = *state;

    claim(s->f, "crm/client/a");
    fresh(s->f, "crm/client/b", "1", LIFE);
    fill(s, all);
    assert_int_equal(page.count, 1);
    key_is(0, "crm/client/b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(an_empty_fleet_has_an_empty_page),
        IN_SCENE(keys_come_in_the_order_of_their_bytes),
        IN_SCENE(pages_together_are_all_keys_once),
        IN_SCENE(many_keys_are_each_looked_at_once),
        IN_SCENE(the_last_page_says_that_it_is_the_last),
        IN_SCENE(a_page_starts_after_a_name_that_need_not_be_there),
        IN_SCENE(a_state_is_chosen_and_all_states_are_counted),
        IN_SCENE(a_source_is_chosen),
        IN_SCENE(names_that_were_merely_asked_for_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
