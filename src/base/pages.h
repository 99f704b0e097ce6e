/* base/pages.h - memory for a secret that stays.
 *
 * Whole pages that hold nothing else: no core dump has them, a child process
 * finds them empty, and they are not swapped out if the limit of locked memory
 * allows. Under a sanitizer they are the same; it does not watch their ends.
 */
#ifndef TK_BASE_PAGES_H
#define TK_BASE_PAGES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Owned by whoever called tk_pages_new. */
struct tk_pages {
    void *start; /* NULL: none */
    size_t size;
    bool is_locked;
};

/* `size` zeroed bytes or more. That they cannot be locked is no failure. */
TK_MUST_USE int tk_pages_new(size_t size, struct tk_pages *out);
/* Wipes them and gives them back. */
void tk_pages_free(struct tk_pages *pages);

#endif
