#define _GNU_SOURCE
#include "base/secret.h"

#include "tests/unit/text.h"
#include "tests/unit/wipes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Given to the program itself, see main. */
#define INHERITED "TOKENG_TEST_INHERITED"

struct place {
    char dir[64];
    char path[128];
    struct tk_secret secret;
    struct tk_why why;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    strcpy(place->dir, "/tmp/tokeng-test-XXXXXX");
    *state = place;
    if (mkdtemp(place->dir) == NULL) return -1;
    snprintf(place->path, sizeof place->path, "%s/secret", place->dir);
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;

    tk_secret_fini(&place->secret);
    unlink(place->path);
    rmdir(place->dir);
    free(place);
    return 0;
}

static void write_file(struct place *place, struct tk_str bytes)
{
    FILE *file = fopen(place->path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

static void init(struct place *place, enum tk_secret_from from,
                 const char *where)
{
    assert_int_equal(tk_secret_init(&place->secret, from, tk_str(where)), 0);
}

static int read_again(struct place *place)
{
    memset(&place->why, 0, sizeof place->why);
    return tk_secret_read(&place->secret, &place->why);
}

static void a_new_secret_holds_nothing(void **state)
{
    struct place *place = *state;

    init(place, TK_SECRET_GIVEN, "x");
    assert_text(tk_secret_bytes(&place->secret), TK_STR(""));
    assert_non_null(tk_secret_bytes(&place->secret).data);
}

static void reads_a_file_without_its_line_end(void **state)
{
    static const struct {
        struct tk_str content;
        struct tk_str secret;
    } rows[] = {
        {TK_STR("s3cret"), TK_STR("s3cret")},
        {TK_STR("s3cret\n"), TK_STR("s3cret")},
        {TK_STR("s3cret\r\n"), TK_STR("s3cret")},
        {TK_STR("s3cret\n\n"), TK_STR("s3cret\n")},
        {TK_STR(" s3 \n"), TK_STR(" s3 ")},
        {TK_STR("a\nb\n"), TK_STR("a\nb")},
        {TK_STR("a\0b\n"), TK_STR("a\0b")},
        {TK_STR("\xff\xfe"), TK_STR("\xff\xfe")},
    };
    struct place *place = *state;

    init(place, TK_SECRET_FILE, place->path);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_file(place, rows[i].content);
        assert_int_equal(read_again(place), 0);
        assert_text(tk_secret_bytes(&place->secret), rows[i].secret);
    }
}

static void an_empty_secret_is_an_error(void **state)
{
    static const struct tk_str contents[] = {TK_STR(""), TK_STR("\n"),
                                             TK_STR("\r\n")};
    struct place *place = *state;

    init(place, TK_SECRET_FILE, place->path);
    for (size_t i = 0; i < 3; i++) {
        write_file(place, contents[i]);
        assert_int_equal(read_again(place), TK_EINVAL);
        assert_non_null(strstr(place->why.text, place->path));
        assert_non_null(strstr(place->why.text, "the secret is empty"));
    }
}

static void on_failure_the_bytes_held_before_stay(void **state)
{
    struct place *place = *state;

    init(place, TK_SECRET_FILE, place->path);
    write_file(place, TK_STR("first"));
    assert_int_equal(read_again(place), 0);
    write_file(place, TK_STR(""));
    assert_int_equal(read_again(place), TK_EINVAL);
    assert_text(tk_secret_bytes(&place->secret), TK_STR("first"));
    unlink(place->path);
    assert_int_equal(read_again(place), TK_ENOENT);
    assert_text(tk_secret_bytes(&place->secret), TK_STR("first"));
    write_file(place, TK_STR("second"));
    assert_int_equal(read_again(place), 0);
    assert_text(tk_secret_bytes(&place->secret), TK_STR("second"));
}

static void a_secret_has_at_most_64_kib(void **state)
{
    struct place *place = *state;
    char *bytes = malloc(TK_SECRET_MAX + 1);

    memset(bytes, 'x', TK_SECRET_MAX + 1);
    init(place, TK_SECRET_FILE, place->path);
    write_file(place, tk_str_of(bytes, TK_SECRET_MAX));
    assert_int_equal(read_again(place), 0);
    assert_int_equal(tk_secret_bytes(&place->secret).len, TK_SECRET_MAX);
    write_file(place, tk_str_of(bytes, TK_SECRET_MAX + 1));
    assert_int_equal(read_again(place), TK_ETOOBIG);
    free(bytes);
}

static void reads_a_variable_once_and_overwrites_it(void **state)
{
    struct place *place = *state;
    const char *value;

    assert_int_equal(setenv("TOKENG_TEST", "s3cret\n", 1), 0);
    value = getenv("TOKENG_TEST");
    init(place, TK_SECRET_ENV, "TOKENG_TEST");
    assert_int_equal(read_again(place), 0);
    assert_text(tk_secret_bytes(&place->secret), TK_STR("s3cret"));
    assert_memory_equal(value, "\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(read_again(place), 0);
    assert_text(tk_secret_bytes(&place->secret), TK_STR("s3cret"));
    unsetenv("TOKENG_TEST");
}

static bool environ_has(const char *text)
{
    static char bytes[256 * 1024];
    int fd = open("/proc/self/environ", O_RDONLY);
    size_t len = 0;
    ssize_t got;

    assert_true(fd >= 0);
    while ((got = read(fd, bytes + len, sizeof bytes - len)) > 0) {
        len += (size_t)got;
    }
    close(fd);
    return memmem(bytes, len, text, strlen(text)) != NULL;
}

static void what_the_process_was_started_with_is_overwritten(void **state)
{
    struct place *place = *state;

    assert_true(environ_has("CANARY"));
    init(place, TK_SECRET_ENV, INHERITED);
    assert_int_equal(read_again(place), 0);
    assert_text(tk_secret_bytes(&place->secret), TK_STR("CANARY"));
    assert_false(environ_has("CANARY"));
    assert_true(environ_has(INHERITED));
}

static void a_variable_that_is_missing_or_empty_is_an_error(void **state)
{
    struct place *place = *state;

    unsetenv("TOKENG_TEST");
    init(place, TK_SECRET_ENV, "TOKENG_TEST");
    assert_int_equal(read_again(place), TK_ENOENT);
    assert_string_equal(place->why.text, "the variable TOKENG_TEST is not set");
    setenv("TOKENG_TEST", "", 1);
    assert_int_equal(read_again(place), TK_ENOENT);
    assert_string_equal(place->why.text, "the variable TOKENG_TEST is empty");
    setenv("TOKENG_TEST", "\n", 1);
    assert_int_equal(read_again(place), TK_ENOENT);
    unsetenv("TOKENG_TEST");
}

static void reads_a_credential_from_its_directory(void **state)
{
    struct place *place = *state;

    setenv("CREDENTIALS_DIRECTORY", place->dir, 1);
    write_file(place, TK_STR("s3cret\n"));
    init(place, TK_SECRET_CREDENTIAL, "secret");
    assert_int_equal(read_again(place), 0);
    assert_text(tk_secret_bytes(&place->secret), TK_STR("s3cret"));
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(read_again(place), TK_ENOENT);
    assert_non_null(strstr(place->why.text, "LoadCredential=secret:PATH"));
    assert_text(tk_secret_bytes(&place->secret), TK_STR("s3cret"));
}

static void a_credential_is_a_name_and_no_path(void **state)
{
    static const struct {
        const char *name;
        int code;
    } rows[] = {
        {"../secret", TK_EINVAL},
        {"/etc/passwd", TK_EINVAL},
        {"a/b", TK_EINVAL},
        {"none", TK_ENOENT},
        {"..", TK_EIO},
        {".", TK_EIO},
        {"", TK_EIO},
    };
    struct place *place = *state;

    setenv("CREDENTIALS_DIRECTORY", place->dir, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        init(place, TK_SECRET_CREDENTIAL, rows[i].name);
        assert_int_equal(read_again(place), rows[i].code);
        tk_secret_fini(&place->secret);
    }
    unsetenv("CREDENTIALS_DIRECTORY");
}

static void a_credential_path_too_long_is_refused(void **state)
{
    struct place *place = *state;
    char name[5000];

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    setenv("CREDENTIALS_DIRECTORY", place->dir, 1);
    init(place, TK_SECRET_CREDENTIAL, name);
    assert_int_equal(read_again(place), TK_EINVAL);
    unsetenv("CREDENTIALS_DIRECTORY");
}

static void a_given_secret_keeps_what_was_put(void **state)
{
    struct place *place = *state;
    char bytes[] = "s3cret";

    init(place, TK_SECRET_GIVEN, "login");
    assert_int_equal(tk_secret_put(&place->secret, tk_str(bytes)), 0);
    memset(bytes, 'x', sizeof bytes - 1);
    assert_int_equal(read_again(place), 0);
    assert_text(tk_secret_bytes(&place->secret), TK_STR("s3cret"));
    assert_int_equal(place->secret.bytes[6], '\0');
    assert_int_equal(tk_secret_put(&place->secret, tk_str_of(NULL, 0)), 0);
    assert_text(tk_secret_bytes(&place->secret), TK_STR(""));
}

static void a_secret_may_be_put_into_itself(void **state)
{
    struct place *place = *state;

    init(place, TK_SECRET_GIVEN, "x");
    assert_int_equal(tk_secret_put(&place->secret, TK_STR("abcdef")), 0);
    assert_int_equal(
        tk_secret_put(&place->secret,
                      tk_str_skip(tk_secret_bytes(&place->secret), 3)),
        0);
    assert_text(tk_secret_bytes(&place->secret), TK_STR("def"));
}

static void bytes_are_wiped_when_replaced_or_freed(void **state)
{
    struct place *place = *state;
    const char *first;
    const char *second;

    init(place, TK_SECRET_GIVEN, "x");
    assert_int_equal(tk_secret_put(&place->secret, TK_STR("first")), 0);
    first = place->secret.bytes;
    assert_int_equal(tk_secret_put(&place->secret, TK_STR("second")), 0);
    assert_true(was_wiped(first, 5));
    second = place->secret.bytes;
    tk_secret_fini(&place->secret);
    assert_true(was_wiped(second, 6));
    tk_wipe_free(NULL, 10);
}

static void what_stays_lies_in_pages_that_are_wiped(void **state)
{
    struct place *place = *state;
    const char *bytes;

    init(place, TK_SECRET_FILE, place->path);
    write_file(place, TK_STR("first"));
    assert_int_equal(read_again(place), 0);
    bytes = place->secret.bytes;
    assert_ptr_equal(bytes, place->secret.pages.start);
    write_file(place, TK_STR("second"));
    assert_int_equal(read_again(place), 0);
    assert_true(was_wiped(bytes, 4096));
    bytes = place->secret.bytes;
    tk_secret_fini(&place->secret);
    assert_true(was_wiped(bytes, 4096));
}

static void reading_leaves_no_copy_behind(void **state)
{
    struct place *place = *state;
    size_t before;

    init(place, TK_SECRET_FILE, place->path);
    write_file(place, TK_STR("s3cret"));
    before = wipe_count;
    assert_int_equal(read_again(place), 0);
    assert_true(wipe_count > before); /* the buffer of the file */
    assert_true(wipes[(wipe_count - 1) % WIPES_KEPT].len >= 6);
}

static void reasons_and_places_never_show_the_bytes(void **state)
{
    struct place *place = *state;
    char *bytes = malloc(TK_SECRET_MAX + 1);

    for (size_t i = 0; i <= TK_SECRET_MAX; i++) bytes[i] = "CANARY"[i % 6];
    init(place, TK_SECRET_FILE, place->path);
    write_file(place, TK_STR("CANARY"));
    assert_int_equal(read_again(place), 0);
    write_file(place, tk_str_of(bytes, TK_SECRET_MAX + 1));
    assert_int_equal(read_again(place), TK_ETOOBIG);
    assert_null(strstr(place->why.text, "CANARY"));
    assert_string_equal(place->secret.place, place->path);
    free(bytes);
}

static void a_place_that_is_a_view_is_copied(void **state)
{
    struct place *place = *state;
    char where[] = "/run/secrets/x and more";

    assert_int_equal(
        tk_secret_init(&place->secret, TK_SECRET_FILE, tk_str_of(where, 14)),
        0);
    memset(where, 'y', sizeof where - 1);
    assert_string_equal(place->secret.place, "/run/secrets/x");
    tk_secret_fini(&place->secret);
    assert_int_equal(
        tk_secret_init(&place->secret, TK_SECRET_FILE, tk_str_of(NULL, 0)), 0);
    assert_string_equal(place->secret.place, "");
}

static void origins_have_names(void **state)
{
    (void)state;
    assert_string_equal(tk_secret_from_name(TK_SECRET_FILE), "file");
    assert_string_equal(tk_secret_from_name(TK_SECRET_ENV), "env");
    assert_string_equal(tk_secret_from_name(TK_SECRET_CREDENTIAL),
                        "credential");
    assert_string_equal(tk_secret_from_name(TK_SECRET_GIVEN), "given");
}

/* Starts itself once more with a variable in its environment: only such a one
 * stands where /proc shows it. */
int main(int argc, char **argv)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(a_new_secret_holds_nothing),
        WITH(reads_a_file_without_its_line_end),
        WITH(an_empty_secret_is_an_error),
        WITH(on_failure_the_bytes_held_before_stay),
        WITH(a_secret_has_at_most_64_kib),
        WITH(reads_a_variable_once_and_overwrites_it),
        WITH(what_the_process_was_started_with_is_overwritten),
        WITH(a_variable_that_is_missing_or_empty_is_an_error),
        WITH(reads_a_credential_from_its_directory),
        WITH(a_credential_is_a_name_and_no_path),
        WITH(a_credential_path_too_long_is_refused),
        WITH(a_given_secret_keeps_what_was_put),
        WITH(a_secret_may_be_put_into_itself),
        WITH(bytes_are_wiped_when_replaced_or_freed),
        WITH(what_stays_lies_in_pages_that_are_wiped),
        WITH(reading_leaves_no_copy_behind),
        WITH(reasons_and_places_never_show_the_bytes),
        WITH(a_place_that_is_a_view_is_copied),
        WITH(origins_have_names),
    };
#undef WITH

    (void)argc;
    if (getenv(INHERITED) == NULL) {
        setenv(INHERITED, "CANARY", 1);
        execv("/proc/self/exe", argv);
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
