#define _DEFAULT_SOURCE
#include "engine/zone.h"

#include "base/date.h"

#include "tests/unit/engine/tzif.h"
#include "tests/unit/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define DAY 86400

static const int64_t at[] = {-1000000000, 0, 1000000000};
static const unsigned char type_of[] = {1, 2, 1};
static const int32_t ahead_s[] = {-600, 3600, 7200};

/* Minus ten minutes, then one hour, two, and one again. */
static struct tzif good(void)
{
    return (struct tzif){
        .version = '2',
        .times = 3,
        .types = 3,
        .chars = 4,
        .at = at,
        .type_of = type_of,
        .ahead_s = ahead_s,
        .tail = "\nCET-1CEST,M3.5.0,M10.5.0/3\n",
    };
}

static int read_zone(const struct tzif *file, struct tk_zone **out,
                     struct tk_why *why)
{
    struct tk_buf bytes;
    int rc;

    tk_buf_init(&bytes, 1 << 20);
    rc = tk_zone_read(tzif_make(file, &bytes), out, why);
    tk_buf_fini(&bytes);
    return rc;
}

static void changes_are_followed_by_the_rule(void **state)
{
    struct tzif file = good();
    struct tk_zone *zone;
    struct tk_why why;

    (void)state;
    assert_int_equal(read_zone(&file, &zone, &why), 0);
    assert_int_equal(tk_zone_ahead_s(zone, INT64_MIN), -600);
    assert_int_equal(tk_zone_ahead_s(zone, at[0] - 1), -600);
    assert_int_equal(tk_zone_ahead_s(zone, at[0]), 3600);
    assert_int_equal(tk_zone_ahead_s(zone, -1), 3600);
    assert_int_equal(tk_zone_ahead_s(zone, 0), 7200);
    assert_int_equal(tk_zone_ahead_s(zone, at[2] - 1), 7200);
    /* 9 September 2001; summer by the rule only from 2002 on. */
    assert_int_equal(tk_zone_ahead_s(zone, at[2]), 3600);
    assert_int_equal(tk_zone_ahead_s(zone, 1017536399), 3600);
    assert_int_equal(tk_zone_ahead_s(zone, 1017536400), 7200);
    assert_int_equal(tk_zone_ahead_s(zone, INT64_MAX), 3600);
    tk_zone_free(zone);
}

static void a_file_of_the_first_version_is_read(void **state)
{
    struct tzif file = good();
    struct tk_zone *zone;
    struct tk_why why;

    (void)state;
    file.version = '\0';
    file.tail = NULL;
    assert_int_equal(read_zone(&file, &zone, &why), 0);
    assert_int_equal(tk_zone_ahead_s(zone, 5), 7200);
    assert_int_equal(tk_zone_ahead_s(zone, INT64_C(1) << 40), 3600);
    tk_zone_free(zone);
}

static void a_zone_may_have_nothing_but_one_offset(void **state)
{
    struct tzif file = {
        .version = '3', .types = 1, .ahead_s = ahead_s + 1, .tail = "\n\n"};
    struct tk_zone *zone;
    struct tk_why why;

    (void)state;
    assert_int_equal(read_zone(&file, &zone, &why), 0);
    assert_int_equal(tk_zone_ahead_s(zone, 0), 3600);
    tk_zone_free(zone);
    assert_int_equal(tk_zone_ahead_s(NULL, 0), 0);
}

static void check_refused(const struct tzif *file, const char *says)
{
    struct tk_zone *zone;
    struct tk_why why;

    if (read_zone(file, &zone, &why) != TK_EINVAL) fail_msg("taken: %s", says);
    assert_null(zone);
    if (strstr(why.text, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why.text, says);
    }
}

