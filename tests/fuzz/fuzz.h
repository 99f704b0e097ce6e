/* tests/fuzz/fuzz.h - what every target of the fuzzer has.
 *
 * A target is one file with one function, which takes any bytes and ends the
 * process by HOLD when something that must always hold does not. It keeps no
 * state that one input could leave to the next. An input that has shown a bug
 * is kept in corpus/TARGET under a name that says it.
 */
#ifndef TK_TESTS_FUZZ_FUZZ_H
#define TK_TESTS_FUZZ_FUZZ_H

#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Called by the fuzzer, or by replay.c with each file of a corpus. Always
 * returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline _Noreturn void fuzz_broken(const char *file, int line,
                                         const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

#define HOLD(condition)                                                        \
    ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))

static inline struct tk_str fuzz_text(const uint8_t *data, size_t size)
{
    return tk_str_of((const char *)data, size);
}

static inline bool fuzz_is_visible(char byte)
{
    return byte >= 0x21 && byte <= 0x7e;
}

#endif
