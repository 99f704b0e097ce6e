#include "serve/problem.h"

#include "tests/unit/serve/reading.h"

static struct tk_buf out;
static struct reading reading;

static int open_buf(void **state)
{
    (void)state;
    tk_buf_init(&out, 1 << 20);
    return 0;
}

static int close_buf(void **state)
{
    (void)state;
    tk_buf_fini(&out);
    return 0;
}

static void write_and_read(const struct tk_http_problem *problem)
{
    tk_buf_clear(&out);
    tk_problem_write(problem, &out);
    assert_int_equal(out.failed, 0);
    reading_open(&reading, tk_buf_str(&out));
}

static void a_problem_says_status_code_and_what_to_do(void **state)
{
    const struct tk_http_problem problem = {
        .status = 404, .code = "unknown_key", .detail = "say \"please\""};

    (void)state;
    write_and_read(&problem);
    says(&reading, "type", "about:blank");
    says(&reading, "title", "Not Found");
    counts(&reading, "status", 404);
    says(&reading, "code", "unknown_key");
    says(&reading, "detail", "say \"please\"");
    assert_int_equal(reading.root.as.table.pair_count, 5);
    reading_close(&reading);
}

static void every_status_has_its_title(void **state)
{
    static const struct {
        int status;
        const char *title;
    } cases[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {413, "Content Too Large"},
        {431, "Request Header Fields Too Large"},
        {429, "Too Many Requests"},
        {503, "Service Unavailable"},
        {500, "Internal Server Error"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tk_http_problem problem = {
            .status = cases[i].status, .code = "x", .detail = "x"};

        write_and_read(&problem);
        says(&reading, "title", cases[i].title);
        reading_close(&reading);
    }
}

static void what_the_issuer_said_is_passed_on(void **state)
{
    const struct tk_http_problem problem = {.status = 503,
                                            .code = "issuer_failed",
                                            .detail = "x",
                                            .retry_ms = 3200,
                                            .issuer_class = "credential",
                                            .issuer_code = "invalid_client"};

    (void)state;
    write_and_read(&problem);
    counts(&reading, "retry_after", 3.2);
    says(&reading, "class", "credential");
    says(&reading, "issuer_code", "invalid_client");
    reading_close(&reading);
}

static void all_problems_of_a_configuration_are_listed(void **state)
{
    struct tk_problems problems;
    struct tk_http_problem problem = {
        .status = 400, .code = "config", .detail = "x", .problems = &problems};

    (void)state;
    tk_problems_init(&problems);
    write_and_read(&problem);
    has_items(&reading, "problems", 0);
    reading_close(&reading);
    tk_problem(&problems, "sources.crm", "unknown field");
    tk_problem(&problems, "listen", "must be a list");
    write_and_read(&problem);
    has_items(&reading, "problems", 2);
    says(&reading, "problems.0", "sources.crm: unknown field");
    says(&reading, "problems.1", "listen: must be a list");
    reading_close(&reading);
    tk_problems_fini(&problems);
}

static void retry_after_is_in_whole_seconds_rounded_up(void **state)
{
    static const struct {
        int64_t ms;
        int64_t seconds;
    } cases[] = {{1, 1},    {999, 1},    {1000, 1},        {1001, 2},
                 {3200, 4}, {60000, 60}, {86400000, 86400}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tk_http_problem problem = {.retry_ms = cases[i].ms};

        assert_int_equal(tk_problem_retry_after(&problem), cases[i].seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_says_status_code_and_what_to_do),
        cmocka_unit_test(every_status_has_its_title),
        cmocka_unit_test(what_the_issuer_said_is_passed_on),
        cmocka_unit_test(all_problems_of_a_configuration_are_listed),
        cmocka_unit_test(retry_after_is_in_whole_seconds_rounded_up),
    };

    return cmocka_run_group_tests(tests, open_buf, close_buf);
}
