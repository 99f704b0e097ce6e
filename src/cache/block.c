#define _GNU_SOURCE
#include "cache/block.h"

#include <sys/mman.h>

int tk_block_new(size_t size, void **out)
{
    void *block = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (block == MAP_FAILED) return TK_ENOMEM;
    madvise(block, size, MADV_DONTDUMP);
    *out = block;
    return 0;
}

void tk_block_free(void *block, size_t size)
{
    if (block != NULL) munmap(block, size);
}
