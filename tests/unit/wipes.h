/* tests/unit/wipes.h - sees what is wiped: the program's explicit_bzero stands
 * before libc's, under both names that a compiler may call it by. For one test
 * file at a time.
 */
#ifndef TK_TESTS_UNIT_WIPES_H
#define TK_TESTS_UNIT_WIPES_H

#include <stdbool.h>
#include <stddef.h>

enum { WIPES_KEPT = 64 };

static struct {
    const void *start;
    size_t len;
} wipes[WIPES_KEPT];
static size_t wipe_count;

void wipes_plain(void *start, size_t len) __asm__("explicit_bzero");
void wipes_fortified(void *start, size_t len,
                     size_t room) __asm__("__explicit_bzero_chk");

void wipes_plain(void *start, size_t len)
{
    volatile unsigned char *bytes = start;

    for (size_t i = 0; i < len; i++) bytes[i] = 0;
    wipes[wipe_count % WIPES_KEPT].start = start;
    wipes[wipe_count % WIPES_KEPT].len = len;
    wipe_count++;
}

void wipes_fortified(void *start, size_t len, size_t room)
{
    (void)room;
    wipes_plain(start, len);
}

/* Has a block that begins at `start` been wiped over at least `len` bytes? */
static inline bool was_wiped(const void *start, size_t len)
{
    for (size_t i = 0; i < WIPES_KEPT && i < wipe_count; i++) {
        if (wipes[i].start == start && wipes[i].len >= len) return true;
    }
    return false;
}

#endif
