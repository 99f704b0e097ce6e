/* tests/fuzz/scratch.h - a file without a name, for what is read by its path.
 */
#ifndef TK_TESTS_FUZZ_SCRATCH_H
#define TK_TESTS_FUZZ_SCRATCH_H

#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

/* One for the life of the process. */
struct scratch {
    int fd;
    char path[64];
};

static inline void scratch_open(struct scratch *scratch)
{
    scratch->fd = memfd_create("fuzz", MFD_CLOEXEC);
    HOLD(scratch->fd >= 0);
    snprintf(scratch->path, sizeof scratch->path, "/proc/self/fd/%d",
             scratch->fd);
}

static inline void scratch_put(struct scratch *scratch, struct tk_str text)
{
    HOLD(write(scratch->fd, text.data, text.len) == (ssize_t)text.len);
}

static inline void scratch_empty(struct scratch *scratch)
{
    HOLD(ftruncate(scratch->fd, 0) == 0);
    HOLD(lseek(scratch->fd, 0, SEEK_SET) == 0);
}

#endif
