#define _GNU_SOURCE
#include "tests/unit/cache/files.h"

#include "cache/demand_link.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { SIZE = 8192, SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };

static int make_memory(int seals, struct stat *out)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_int_equal(ftruncate(fd, SIZE), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    assert_int_equal(fstat(fd, out), 0);
    return fd;
}

/* Sends memory that is sealed so, and hears whether it is taken. */
static int exchange(int seals, uint64_t inode_off, size_t size)
{
    uint32_t *stamps = NULL;
    struct stat file;
    int memory = make_memory(seals, &file);
    int ends[2];
    int rc;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    tk_demand_send(ends[0], memory);
    rc = tk_demand_hear(ends[1], file.st_ino + inode_off, size, 0, &stamps);
    if (rc == 0) {
        stamps[SIZE / 4 - 1] = 1;
        munmap(stamps, SIZE);
    }
    close(memory);
    close(ends[0]);
    close(ends[1]);
    return rc;
}

static void memory_that_is_sealed_is_taken(void **state)
{
    (void)state;
    assert_int_equal(exchange(SEALS, 0, SIZE), 0);
}

static void memory_that_could_be_cut_is_not_taken(void **state)
{
    (void)state;
    assert_int_equal(exchange(F_SEAL_GROW, 0, SIZE), TK_EPROTO);
}

static void memory_of_another_table_is_not_taken(void **state)
{
    (void)state;
    assert_int_equal(exchange(SEALS, 1, SIZE), TK_EPROTO);
    assert_int_equal(exchange(SEALS, 0, SIZE / 2), TK_EPROTO);
}

/* Two descriptors in one message: the second must not stay open here. */
static void send_two(int fd, int memory)
{
    char byte = 0;
    struct iovec text = {&byte, 1};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    struct msghdr head = {.msg_iov = &text,
                          .msg_iovlen = 1,
                          .msg_control = control.bytes,
                          .msg_controllen = sizeof control.bytes};
    struct cmsghdr *first = CMSG_FIRSTHDR(&head);
    int both[2] = {memory, memory};

    first->cmsg_level = SOL_SOCKET;
    first->cmsg_type = SCM_RIGHTS;
    first->cmsg_len = CMSG_LEN(sizeof both);
    memcpy(CMSG_DATA(first), both, sizeof both);
    assert_int_equal(sendmsg(fd, &head, 0), 1);
}

static void no_second_descriptor_is_taken(void **state)
{
    uint32_t *stamps = NULL;
    struct stat file;
    int memory = make_memory(SEALS, &file);
    int ends[2];
    int next = dup(memory);

    (void)state;
    close(next);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    send_two(ends[0], memory);
    if (tk_demand_hear(ends[1], file.st_ino, SIZE, 0, &stamps) == 0) {
        munmap(stamps, SIZE);
    }
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(dup(memory), next);
    assert_int_equal(dup(memory), next + 1);
    assert_int_equal(dup(memory), next + 2);
    for (int fd = next; fd <= next + 2; fd++) close(fd);
    close(memory);
}

/* The reader of a group that wants to kill the others. */
static void whoever_has_the_memory_cannot_cut_it(void **state)
{
    struct stat file;
    int memory = make_memory(SEALS, &file);

    (void)state;
    assert_int_equal(ftruncate(memory, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE), -1);
    close(memory);
}

static void nonsense_is_not_taken(void **state)
{
    uint32_t *stamps = NULL;
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(tk_demand_hear(ends[1], 1, SIZE, 0, &stamps),
                     TK_ETIMEDOUT);
    assert_int_equal(write(ends[0], "x", 1), 1);
    assert_int_equal(tk_demand_hear(ends[1], 1, SIZE, 0, &stamps), TK_EPROTO);
    close(ends[0]);
    assert_int_equal(tk_demand_hear(ends[1], 1, SIZE, 0, &stamps), TK_EPROTO);
    close(ends[1]);
}

static void where_nobody_listens_nothing_is_asked(void **state)
{
    struct files *files = *state;
    int dir_fd = open(files->dir, O_PATH | O_DIRECTORY);

    assert_int_equal(tk_demand_ask(dir_fd, "uses"), -1);
    close(dir_fd);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(memory_that_is_sealed_is_taken),
        TEST(memory_that_could_be_cut_is_not_taken),
        TEST(memory_of_another_table_is_not_taken),
        TEST(no_second_descriptor_is_taken),
        TEST(whoever_has_the_memory_cannot_cut_it),
        TEST(nonsense_is_not_taken),
        TEST(where_nobody_listens_nothing_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
