#include "engine/recording.h"

#include "tests/unit/engine/fixture.h"
#include "tests/unit/engine/folder.h"

#include "base/file.h"
#include "base/log.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A Wednesday, 10:20:30 UTC, and the same as the recording says it. */
#define WEDNESDAY INT64_C(1795602030000)
#define LOCAL     "1795861230"

struct scene {
    struct fixture *f;
    struct folder folder;
    struct tk_loop *loop;
    struct tk_timer *timer;
    int looks;
    struct tk_problems problems;
    struct tk_recording *recording;
    struct tk_recording_options options;
    char path[PATH_MAX];
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    void *f = NULL;

    assert_non_null(s);
    assert_int_equal(fixture_set_up(&f), 0);
    s->f = f;
    s->f->source.kinds[1] = (struct tk_kind){.name = "app"};
    s->f->source.kind_count = 2;
    tk_fleet_set_wall(s->f->fleet, WEDNESDAY - s->f->now);
    folder_make(&s->folder);
    snprintf(s->path, sizeof s->path, "%s",
             folder_path(&s->folder, "uses.csv"));
    assert_int_equal(tk_loop_new(&s->loop), 0);
    tk_problems_init(&s->problems);
    tk_recording_options_read(NULL, &s->options, &s->problems);
    s->options.file = s->path;
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    void *f = s->f;

    tk_recording_close(s->recording);
    tk_problems_fini(&s->problems);
    tk_loop_free(s->loop);
    folder_remove(&s->folder);
    fixture_tear_down(&f);
    free(s);
    return 0;
}

static void record(struct scene *s)
{
    if (tk_recording_become(&s->recording, &s->options, s->loop,
                            &s->problems) != 0) {
        fail_msg("%s", tk_buf_text(&s->problems.text));
    }
}

/* What stands behind the head, after the recording has ended. */
static const char *rows(struct scene *s)
{
    static char text[4096];
    static const char head[] = "seconds,key,event,took_ms,life_s\n";
    struct tk_buf bytes;

    tk_recording_close(s->recording);
    s->recording = NULL;
    tk_buf_init(&bytes, sizeof text);
    assert_int_equal(tk_file_read(s->path, &bytes, NULL), 0);
    assert_int_equal(strncmp(tk_buf_text(&bytes), head, strlen(head)), 0);
    snprintf(text, sizeof text, "%s", tk_buf_text(&bytes) + strlen(head));
    tk_buf_fini(&bytes);
    return text;
}

static void use(struct scene *s, struct tk_entry *entry, int64_t at)
{
    tk_recording_use(s->recording, s->f->fleet, entry, at);
    tk_habit_use(s->f->fleet, entry, at);
}

static void land(struct scene *s, struct tk_entry *entry,
                 const struct tk_answer *answer)
{
    tk_recording_landed(s->recording, s->f->fleet, entry, answer, 312,
                        s->f->now);
}

static void uses_are_recorded_once_a_second(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/client/a");

    record(s);
    use(s, entry, s->f->now);
    use(s, entry, s->f->now + 400);
    use(s, entry, s->f->now + 999);
    use(s, entry, s->f->now + 1000);
    assert_string_equal(rows(s), LOCAL ",crm/client/a\n"
                                       "1795861231,crm/client/a\n");
}

/* Also of a key that is used all the time. */
static void uses_may_be_recorded_more_seldom(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/client/a");
    int64_t start = (s->f->now / MINUTE + 1) * MINUTE;
    int count = 0;

    s->options.every_ms = MINUTE;
    record(s);
    for (int64_t t = 0; t < 10 * MINUTE; t += SECOND / 2) {
        use(s, entry, start + t);
    }
    for (const char *at = rows(s); (at = strchr(at, '\n')) != NULL; at++) {
        count++;
    }
    assert_int_equal(count, 10);
}

