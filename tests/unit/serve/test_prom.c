#include "serve/prom.h"

#include "tests/unit/harness.h"
#include "tests/unit/text.h"

static struct tk_buf out;

static int open_buf(void **state)
{
    (void)state;
    tk_buf_init(&out, 4096);
    return 0;
}

static int close_buf(void **state)
{
    (void)state;
    tk_buf_fini(&out);
    return 0;
}

static void a_family_has_a_head_and_samples(void **state)
{
    static const struct tk_prom_label labels[] = {
        {"source", "crm"}, {"result", "failed"}, {NULL, NULL}};

    (void)state;
    tk_prom_head(&out, "tokeng_x_total", "counter", "What x is.");
    tk_prom_count(&out, "tokeng_x_total", labels, 42);
    tk_prom_count(&out, "tokeng_x_total", NULL, 0);
    assert_text(tk_buf_str(&out),
                TK_STR("# HELP tokeng_x_total What x is.\n"
                       "# TYPE tokeng_x_total counter\n"
                       "tokeng_x_total{source=\"crm\",result=\"failed\"} 42\n"
                       "tokeng_x_total 0\n"));
}

static void label_values_are_escaped(void **state)
{
    static const struct tk_prom_label labels[] = {{"policy", "a\\b\"c\nd} 1"},
                                                  {NULL, NULL}};

    (void)state;
    tk_prom_count(&out, "x", labels, 1);
    assert_text(tk_buf_str(&out),
                TK_STR("x{policy=\"a\\\\b\\\"c\\nd} 1\"} 1\n"));
}

static void seconds_are_written_to_the_microsecond(void **state)
{
    (void)state;
    tk_prom_seconds(&out, "x", NULL, 0);
    tk_prom_seconds(&out, "x", NULL, 213);
    tk_prom_seconds(&out, "x", NULL, 7199250000);
    assert_text(tk_buf_str(&out),
                TK_STR("x 0.000000\nx 0.000213\nx 7199.250000\n"));
}

#define WITH_BUF(test)                                                         \
    cmocka_unit_test_setup_teardown(test, open_buf, close_buf)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BUF(a_family_has_a_head_and_samples),
        WITH_BUF(label_values_are_escaped),
        WITH_BUF(seconds_are_written_to_the_microsecond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
