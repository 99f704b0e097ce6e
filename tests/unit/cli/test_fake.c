#define _GNU_SOURCE
#include "cli/fake.h"

#include "tests/unit/cli/capture.h"

#define READ(wish, why, ...) read_wish(wish, why, (char *[]){__VA_ARGS__, NULL})

static int read_wish(struct tk_fake_wish *wish, struct tk_why *why, char **argv)
{
    struct tk_args args;
    int argc = 0;

    while (argv[argc] != NULL) argc++;
    assert_int_equal(tk_args_parse(tk_fake_command.options,
                                   tk_fake_command.option_count, argc, argv,
                                   &args, why),
                     0);
    return tk_fake_read(&args, wish, why);
}

static void every_option_has_its_switch(void **state)
{
    struct tk_fake_wish wish;
    struct tk_why why;

    (void)state;
    assert_int_equal(
        READ(&wish, &why, "--listen=tcp:127.0.0.1:80", "--life=20s",
             "--window=5s", "--latency=50ms", "--jitter=10ms",
             "--error-rate=0.1", "--limit-rate=0.2", "--ok-error-rate=0.3",
             "--empty-rate=0.05", "--garbage-rate=0.06", "--quota=100",
             "--retry-after=3", "--outage=hang", "--seed=7"),
        0);
    assert_string_equal(wish.options.listen, "tcp:127.0.0.1:80");
    assert_int_equal(wish.options.life_ms, 20000);
    assert_int_equal(wish.options.window_ms, 5000);
    assert_int_equal(wish.options.seed, 7);
    assert_int_equal(wish.options.client_count, 0);
    assert_int_equal(wish.options.switches.latency_ms, 50);
    assert_int_equal(wish.options.switches.latency_jitter_ms, 10);
    assert_true(wish.options.switches.error_rate == 0.1);
    assert_true(wish.options.switches.rate_limit_rate == 0.2);
    assert_true(wish.options.switches.ok_error_rate == 0.3);
    assert_true(wish.options.switches.empty_rate == 0.05);
    assert_true(wish.options.switches.garbage_rate == 0.06);
    assert_int_equal(wish.options.switches.quota_per_minute, 100);
    assert_int_equal(wish.options.switches.retry_after_s, 3);
    assert_int_equal(wish.options.switches.outage, TK_OUTAGE_HANG);
    assert_int_equal(READ(&wish, &why, "--outage", "503"), 0);
    assert_int_equal(wish.options.switches.outage, TK_OUTAGE_503);
}

static void without_options_it_is_a_good_day(void **state)
{
    struct tk_switches good = {0};
    struct tk_fake_wish wish;
    struct tk_why why;

    (void)state;
    assert_int_equal(read_wish(&wish, &why, (char *[]){NULL}), 0);
    assert_null(wish.options.listen);
    assert_null(wish.options.clients);
    assert_memory_equal(&wish.options.switches, &good, sizeof good);
}

static void a_client_is_cut_at_the_first_equals_sign(void **state)
{
    struct tk_fake_wish wish;
    struct tk_why why;

    (void)state;
    assert_int_equal(READ(&wish, &why, "--secret", "crm=a=b"), 0);
    assert_int_equal(wish.options.client_count, 1);
    assert_string_equal(wish.options.clients[0].id, "crm");
    assert_string_equal(wish.options.clients[0].secret, "a=b");
}

static void expect_refusal(char *option, const char *reason)
{
    struct tk_fake_wish wish;
    struct tk_why why;

    assert_int_equal(READ(&wish, &why, option), TK_EINVAL);
    assert_string_equal(why.text, reason);
}

static void what_makes_no_sense_is_refused(void **state)
{
    static char longest[400];

    (void)state;
    expect_refusal((char[]){"--secret=crm"}, "--secret is ID=SECRET");
    expect_refusal((char[]){"--secret==x"}, "--secret is ID=SECRET");
    expect_refusal((char[]){"--secret=x="}, "--secret is ID=SECRET");
    memset(longest, 'x', sizeof longest - 1);
    memcpy(longest, "--secret=", 9);
    longest[20] = '=';
    expect_refusal(longest, "--secret is too long");
    expect_refusal((char[]){"--outage=yes"},
                   "--outage is 503 or hang, not 'yes'");
}

static void a_secret_that_is_refused_is_not_shown(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(
        capture_run(&capture, &tk_fake_command, "--secret=hunter2", NULL),
        TK_EXIT_USAGE);
    assert_string_equal(capture_err(&capture),
                        "tokeng: fake: --secret is ID=SECRET\n");
    capture_fini(&capture);
}

static void it_says_where_it_listens_and_ends_by_itself(void **state)
{
    struct capture capture;
    const char *said;

    (void)state;
    capture_init(&capture);
    assert_int_equal(
        capture_run(&capture, &tk_fake_command, "--seconds", "0", NULL),
        TK_EXIT_OK);
    assert_string_equal(capture_err(&capture), "");
    said = capture_out(&capture);
    assert_memory_equal(said,
                        "tokeng fake: listening on http://127.0.0.1:", 43);
    assert_has(said, "\ntokeng fake: plays feishu, oauth2\n");
    capture_fini(&capture);
}

static void an_address_that_is_not_loopback_is_refused(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(capture_run(&capture, &tk_fake_command,
                                 "--listen=tcp:0.0.0.0:0", "--seconds=0", NULL),
                     TK_EXIT_CONFIG);
    assert_has(capture_err(&capture), "tokeng: fake: ");
    assert_string_equal(capture_out(&capture), "");
    capture_fini(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_has_its_switch),
        cmocka_unit_test(without_options_it_is_a_good_day),
        cmocka_unit_test(a_client_is_cut_at_the_first_equals_sign),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_secret_that_is_refused_is_not_shown),
        cmocka_unit_test(it_says_where_it_listens_and_ends_by_itself),
        cmocka_unit_test(an_address_that_is_not_loopback_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
