/* faults.c - preloaded into tokeng, it lets allocations or system calls fail:
 * the file named by TOKENG_TEST_FAULTS holds five numbers of 64 bits (struct
 * orders), which a test may write at any time.
 *
 * Left alone are the descriptors by which libuv and libcurl wake themselves
 * (pipes, eventfds, epolls): the kernel fails none of these calls, and libuv
 * calls abort() if it does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NOTHING, ALLOCATIONS, CALLS };

struct orders {
    int64_t what;
    int64_t error; /* the errno */
    int64_t from;  /* the first one that fails, counted from 1 */
    int64_t many;  /* that many fail */
    _Atomic int64_t seen;
};

static struct orders nothing;
static struct orders *orders = &nothing;

/* Of OpenSSL 3.0, which crashes if it finds no memory for its default context,
 * and tells nobody before. It is made before anything may fail. */
__attribute__((weak)) int RAND_status(void);

__attribute__((constructor)) static void map_orders(void)
{
    const char *path = getenv("TOKENG_TEST_FAULTS");
    void *map;
    int fd;

    if (path == NULL || strcmp(program_invocation_short_name, "tokeng") != 0) {
        return;
    }
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) return;
    if (RAND_status != NULL) RAND_status();
    map = mmap(NULL, sizeof nothing, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) orders = map;
    close(fd);
}

static int fails(int64_t what)
{
    int64_t number;

    if (orders->what != what) return 0;
    number = atomic_fetch_add(&orders->seen, 1) + 1;
    if (number < orders->from || number >= orders->from + orders->many) {
        return 0;
    }
    errno = what == ALLOCATIONS ? ENOMEM : (int)orders->error;
    return 1;
}

/* --- allocations --- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    return fails(ALLOCATIONS) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(ALLOCATIONS) ? NULL : __libc_calloc(count, size);
}

/* libuv calls abort() when its table of watchers cannot grow. */
static int is_libuv_s(const void *caller)
{
    Dl_info about;

    return dladdr(caller, &about) != 0 && about.dli_fname != NULL &&
           strstr(about.dli_fname, "libuv") != NULL;
}

void *realloc(void *block, size_t size)
{
    if (orders->what == ALLOCATIONS &&
        is_libuv_s(__builtin_return_address(0))) {
        return __libc_realloc(block, size);
    }
    return fails(ALLOCATIONS) ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(ALLOCATIONS) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *block = aligned_alloc(alignment, size);

    if (block == NULL) return ENOMEM;
    *out = block;
    return 0;
}

/* --- system calls --- */

/* EAGAIN promises an event when it may be tried again, and a fault sends none:
 * who is told of edges, as libmicrohttpd, would wait for ever. */
static int is_a_lie(long number)
{
    return orders->what == CALLS && orders->error == EAGAIN &&
           (number == SYS_read || number == SYS_write || number == SYS_writev ||
            number == SYS_sendto || number == SYS_sendmsg ||
            number == SYS_recvfrom || number == SYS_accept4);
}

static int is_wake_up(int fd)
{
    struct stat about;

    if (fd <= STDERR_FILENO) return 0;
    if (syscall(SYS_fstat, fd, &about) != 0) return 0;
    return !S_ISREG(about.st_mode) && !S_ISSOCK(about.st_mode) &&
           !S_ISDIR(about.st_mode);
}

