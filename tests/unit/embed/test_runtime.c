#define _GNU_SOURCE
#include "embed/runtime.h"

#include "tests/unit/engine/folder.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/wait.h>

/* Owned by the test. */
struct scene {
    struct folder folder;
    char dir[PATH_MAX];
    struct tk_why why;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    if (scene == NULL) return -1;
    folder_make(&scene->folder);
    unsetenv("RUNTIME_DIRECTORY");
    unsetenv("XDG_RUNTIME_DIR");
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    folder_remove(&scene->folder);
    free(scene);
    return 0;
}

static void a_directory_is_made_for_its_group(void **state)
{
    struct scene *scene = *state;
    const char *path = folder_path(&scene->folder, "a/b");
    mode_t before = umask(0077);
    struct stat info;

    assert_int_equal(tk_runtime_open(path, scene->dir, &scene->why), 0);
    assert_int_equal(umask(before), 0077);
    assert_string_equal(scene->dir, path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0750);
}

static void a_directory_that_is_there_stays_as_it_is(void **state)
{
    struct scene *scene = *state;
    struct stat info;

    assert_int_equal(
        tk_runtime_open(scene->folder.path, scene->dir, &scene->why), 0);
    assert_int_equal(stat(scene->folder.path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
}

static void the_environment_names_the_directory(void **state)
{
    struct scene *scene = *state;
    char both[PATH_MAX + 16];
    const char *path = folder_path(&scene->folder, "run");

    snprintf(both, sizeof both, "%s:/elsewhere", path);
    setenv("RUNTIME_DIRECTORY", both, 1);
    assert_int_equal(tk_runtime_open(NULL, scene->dir, &scene->why), 0);
    assert_string_equal(scene->dir, path);
    setenv("RUNTIME_DIRECTORY", ":", 1);
    assert_int_equal(tk_runtime_open(NULL, scene->dir, &scene->why), TK_EINVAL);
}

static void a_path_through_a_file_is_no_directory(void **state)
{
    struct scene *scene = *state;
    char path[PATH_MAX];

    folder_write(&scene->folder, "file", "");
    snprintf(path, sizeof path, "%s/file/run", scene->folder.path);
    assert_int_not_equal(tk_runtime_open(path, scene->dir, &scene->why), 0);
    assert_non_null(strstr(scene->why.text, path));
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    static char path[PATH_MAX + 100];
    struct scene *scene = *state;
    int lock;

    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    assert_int_equal(tk_runtime_open(path, scene->dir, &scene->why), TK_EINVAL);
    assert_string_equal(scene->why.text,
                        "the path of the runtime directory is too long");
    assert_int_equal(tk_runtime_lock(path, &lock, &scene->why), TK_EINVAL);
}

/* Ordinary users may not write to /run: theirs is the session's directory. */
static void without_rights_the_session_has_a_directory(void **state)
{
    struct scene *scene = *state;
    int status;
    pid_t child;

    if (geteuid() != 0) skip();
    assert_int_equal(chmod(scene->folder.path, 0777), 0);
    child = fork();
    if (child == 0) {
        bool good =
            setuid(65534) == 0 &&
            tk_runtime_open(NULL, scene->dir, &scene->why) == TK_EDENIED &&
            strstr(scene->why.text, "--dir DIR") != NULL &&
            setenv("XDG_RUNTIME_DIR", scene->folder.path, 1) == 0 &&
            tk_runtime_open(NULL, scene->dir, &scene->why) == 0 &&
            strcmp(scene->dir, folder_path(&scene->folder, "tokeng")) == 0;

        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_lock_is_held_by_one_and_names_him(void **state)
{
    struct scene *scene = *state;
    char sentence[300], pid[32] = "";
    int first, second, fd;

    assert_int_equal(tk_runtime_lock(scene->folder.path, &first, &scene->why),
                     0);
    assert_true(fcntl(first, F_GETFD) & FD_CLOEXEC);
    fd = open(folder_path(&scene->folder, "tokeng.lock"), O_RDONLY);
    assert_true(read(fd, pid, sizeof pid - 1) > 0);
    close(fd);
    assert_int_equal(atol(pid), getpid());
    assert_int_equal(tk_runtime_lock(scene->folder.path, &second, &scene->why),
                     TK_EBUSY);
    assert_int_equal(second, -1);
    snprintf(sentence, sizeof sentence,
             "another engine (pid %ld) runs in %s: stop it, or give this one a "
             "directory of its own with --dir DIR",
             (long)getpid(), scene->folder.path);
    assert_string_equal(scene->why.text, sentence);
    close(first);
    assert_int_equal(tk_runtime_lock(scene->folder.path, &second, &scene->why),
                     0);
    close(second);
}

static void a_lock_with_nonsense_in_it_has_an_unknown_holder(void **state)
{
    struct scene *scene = *state;
    int first, second, fd;

    assert_int_equal(tk_runtime_lock(scene->folder.path, &first, &scene->why),
                     0);
    fd = open(folder_path(&scene->folder, "tokeng.lock"), O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, "\033[31mx", 6), 6);
    close(fd);
    assert_int_equal(tk_runtime_lock(scene->folder.path, &second, &scene->why),
                     TK_EBUSY);
    assert_non_null(strstr(scene->why.text, "(pid unknown)"));
    close(first);
}

static void a_lock_is_no_link_to_somewhere_else(void **state)
{
    struct scene *scene = *state;
    int lock;

    assert_int_equal(
        symlink("/etc/hostname", folder_path(&scene->folder, "tokeng.lock")),
        0);
    assert_int_equal(tk_runtime_lock(scene->folder.path, &lock, &scene->why),
                     TK_EIO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void state_is_kept_where_the_system_says(void **state)
{
    struct scene *scene = *state;

    setenv("STATE_DIRECTORY", "/srv/one:/srv/two", 1);
    assert_int_equal(tk_runtime_find_state(scene->dir, &scene->why), 0);
    assert_string_equal(scene->dir, "/srv/one");
    unsetenv("STATE_DIRECTORY");
    setenv("XDG_STATE_HOME", "/home/a/state", 1);
    assert_int_equal(tk_runtime_find_state(scene->dir, &scene->why), 0);
    assert_string_equal(scene->dir, access("/var/lib", W_OK) == 0
                                        ? "/var/lib/tokeng"
                                        : "/home/a/state/tokeng");
    unsetenv("XDG_STATE_HOME");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_directory_is_made_for_its_group),
        TEST(a_directory_that_is_there_stays_as_it_is),
        TEST(the_environment_names_the_directory),
        TEST(a_path_through_a_file_is_no_directory),
        TEST(a_path_that_is_too_long_is_refused),
        TEST(without_rights_the_session_has_a_directory),
        TEST(a_lock_is_held_by_one_and_names_him),
        TEST(a_lock_with_nonsense_in_it_has_an_unknown_holder),
        TEST(a_lock_is_no_link_to_somewhere_else),
        TEST(state_is_kept_where_the_system_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
