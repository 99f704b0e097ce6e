/* base/near.h - "did you mean ...?" */
#ifndef TK_BASE_NEAR_H
#define TK_BASE_NEAR_H

#include "base/str.h"

/* Of two names, which is closer to a word that was not found? Feed every
 * candidate with tk_near_try; `best` is then the nearest within two typing
 * errors (one in words of up to four bytes), or empty. */
struct tk_near {
    struct tk_str word;
    struct tk_str best;
    size_t distance;
};

void tk_near_init(struct tk_near *near, struct tk_str word);
void tk_near_try(struct tk_near *near, struct tk_str candidate);

#endif
