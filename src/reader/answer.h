/* reader/answer.h - what the engine's answers mean to libtokeng's callers. */
#ifndef TK_READER_ANSWER_H
#define TK_READER_ANSWER_H

#include "reader/wire.h"
#include "tokeng.h"

enum { TK_ANSWER_TOKEN_MAX = 16384 };

#define TK_ANSWER_GENERATION_MAX ((UINT64_C(1) << 53) - 1)

/* 0 for 2xx, else the code of enum tokeng_err. */
int tk_answer_from_status(int status);

/* The answer to a fetch. Fills `out` but for its size and returns 0, the token
 * then being the reply's body; or returns a code of enum tokeng_err. */
int tk_answer_read_token(const struct tk_wire_reply *reply,
                         struct tokeng_info *out);

#endif
