/* tests/unit/text.h - comparing views; both are shown when they differ. */
#ifndef TK_TESTS_UNIT_TEXT_H
#define TK_TESTS_UNIT_TEXT_H

#include "base/str.h"

#include "tests/unit/harness.h"

static inline void assert_text(struct tk_str text, struct tk_str wanted)
{
    if (!tk_str_eq(text, wanted)) {
        fail_msg("\"%.*s\" is not \"%.*s\"", TK_ARG(text), TK_ARG(wanted));
    }
}

#endif
