#include "cache/names.h"

#define FILES_NAME TK_SEGMENT_FILE
#include "../cache/files.h"

#include "tokeng.h"

static struct tokeng *t;
static struct tokeng_info info;
static char buf[64];

static void publish(struct files *files)
{
    struct tk_segment *before = files->segment;

    files->segment = files_make(files, 0, &files->table);
    assert_int_equal(tk_segment_publish(files->segment, NULL), 0);
    tk_segment_close(before);
}

static int set_up(void **state)
{
    struct files *files;

    files_set_up(state);
    files = *state;
    publish(files);
    assert_int_equal(tokeng_open(files->dir, &t), 0);
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    return 0;
}

static int tear_down(void **state)
{
    tokeng_close(t);
    return files_tear_down(state);
}

static void put_until(struct files *files, const char *key, const char *token,
                      uint64_t generation, int64_t expires_at)
{
    struct tk_record record = {.token = tk_str(token),
                               .attributes = TK_STR("{\"a\":\"b\"}"),
                               .generation = generation,
                               .expires_at = expires_at,
                               .state = TOKENG_STALE};
    uint32_t slot;

    assert_int_equal(tk_table_claim(&files->table, tk_str(key), &slot), 0);
    assert_int_equal(tk_table_put(&files->table, slot, &record), 0);
}

static int get(const char *key, const struct tokeng_want *want)
{
    memset(buf, '#', sizeof buf);
    return tokeng_get(t, key, strlen(key), want, buf, sizeof buf, &info);
}

static void a_token_is_read_with_what_is_known_of_it(void **state)
{
    put_until(*state, "crm/client", "the-token", 7, tk_clock_boot_ms() + 60000);
    assert_int_equal(get("crm/client", NULL), 9);
    assert_string_equal(buf, "the-token");
    assert_int_equal(info.token_len, 9);
    assert_int_equal(info.generation, 7);
    assert_int_equal(info.state, TOKENG_STALE);
    assert_in_range(info.expires_in_ms, 50000, 60000);
    assert_int_equal(tokeng_attributes(t, &info, buf, sizeof buf), 9);
    assert_string_equal(buf, "{\"a\":\"b\"}");
}

static void an_ended_token_is_a_miss(void **state)
{
    put_until(*state, "a/b", "token", 1, tk_clock_boot_ms());
    assert_int_equal(get("a/b", NULL), TOKENG_EMISS);
    assert_int_equal(info.expires_in_ms, 0);
}

static void what_is_wanted_is_minded(void **state)
{
    struct tokeng_want want = {.size = sizeof want, .min_ttl_s = 30};

    put_until(*state, "a/b", "token", 5, tk_clock_boot_ms() + 40000);
    assert_int_equal(get("a/b", &want), 5);
    want.min_ttl_s = 60;
    assert_int_equal(get("a/b", &want), TOKENG_EMISS);
    want = (struct tokeng_want){.size = sizeof want, .newer_than = 5};
    assert_int_equal(get("a/b", &want), TOKENG_EMISS);
    want.newer_than = 4;
    assert_int_equal(get("a/b", &want), 5);
}

static void
what_is_not_there_is_a_miss_and_what_is_no_key_an_error(void **state)
{
    (void)state;
    assert_int_equal(get("a/b", NULL), TOKENG_EMISS);
    assert_int_equal(get("a//b", NULL), TOKENG_EINVAL);
    assert_int_equal(tokeng_get(t, "", 0, NULL, buf, sizeof buf, &info),
                     TOKENG_EINVAL);
    assert_int_equal(tokeng_get(t, NULL, 0, NULL, buf, sizeof buf, &info),
                     TOKENG_EINVAL);
    assert_int_equal(tokeng_get(NULL, "a/b", 3, NULL, buf, sizeof buf, &info),
                     TOKENG_EINVAL);
}

static void a_buffer_that_is_too_small_is_told_the_length(void **state)
{
    files_put(&((struct files *)*state)->table, "a/b", "token");
    assert_int_equal(tokeng_get(t, "a/b", 3, NULL, buf, 4, &info),
                     TOKENG_ERANGE);
    assert_int_equal(info.token_len, 5);
    memset(buf, '#', sizeof buf);
    assert_int_equal(tokeng_get(t, "a/b", 3, NULL, buf, 5, &info), 5);
    assert_int_equal(buf[5], '#');
}