static void answers_of_issuers_are_recorded(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/app");
    struct tk_answer token = {.is_token = true,
                              .token = TK_STR("secret"),
                              .life_ms = LIFE,
                              .reach = TK_REACH_ANSWERED};
    struct tk_answer down = {.reach = TK_REACH_DOWN};
    struct tk_answer unasked = {.reach = TK_REACH_UNASKED};

    record(s);
    land(s, entry, &token);
    entry->life.expires_at = LIFE - SECOND;
    land(s, entry, &token);
    land(s, entry, &down);
    land(s, entry, &unasked);
    assert_string_equal(rows(s), LOCAL ",crm/app,issued,312,7200\n" LOCAL
                                       ",crm/app,same,312,7200\n" LOCAL
                                       ",crm/app,failed,312,\n");
}

static void subjects_are_hashed_on_request(void **state)
{
    struct stat salt;
    struct scene *s = *state;
    struct tk_entry *a = claim(s->f, "crm/client/alice");
    struct tk_entry *none = claim(s->f, "crm/app");
    char first[128];

    s->options.hash_keys = true;
    record(s);
    use(s, a, s->f->now);
    use(s, none, s->f->now);
    snprintf(first, sizeof first, "%s", rows(s));
    assert_null(strstr(first, "alice"));
    assert_int_equal(strncmp(first, LOCAL ",crm/client/", 22), 0);
    assert_int_equal(strspn(first + 22, "0123456789abcdef"), 16);
    assert_string_equal(first + 38, "\n" LOCAL ",crm/app\n");
    /* The same after a restart, and another elsewhere. */
    unlink(s->path);
    record(s);
    a->last_use_at = 0;
    use(s, a, s->f->now);
    assert_int_equal(strncmp(rows(s), first, 39), 0);
    unlink(s->path);
    unlink(folder_path(&s->folder, "uses.csv.salt"));
    record(s);
    assert_int_equal(stat(folder_path(&s->folder, "uses.csv.salt"), &salt), 0);
    assert_int_equal(salt.st_mode & 0777, 0600);
    a->last_use_at = 0;
    use(s, a, s->f->now);
    assert_int_not_equal(strncmp(rows(s), first, 39), 0);
}

static void a_broken_salt_is_a_problem(void **state)
{
    struct scene *s = *state;

    folder_write(&s->folder, "uses.csv.salt", "salt");
    s->options.hash_keys = true;
    assert_int_equal(
        tk_recording_become(&s->recording, &s->options, s->loop, &s->problems),
        TK_EINVAL);
    assert_null(s->recording);
    assert_non_null(strstr(tk_buf_text(&s->problems.text), "it is no salt"));
}

static void a_reload_goes_on_moves_or_ends(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/client/a");
    struct tk_recording_options elsewhere = s->options;
    struct tk_recording *before;
    char other[PATH_MAX];

    record(s);
    before = s->recording;
    record(s);
    assert_ptr_equal(s->recording, before);
    snprintf(other, sizeof other, "%s", folder_path(&s->folder, "other.csv"));
    elsewhere.file = "/nowhere/at/all";
    assert_int_not_equal(
        tk_recording_become(&s->recording, &elsewhere, s->loop, &s->problems),
        0);
    assert_ptr_equal(s->recording, before);
    use(s, entry, s->f->now);
    elsewhere.file = other;
    assert_int_equal(
        tk_recording_become(&s->recording, &elsewhere, s->loop, &s->problems),
        0);
    use(s, entry, s->f->now + SECOND);
    elsewhere.file = NULL;
    assert_int_equal(
        tk_recording_become(&s->recording, &elsewhere, s->loop, &s->problems),
        0);
    assert_null(s->recording);
    assert_string_equal(rows(s), LOCAL ",crm/client/a\n");
    snprintf(s->path, sizeof s->path, "%s", other);
    assert_string_equal(rows(s), "1795861231,crm/client/a\n");
}

/* Until a row is there, ten seconds at most. */
static void look(void *data)
{
    struct scene *s = data;
    struct stat file;

    if ((stat(s->path, &file) == 0 && file.st_size > 40) || s->looks++ > 200) {
        tk_loop_stop(s->loop);
    } else {
        tk_timer_set(s->timer, tk_loop_now(s->loop) + 50);
    }
}

