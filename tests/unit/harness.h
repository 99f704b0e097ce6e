/* tests/unit/harness.h - cmocka, which wants these headers before its own. */
#ifndef TK_TESTS_UNIT_HARNESS_H
#define TK_TESTS_UNIT_HARNESS_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
