#include "reader/place.h"

#include "../harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];
static char found[108];

static int clear(void **state)
{
    (void)state;
    unsetenv("TOKENG_SOCKET");
    unsetenv("RUNTIME_DIRECTORY");
    unsetenv("XDG_RUNTIME_DIR");
    snprintf(root, sizeof root, "/tmp/tokeng-test-XXXXXX");
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int drop(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static void expect(const char *dir, const char *path)
{
    assert_int_equal(tk_place_find_socket(found, sizeof found, dir), 0);
    assert_string_equal(found, path);
}

/* An empty file at root/name is socket enough. */
static const char *touch(const char *name)
{
    static char path[160];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *at = path + strlen(root) + 1; *at != '\0'; at++) {
        if (*at != '/') continue;
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    return path;
}

static void a_given_directory_counts_alone(void **state)
{
    (void)state;
    setenv("TOKENG_SOCKET", "/elsewhere", 1);
    setenv("RUNTIME_DIRECTORY", "/elsewhere", 1);
    expect("/given", "/given/tokeng.sock");
}

static void the_variable_counts_before_all_directories(void **state)
{
    (void)state;
    setenv("RUNTIME_DIRECTORY", root, 1);
    touch("tokeng.sock");
    setenv("TOKENG_SOCKET", "/no/such.sock", 1);
    expect(NULL, "/no/such.sock");
    setenv("TOKENG_SOCKET", "", 1);
    expect(NULL, touch("tokeng.sock"));
}

static void the_first_of_systemds_directories_is_ours(void **state)
{
    char list[128];

    (void)state;
    snprintf(list, sizeof list, "%s:/run/other", root);
    setenv("RUNTIME_DIRECTORY", list, 1);
    expect(NULL, touch("tokeng.sock"));
}

static void the_users_directory_is_the_last_candidate(void **state)
{
    (void)state;
    if (access("/run/tokeng/tokeng.sock", F_OK) == 0) skip();
    setenv("RUNTIME_DIRECTORY", "/no/such/directory", 1);
    setenv("XDG_RUNTIME_DIR", root, 1);
    expect(NULL, touch("tokeng/tokeng.sock"));
}

static void where_none_exists_the_first_candidate_is_named(void **state)
{
    (void)state;
    if (access("/run/tokeng/tokeng.sock", F_OK) == 0) skip();
    setenv("XDG_RUNTIME_DIR", root, 1);
    expect(NULL, "/run/tokeng/tokeng.sock");
    setenv("RUNTIME_DIRECTORY", "/no/such/directory", 1);
    expect(NULL, "/no/such/directory/tokeng.sock");
}

static void a_path_that_does_not_fit_is_refused(void **state)
{
    char dir[200];

    (void)state;
    memset(dir, 'x', sizeof dir - 1);
    dir[sizeof dir - 1] = '\0';
    assert_int_equal(tk_place_find_socket(found, sizeof found, dir), TK_EINVAL);
    dir[sizeof found - 1 - strlen("/tokeng.sock")] = '\0';
    assert_int_equal(tk_place_find_socket(found, sizeof found, dir), 0);
    assert_int_equal(strlen(found), sizeof found - 1);
    setenv("TOKENG_SOCKET", found, 1);
    assert_int_equal(tk_place_find_socket(found, sizeof found - 1, NULL),
                     TK_EINVAL);
}

#define IN_ROOT(test) cmocka_unit_test_setup_teardown(test, clear, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOT(a_given_directory_counts_alone),
        IN_ROOT(the_variable_counts_before_all_directories),
        IN_ROOT(the_first_of_systemds_directories_is_ours),
        IN_ROOT(the_users_directory_is_the_last_candidate),
        IN_ROOT(where_none_exists_the_first_candidate_is_named),
        IN_ROOT(a_path_that_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
