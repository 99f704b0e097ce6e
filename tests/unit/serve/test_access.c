#include "serve/access.h"

#include "tests/unit/harness.h"

enum { OWNER = 990, GUEST = 33 };

static const enum tk_call open_calls[] = {TK_CALL_GET, TK_CALL_REJECT,
                                          TK_CALL_LIVEZ, TK_CALL_READYZ};

static bool is_open(enum tk_call call)
{
    for (size_t i = 0; i < sizeof open_calls / sizeof open_calls[0]; i++) {
        if (open_calls[i] == call) return true;
    }
    return false;
}

static void check(const struct tk_peer *peer, enum tk_call call, bool wanted)
{
    if (tk_access_is_allowed(peer, OWNER, call) != wanted) {
        fail_msg("call %d for uid %u: wanted %d", call, peer->uid, wanted);
    }
}

static void the_owner_and_root_may_do_everything(void **state)
{
    const struct tk_peer owner = {true, OWNER, OWNER, 1};
    const struct tk_peer root = {true, 0, 0, 1};

    (void)state;
    for (int call = TK_CALL_NO_PATH; call <= TK_CALL_READYZ; call++) {
        check(&owner, (enum tk_call)call, true);
        check(&root, (enum tk_call)call, true);
    }
}

static void a_guest_may_get_reject_and_look_for_life(void **state)
{
    /* The group is what let him in; it gives no more than that. */
    const struct tk_peer guest = {true, GUEST, OWNER, 1};

    (void)state;
    for (int call = TK_CALL_NO_PATH; call <= TK_CALL_READYZ; call++) {
        check(&guest, (enum tk_call)call, is_open((enum tk_call)call));
    }
}

static void a_peer_without_credentials_may_do_nothing(void **state)
{
    const struct tk_peer unknown = {false, (uid_t)-1, (gid_t)-1, 0};
    const struct tk_peer claims = {false, OWNER, OWNER, 0};

    (void)state;
    for (int call = TK_CALL_NO_PATH; call <= TK_CALL_READYZ; call++) {
        check(&unknown, (enum tk_call)call, false);
        check(&claims, (enum tk_call)call, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner_and_root_may_do_everything),
        cmocka_unit_test(a_guest_may_get_reject_and_look_for_life),
        cmocka_unit_test(a_peer_without_credentials_may_do_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
