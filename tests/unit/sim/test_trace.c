#define _DEFAULT_SOURCE
#include "sim/trace.h"

#include "tests/unit/engine/folder.h"

#include <zlib.h>

/* Owned by a test. */
struct desk {
    struct folder folder;
    struct tk_trace trace;
    struct tk_why why;
};

static int set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);

    folder_make(&desk->folder);
    tk_trace_init(&desk->trace);
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;

    tk_trace_fini(&desk->trace);
    folder_remove(&desk->folder);
    free(desk);
    return 0;
}

static int load(struct desk *desk, const char *text)
{
    const char *only = desk->trace.only;

    tk_trace_fini(&desk->trace);
    tk_trace_init(&desk->trace);
    desk->trace.only = only;
    return tk_trace_load(
        &desk->trace, folder_write(&desk->folder, "t.csv", text), &desk->why);
}

static void expect_use(const struct desk *desk, size_t i, int64_t at_ms,
                       const char *key)
{
    const struct tk_use *use = &desk->trace.uses[i];

    assert_true(i < desk->trace.use_count);
    assert_int_equal(use->at_ms, at_ms);
    assert_string_equal(desk->trace.keys[use->key].data, key);
}

static void refuse(struct desk *desk, const char *text, const char *reason)
{
    assert_int_equal(load(desk, text), TK_EINVAL);
    if (strstr(desk->why.text, reason) == NULL) {
        fail_msg("'%s' is not in '%s'", reason, desk->why.text);
    }
}

static void a_trace_is_seconds_and_a_key(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(load(desk, "seconds,key\n97,k0\n1221.5,k1\n1221.5,k0\n"),
                     0);
    assert_int_equal(desk->trace.use_count, 3);
    assert_int_equal(desk->trace.key_count, 2);
    expect_use(desk, 0, 97000, "k0");
    expect_use(desk, 1, 1221500, "k1");
    expect_use(desk, 2, 1221500, "k0");
    assert_int_equal(desk->trace.end_ms, 1221500);
}

static void a_head_is_not_needed(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(load(desk, "1,a\r\n\"2\",\"b\"\r\n3,a"), 0);
    assert_int_equal(desk->trace.use_count, 3);
    expect_use(desk, 1, 2000, "b");
}

static void columns_come_in_any_order(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(load(desk, "host,key,seconds\nx,crm/client,5\n"), 0);
    expect_use(desk, 0, 5000, "crm/client");
}

static void parts_may_be_put_together(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(load(desk, "seconds,key\n1,a\nhost,seconds,key\n"
                                "x,2,b\nseconds,key\n3,c\n"),
                     0);
    assert_int_equal(desk->trace.use_count, 3);
    expect_use(desk, 1, 2000, "b");
}

static void rows_are_brought_into_order(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(load(desk, "9,a\n1,b\n5,a\n"), 0);
    expect_use(desk, 0, 1000, "b");
    expect_use(desk, 2, 9000, "a");
}

/* Friday, 27 November 2026, 12:00:30 UTC, in both ways. */
static void a_trace_begins_in_the_week_of_its_first_use(void **state)
{
    struct desk *desk = *state;
    int64_t noon = (4 * 24 + 12) * 3600 * 1000;

    assert_int_equal(load(desk, "seconds,key\n1796040030,a\n1796040031,a\n"),
                     0);
    expect_use(desk, 0, noon + 30000, "a");
    assert_int_equal(desk->trace.begin_ms, noon + 30000);
    assert_int_equal(desk->trace.end_ms, noon + 31000);
    assert_int_equal(load(desk, "unix,key\n1795780830,a\n"), 0);
    expect_use(desk, 0, noon + 30000, "a");
}

static void keys_of_other_sources_can_be_left_out(void **state)
{
    struct desk *desk = *state;
    const char *text = "1,crm/client\n2,crm/client/read\n3,crmx/client\n"
                       "4,feishu/app\n";

    desk->trace.only = "crm";
    assert_int_equal(load(desk, text), 0);
    assert_int_equal(desk->trace.use_count, 2);
    assert_int_equal(desk->trace.key_count, 2);
    desk->trace.only = "crm/client/read";
    assert_int_equal(load(desk, text), 0);
    assert_int_equal(desk->trace.use_count, 1);
    desk->trace.only = "hr";
    refuse(desk, text, "there is no use of hr in it");
}

