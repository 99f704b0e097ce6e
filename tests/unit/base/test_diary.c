#define _DEFAULT_SOURCE
#include "base/diary.h"

#include "base/file.h"

#include "tests/unit/text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "seconds,key"
#define MEBI (INT64_C(1) << 20)

struct place {
    char dir[32];
    char diary[48];
    char older[56];
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    strcpy(place->dir, "/tmp/tokeng-test-XXXXXX");
    assert_non_null(mkdtemp(place->dir));
    snprintf(place->diary, sizeof place->diary, "%s/uses.csv", place->dir);
    snprintf(place->older, sizeof place->older, "%s.1", place->diary);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;

    unlink(place->diary);
    unlink(place->older);
    rmdir(place->dir);
    free(place);
    return 0;
}

static struct tk_diary *open_diary(const struct place *place, int64_t max_bytes)
{
    struct tk_diary *diary;
    struct tk_why why;

    if (tk_diary_open(place->diary, HEAD, max_bytes, &diary, &why) != 0) {
        fail_msg("%s", why.text);
    }
    return diary;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void check_text(const char *path, const char *text)
{
    struct tk_buf bytes;
    struct tk_why why;

    tk_buf_init(&bytes, 4 * MEBI);
    if (tk_file_read(path, &bytes, &why) != 0) fail_msg("%s", why.text);
    assert_string_equal(tk_buf_text(&bytes), text);
    tk_buf_fini(&bytes);
}

static int64_t size_of(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 ? file.st_size : -1;
}

static void lines_are_there_after_a_flush(void **state)
{
    struct place *place = *state;
    struct tk_diary *diary = open_diary(place, MEBI);
    struct stat file;
    struct tk_why why;

    assert_true(tk_diary_is_flushed(diary));
    tk_diary_put(diary, TK_STR("1,a\n"));
    assert_false(tk_diary_is_flushed(diary));
    check_text(place->diary, HEAD "\n");
    assert_int_equal(tk_diary_flush(diary, &why), 0);
    assert_true(tk_diary_is_flushed(diary));
    check_text(place->diary, HEAD "\n1,a\n");
    tk_diary_put(diary, TK_STR("2,b\n"));
    tk_diary_close(diary);
    check_text(place->diary, HEAD "\n1,a\n2,b\n");
    assert_int_equal(stat(place->diary, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
}

static void it_goes_on_where_it_was(void **state)
{
    struct place *place = *state;
    struct tk_diary *diary;

    write_text(place->diary, HEAD "\n1,a\n");
    diary = open_diary(place, MEBI);
    tk_diary_put(diary, TK_STR("2,b\n"));
    tk_diary_close(diary);
    check_text(place->diary, HEAD "\n1,a\n2,b\n");
}

static void a_line_that_a_crash_cut_short_is_dropped(void **state)
{
    struct place *place = *state;
    struct tk_diary *diary;

    write_text(place->diary, HEAD "\n1,a\n2,");
    diary = open_diary(place, MEBI);
    tk_diary_put(diary, TK_STR("3,c\n"));
    tk_diary_close(diary);
    check_text(place->diary, HEAD "\n1,a\n3,c\n");
}

static void check_refused(const char *path, int code, const char *says)
{
    struct tk_diary *diary;
    struct tk_why why;

    assert_int_equal(tk_diary_open(path, HEAD, MEBI, &diary, &why), code);
    assert_null(diary);
    if (strstr(why.text, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why.text, says);
    }
}

static void no_other_file_is_ever_touched(void **state)
{
    static const char *const others[] = {
        "root:x:0:0\n",
        HEAD "s\n1,a\n",
        HEAD,
        "\n",
    };
    struct place *place = *state;

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        write_text(place->diary, others[i]);
        check_refused(place->diary, TK_EEXIST, "something else is there");
        check_text(place->diary, others[i]);
        unlink(place->diary);
        write_text(place->older, others[i]);
        check_refused(place->diary, TK_EEXIST, "something else is there");
        check_text(place->older, others[i]);
        unlink(place->older);
    }
    check_refused(place->dir, TK_EIO, "cannot be opened");
    check_refused("/dev/null", TK_EEXIST, "something else is there");
    check_refused("/nowhere/at/all", TK_EIO, "cannot be opened");
}

static void a_link_is_not_followed(void **state)
{
    struct place *place = *state;

    write_text(place->older, HEAD "\n");
    assert_int_equal(symlink(place->older, place->diary), 0);
    check_refused(place->diary, TK_EIO, "cannot be opened");
    check_text(place->older, HEAD "\n");
}

static void one_process_at_a_time_keeps_it(void **state)
{
    struct place *place = *state;
    struct tk_diary *diary = open_diary(place, MEBI);

    check_refused(place->diary, TK_EBUSY, "another process writes it");
    tk_diary_close(diary);
    tk_diary_close(open_diary(place, MEBI));
}

static void its_size_is_bounded(void **state)
{
    struct place *place = *state;
    struct tk_diary *diary = open_diary(place, MEBI);
    char line[32];

    for (int i = 0; i < 200000; i++) {
        snprintf(line, sizeof line, "%d,crm/client/%d\n", i, i % 7);
        tk_diary_put(diary, tk_str(line));
        if (i % 1000 != 0) continue;
        assert_int_equal(tk_diary_flush(diary, NULL), 0);
        assert_in_range(size_of(place->diary), 1, MEBI / 2 + 64 * 1024);
        assert_true(size_of(place->older) <= MEBI / 2 + 64 * 1024);
    }
    tk_diary_close(diary);
    assert_true(size_of(place->older) > MEBI / 4);
}

/* The two files together are one stretch without a hole, ended by the last. */
static void no_line_is_lost_at_a_turn_of_the_page(void **state)
{
    struct place *place = *state;
    struct tk_diary *diary = open_diary(place, 1024);
    const char *paths[] = {place->older, place->diary};
    char line[32];
    int next = -1;

    for (int i = 0; i < 300; i++) {
        snprintf(line, sizeof line, "%d,a\n", i);
        tk_diary_put(diary, tk_str(line));
        assert_int_equal(tk_diary_flush(diary, NULL), 0);
    }
    tk_diary_close(diary);
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(paths[i], "r");

        assert_non_null(file);
        assert_non_null(fgets(line, sizeof line, file));
        assert_string_equal(line, HEAD "\n");
        while (fgets(line, sizeof line, file) != NULL) {
            if (next >= 0) assert_int_equal(atoi(line), next);
            next = atoi(line) + 1;
        }
        fclose(file);
    }
    assert_int_equal(next, 300);
}

static void a_file_that_was_taken_away_is_begun_anew(void **state)
{
    struct place *place = *state;
    struct tk_diary *diary = open_diary(place, MEBI);

    unlink(place->diary);
    tk_diary_put(diary, TK_STR("1,a\n"));
    assert_int_equal(tk_diary_flush(diary, NULL), 0);
    check_text(place->diary, HEAD "\n1,a\n");
    /* As a rotation by others does. */
    assert_int_equal(rename(place->diary, place->older), 0);
    tk_diary_put(diary, TK_STR("2,b\n"));
    assert_int_equal(tk_diary_flush(diary, NULL), 0);
    check_text(place->older, HEAD "\n1,a\n");
    check_text(place->diary, HEAD "\n2,b\n");
    assert_int_equal(truncate(place->diary, 0), 0);
    tk_diary_put(diary, TK_STR("3,c\n"));
    tk_diary_close(diary);
    check_text(place->diary, HEAD "\n3,c\n");
}

static void a_file_put_in_its_place_is_left_alone(void **state)
{
    struct place *place = *state;
    struct tk_diary *diary = open_diary(place, MEBI);
    struct tk_why why;

    unlink(place->diary);
    write_text(place->diary, "mine\n");
    tk_diary_put(diary, TK_STR("1,a\n"));
    assert_int_equal(tk_diary_flush(diary, &why), TK_EEXIST);
    assert_int_equal(tk_diary_lost(diary), 1);
    check_text(place->diary, "mine\n");
    unlink(place->diary);
    tk_diary_put(diary, TK_STR("2,b\n"));
    assert_int_equal(tk_diary_flush(diary, &why), 0);
    tk_diary_close(diary);
    check_text(place->diary, HEAD "\n2,b\n");
}

static void limit_files_to(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* As on a full disk: a file may not grow any more. */
static void what_does_not_fit_is_lost_whole_and_counted(void **state)
{
    struct place *place = *state;
    struct tk_diary *diary = open_diary(place, MEBI);
    struct tk_why why;

    signal(SIGXFSZ, SIG_IGN);
    tk_diary_put(diary, TK_STR("1,a\n"));
    assert_int_equal(tk_diary_flush(diary, &why), 0);
    limit_files_to(20);
    tk_diary_put(diary, TK_STR("2,b\n"));
    tk_diary_put(diary, TK_STR("3,c\n"));
    assert_int_equal(tk_diary_flush(diary, &why), TK_EFULL);
    assert_non_null(strstr(why.text, "uses.csv: cannot be written: "));
    assert_int_equal(tk_diary_lost(diary), 2);
    assert_true(tk_diary_is_flushed(diary));
    limit_files_to(RLIM_INFINITY);
    check_text(place->diary, HEAD "\n1,a\n");
    tk_diary_put(diary, TK_STR("4,d\n"));
    assert_int_equal(tk_diary_flush(diary, &why), 0);
    tk_diary_close(diary);
    check_text(place->diary, HEAD "\n1,a\n4,d\n");
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(lines_are_there_after_a_flush),
        IN_PLACE(it_goes_on_where_it_was),
        IN_PLACE(a_line_that_a_crash_cut_short_is_dropped),
        IN_PLACE(no_other_file_is_ever_touched),
        IN_PLACE(a_link_is_not_followed),
        IN_PLACE(one_process_at_a_time_keeps_it),
        IN_PLACE(its_size_is_bounded),
        IN_PLACE(no_line_is_lost_at_a_turn_of_the_page),
        IN_PLACE(a_file_that_was_taken_away_is_begun_anew),
        IN_PLACE(a_file_put_in_its_place_is_left_alone),
        IN_PLACE(what_does_not_fit_is_lost_whole_and_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
