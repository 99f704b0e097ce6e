#define _DEFAULT_SOURCE
#include "base/log.h"

#include "base/date.h"
#include "tests/unit/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The last line, and how many there were. */
struct caught {
    char line[16384];
    size_t len;
    int count;
    enum tk_log_level level;
};

static void catch_line(enum tk_log_level level, struct tk_str line, void *data)
{
    struct caught *caught = data;

    assert_true(line.len < sizeof caught->line);
    memcpy(caught->line, line.data, line.len);
    caught->line[line.len] = '\0';
    caught->len = line.len;
    caught->level = level;
    caught->count++;
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct caught));
    tk_log_setup(TK_LOG_DEBUG, catch_line, *state);
    return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    tk_log_setup(TK_LOG_INFO, NULL, NULL);
    free(*state);
    return 0;
}

/* What follows the time. */
static const char *after_time(const struct caught *caught)
{
    return caught->line + strlen("2026-11-23T12:00:00.000Z ");
}

static void a_line_has_time_level_event_and_fields(void **state)
{
    struct caught *caught = *state;
    int64_t ms = -1;

    tk_log(TK_LOG_INFO, "token renewed", tk_text("key", "crm/client"),
           tk_num("generation", 7), tk_num("left", -1),
           tk_view("view", tk_str_of("abcdef", 3)));
    assert_int_equal(caught->count, 1);
    assert_int_equal(caught->level, TK_LOG_INFO);
    assert_string_equal(after_time(caught),
                        "info \"token renewed\" key=crm/client generation=7 "
                        "left=-1 view=abc");
    assert_int_equal(tk_date_parse_rfc3339(tk_str_of(caught->line, 24), &ms),
                     0);
    assert_true(ms > 0);
}

static void lines_under_the_level_are_dropped(void **state)
{
    static const enum tk_log_level levels[] = {
        TK_LOG_DEBUG, TK_LOG_INFO, TK_LOG_WARN, TK_LOG_ERROR, TK_LOG_OFF};
    struct caught *caught = *state;

    for (int least = 0; least < 5; least++) {
        tk_log_setup(levels[least], catch_line, caught);
        caught->count = 0;
        for (int level = 0; level < 5; level++) {
            tk_log(levels[level], "x", tk_num("n", 1));
        }
        assert_int_equal(caught->count, 4 - least);
    }
}

static void values_are_quoted_when_they_are_not_plain(void **state)
{
    static const struct {
        struct tk_str value;
        const char *shown;
    } rows[] = {
        {TK_STR("plain"), "plain"},
        {TK_STR("a/b:c,d"), "a/b:c,d"},
        {TK_STR(""), "\"\""},
        {{NULL, 0}, "\"\""},
        {TK_STR("two words"), "\"two words\""},
        {TK_STR("a=b"), "\"a=b\""},
        {TK_STR("say \"x\""), "\"say \\\"x\\\"\""},
        {TK_STR("\""), "\"\\\"\""},
        {TK_STR("back\\slash"), "\"back\\\\slash\""},
        {TK_STR("\xe4\xbd\xa0"), "\xe4\xbd\xa0"},
    };
    struct caught *caught = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char wanted[100];

        snprintf(wanted, sizeof wanted, "warn \"x\" v=%s", rows[i].shown);
        tk_log(TK_LOG_WARN, "x", tk_view("v", rows[i].value));
        assert_string_equal(after_time(caught), wanted);
    }
    tk_log(TK_LOG_WARN, "x", tk_text("v", NULL));
    assert_string_equal(after_time(caught), "warn \"x\" v=\"\"");
}

static void nobody_can_forge_a_line(void **state)
{
    struct caught *caught = *state;

    tk_log(TK_LOG_INFO, "x",
           tk_text("v", "a\n2026-11-23T12:00:00.000Z error \"forged\""));
    assert_string_equal(after_time(caught),
                        "info \"x\" v=\"a\\x0a2026-11-23T12:00:00.000Z error "
                        "\\\"forged\\\"\"");
    tk_log(TK_LOG_INFO, "two\nlines", tk_num("n", 1));
    assert_string_equal(after_time(caught), "info \"two\\x0alines\" n=1");
    tk_log(TK_LOG_INFO, "x", tk_text("v", "a level=b"));
    assert_string_equal(after_time(caught), "info \"x\" v=\"a level=b\"");
}

