/* serve/problem.h - an error as application/problem+json.
 */
#ifndef TK_SERVE_PROBLEM_H
#define TK_SERVE_PROBLEM_H

#include "engine/schema.h"

/* All texts are borrowed. None of them may hold a secret. */
struct tk_http_problem {
    int status;
    const char *code;      /* the word that a program looks at */
    const char *detail;    /* one sentence for a person: what to do */
    int64_t retry_ms;      /* when asking again makes sense; 0: not said */
    const char *allow;     /* the methods that would do; NULL: not said */
    const char *challenge; /* how to say who one is; NULL: not said */
    /* What the issuer said; NULL: nothing. */
    const char *issuer_class;
    const char *issuer_code;
    /* Everything that is wrong with a configuration, or NULL. */
    const struct tk_problems *problems;
};

void tk_problem_write(const struct tk_http_problem *problem,
                      struct tk_buf *out);

/* Whole seconds for Retry-After, rounded up, at least 1. */
int64_t tk_problem_retry_after(const struct tk_http_problem *problem);

#endif
