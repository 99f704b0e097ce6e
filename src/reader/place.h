/* reader/place.h - where the engine's socket is. */
#ifndef TK_READER_PLACE_H
#define TK_READER_PLACE_H

#include "base/err.h"

/* Writes the path of the socket into `out`: tokeng.sock in `dir` if that is
 * given; else $TOKENG_SOCKET, if set; else tokeng.sock in $RUNTIME_DIRECTORY,
 * /run/tokeng or $XDG_RUNTIME_DIR/tokeng, the first of them that exists. If
 * none does it is the first candidate, so that an error names a path that
 * would do. Returns 0, or TK_EINVAL if the path does not fit. */
TK_MUST_USE int tk_place_find_socket(char *out, size_t cap, const char *dir);

#endif