static void answers_of_the_issuer_are_kept_apart(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(load(desk, "seconds,key,event,took_ms,life_s\n"
                                "1,a,use,,\n"
                                "1,a,issued,312,7200\n"
                                "2,a,failed,15000,\n"
                                "2,a,same,200,1500\n"
                                "3,a,dreamt,1,1\n"),
                     0);
    assert_int_equal(desk->trace.use_count, 1);
    assert_int_equal(desk->trace.answer_count, 3);
    assert_int_equal(desk->trace.answers[0].took_ms, 312);
    assert_int_equal(desk->trace.answers[0].life_ms, 7200 * 1000);
    assert_int_equal(desk->trace.answers[1].life_ms, 0);
    assert_true(desk->trace.answers[0].is_new);
    assert_false(desk->trace.answers[2].is_new);
    assert_int_equal(desk->trace.answers[2].life_ms, 1500 * 1000);
}

static void lives_are_those_of_new_tokens(void **state)
{
    struct desk *desk = *state;
    int64_t shortest = 1;

    assert_int_equal(load(desk, "1,a\n"), 0);
    assert_int_equal(tk_trace_lives(&desk->trace, &shortest), 0);
    assert_int_equal(shortest, 0);
    assert_int_equal(load(desk, "seconds,key,event,took_ms,life_s\n1,a\n"
                                "1,a,issued,300,7200\n1,a,issued,300,3600\n"
                                "1,a,same,300,100\n1,a,same,300,9000\n"),
                     0);
    assert_int_equal(tk_trace_lives(&desk->trace, &shortest), 7200 * 1000);
    assert_int_equal(shortest, 3600 * 1000);
}

static void what_is_packed_is_read_as_it_is(void **state)
{
    struct desk *desk = *state;
    const char *path = folder_path(&desk->folder, "t.csv.gz");
    gzFile file = gzopen(path, "wb");

    assert_non_null(file);
    for (int i = 0; i < 5000; i++) gzprintf(file, "%d,k%d\n", i, i % 7);
    gzclose(file);
    assert_int_equal(tk_trace_load(&desk->trace, path, &desk->why), 0);
    assert_int_equal(desk->trace.use_count, 5000);
    assert_int_equal(desk->trace.key_count, 7);
}

static void a_packed_file_that_is_cut_off_is_refused(void **state)
{
    struct desk *desk = *state;
    const char *path = folder_path(&desk->folder, "t.csv.gz");
    gzFile file = gzopen(path, "wb");

    for (int i = 0; i < 5000; i++) gzprintf(file, "%d,k%d\n", i * 37, i % 97);
    gzclose(file);
    assert_int_equal(truncate(path, 4000), 0);
    assert_int_equal(tk_trace_load(&desk->trace, path, &desk->why), TK_EIO);
}

static void what_is_no_trace_is_refused_with_its_line(void **state)
{
    struct desk *desk = *state;

    refuse(desk, "1,a\nx,b\n", "t.csv:2: no number of seconds");
    refuse(desk, "1,a\n-2,b\n", "t.csv:2: no number of seconds");
    refuse(desk, "1,a\n315446400,b\n", "it is longer than ten years");
    refuse(desk, "unix,seconds,key\n1,1,a\n", "t.csv:1: a trace begins with");
    refuse(desk, "1,a\n2\n", "t.csv:2: a key has 1 to 200 bytes");
    refuse(desk, "when,who\n1,a\n", "t.csv:1: a trace begins with");
    refuse(desk, "seconds,key,event\n1,a,issued\n", "took_ms is no number");
    refuse(desk, "seconds,key,event,took_ms\n1,a,issued,3\n",
           "life_s is no number");
    refuse(desk, "seconds,key\n", "there is no use in it");
    refuse(desk, "", "there is no use in it");
}

static void a_line_without_end_is_refused(void **state)
{
    struct desk *desk = *state;
    char text[4000];

    memset(text, 'k', sizeof text);
    memcpy(text, "1,", 2);
    text[sizeof text - 1] = '\0';
    refuse(desk, text, "a line of more than 1000 bytes, or no text");
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(tk_trace_load(&desk->trace, "/nowhere/t.csv", &desk->why),
                     TK_EIO);
    assert_string_equal(desk->why.text,
                        "/nowhere/t.csv: No such file or directory");
}

#define WITH_DESK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DESK(a_trace_is_seconds_and_a_key),
        WITH_DESK(a_head_is_not_needed),
        WITH_DESK(columns_come_in_any_order),
        WITH_DESK(parts_may_be_put_together),
        WITH_DESK(rows_are_brought_into_order),
        WITH_DESK(a_trace_begins_in_the_week_of_its_first_use),
        WITH_DESK(keys_of_other_sources_can_be_left_out),
        WITH_DESK(answers_of_the_issuer_are_kept_apart),
        WITH_DESK(lives_are_those_of_new_tokens),
        WITH_DESK(what_is_packed_is_read_as_it_is),
        WITH_DESK(a_packed_file_that_is_cut_off_is_refused),
        WITH_DESK(what_is_no_trace_is_refused_with_its_line),
        WITH_DESK(a_line_without_end_is_refused),
        WITH_DESK(a_file_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
