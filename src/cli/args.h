/* cli/args.h - the words of a command line, checked against the options that
 * a command has.
 *
 * --name VALUE and --name=VALUE, -c VALUE for options with a letter; options
 * and words in any order; after "--" there are only words; the last of two
 * equal options counts, but for those that may be given several times.
 */
#ifndef TK_CLI_ARGS_H
#define TK_CLI_ARGS_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum tk_option_type {
    TK_OPTION_FLAG,
    TK_OPTION_TEXT,
    TK_OPTION_TEXTS,   /* may be given more than once */
    TK_OPTION_SPAN,    /* "250ms", "1m30s", "0" */
    TK_OPTION_SECONDS, /* the same, and a bare number is seconds */
    TK_OPTION_COUNT,   /* a whole number, 0 or more */
    TK_OPTION_SHARE,   /* 0 to 1 */
};

struct tk_option {
    const char *name;
    char letter; /* '\0': none */
    enum tk_option_type type;
    const char *value; /* what help calls it; NULL for a flag */
    const char *help;
};

/* For commands that print data, and for those that talk to the engine. */
#define TK_OPTION_JSON                                                         \
    {                                                                          \
        "json", '\0', TK_OPTION_FLAG, NULL, "print JSON"                       \
    }
#define TK_OPTION_SOCKET                                                       \
    {                                                                          \
        "socket", '\0', TK_OPTION_TEXT, "PATH", "the engine's socket"          \
    }
#define TK_OPTION_DIR                                                          \
    {                                                                          \
        "dir", '\0', TK_OPTION_TEXT, "DIR", "the engine's runtime directory"   \
    }

enum { TK_OPTIONS_MAX = 24, TK_WORDS_MAX = 40, TK_TEXTS_MAX = 64 };

/* One value of an option that may be given more than once. */
struct tk_args_text {
    const struct tk_option *option;
    const char *value;
};

/* Views into argv. */
struct tk_args {
    const struct tk_option *options;
    size_t option_count;
    const char *values[TK_OPTIONS_MAX]; /* NULL: not given */
    struct tk_args_text texts[TK_TEXTS_MAX];
    size_t text_count;
    const char *words[TK_WORDS_MAX];
    size_t word_count;
    bool wants_help;
};

/* Reads what follows the command's name. TK_EINVAL with a sentence about the
 * first thing that is wrong; unless help is asked for. */
TK_MUST_USE int tk_args_parse(const struct tk_option *options, size_t count,
                              int argc, char *const *argv, struct tk_args *out,
                              struct tk_why *why);

/* By an option's name; the default if it was not given. */
bool tk_args_has(const struct tk_args *args, const char *name);
const char *tk_args_text(const struct tk_args *args, const char *name);
/* All values of a TK_OPTION_TEXTS, in their order; `out` ends with NULL.
 * Returns how many. */
size_t tk_args_texts(const struct tk_args *args, const char *name,
                     const char *out[TK_TEXTS_MAX + 1]);
int64_t tk_args_ms(const struct tk_args *args, const char *name,
                   int64_t otherwise);
int64_t tk_args_count(const struct tk_args *args, const char *name,
                      int64_t otherwise);
double tk_args_share(const struct tk_args *args, const char *name,
                     double otherwise);

#endif
