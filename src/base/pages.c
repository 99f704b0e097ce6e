#define _GNU_SOURCE
#include "base/pages.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t round_up(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (size + page - 1) / page * page;
}

int tk_pages_new(size_t size, struct tk_pages *out)
{
    void *start;

    *out = (struct tk_pages){.size = round_up(size)};
    if (out->size < size) return TK_ENOMEM;
    start = mmap(NULL, out->size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return TK_ENOMEM;
    madvise(start, out->size, MADV_DONTDUMP);
    madvise(start, out->size, MADV_WIPEONFORK);
    out->start = start;
    out->is_locked = mlock(start, out->size) == 0;
    return 0;
}

void tk_pages_free(struct tk_pages *pages)
{
    if (pages->start != NULL) {
        explicit_bzero(pages->start, pages->size);
        munmap(pages->start, pages->size);
    }
    *pages = (struct tk_pages){0};
}