static void a_file_that_lies_is_refused(void **state)
{
    static const int64_t back[] = {0, 5, 5};
    static const unsigned char far[] = {1, 3, 1};
    static const int32_t ahead[] = {0, 0, 26 * 3600};
    static const int32_t behind[] = {-25 * 3600, 0, 0};
    struct tzif file = good();

    (void)state;
    file.at = back;
    check_refused(&file, "out of order");
    file = good();
    file.type_of = far;
    check_refused(&file, "a local time that it does not have");
    file = good();
    file.ahead_s = ahead;
    check_refused(&file, "by more than a day");
    file.ahead_s = behind;
    check_refused(&file, "by more than a day");
    file = good();
    file.leaps = 3;
    check_refused(&file, "leap seconds");
    file = good();
    file.types = 0;
    file.times = 0;
    check_refused(&file, "no local time");
    file = good();
    file.tail = NULL;
    check_refused(&file, "last line is missing");
    file.tail = "\nCET-1CEST,M3.5.0,M10.5.0/3";
    check_refused(&file, "last line is missing");
    file.tail = "\nnonsense\n";
    check_refused(&file, "makes no sense");
}

static void a_file_that_claims_to_be_huge_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct tzif file = {.version = '2', .types = 1};
        uint32_t *counts[] = {&file.utc_flags, &file.standard_flags,
                              &file.leaps,     &file.times,
                              &file.types,     &file.chars};

        *counts[i] = UINT32_MAX;
        check_refused(&file, "larger than any time zone");
        /* Within the limits, but not there. */
        *counts[i] = 250;
        check_refused(&file, "cut short");
    }
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    struct tzif file = good();
    struct tk_buf bytes;
    struct tk_str whole;
    struct tk_zone *zone;
    struct tk_why why;

    (void)state;
    tk_buf_init(&bytes, 1 << 16);
    whole = tzif_make(&file, &bytes);
    for (size_t len = 0; len < whole.len; len++) {
        /* Of its own, so that a byte too far is seen. */
        char *copy = malloc(len == 0 ? 1 : len);

        assert_non_null(copy);
        memcpy(copy, whole.data, len);
        assert_int_equal(tk_zone_read(tk_str_of(copy, len), &zone, &why),
                         TK_EINVAL);
        free(copy);
    }
    tk_buf_fini(&bytes);
}

/* The C library reads the same files by code of its own. */
static void zones_of_this_host_agree_with_the_c_library(void **state)
{
    static const char *const names[] = {
        "Asia/Shanghai",     "Europe/Berlin",       "America/New_York",
        "Asia/Kathmandu",    "Australia/Lord_Howe", "America/Santiago",
        "Africa/Casablanca", "America/Nuuk",        "Pacific/Apia",
        "Europe/Dublin",     "Antarctica/Troll",    "Etc/GMT+5",
    };
    struct tk_zone *zone;
    struct tk_why why;

    (void)state;
    if (access("/usr/share/zoneinfo/Asia/Shanghai", R_OK) != 0) {
        print_message("skipped: this host has no time zones\n");
        skip();
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (tk_zone_open(names[i], &zone, &why) != 0) fail_msg("%s", why.text);
        setenv("TZ", names[i], 1);
        tzset();
        for (int64_t t = 0; t < INT64_C(130) * 365 * DAY; t += DAY + 3571) {
            time_t moment = (time_t)t;
            struct tm tm;

            localtime_r(&moment, &tm);
            if (tk_zone_ahead_s(zone, t) != tm.tm_gmtoff) {
                fail_msg("%s at %lld: %d and not %ld", names[i], (long long)t,
                         tk_zone_ahead_s(zone, t), tm.tm_gmtoff);
            }
        }
        tk_zone_free(zone);
    }
    unsetenv("TZ");
}

