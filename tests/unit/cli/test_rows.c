#include "cli/rows.h"

#include "net/json.h"

#include "tests/unit/harness.h"

#define TWO_TOKENS                                                             \
    "{\"tokens\":["                                                            \
    "{\"key\":\"crm/client\",\"state\":\"fresh\",\"generation\":17,"           \
    "\"expires_in\":2652.25,\"next\":{\"what\":\"renew\",\"in\":1752.25,"      \
    "\"why\":\"threshold\"},\"uses\":120,\"error\":null},"                     \
    "{\"key\":\"crm/bad\",\"state\":\"lapsed\",\"generation\":0,"              \
    "\"expires_in\":null,\"next\":{\"what\":\"retry\",\"in\":3.5,"             \
    "\"why\":\"http_500\"},\"uses\":0,\"error\":{\"class\":\"transient\","     \
    "\"code\":\"http_500\"}}],"                                                \
    "\"total\":2,\"counts\":{\"fresh\":1,\"due\":0,\"lapsed\":1},"             \
    "\"sources\":[{\"name\":\"a\",\"hits\":5,\"cold\":2,\"cold_failed\":1},"   \
    "{\"name\":\"b\",\"hits\":6,\"cold\":3,\"cold_failed\":0}]}"

/* Owned by a test. */
struct paper {
    struct tk_pool pool;
    struct tk_value page;
    struct tk_buf out;
};

static void start(struct paper *paper, const char *json)
{
    tk_pool_init(&paper->pool, 1 << 18);
    tk_buf_init(&paper->out, 1 << 16);
    assert_int_equal(
        tk_json_parse(tk_str(json), &paper->pool, &paper->page, NULL), 0);
}

static void end(struct paper *paper)
{
    tk_buf_fini(&paper->out);
    tk_pool_fini(&paper->pool);
}

static const char *rows(struct paper *paper, int width)
{
    struct tk_show show = {.width = width};
    struct tk_grid grid;

    tk_grid_init(&grid, tk_rows_columns, TK_ROWS_COLUMNS);
    tk_rows_put(&paper->page, &grid);
    tk_grid_print(&grid, &show, &paper->out);
    tk_grid_fini(&grid);
    return tk_buf_text(&paper->out);
}

static void a_key_is_a_row(void **state)
{
    struct paper paper;

    (void)state;
    start(&paper, TWO_TOKENS);
    assert_string_equal(
        rows(&paper, 120),
        "KEY         STATE   GEN     LEFT  NEXT           WHY                 "
        "USES\n"
        "crm/client  fresh    17  44m 12s  renew 29m 12s  threshold           "
        " 120\n"
        "crm/bad     lapsed    0        -  retry 4s       transient http_500  "
        "   0\n");
    end(&paper);
}

static void rows_fit_every_terminal(void **state)
{
    (void)state;
    for (int width = 20; width < 100; width++) {
        struct paper paper;
        struct tk_str text;

        start(&paper, TWO_TOKENS);
        rows(&paper, width);
        text = tk_buf_str(&paper.out);
        while (text.data != NULL) {
            struct tk_str line = tk_str_cut(&text, '\n');

            assert_in_range(line.len, 0, width);
        }
        end(&paper);
    }
}

static void a_page_without_tokens_has_no_row(void **state)
{
    struct paper paper;

    (void)state;
    start(&paper, "{\"tokens\":[]}");
    assert_string_equal(rows(&paper, 80),
                        "KEY  STATE  GEN  LEFT  NEXT  WHY  USES\n");
    end(&paper);
}

static void what_is_missing_has_a_dash(void **state)
{
    struct paper paper;

    (void)state;
    start(&paper, "{\"tokens\":[{\"key\":\"a/b\"}]}");
    assert_string_equal(rows(&paper, 80),
                        "KEY  STATE  GEN  LEFT  NEXT  WHY  USES\n"
                        "a/b  -        -     -  -     -       -\n");
    end(&paper);
}

static const char *summary(struct paper *paper, const char *json)
{
    start(paper, json);
    tk_rows_summary(&paper->page, &paper->out);
    return tk_buf_text(&paper->out);
}

static void the_summary_counts_states_and_sums_sources(void **state)
{
    struct paper paper;

    (void)state;
    assert_string_equal(summary(&paper, TWO_TOKENS),
                        "2 keys: 1 fresh, 1 lapsed; hits 11, cold 5, failed "
                        "1\n");
    end(&paper);
}

static void the_summary_says_of_how_many_the_shown_are(void **state)
{
    struct paper paper;

    (void)state;
    assert_string_equal(
        summary(&paper, "{\"total\":1,\"counts\":{\"fresh\":50,\"stale\":1}}"),
        "1 of 51 keys: 50 fresh, 1 stale; hits 0, cold 0, failed 0\n");
    end(&paper);
    assert_string_equal(summary(&paper, "{\"total\":0,\"counts\":{}}"),
                        "0 keys; hits 0, cold 0, failed 0\n");
    end(&paper);
    assert_string_equal(summary(&paper, "{\"total\":1,\"counts\":{\"due\":1}}"),
                        "1 key: 1 due; hits 0, cold 0, failed 0\n");
    end(&paper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_a_row),
        cmocka_unit_test(rows_fit_every_terminal),
        cmocka_unit_test(a_page_without_tokens_has_no_row),
        cmocka_unit_test(what_is_missing_has_a_dash),
        cmocka_unit_test(the_summary_counts_states_and_sums_sources),
        cmocka_unit_test(the_summary_says_of_how_many_the_shown_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