static long tell(int fd, long number, long a, long b, long c, long d, long e)
{
    if (!is_wake_up(fd) && !is_a_lie(number) && fails(CALLS)) return -1;
    return syscall(number, fd, a, b, c, d, e);
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list list;
    mode_t mode;

    va_start(list, flags);
    mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    if (fails(CALLS)) return -1;
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list list;
    mode_t mode;

    va_start(list, flags);
    mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    return openat(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int folder, const char *path, int flags, ...)
    __attribute__((alias("openat")));

ssize_t read(int fd, void *to, size_t size)
{
    return tell(fd, SYS_read, (long)to, (long)size, 0, 0, 0);
}

ssize_t write(int fd, const void *from, size_t size)
{
    return tell(fd, SYS_write, (long)from, (long)size, 0, 0, 0);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return tell(fd, SYS_writev, (long)parts, count, 0, 0, 0);
}

ssize_t send(int fd, const void *from, size_t size, int flags)
{
    return tell(fd, SYS_sendto, (long)from, (long)size, flags, 0, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return tell(fd, SYS_sendmsg, (long)message, flags, 0, 0, 0);
}

ssize_t recv(int fd, void *to, size_t size, int flags)
{
    return tell(fd, SYS_recvfrom, (long)to, (long)size, flags, 0, 0);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    return (int)tell(fd, SYS_accept4, (long)address, (long)size, flags, 0, 0);
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    return (int)tell(fd, SYS_connect, (long)address, (long)size, 0, 0, 0);
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    return (int)tell(fd, SYS_bind, (long)address, (long)size, 0, 0, 0);
}

int listen(int fd, int backlog)
{
    return (int)tell(fd, SYS_listen, backlog, 0, 0, 0, 0);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    return (int)tell(fd, SYS_setsockopt, level, name, (long)value, (long)size,
                     0);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
    return (int)tell(fd, SYS_getsockopt, level, name, (long)value, (long)size,
                     0);
}

int fstat(int fd, struct stat *out)
{
    return (int)tell(fd, SYS_fstat, (long)out, 0, 0, 0, 0);
}

int fstat64(int fd, struct stat64 *out)
{
    return (int)tell(fd, SYS_fstat, (long)out, 0, 0, 0, 0);
}

int fchmod(int fd, mode_t mode)
{
    return (int)tell(fd, SYS_fchmod, (long)mode, 0, 0, 0, 0);
}

int ftruncate(int fd, off_t size)
{
    return (int)tell(fd, SYS_ftruncate, size, 0, 0, 0, 0);
}

int ftruncate64(int fd, off64_t size) __attribute__((alias("ftruncate")));

int flock(int fd, int how)
{
    return (int)tell(fd, SYS_flock, how, 0, 0, 0, 0);
}

int socket(int domain, int type, int protocol)
{
    return fails(CALLS) ? -1 : (int)syscall(SYS_socket, domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int pair[2])
{
    if (fails(CALLS)) return -1;
    return (int)syscall(SYS_socketpair, domain, type, protocol, pair);
}

/* The first is libuv's, by which signals reach its loops: it calls abort() if
 * there is none. */
int pipe2(int pair[2], int flags)
{
    static atomic_flag has_libuv_s = ATOMIC_FLAG_INIT;

    if (!atomic_flag_test_and_set(&has_libuv_s)) {
        return (int)syscall(SYS_pipe2, pair, flags);
    }
    return fails(CALLS) ? -1 : (int)syscall(SYS_pipe2, pair, flags);
}

int eventfd(unsigned count, int flags)
{
    return fails(CALLS) ? -1 : (int)syscall(SYS_eventfd2, count, flags);
}

int epoll_create1(int flags)
{
    return fails(CALLS) ? -1 : (int)syscall(SYS_epoll_create1, flags);
}

int unlink(const char *path)
{
    if (fails(CALLS)) return -1;
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

ssize_t getrandom(void *to, size_t size, unsigned flags)
{
    /* Interrupted before the kernel has its randomness; else it cannot fail. */
    if (orders->error == EINTR && fails(CALLS)) return -1;
    return syscall(SYS_getrandom, to, size, flags);
}

void *mmap(void *at, size_t size, int access, int flags, int fd, off_t offset)
{
    if (fails(CALLS)) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, size, access, flags, fd, offset);
}

void *mmap64(void *at, size_t size, int access, int flags, int fd,
             off64_t offset) __attribute__((alias("mmap")));
