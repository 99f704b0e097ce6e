#include "reader/wire_link.h"

#include "scripted.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

static struct tk_wire_link wire;
static struct tk_why why;
static struct scripted scripted;
static struct tk_buf out;

static void begin(const char *path, int timeout_ms)
{
    why = (struct tk_why){0, ""};
    assert_int_equal(tk_wire_link_init(&wire, path, &why), 0);
    tk_wire_link_begin(&wire, timeout_ms, &why);
    tk_buf_init(&out, 64);
}

/* To a peer that says `text` and hangs up. */
static void hear(const char *text)
{
    static struct turn turn;

    turn = (struct turn){.text = text, .is_deaf = true, .hangs_up = true};
    scripted_start(&scripted, &turn, 1);
    begin(scripted.path, 10000);
    assert_int_equal(tk_wire_link_dial(&wire), 0);
}

static void end(void)
{
    tk_buf_fini(&out);
    tk_wire_link_close(&wire);
    assert_int_equal(wire.fd, -1);
    scripted_stop(&scripted);
}

static void a_path_has_1_to_107_bytes(void **state)
{
    char path[200];

    (void)state;
    memset(path, 'x', sizeof path);
    path[107] = '\0';
    assert_int_equal(tk_wire_link_init(&wire, path, &why), 0);
    path[107] = 'x';
    path[108] = '\0';
    assert_int_equal(tk_wire_link_init(&wire, path, &why), TK_EINVAL);
    assert_non_null(strstr(why.text, "1 to 107 bytes, this one has 108"));
    assert_int_equal(tk_wire_link_init(&wire, "", &why), TK_EINVAL);
}

static void an_absent_engine_is_named_with_its_path(void **state)
{
    (void)state;
    begin("/no/such/tokeng.sock", 1000);
    assert_int_equal(tk_wire_link_dial(&wire), TK_ECONNECT);
    assert_string_equal(why.text, "no engine is listening on "
                                  "/no/such/tokeng.sock (start it with: tokeng "
                                  "run)");
    tk_wire_link_close(&wire);
}

static void a_dead_socket_is_an_absent_engine(void **state)
{
    (void)state;
    scripted_listen(&scripted, 1);
    close(scripted.listen_fd);
    begin(scripted.path, 1000);
    assert_int_equal(tk_wire_link_dial(&wire), TK_ECONNECT);
    assert_non_null(strstr(why.text, "no engine is listening on"));
    tk_wire_link_close(&wire);
    unlink(scripted.path);
    rmdir(scripted.dir);
}

static void a_forbidden_socket_is_said(void **state)
{
    (void)state;
    scripted_listen(&scripted, 1);
    assert_int_equal(chmod(scripted.path, 0), 0);
    if (geteuid() == 0) {
        assert_int_equal(chmod(scripted.dir, 0755), 0);
        assert_int_equal(seteuid(65534), 0);
    }
    begin(scripted.path, 1000);
    assert_int_equal(tk_wire_link_dial(&wire), TK_EDENIED);
    if (getuid() == 0) assert_int_equal(seteuid(0), 0);
    assert_non_null(strstr(why.text, "permission denied"));
    tk_wire_link_close(&wire);
    scripted_remove(&scripted);
}

static void a_listener_whose_queue_is_full_is_waited_for_in_vain(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fds[8];

    (void)state;
    scripted_listen(&scripted, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", scripted.path);
    for (int i = 0; i < 8; i++) {
        fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (struct sockaddr *)&address, sizeof address);
    }
    begin(scripted.path, 30);
    assert_int_equal(tk_wire_link_dial(&wire), TK_ETIMEDOUT);
    tk_wire_link_close(&wire);
    for (int i = 0; i < 8; i++) close(fds[i]);
    scripted_remove(&scripted);
}

static void its_socket_is_not_inherited(void **state)
{
    (void)state;
    hear("x");
    assert_true((fcntl(wire.fd, F_GETFD) & FD_CLOEXEC) != 0);
    end();
}

static void bytes_and_lines_are_taken_in_turn(void **state)
{
    (void)state;
    hear("first\r\nABCsecond\r\n");
    assert_int_equal(tk_wire_link_take_line(&wire, &out), 0);
    assert_true(tk_str_is(tk_buf_str(&out), "first\r\n"));
    assert_true(tk_wire_link_has_rest(&wire));
    assert_int_equal(tk_wire_link_take(&wire, &out, 3), 0);
    assert_int_equal(tk_wire_link_take(&wire, &out, 0), 0);
    assert_int_equal(tk_wire_link_take_line(&wire, &out), 0);
    assert_true(tk_str_is(tk_buf_str(&out), "first\r\nABCsecond\r\n"));
    assert_false(tk_wire_link_has_rest(&wire));
    end();
}