static void every_control_byte_is_escaped(void **state)
{
    struct caught *caught = *state;

    for (int byte = 0; byte < 256; byte++) {
        char value[3] = {'a', (char)byte, 'z'};

        tk_log(TK_LOG_INFO, "x", tk_view("v", tk_str_of(value, 3)));
        for (size_t i = 0; i < caught->len; i++) {
            assert_true((unsigned char)caught->line[i] >= ' ');
            assert_int_not_equal(caught->line[i], 0x7f);
        }
    }
    tk_log(TK_LOG_INFO, "x", tk_view("v", TK_STR("a\0\x1b[31m\x7f")));
    assert_string_equal(after_time(caught),
                        "info \"x\" v=\"a\\x00\\x1b[31m\\x7f\"");
}

static void a_value_too_long_gives_way_to_its_length(void **state)
{
    struct caught *caught = *state;
    char *value = malloc(20000);

    memset(value, '\x01', 20000);
    tk_log(TK_LOG_INFO, "x", tk_text("a", "1"),
           tk_view("long", tk_str_of(value, 20000)), tk_text("b", "2"));
    assert_string_equal(after_time(caught),
                        "info \"x\" a=1 long=\"(20000 bytes)\" b=2");
    for (size_t len = 0; len < 3000; len += 13) {
        tk_log(TK_LOG_INFO, "x", tk_view("a", tk_str_of(value, len)),
               tk_view("b", tk_str_of(value, len)),
               tk_view("c", tk_str_of(value, len)),
               tk_view("d", tk_str_of(value, len)), tk_text("e", "end"));
        assert_int_equal(strncmp(after_time(caught), "info \"x\" a=\"", 12), 0);
        assert_string_equal(caught->line + caught->len - 6, " e=end");
    }
    free(value);
}

static void levels_have_names(void **state)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    static const char *const others[] = {"",        "off",   "INFO",
                                         "warning", "infos", "e"};
    enum tk_log_level level = TK_LOG_OFF;

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_true(tk_log_level_parse(tk_str(names[i]), &level));
        assert_int_equal(level, i);
    }
    for (int i = 0; i < 6; i++) {
        assert_false(tk_log_level_parse(tk_str(others[i]), &level));
    }
    assert_int_equal(level, TK_LOG_ERROR);
}

/* Logs one line of each level with standard error in a file. */
static void read_stderr(struct caught *caught)
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);

    tk_log_setup(TK_LOG_DEBUG, NULL, NULL);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    tk_log(TK_LOG_DEBUG, "one", tk_num("n", 1));
    tk_log(TK_LOG_INFO, "two", tk_num("n", 2));
    tk_log(TK_LOG_WARN, "three", tk_num("n", 3));
    tk_log(TK_LOG_ERROR, "four", tk_num("n", 4));
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    caught->len = fread(caught->line, 1, sizeof caught->line - 1, file);
    caught->line[caught->len] = '\0';
    fclose(file);
}

static void without_a_sink_lines_go_to_standard_error(void **state)
{
    static const char *const ends[] = {
        "Z debug \"one\" n=1", "Z info \"two\" n=2", "Z warn \"three\" n=3",
        "Z error \"four\" n=4"};
    struct caught *caught = *state;
    char *rest = caught->line;

    unsetenv("JOURNAL_STREAM");
    read_stderr(caught);
    for (int i = 0; i < 4; i++) {
        char *line = strsep(&rest, "\n");

        assert_non_null(line);
        assert_string_equal(strchr(line, 'Z'), ends[i]);
        assert_int_not_equal(line[0], '<');
    }
    assert_string_equal(rest, "");
}

static void the_journal_gets_its_priorities(void **state)
{
    static const char *const starts[] = {"<7>", "<6>", "<4>", "<3>"};
    struct caught *caught = *state;
    char *rest = caught->line;

    setenv("JOURNAL_STREAM", "8:12345", 1);
    read_stderr(caught);
    unsetenv("JOURNAL_STREAM");
    for (int i = 0; i < 4; i++) {
        char *line = strsep(&rest, "\n");

        assert_non_null(line);
        assert_memory_equal(line, starts[i], 3);
    }
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(a_line_has_time_level_event_and_fields),
        WITH(lines_under_the_level_are_dropped),
        WITH(values_are_quoted_when_they_are_not_plain),
        WITH(nobody_can_forge_a_line),
        WITH(every_control_byte_is_escaped),
        WITH(a_value_too_long_gives_way_to_its_length),
        WITH(levels_have_names),
        WITH(without_a_sink_lines_go_to_standard_error),
        WITH(the_journal_gets_its_priorities),
    };
#undef WITH

    return cmocka_run_group_tests(tests, NULL, NULL);
}