/* Whoever watches the file sees a use a second later. */
static void rows_are_written_while_it_runs(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/client/a");

    record(s);
    assert_int_equal(tk_timer_new(s->loop, look, s, &s->timer), 0);
    use(s, entry, tk_loop_now(s->loop));
    look(s);
    tk_loop_run(s->loop);
    tk_timer_free(s->timer);
    assert_true(s->looks < 200);
}

static void count_line(enum tk_log_level level, struct tk_str line, void *data)
{
    (void)level;
    if (strstr(line.data, "uses are not recorded") != NULL) ++*(int *)data;
}

/* As on a full disk, and so much that the buffer fills within the second. */
static void what_cannot_be_written_is_told_while_uses_go_on(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/client/a");
    struct rlimit limit;
    int lines = 0;

    record(s);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = 40;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    tk_log_setup(TK_LOG_INFO, count_line, &lines);
    for (int i = 0; i < 10000; i++) use(s, entry, s->f->now + i * SECOND);
    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(lines, 1);
    assert_true(tk_recording_lost(s->recording) > 0);
}

static struct tk_value text_value(const char *text)
{
    return (struct tk_value){.type = TK_TEXT, .as.text = tk_str(text)};
}

static void a_path_is_enough_and_must_be_absolute(void **state)
{
    struct scene *s = *state;
    struct tk_value value = text_value("/var/lib/x.csv");
    struct tk_recording_options options;

    tk_recording_options_read(&value, &options, &s->problems);
    assert_int_equal(s->problems.count, 0);
    assert_string_equal(options.file, "/var/lib/x.csv");
    assert_false(options.hash_keys);
    assert_int_equal(options.every_ms, SECOND);
    value = text_value("uses.csv");
    tk_recording_options_read(&value, &options, &s->problems);
    assert_non_null(strstr(tk_buf_text(&s->problems.text),
                           "record: 'uses.csv' is no absolute path"));
}

static void every_option_is_read_and_checked(void **state)
{
    struct scene *s = *state;
    struct tk_pair pairs[] = {
        {TK_STR("file"), text_value("/x.csv")},
        {TK_STR("max_bytes"), tk_value_of_int(2 << 20)},
        {TK_STR("every"), text_value("1m")},
        {TK_STR("hash_keys"), {.type = TK_BOOL, .as.flag = true}},
    };
    struct tk_value value = {.type = TK_TABLE,
                             .as.table = {.pairs = pairs, .pair_count = 4}};
    struct tk_recording_options options;

    tk_recording_options_read(&value, &options, &s->problems);
    assert_string_equal(tk_buf_text(&s->problems.text), "");
    assert_string_equal(options.file, "/x.csv");
    assert_int_equal(options.max_bytes, 2 << 20);
    assert_int_equal(options.every_ms, MINUTE);
    assert_true(options.hash_keys);
    pairs[1].value = tk_value_of_int(1000);
    pairs[3].name = TK_STR("hash_key");
    tk_recording_options_read(&value, &options, &s->problems);
    assert_null(options.file);
    assert_non_null(
        strstr(tk_buf_text(&s->problems.text), "did you mean hash_keys?"));
    assert_non_null(strstr(tk_buf_text(&s->problems.text), "max_bytes"));
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(uses_are_recorded_once_a_second),
        IN_SCENE(uses_may_be_recorded_more_seldom),
        IN_SCENE(answers_of_issuers_are_recorded),
        IN_SCENE(subjects_are_hashed_on_request),
        IN_SCENE(a_broken_salt_is_a_problem),
        IN_SCENE(a_reload_goes_on_moves_or_ends),
        IN_SCENE(rows_are_written_while_it_runs),
        IN_SCENE(what_cannot_be_written_is_told_while_uses_go_on),
        IN_SCENE(a_path_is_enough_and_must_be_absolute),
        IN_SCENE(every_option_is_read_and_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
