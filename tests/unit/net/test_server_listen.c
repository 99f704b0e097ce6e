#define _GNU_SOURCE
#include "net/server_listen.h"

#include "../harness.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static char path[96];
static char where[112];
static struct tk_why why;
static struct tk_server_listen listener;

static int open_here(void)
{
    why = (struct tk_why){0, ""};
    return tk_server_listen_open(&listener, where, 0660, (gid_t)-1, &why);
}

static void open_there(const char *place, int expected, const char *reason)
{
    why = (struct tk_why){0, ""};
    assert_int_equal(
        tk_server_listen_open(&listener, place, 0660, (gid_t)-1, &why),
        expected);
    assert_int_equal(why.code, expected);
    assert_non_null(strstr(why.text, reason));
    assert_int_equal(listener.fd, -1);
}

/* The errno of a connect, 0 if it worked. */
static int try_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    rc = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 0
                                                                       : errno;
    close(fd);
    return rc;
}

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/tokeng-test-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    snprintf(path, sizeof path, "%s/tokeng.sock", dir);
    snprintf(where, sizeof where, "unix:%s", path);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    tk_server_listen_close(&listener);
    unlink(path);
    return rmdir(dir);
}

static void a_unix_socket_is_made_with_its_mode_whatever_the_umask(void **state)
{
    static const mode_t masks[] = {0, 0022, 0077, 0777};
    struct stat info;

    (void)state;
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        mode_t before = umask(masks[i]);

        assert_int_equal(open_here(), 0);
        umask(before);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 07777, 0660);
        assert_int_equal(try_connect(), 0);
        assert_string_equal(listener.address, where);
        assert_true((fcntl(listener.fd, F_GETFD) & FD_CLOEXEC) != 0);
        tk_server_listen_close(&listener);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void a_dead_socket_of_ours_is_replaced(void **state)
{
    (void)state;
    assert_int_equal(open_here(), 0);
    close(listener.fd); /* as a kill would leave it */
    assert_int_equal(try_connect(), ECONNREFUSED);
    assert_int_equal(open_here(), 0);
    assert_int_equal(try_connect(), 0);
}

static void a_living_socket_is_left_alone(void **state)
{
    struct tk_server_listen other;

    (void)state;
    assert_int_equal(open_here(), 0);
    other = listener;
    assert_int_equal(open_here(), TK_EBUSY);
    assert_non_null(strstr(why.text, "another server is listening on"));
    assert_non_null(strstr(why.text, path));
    assert_int_equal(try_connect(), 0);
    listener = other;
}

static void a_dead_socket_of_another_user_is_left_alone(void **state)
{
    (void)state;
    if (geteuid() != 0) skip();
    assert_int_equal(open_here(), 0);
    close(listener.fd);
    assert_int_equal(chown(path, 12345, 12345), 0);
    open_there(where, TK_EEXIST, "a dead socket of uid 12345");
    assert_int_equal(access(path, F_OK), 0);
}

static void what_is_no_socket_is_left_alone(void **state)
{
    FILE *file = fopen(path, "w");

    (void)state;
    assert_non_null(file);
    fclose(file);
    open_there(where, TK_EEXIST, "is no socket");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/null", path), 0);
    open_there(where, TK_EEXIST, "is no socket");
    assert_int_equal(access(path, F_OK), 0);
}

static void a_socket_of_another_kind_is_left_alone(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)state;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    open_there(where, TK_EEXIST, "a socket of another kind");
    close(fd);
}

static void a_missing_directory_is_named(void **state)
{
    char place[160];

    (void)state;
    snprintf(place, sizeof place, "unix:%s/no/tokeng.sock", dir);
    open_there(place, TK_ENOENT, "make it (mkdir -p");
    assert_non_null(strstr(why.text, "/no)"));
    assert_null(strstr(why.text, "/no/tokeng.sock)"));
}

static void a_directory_without_the_right_to_write_is_named(void **state)
{
    (void)state;
    assert_int_equal(chmod(dir, 0555), 0);
    if (geteuid() == 0) assert_int_equal(seteuid(65534), 0);
    open_there(where, TK_EDENIED, "may not write in");
    if (getuid() == 0) assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(dir, 0755), 0);
}

static void a_path_has_at_most_107_bytes(void **state)
{
    char place[256] = "unix:";
    size_t len = 5 + strlen(path);

    (void)state;
    snprintf(place, sizeof place, "%s", where);
    while (len < 5 + 107) place[len++] = 'x';
    place[len] = '\0';
    assert_int_equal(
        tk_server_listen_open(&listener, place, 0660, (gid_t)-1, &why), 0);
    tk_server_listen_close(&listener);
    assert_int_equal(access(place + 5, F_OK), -1);

    place[len++] = 'x';
    place[len] = '\0';
    open_there(place, TK_EINVAL, "has 1 to 107 bytes, this one has 108");
    open_there("unix:", TK_EINVAL, "has 1 to 107 bytes, this one has 0");
}

