/* base/diary.h - lines that are added to a file of bounded size.
 *
 * When half of the size is written the file becomes NAME.1, in place of the
 * one before, and a new one is begun. Every file begins with the same line, its
 * head, by which it is known again: no other file is ever written to. One
 * process at a time keeps a diary.
 */
#ifndef TK_BASE_DIARY_H
#define TK_BASE_DIARY_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Owned by whoever called tk_diary_open. */
struct tk_diary;

/* Goes on with the file, or makes it, mode 0600; a line that a crash has cut
 * short is taken off its end. `head` has no line end and stays borrowed.
 * TK_EBUSY if another process keeps it, TK_EEXIST if it is something else. */
TK_MUST_USE int tk_diary_open(const char *path, const char *head,
                              int64_t max_bytes, struct tk_diary **out,
                              struct tk_why *why);
/* Writes what is left. */
void tk_diary_close(struct tk_diary *diary);

/* Both files together. */
void tk_diary_limit(struct tk_diary *diary, int64_t max_bytes);

/* Adds a line, which ends with its line end. It is written later: by a flush,
 * or, before a line that does not fit beside the others, by itself: then nobody
 * is told what is in the way. */
void tk_diary_put(struct tk_diary *diary, struct tk_str line);
bool tk_diary_fits(const struct tk_diary *diary, size_t len);
bool tk_diary_is_flushed(const struct tk_diary *diary);
/* Writes whole lines only. What cannot be written is lost, and counted; `why`
 * says what is in the way. */
int tk_diary_flush(struct tk_diary *diary, struct tk_why *why);

/* Lines lost so far. */
uint64_t tk_diary_lost(const struct tk_diary *diary);

#endif
