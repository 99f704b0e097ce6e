/* reader/want.h - the structures that callers of libtokeng fill and read, which
 * may be of an older or a newer version than ours.
 */
#ifndef TK_READER_WANT_H
#define TK_READER_WANT_H

#include "tokeng.h"

#include <stdbool.h>

/* Reads a structure that begins with its caller's sizeof of it, into one of
 * `ours` bytes. False: the size was not set, or what is more than ours is asked
 * for. */
bool tk_sized_read(const void *from, void *out, uint32_t ours);

/* `from` NULL: any token that is valid. False: it makes no sense. */
bool tk_want_read(const struct tokeng_want *from, struct tokeng_want *out);

/* Is it NULL, or does it say how large it is? */
bool tk_info_is_sized(const struct tokeng_info *info);
/* As much as `to` (may be NULL) has room for. */
void tk_info_write(struct tokeng_info *to, const struct tokeng_info *from);

#endif
