#include "cli/grid.h"

#include "tests/unit/harness.h"

static const struct tk_column columns[] = {
    {"KEY", TK_COLUMN_KEY, 8},
    {"N", TK_COLUMN_NUMBER, 0},
    {"WHY", TK_COLUMN_TEXT, 5},
};

/* Owned by a test. */
struct paper {
    struct tk_show show;
    struct tk_grid grid;
    struct tk_buf out;
};

static void start(struct paper *paper, int width)
{
    *paper = (struct paper){.show = {.width = width}};
    tk_grid_init(&paper->grid, columns, 3);
    tk_buf_init(&paper->out, 4096);
}

static void row(struct paper *paper, const char *key, const char *number,
                const char *why)
{
    tk_grid_put(&paper->grid, tk_str(key), TK_COLOUR_NONE);
    tk_grid_put(&paper->grid, tk_str(number), TK_COLOUR_NONE);
    tk_grid_put(&paper->grid, tk_str(why), TK_COLOUR_BAD);
}

static void expect(struct paper *paper, const char *text)
{
    tk_grid_print(&paper->grid, &paper->show, &paper->out);
    assert_string_equal(tk_buf_text(&paper->out), text);
    tk_buf_clear(&paper->out);
}

static void end(struct paper *paper)
{
    tk_grid_fini(&paper->grid);
    tk_buf_fini(&paper->out);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    struct paper paper;

    (void)state;
    start(&paper, 80);
    row(&paper, "crm/client", "7", "threshold");
    row(&paper, "a/b", "12345", "x");
    expect(&paper, "KEY             N  WHY\n"
                   "crm/client      7  threshold\n"
                   "a/b         12345  x\n");
    end(&paper);
}

static void what_is_too_wide_is_shortened_widest_first(void **state)
{
    struct paper paper;

    (void)state;
    start(&paper, 30);
    row(&paper, "feishu/tenant/2ed263bf", "7", "threshold");
    expect(&paper, "KEY               N  WHY\n"
                   "feishu/..ed263bf  7  threshold\n");
    end(&paper);
}

static void columns_that_do_not_fit_are_left_out_from_the_right(void **state)
{
    struct paper paper;

    (void)state;
    start(&paper, 12);
    row(&paper, "feishu/tenant/2ed263bf", "7", "threshold");
    expect(&paper, "KEY        N\nfeis..3bf  7\n");
    end(&paper);
}

static void a_portion_continues_the_table_without_a_heading(void **state)
{
    struct paper paper;

    (void)state;
    start(&paper, 80);
    row(&paper, "longer/key", "1", "-");
    expect(&paper, "KEY         N  WHY\nlonger/key  1  -\n");
    row(&paper, "a/b", "2", "-");
    expect(&paper, "a/b         2  -\n");
    expect(&paper, "");
    end(&paper);
}

static void an_empty_table_has_its_heading(void **state)
{
    struct paper paper;

    (void)state;
    start(&paper, 80);
    expect(&paper, "KEY  N  WHY\n");
    end(&paper);
}

static void colours_stand_around_the_text_alone(void **state)
{
    struct paper paper;

    (void)state;
    start(&paper, 80);
    paper.show.has_colour = true;
    row(&paper, "a/b", "1", "bad");
    expect(&paper, "\033[1mKEY\033[0m  \033[1mN\033[0m  \033[1mWHY\033[0m\n"
                   "a/b  1  \033[31mbad\033[0m\n");
    end(&paper);
}

static void bytes_that_steer_a_terminal_are_replaced(void **state)
{
    struct paper paper;

    (void)state;
    start(&paper, 80);
    row(&paper, "a\033[2Jb", "\x7f", "\xff\n");
    expect(&paper, "KEY     N  WHY\na?[2Jb  ?  ??\n");
    end(&paper);
}

static void many_rows_are_kept(void **state)
{
    struct paper paper;
    size_t lines = 0;

    (void)state;
    start(&paper, 80);
    tk_buf_fini(&paper.out);
    tk_buf_init(&paper.out, 1 << 20);
    for (int i = 0; i < 1000; i++) row(&paper, "a/b", "1", "x");
    tk_grid_print(&paper.grid, &paper.show, &paper.out);
    for (size_t i = 0; i < paper.out.len; i++) {
        lines += paper.out.data[i] == '\n';
    }
    assert_int_equal(lines, 1001);
    end(&paper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(what_is_too_wide_is_shortened_widest_first),
        cmocka_unit_test(columns_that_do_not_fit_are_left_out_from_the_right),
        cmocka_unit_test(a_portion_continues_the_table_without_a_heading),
        cmocka_unit_test(an_empty_table_has_its_heading),
        cmocka_unit_test(colours_stand_around_the_text_alone),
        cmocka_unit_test(bytes_that_steer_a_terminal_are_replaced),
        cmocka_unit_test(many_rows_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
