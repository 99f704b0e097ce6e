#define _GNU_SOURCE
#include "base/file.h"

#include "tests/unit/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory of its own for each test; paths in it. */
struct place {
    char dir[64];
    char path[128];
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    strcpy(place->dir, "/tmp/tokeng-test-XXXXXX");
    *state = place;
    return mkdtemp(place->dir) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[128];
    int rc;

    snprintf(command, sizeof command, "rm -rf '%s'", place->dir);
    rc = system(command);
    free(place);
    return rc;
}

static const char *path_of(struct place *place, const char *name)
{
    snprintf(place->path, sizeof place->path, "%s/%s", place->dir, name);
    return place->path;
}

static const char *make_file(struct place *place, const char *name, size_t len)
{
    const char *path = path_of(place, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    for (size_t i = 0; i < len; i++) fputc((int)(i % 251), file);
    assert_int_equal(fclose(file), 0);
    return path;
}

static int read_into(struct tk_buf *buf, size_t max, const char *path,
                     struct tk_why *why)
{
    tk_buf_init(buf, max);
    return tk_file_read(path, buf, why);
}

static void reads_the_whole_file(void **state)
{
    static const size_t sizes[] = {0, 1, 62, 63, 64, 65, 127, 4096, 100000};
    struct tk_buf buf;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *path = make_file(*state, "file", sizes[i]);

        assert_int_equal(read_into(&buf, 1 << 20, path, NULL), 0);
        assert_int_equal(buf.len, sizes[i]);
        for (size_t at = 0; at < buf.len; at++) {
            assert_int_equal((unsigned char)buf.data[at], at % 251);
        }
        tk_buf_fini(&buf);
    }
}

static void takes_a_file_of_exactly_the_largest_size(void **state)
{
    struct tk_why why;
    struct tk_buf buf;

    for (size_t size = 1; size < 200; size++) {
        const char *path = make_file(*state, "file", size);

        assert_int_equal(read_into(&buf, size, path, &why), 0);
        assert_int_equal(buf.len, size);
        tk_buf_fini(&buf);
        assert_int_equal(read_into(&buf, size - 1, path, &why), TK_ETOOBIG);
        assert_int_equal(buf.len, 0);
        tk_buf_fini(&buf);
    }
    assert_non_null(strstr(why.text, "/file: larger than 198 bytes"));
}

static void appends_to_what_is_there(void **state)
{
    const char *path = make_file(*state, "file", 3);
    struct tk_buf buf;

    tk_buf_init(&buf, 5);
    tk_buf_put_text(&buf, "ab");
    assert_int_equal(tk_file_read(path, &buf, NULL), 0);
    assert_text(tk_buf_str(&buf), TK_STR("ab\x00\x01\x02"));
    tk_buf_fini(&buf);
}

static void says_which_file_is_missing(void **state)
{
    struct tk_why why;
    struct tk_buf buf;

    assert_int_equal(read_into(&buf, 10, path_of(*state, "none"), &why),
                     TK_ENOENT);
    assert_int_equal(why.code, TK_ENOENT);
    assert_non_null(strstr(why.text, "/none: No such file"));
    tk_buf_fini(&buf);
}

static void assert_refused(const char *path)
{
    struct tk_why why;
    struct tk_buf buf;

    assert_int_equal(read_into(&buf, 10, path, &why), TK_EIO);
    assert_non_null(strstr(why.text, path));
    assert_non_null(strstr(why.text, "not a regular file"));
    assert_int_equal(buf.len, 0);
    tk_buf_fini(&buf);
}

static void refuses_directories_pipes_and_devices(void **state)
{
    struct place *place = *state;

    assert_refused(place->dir);
    assert_int_equal(mkfifo(path_of(place, "pipe"), 0600), 0);
    assert_refused(place->path); /* and does not wait for a writer */
    assert_refused("/dev/zero");
    assert_refused("/dev/null");
}

static void follows_links(void **state)
{
    struct place *place = *state;
    struct tk_buf buf;

    make_file(place, "file", 5);
    assert_int_equal(symlink("file", path_of(place, "link")), 0);
    assert_int_equal(read_into(&buf, 10, place->path, NULL), 0);
    assert_int_equal(buf.len, 5);
    tk_buf_fini(&buf);
    assert_int_equal(symlink("gone", path_of(place, "dangling")), 0);
    assert_int_equal(read_into(&buf, 10, place->path, NULL), TK_ENOENT);
    tk_buf_fini(&buf);
}

static int count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 65536; fd++) count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void leaves_no_descriptor_open(void **state)
{
    struct place *place = *state;
    int before = count_descriptors();
    struct tk_buf buf;

    assert_int_equal(read_into(&buf, 10, make_file(place, "file", 5), NULL), 0);
    tk_buf_fini(&buf);
    assert_int_equal(read_into(&buf, 4, place->path, NULL), TK_ETOOBIG);
    tk_buf_fini(&buf);
    assert_refused(place->dir);
    assert_int_equal(count_descriptors(), before);
}

