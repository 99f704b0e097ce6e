/* reader/shelf.h - the shared cache that a handle reads, and the next one when
 * the engine has been started anew.
 *
 * Who may not read the one for all keys reads that of the first of his groups
 * that has one.
 *
 * A mapping that is replaced stays until the handle is closed, because another
 * thread may be reading it; the engine gives the memory of its file back.
 */
#ifndef TK_READER_SHELF_H
#define TK_READER_SHELF_H

#include "cache/mapping.h"
#include "cache/names.h"
#include "reader/moment.h"

/* Owned by its handle; all of it may be used from several threads, but for
 * init and fini. */
struct tk_shelf {
    const char *dir; /* borrowed; NULL: the default places */
    struct tk_mapping *mapping;
    struct tk_mapping *old;   /* by `next` */
    char name[TK_CACHE_NAME]; /* of the file that was mapped */
    struct tk_moment moment;
    int64_t next_look; /* not before this moment of CLOCK_MONOTONIC_COARSE */
    int last_rc;
    int is_looking;
    uint32_t count; /* of mappings so far */
};

void tk_shelf_init(struct tk_shelf *shelf, const char *dir);
void tk_shelf_fini(struct tk_shelf *shelf);

/* The cache that was read last if it is still the one to read, else NULL. */
static inline const struct tk_mapping *
tk_shelf_peek(const struct tk_shelf *shelf)
{
    const struct tk_mapping *mapping =
        __atomic_load_n(&shelf->mapping, __ATOMIC_ACQUIRE);

    return mapping == NULL || tk_mapping_is_retired(mapping) ? NULL : mapping;
}

/* The cache to read, borrowed until tk_shelf_fini; NULL with a reason in `rc`:
 * as tk_mapping_open. Looks for another one only where the file is retired, is
 * not there, or its engine is silent; when it finds none, not again for a tenth
 * of a second. */
struct tk_mapping *tk_shelf_take(struct tk_shelf *shelf, int *rc);

#endif
