#include "../harness.h"
#include "net/server_user.h"

#include <sys/socket.h>
#include <unistd.h>

/* Neither root nor who runs this test. */
static struct tk_peer stranger(uid_t number)
{
    return (struct tk_peer){.is_local = true, .uid = geteuid() + 100 + number};
}

static void the_connections_of_a_user_are_counted(void **state)
{
    struct tk_link users;
    struct tk_peer one = stranger(1), two = stranger(2);
    struct tk_server_user *first, *second;

    (void)state;
    tk_list_init(&users);
    first = tk_server_user_join(&users, &one);
    assert_false(tk_server_user_is_full(&users, &one, 2));
    assert_ptr_equal(tk_server_user_join(&users, &one), first);
    second = tk_server_user_join(&users, &two);
    assert_ptr_not_equal(second, first);
    assert_true(tk_server_user_is_full(&users, &one, 2));
    assert_false(tk_server_user_is_full(&users, &two, 2));
    tk_server_user_leave(first);
    assert_false(tk_server_user_is_full(&users, &one, 2));
    tk_server_user_leave(first);
    tk_server_user_leave(second);
    tk_server_user_leave(NULL);
    assert_true(tk_list_is_empty(&users));
}

static void root_ourselves_and_tcp_are_not_limited(void **state)
{
    const struct tk_peer peers[] = {
        {.is_local = true, .uid = 0},
        {.is_local = true, .uid = geteuid()},
        {.is_local = false, .uid = (uid_t)-1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        struct tk_link users;
        struct tk_server_user *user;

        tk_list_init(&users);
        user = tk_server_user_join(&users, &peers[i]);
        assert_false(tk_server_user_is_full(&users, &peers[i], 1));
        tk_server_user_leave(user);
    }
}

static void the_groups_of_a_client_are_known(void **state)
{
    gid_t mine[256], seen[257];
    int count = getgroups(256, mine);
    int ends[2];
    size_t found;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    found = tk_peer_groups(ends[0], seen, 257);
    assert_int_equal(found, (size_t)count + 1);
    assert_int_equal(seen[0], getegid());
    for (int i = 0; i < count; i++) assert_int_equal(seen[i + 1], mine[i]);
    assert_int_equal(tk_peer_groups(ends[0], seen, 0), 0);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(tk_peer_groups(-1, seen, 257), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_connections_of_a_user_are_counted),
        cmocka_unit_test(root_ourselves_and_tcp_are_not_limited),
        cmocka_unit_test(the_groups_of_a_client_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
