/* base/file.h - small files, whole. */
#ifndef TK_BASE_FILE_H
#define TK_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/* Appends the bytes of the file to `out`, whose `max` bounds them. Directories
 * and devices are refused. `why` names the path and the reason. */
TK_MUST_USE int tk_file_read(const char *path, struct tk_buf *out,
                             struct tk_why *why);

/* Puts `bytes` in the place of the file, whole or not at all: who reads it
 * meanwhile sees the old one. `mode` is as for open(2). What is there and is no
 * regular file, a link too, is refused. */
TK_MUST_USE int tk_file_write(const char *path, unsigned mode,
                              struct tk_str bytes, struct tk_why *why);

/* Makes a directory and its missing parents; one that is there is fine. */
TK_MUST_USE int tk_file_make_dir(const char *path, unsigned mode,
                                 struct tk_why *why);

/* A file as it was at one moment; all 0 if there was none. */
struct tk_stamp {
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t modified_ns;
    int64_t changed_ns;
};

/* Returns false if nothing is there, or it may not be looked at. */
bool tk_file_stamp(const char *path, struct tk_stamp *out);
bool tk_stamp_same(const struct tk_stamp *a, const struct tk_stamp *b);

#endif