/* A folder of zones that has Place/Here and a file that is none. */
static void make_folder(char dir[32])
{
    char path[64];
    struct tzif file = good();
    struct tk_buf bytes;
    struct tk_str text;
    FILE *out;

    strcpy(dir, "/tmp/tokeng-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    tk_buf_init(&bytes, 1 << 16);
    text = tzif_make(&file, &bytes);
    snprintf(path, sizeof path, "%s/Here", dir);
    out = fopen(path, "w");
    assert_int_equal(fwrite(text.data, 1, text.len, out), text.len);
    assert_int_equal(fclose(out), 0);
    snprintf(path, sizeof path, "%s/Text", dir);
    out = fopen(path, "w");
    assert_true(fputs("no zone", out) >= 0);
    assert_int_equal(fclose(out), 0);
    tk_buf_fini(&bytes);
    setenv("TZDIR", dir, 1);
}

static void remove_folder(const char *dir)
{
    char path[64];

    snprintf(path, sizeof path, "%s/Here", dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/Text", dir);
    unlink(path);
    rmdir(dir);
    unsetenv("TZDIR");
}

static void a_zone_is_named(void **state)
{
    struct tk_zone *zone;
    struct tk_why why;
    char dir[32];

    (void)state;
    make_folder(dir);
    assert_int_equal(tk_zone_open("Here", &zone, &why), 0);
    assert_int_equal(tk_zone_ahead_s(zone, 1), 7200);
    tk_zone_free(zone);
    assert_int_equal(tk_zone_open("UTC", &zone, &why), 0);
    assert_null(zone);
    assert_int_equal(tk_zone_open("Heer", &zone, &why), TK_ENOENT);
    assert_non_null(strstr(why.text, "did you mean Here?"));
    assert_int_equal(tk_zone_open("Elsewhere", &zone, &why), TK_ENOENT);
    assert_null(strstr(why.text, "did you mean"));
    assert_int_equal(tk_zone_open("Text", &zone, &why), TK_EINVAL);
    assert_non_null(strstr(why.text, "/Text: it is no time zone file"));
    remove_folder(dir);
}

static void no_name_leads_elsewhere(void **state)
{
    static const char *const names[] = {
        "",
        "/etc/localtime",
        "../../etc/passwd",
        "Asia/../../x",
        ".",
        "a b",
        "Asia/Shanghai\n",
        "%s",
    };
    char long_name[200];
    struct tk_zone *zone;
    struct tk_why why;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(tk_zone_open(names[i], &zone, &why), TK_EINVAL);
        assert_null(zone);
    }
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(tk_zone_open(long_name, &zone, &why), TK_EINVAL);
}

static int32_t host_ahead_s(const char *tz, int64_t utc_s)
{
    struct tk_zone *zone;
    struct tk_why why;
    int32_t ahead;

    setenv("TZ", tz, 1);
    if (tk_zone_open_host(&zone, &why) != 0) fail_msg("%s: %s", tz, why.text);
    ahead = tk_zone_ahead_s(zone, utc_s);
    tk_zone_free(zone);
    return ahead;
}

static void the_hosts_zone_is_what_tz_says(void **state)
{
    struct tk_zone *zone;
    struct tk_why why;
    char dir[32];
    char path[64];

    (void)state;
    make_folder(dir);
    assert_int_equal(host_ahead_s("", 1), 0);
    assert_int_equal(host_ahead_s("UTC", 1), 0);
    assert_int_equal(host_ahead_s("Here", 1), 7200);
    assert_int_equal(host_ahead_s(":Here", 1), 7200);
    snprintf(path, sizeof path, "%s/Here", dir);
    assert_int_equal(host_ahead_s(path, 1), 7200);
    assert_int_equal(host_ahead_s("CST-8", 1), 8 * 3600);
    assert_int_equal(host_ahead_s("<-03>3", 1), -3 * 3600);
    /* July and December of 2026. */
    assert_int_equal(host_ahead_s("CET-1CEST,M3.5.0,M10.5.0/3", 1783000000),
                     7200);
    assert_int_equal(host_ahead_s("CET-1CEST,M3.5.0,M10.5.0/3", 1797000000),
                     3600);
    setenv("TZ", "no zone", 1);
    assert_int_equal(tk_zone_open_host(&zone, &why), TK_EINVAL);
    unsetenv("TZ");
    assert_int_equal(tk_zone_open_host(&zone, &why), 0);
    tk_zone_free(zone);
    remove_folder(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_followed_by_the_rule),
        cmocka_unit_test(a_file_of_the_first_version_is_read),
        cmocka_unit_test(a_zone_may_have_nothing_but_one_offset),
        cmocka_unit_test(a_file_that_lies_is_refused),
        cmocka_unit_test(a_file_that_claims_to_be_huge_is_refused),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(zones_of_this_host_agree_with_the_c_library),
        cmocka_unit_test(a_zone_is_named),
        cmocka_unit_test(no_name_leads_elsewhere),
        cmocka_unit_test(the_hosts_zone_is_what_tz_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
