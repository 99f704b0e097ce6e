/* base/pool.h - memory that is taken piece by piece and given back at once.
 *
 * Holds trees of values (a configuration, an issuer's answer). All of it is
 * wiped when it is given back.
 */
#ifndef TK_BASE_POOL_H
#define TK_BASE_POOL_H

#include "base/str.h"

struct tk_pool_block;

/* Owned by whoever called tk_pool_init. */
struct tk_pool {
    struct tk_pool_block *blocks;
    size_t used;
    size_t max;
};

/* `max` bounds the bytes that may be taken in all. */
void tk_pool_init(struct tk_pool *pool, size_t max);
void tk_pool_fini(struct tk_pool *pool);

/* Zeroed and aligned for any type; NULL when `max` or memory is used up.
 * Lives until tk_pool_fini. */
void *tk_pool_take(struct tk_pool *pool, size_t size);
/* A terminated copy; NULL as above. */
char *tk_pool_dup(struct tk_pool *pool, struct tk_str text);

#endif
