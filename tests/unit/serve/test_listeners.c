#define _GNU_SOURCE
#include "serve/listeners.h"

#include "tests/unit/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char dir[32];
    char a[64];
    char b[64];
    char nowhere[64];
    struct tk_loop *loop;
    struct tk_listeners listeners;
};

static void never(struct tk_request *request, void *data)
{
    (void)request;
    (void)data;
}

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    if (p == NULL) return -1;
    snprintf(p->dir, sizeof p->dir, "/tmp/tokeng-test-XXXXXX");
    if (mkdtemp(p->dir) == NULL || tk_loop_new(&p->loop) != 0) return -1;
    snprintf(p->a, sizeof p->a, "unix:%s/a.sock", p->dir);
    snprintf(p->b, sizeof p->b, "unix:%s/b.sock", p->dir);
    snprintf(p->nowhere, sizeof p->nowhere, "unix:%s/no/c.sock", p->dir);
    p->listeners = (struct tk_listeners){.loop = p->loop, .handler = never};
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    int left_open;

    tk_listeners_fini(&p->listeners);
    left_open = tk_loop_free(p->loop);
    /* No socket was left behind. */
    if (rmdir(p->dir) != 0) left_open++;
    free(p);
    return left_open;
}

static int set(struct place *p, const char *first, const char *second)
{
    const char *listen[] = {first, second, NULL};
    struct tk_why why;

    return tk_listeners_set(&p->listeners, listen, &why);
}

/* The number of the socket's file, 0 if there is none. */
static ino_t number_of(const char *address)
{
    struct stat info;

    return stat(address + 5, &info) == 0 ? info.st_ino : 0;
}

static void what_stays_is_not_opened_again(void **state)
{
    struct place *p = *state;
    ino_t before;

    assert_int_equal(set(p, p->a, NULL), 0);
    before = number_of(p->a);
    assert_int_equal(set(p, p->a, p->b), 0);
    assert_int_equal(number_of(p->a), before);
    assert_int_not_equal(number_of(p->b), 0);
}

static void what_is_no_longer_named_is_closed(void **state)
{
    struct place *p = *state;

    assert_int_equal(set(p, p->a, p->b), 0);
    assert_int_equal(set(p, p->b, NULL), 0);
    assert_int_equal(number_of(p->a), 0);
    assert_int_not_equal(number_of(p->b), 0);
    assert_int_equal(set(p, p->a, NULL), 0);
    assert_int_not_equal(number_of(p->a), 0);
}

static void one_that_fails_leaves_everything_as_it_was(void **state)
{
    struct place *p = *state;
    ino_t before;

    assert_int_equal(set(p, p->a, NULL), 0);
    before = number_of(p->a);
    assert_int_equal(set(p, p->b, p->nowhere), TK_ENOENT);
    assert_int_equal(number_of(p->a), before);
    assert_int_equal(number_of(p->b), 0);
}

static void a_thousand_changes_keep_nothing_open(void **state)
{
    struct place *p = *state;
    int first = dup(0);
    int last;

    close(first);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(set(p, i % 2 == 0 ? p->a : p->b, NULL), 0);
        assert_int_equal(tk_listeners_connections(&p->listeners), 0);
    }
    tk_listeners_fini(&p->listeners);
    last = dup(0);
    close(last);
    assert_int_equal(first, last);
}

#define AT_A_PLACE(test)                                                       \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static unsigned mode_of(const char *address)
{
    struct stat st;

    assert_int_equal(stat(address + strlen("unix:"), &st), 0);
    return st.st_mode & 0777;
}

static void the_mode_is_for_those_that_are_open_and_those_to_come(void **state)
{
    struct place *p = *state;
    struct tk_why why;

    assert_int_equal(set(p, p->a, NULL), 0);
    assert_int_equal(mode_of(p->a), 0660);
    assert_int_equal(tk_listeners_set_mode(&p->listeners, 0666, &why), 0);
    assert_int_equal(mode_of(p->a), 0666);
    assert_int_equal(set(p, p->a, p->b), 0);
    assert_int_equal(mode_of(p->b), 0666);
    assert_int_equal(tk_listeners_set_mode(&p->listeners, 0660, &why), 0);
    assert_int_equal(mode_of(p->a), 0660);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_A_PLACE(what_stays_is_not_opened_again),
        AT_A_PLACE(what_is_no_longer_named_is_closed),
        AT_A_PLACE(one_that_fails_leaves_everything_as_it_was),
        AT_A_PLACE(the_mode_is_for_those_that_are_open_and_those_to_come),
        AT_A_PLACE(a_thousand_changes_keep_nothing_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