static bool is_directory(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void makes_a_directory_and_its_parents(void **state)
{
    const char *path = path_of(*state, "a/bb/ccc");
    struct tk_why why;

    assert_int_equal(tk_file_make_dir(path, 0700, &why), 0);
    assert_true(is_directory(path));
    assert_int_equal(tk_file_make_dir(path, 0700, &why), 0);
    assert_int_equal(tk_file_make_dir(path_of(*state, "x//y/"), 0700, &why), 0);
    assert_true(is_directory(path_of(*state, "x/y")));
    assert_int_equal(tk_file_make_dir("/", 0700, &why), 0);
}

static void gives_the_directory_its_mode(void **state)
{
    const char *path = path_of(*state, "state");
    struct stat info;

    umask(022);
    assert_int_equal(tk_file_make_dir(path, 0750, NULL), 0);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0750);
}

static void a_file_in_the_way_is_an_error(void **state)
{
    struct place *place = *state;
    struct tk_why why;

    make_file(place, "file", 1);
    assert_int_equal(tk_file_make_dir(place->path, 0700, &why), TK_EEXIST);
    assert_non_null(strstr(why.text, "/file: not a directory"));
    assert_int_equal(tk_file_make_dir(path_of(place, "file/under"), 0700, &why),
                     TK_EIO);
    assert_int_equal(why.code, TK_EIO);
}

static void refuses_what_is_no_path(void **state)
{
    char path[5000];
    struct tk_why why;

    (void)state;
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(tk_file_make_dir("", 0700, &why), TK_EINVAL);
    assert_int_equal(tk_file_make_dir(path, 0700, &why), TK_EINVAL);
}

static void expect_content(const char *path, const char *text)
{
    struct tk_buf buf;
    struct tk_why why;

    assert_int_equal(read_into(&buf, 100, path, &why), 0);
    assert_text(tk_buf_str(&buf), tk_str(text));
    tk_buf_fini(&buf);
}

static void a_file_is_replaced_as_a_whole(void **state)
{
    const char *path = path_of(*state, "f");
    struct tk_why why;
    struct stat old, new;

    assert_int_equal(tk_file_write(path, 0600, TK_STR("a long text"), &why), 0);
    expect_content(path, "a long text");
    assert_int_equal(stat(path, &old), 0);
    assert_int_equal(old.st_mode & 07777, 0600);
    assert_int_equal(tk_file_write(path, 0600, TK_STR("short"), &why), 0);
    expect_content(path, "short");
    assert_int_equal(stat(path, &new), 0);
    assert_int_not_equal(old.st_ino, new.st_ino);
    assert_int_equal(tk_file_write(path, 0600, TK_STR(""), &why), 0);
    expect_content(path, "");
}

static size_t count_names(const char *dir)
{
    char command[128];
    FILE *pipe;
    size_t count = 0;

    snprintf(command, sizeof command, "ls -A '%s'", dir);
    pipe = popen(command, "r");
    for (int c; (c = fgetc(pipe)) != EOF;) count += c == '\n';
    pclose(pipe);
    return count;
}

static void a_file_that_cannot_be_replaced_stays(void **state)
{
    struct place *place = *state;
    char dir[128];
    struct tk_why why;

    snprintf(dir, sizeof dir, "%s", path_of(place, "d"));
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(tk_file_write(dir, 0600, TK_STR("x"), &why), TK_EEXIST);
    assert_string_equal(why.text + strlen(dir), ": not a regular file");
    assert_int_equal(symlink("d", path_of(place, "link")), 0);
    assert_int_equal(tk_file_write(place->path, 0600, TK_STR("x"), &why),
                     TK_EEXIST);
    assert_int_equal(
        tk_file_write(path_of(place, "none/f"), 0600, TK_STR("x"), &why),
        TK_EIO);
    assert_string_equal(why.text + strlen(place->path),
                        ": No such file or directory");
    assert_int_equal(count_names(place->dir), 2);
}

static void a_name_that_is_too_long_leaves_nothing_behind(void **state)
{
    struct place *place = *state;
    char name[300], path[400];
    struct tk_why why;

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    snprintf(path, sizeof path, "%s/%s", place->dir, name);
    assert_int_equal(tk_file_write(path, 0600, TK_STR("x"), &why), TK_EIO);
    assert_int_equal(count_names(place->dir), 0);
}

static void a_stamp_tells_one_file_from_the_next(void **state)
{
    const char *path = make_file(*state, "a", 3);
    struct tk_stamp before;
    struct tk_stamp after;

    assert_true(tk_file_stamp(path, &before));
    assert_true(tk_file_stamp(path, &after));
    assert_true(tk_stamp_same(&before, &after));
    assert_int_equal(unlink(path), 0);
    assert_false(tk_file_stamp(path, &after));
    assert_int_equal(after.inode, 0);
    assert_false(tk_stamp_same(&before, &after));
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(reads_the_whole_file),
        WITH(takes_a_file_of_exactly_the_largest_size),
        WITH(appends_to_what_is_there),
        WITH(says_which_file_is_missing),
        WITH(refuses_directories_pipes_and_devices),
        WITH(follows_links),
        WITH(leaves_no_descriptor_open),
        WITH(makes_a_directory_and_its_parents),
        WITH(gives_the_directory_its_mode),
        WITH(a_file_in_the_way_is_an_error),
        WITH(refuses_what_is_no_path),
        WITH(a_file_is_replaced_as_a_whole),
        WITH(a_file_that_cannot_be_replaced_stays),
        WITH(a_name_that_is_too_long_leaves_nothing_behind),
        WITH(a_stamp_tells_one_file_from_the_next),
    };
#undef WITH

    return cmocka_run_group_tests(tests, NULL, NULL);
}