static void a_handle_reads_its_key_until_that_is_gone(void **state)
{
    struct files *files = *state;
    uint64_t handle;

    assert_int_equal(tokeng_find(t, "a/b", 3, &handle), TOKENG_EMISS);
    files_put(&files->table, "a/b", "token");
    assert_int_equal(tokeng_find(t, "a/b", 3, &handle), 0);
    assert_int_equal(tokeng_get_handle(t, handle, NULL, buf, sizeof buf, &info),
                     5);
    files_put(&files->table, "a/b", "newer-token");
    assert_int_equal(tokeng_get_handle(t, handle, NULL, buf, sizeof buf, &info),
                     11);
    tk_table_remove(&files->table, tk_table_find(&files->table, TK_STR("a/b")));
    files_put(&files->table, "a/b", "token");
    assert_int_equal(tokeng_get_handle(t, handle, NULL, buf, sizeof buf, &info),
                     TOKENG_ESTALE);
    assert_int_equal(
        tokeng_get_handle(t, UINT64_MAX, NULL, buf, sizeof buf, &info),
        TOKENG_ESTALE);
}

static void a_handle_of_the_engine_before_is_stale(void **state)
{
    struct files *files = *state;
    uint64_t handle;

    files_put(&files->table, "a/b", "token");
    assert_int_equal(tokeng_find(t, "a/b", 3, &handle), 0);
    publish(files);
    files_put(&files->table, "a/b", "token");
    assert_int_equal(tokeng_get_handle(t, handle, NULL, buf, sizeof buf, &info),
                     TOKENG_ESTALE);
}

static void a_new_engine_s_tokens_are_read_at_once(void **state)
{
    struct files *files = *state;

    files_put(&files->table, "a/b", "token");
    assert_int_equal(get("a/b", NULL), 5);
    publish(files);
    files_put(&files->table, "a/b", "newer-token");
    assert_int_equal(get("a/b", NULL), 11);
}

static void a_copy_is_good_until_the_token_is_another_or_ends(void **state)
{
    struct files *files = *state;

    put_until(files, "a/b", "token", 1, tk_clock_boot_ms() + 60000);
    assert_int_equal(get("a/b", NULL), 5);
    assert_int_equal(tokeng_is_same(t, &info, 0), 1);
    assert_int_equal(tokeng_is_same(t, &info, 50), 1);
    assert_int_equal(tokeng_is_same(t, &info, 70), 0);
    put_until(files, "a/b", "other", 2, tk_clock_boot_ms() + 60000);
    assert_int_equal(tokeng_is_same(t, &info, 0), 0);
    assert_int_equal(tokeng_attributes(t, &info, buf, sizeof buf),
                     TOKENG_EMISS);
    assert_int_equal(get("a/b", NULL), 5);
    publish(files);
    assert_int_equal(tokeng_is_same(t, &info, 0), 0);
}

static void without_a_cache_there_is_no_engine(void **state)
{
    struct tokeng *other;

    (void)state;
    assert_int_equal(tokeng_open("/nonexistent", &other), 0);
    assert_int_equal(tokeng_get(other, "a/b", 3, NULL, buf, sizeof buf, &info),
                     TOKENG_ECONNECT);
    tokeng_close(other);
}

static void an_older_caller_s_info_is_filled_as_far_as_it_goes(void **state)
{
    files_put(&((struct files *)*state)->table, "a/b", "token");
    memset(&info, '#', sizeof info);
    info.size = 8;
    assert_int_equal(get("a/b", NULL), 5);
    assert_int_equal(info.token_len, 5);
    assert_int_equal(info.size, 8);
    assert_int_equal(((char *)&info)[8], '#');
    info.size = sizeof info;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_read_with_what_is_known_of_it),
        TEST(an_ended_token_is_a_miss),
        TEST(what_is_wanted_is_minded),
        TEST(what_is_not_there_is_a_miss_and_what_is_no_key_an_error),
        TEST(a_buffer_that_is_too_small_is_told_the_length),
        TEST(a_handle_reads_its_key_until_that_is_gone),
        TEST(a_handle_of_the_engine_before_is_stale),
        TEST(a_new_engine_s_tokens_are_read_at_once),
        TEST(a_copy_is_good_until_the_token_is_another_or_ends),
        TEST(without_a_cache_there_is_no_engine),
        TEST(an_older_caller_s_info_is_filled_as_far_as_it_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
