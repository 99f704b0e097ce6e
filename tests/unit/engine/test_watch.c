#include "engine/watch.h"

#include "tests/unit/engine/folder.h"

struct watching {
    struct folder folder;
    struct tk_watch watch;
    char path[PATH_MAX];
};

static int set_up(void **state)
{
    static struct watching w;

    folder_make(&w.folder);
    snprintf(w.path, sizeof w.path, "%s",
             folder_write(&w.folder, "a.lua", "one"));
    tk_watch_start(&w.watch, w.path);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct watching *w = *state;

    folder_remove(&w->folder);
    return 0;
}

static enum tk_news look(struct watching *w)
{
    return tk_watch_look(&w->watch, w->path);
}

static void a_file_that_stays_is_no_news(void **state)
{
    struct watching *w = *state;

    assert_int_equal(look(w), TK_NEWS_NONE);
    assert_int_equal(look(w), TK_NEWS_NONE);
    assert_false(tk_watch_is_behind(&w->watch));
}

static void a_change_counts_when_it_has_settled(void **state)
{
    struct watching *w = *state;

    folder_write(&w->folder, "a.lua", "");
    assert_int_equal(look(w), TK_NEWS_UNSETTLED);
    folder_write(&w->folder, "a.lua", "half");
    assert_int_equal(look(w), TK_NEWS_UNSETTLED);
    assert_int_equal(look(w), TK_NEWS_CHANGED);
    assert_int_equal(look(w), TK_NEWS_CHANGED);
}

static void another_file_under_the_name_is_a_change(void **state)
{
    struct watching *w = *state;
    char other[PATH_MAX];

    snprintf(other, sizeof other, "%s",
             folder_write(&w->folder, "b.lua", "two"));
    assert_int_equal(rename(other, w->path), 0);
    assert_int_equal(look(w), TK_NEWS_UNSETTLED);
    assert_int_equal(look(w), TK_NEWS_CHANGED);
}

static void what_was_passed_is_no_news_until_the_next(void **state)
{
    struct watching *w = *state;

    folder_write(&w->folder, "a.lua", "broken");
    tk_watch_pass(&w->watch, w->path);
    assert_int_equal(look(w), TK_NEWS_NONE);
    assert_true(tk_watch_is_behind(&w->watch));
    folder_write(&w->folder, "a.lua", "mended now");
    assert_int_equal(look(w), TK_NEWS_UNSETTLED);
    assert_int_equal(look(w), TK_NEWS_CHANGED);
}

static void what_is_written_while_a_version_is_tried_is_seen(void **state)
{
    struct watching *w = *state;

    folder_write(&w->folder, "a.lua", "broken");
    assert_int_equal(look(w), TK_NEWS_UNSETTLED);
    assert_int_equal(look(w), TK_NEWS_CHANGED);
    folder_write(&w->folder, "a.lua", "mended now");
    tk_watch_refuse(&w->watch);
    assert_true(tk_watch_is_behind(&w->watch));
    assert_int_equal(look(w), TK_NEWS_UNSETTLED);
    assert_int_equal(look(w), TK_NEWS_CHANGED);
    tk_watch_refuse(&w->watch);
    assert_int_equal(look(w), TK_NEWS_NONE);
}

static void a_file_that_goes_is_told_once_and_may_come_back(void **state)
{
    struct watching *w = *state;

    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(look(w), TK_NEWS_UNSETTLED);
    assert_int_equal(look(w), TK_NEWS_GONE);
    assert_true(w->watch.is_gone);
    assert_int_equal(look(w), TK_NEWS_NONE);
    folder_write(&w->folder, "a.lua", "back again");
    assert_int_equal(look(w), TK_NEWS_UNSETTLED);
    assert_int_equal(look(w), TK_NEWS_CHANGED);
    assert_false(w->watch.is_gone);
}

#define WATCHING(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCHING(a_file_that_stays_is_no_news),
        WATCHING(a_change_counts_when_it_has_settled),
        WATCHING(another_file_under_the_name_is_a_change),
        WATCHING(what_was_passed_is_no_news_until_the_next),
        WATCHING(what_is_written_while_a_version_is_tried_is_seen),
        WATCHING(a_file_that_goes_is_told_once_and_may_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