static void the_group_is_set_or_the_failure_explained(void **state)
{
    struct stat info;

    (void)state;
    if (geteuid() != 0) skip();
    assert_int_equal(tk_server_listen_open(&listener, where, 0620, 12345, &why),
                     0);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_gid, 12345);
    assert_int_equal(info.st_mode & 07777, 0620);
    tk_server_listen_close(&listener);

    assert_int_equal(chown(dir, 65534, 65534), 0);
    assert_int_equal(seteuid(65534), 0);
    assert_int_equal(tk_server_listen_open(&listener, where, 0620, 12345, &why),
                     TK_EDENIED);
    assert_int_equal(seteuid(0), 0);
    assert_non_null(strstr(why.text, "group 12345"));
    assert_int_equal(access(path, F_OK), -1);
}

static void only_our_own_socket_file_is_removed(void **state)
{
    struct stat info;

    (void)state;
    assert_int_equal(open_here(), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("elsewhere", path), 0);
    tk_server_listen_close(&listener);
    assert_int_equal(lstat(path, &info), 0);
}

static void only_our_own_socket_file_gets_other_rights(void **state)
{
    struct stat info;
    int fd;

    (void)state;
    assert_int_equal(open_here(), 0);
    assert_int_equal(tk_server_listen_set_mode(&listener, 0666, &why), 0);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0666);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(tk_server_listen_set_mode(&listener, 0660, &why), 0);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(tk_server_listen_set_mode(&listener, 0666, &why), 0);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    tk_server_listen_close(&listener);
    assert_int_equal(access(path, F_OK), 0);
}

static void tcp_takes_a_free_port_and_reports_it(void **state)
{
    unsigned port = 0;

    (void)state;
    assert_int_equal(
        tk_server_listen_open(&listener, "tcp:127.0.0.1:0", 0, 0, &why), 0);
    assert_int_equal(sscanf(listener.address, "http://127.0.0.1:%u", &port), 1);
    assert_true(port > 0);
    assert_true((fcntl(listener.fd, F_GETFD) & FD_CLOEXEC) != 0);
}

static void a_port_in_use_is_said(void **state)
{
    struct tk_server_listen first;
    char place[64];

    (void)state;
    assert_int_equal(
        tk_server_listen_open(&first, "tcp:127.0.0.2:0", 0, 0, &why), 0);
    snprintf(place, sizeof place, "tcp:127.0.0.2:%s",
             strrchr(first.address, ':') + 1);
    open_there(place, TK_EBUSY, "choose another port");
    tk_server_listen_close(&first);
}

static void tcp_is_for_loopback_addresses_only(void **state)
{
    static const char *const bad[] = {
        "tcp:0.0.0.0:80",
        "tcp:10.0.0.1:80",
        "tcp:[::]:80",
        "tcp:[2001:db8::1]:80",
        "tcp:localhost:80",
        "tcp:127.0.0.1",
        "tcp:127.0.0.1:",
        "tcp:127.0.0.1:x",
        "tcp:127.0.0.1:65536",
        "tcp:127.0.0.1:-1",
        "tcp::80",
        "tcp:",
        "tcp:[::1]",
        "tcp:::1:80",
        "tcp:127.0.0.1:000080",
        "tcp:[::ffff:127.0.0.1]:80",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        open_there(bad[i], TK_EINVAL, "is no loopback address with a port");
    }
}

static void another_scheme_is_refused(void **state)
{
    (void)state;
    open_there("http://127.0.0.1:80", TK_EINVAL, "is no place to listen");
    open_there("/run/tokeng.sock", TK_EINVAL, "is no place to listen");
    open_there("", TK_EINVAL, "is no place to listen");
    open_there(NULL, TK_EINVAL, "is no place to listen");
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(a_unix_socket_is_made_with_its_mode_whatever_the_umask),
        IN_DIR(a_dead_socket_of_ours_is_replaced),
        IN_DIR(a_living_socket_is_left_alone),
        IN_DIR(a_dead_socket_of_another_user_is_left_alone),
        IN_DIR(what_is_no_socket_is_left_alone),
        IN_DIR(a_socket_of_another_kind_is_left_alone),
        IN_DIR(a_missing_directory_is_named),
        IN_DIR(a_directory_without_the_right_to_write_is_named),
        IN_DIR(a_path_has_at_most_107_bytes),
        IN_DIR(the_group_is_set_or_the_failure_explained),
        IN_DIR(only_our_own_socket_file_is_removed),
        IN_DIR(only_our_own_socket_file_gets_other_rights),
        IN_DIR(tcp_takes_a_free_port_and_reports_it),
        IN_DIR(a_port_in_use_is_said),
        IN_DIR(tcp_is_for_loopback_addresses_only),
        IN_DIR(another_scheme_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