static void what_was_taken_is_wiped(void **state)
{
    (void)state;
    hear("secret-token");
    assert_int_equal(tk_wire_link_take(&wire, &out, 12), 0);
    assert_memory_equal(wire.in, "secret-token", 12);
    assert_false(tk_wire_link_has_rest(&wire));
    assert_memory_equal(wire.in, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
    end();
}

static void what_was_never_taken_is_wiped(void **state)
{
    (void)state;
    hear("xsecret-token");
    assert_int_equal(tk_wire_link_take(&wire, &out, 1), 0);
    tk_wire_link_close(&wire);
    assert_memory_equal(wire.in, "\0\0\0\0\0\0\0\0\0\0\0\0\0", 13);
    end();
}

static void
a_hang_up_before_the_first_byte_differs_from_a_later_one(void **state)
{
    (void)state;
    hear("");
    assert_int_equal(tk_wire_link_take(&wire, &out, 1), TK_ECONNECT);
    assert_non_null(strstr(why.text, "hung up before it answered"));
    end();

    hear("abc");
    assert_int_equal(tk_wire_link_take(&wire, &out, 4), TK_EPROTO);
    assert_non_null(strstr(why.text, "was cut short"));
    end();

    hear("no end");
    assert_int_equal(tk_wire_link_take_line(&wire, &out), TK_EPROTO);
    end();
}

static void more_than_fits_is_refused(void **state)
{
    (void)state;
    hear("0123456789012345678901234567890123456789012345678901234567890123x\n");
    assert_int_equal(tk_wire_link_take_line(&wire, &out), TK_ETOOBIG);
    end();
    hear("0123456789012345678901234567890123456789012345678901234567890123x\n");
    assert_int_equal(tk_wire_link_take(&wire, &out, 65), TK_ETOOBIG);
    end();
}

static void silence_ends_at_the_deadline(void **state)
{
    static const struct turn turn = {.is_deaf = true};
    struct timespec before, after;

    (void)state;
    scripted_start(&scripted, &turn, 1);
    begin(scripted.path, 30);
    assert_int_equal(tk_wire_link_dial(&wire), 0);
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(tk_wire_link_take(&wire, &out, 1), TK_ETIMEDOUT);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_in_range((after.tv_sec - before.tv_sec) * 1000 +
                        (after.tv_nsec - before.tv_nsec) / 1000000,
                    15, 5000);
    end();
}

static void a_peer_that_does_not_read_ends_at_the_deadline(void **state)
{
    size_t len = 8 << 20;
    char *much = calloc(1, len);

    (void)state;
    assert_non_null(much);
    scripted_listen(&scripted, 1);
    begin(scripted.path, 30);
    assert_int_equal(tk_wire_link_dial(&wire), 0);
    assert_int_equal(tk_wire_link_send(&wire, tk_str_of(much, len)),
                     TK_ETIMEDOUT);
    tk_wire_link_close(&wire);
    free(much);
    scripted_remove(&scripted);
}

static void staleness_is_an_end_or_a_byte(void **state)
{
    struct scripted idle;

    (void)state;
    scripted_listen(&idle, 1);
    begin(idle.path, 1000);
    assert_int_equal(tk_wire_link_dial(&wire), 0);
    assert_false(tk_wire_link_is_stale(&wire));
    tk_wire_link_close(&wire);
    scripted_remove(&idle);

    hear("");
    pthread_join(scripted.thread, NULL);
    assert_true(tk_wire_link_is_stale(&wire));
    assert_int_equal(tk_wire_link_send(&wire, tk_str("into the void")), 0);
    tk_wire_link_close(&wire);
    scripted_remove(&scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_has_1_to_107_bytes),
        cmocka_unit_test(an_absent_engine_is_named_with_its_path),
        cmocka_unit_test(a_dead_socket_is_an_absent_engine),
        cmocka_unit_test(a_forbidden_socket_is_said),
        cmocka_unit_test(a_listener_whose_queue_is_full_is_waited_for_in_vain),
        cmocka_unit_test(its_socket_is_not_inherited),
        cmocka_unit_test(bytes_and_lines_are_taken_in_turn),
        cmocka_unit_test(what_was_taken_is_wiped),
        cmocka_unit_test(what_was_never_taken_is_wiped),
        cmocka_unit_test(
            a_hang_up_before_the_first_byte_differs_from_a_later_one),
        cmocka_unit_test(more_than_fits_is_refused),
        cmocka_unit_test(silence_ends_at_the_deadline),
        cmocka_unit_test(a_peer_that_does_not_read_ends_at_the_deadline),
        cmocka_unit_test(staleness_is_an_end_or_a_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
