/* serve/page.h - one page of the keys of a fleet, in the order of their names.
 *
 * The fleet is not sorted. One scan keeps the smallest names so far in a heap
 * whose top is the largest of them, so that a key that does not belong on the
 * page costs one comparison.
 */
#ifndef TK_SERVE_PAGE_H
#define TK_SERVE_PAGE_H

#include "engine/fleet.h"

enum { TK_PAGE_DEFAULT = 100, TK_PAGE_MAX = 1000 };

/* Which keys are wanted. */
struct tk_page_want {
    const struct tk_source *source; /* NULL: of all */
    int state;                      /* enum tk_state; -1: in any */
    struct tk_str after;            /* names above it; empty: from the first */
    uint32_t limit;                 /* 1 to TK_PAGE_MAX */
};

/* Entries are borrowed from the fleet. */
struct tk_page {
    const struct tk_entry *entries[TK_PAGE_MAX]; /* by name */
    uint32_t count;
    uint64_t total;             /* that match, on all pages */
    uint64_t states[TK_STATES]; /* of the wanted source, in any state */
    bool has_more;              /* behind the last one */
};

void tk_page_fill(const struct tk_fleet *fleet, const struct tk_page_want *want,
                  int64_t now, struct tk_page *out);

#endif
