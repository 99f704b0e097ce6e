/* cli/show.h - what a command has to say: its output, its one sentence of
 * trouble, its exit status.
 *
 * Output is collected in a struct tk_buf and leaves by write(2): a buffer of
 * stdio is never wiped, and some of the output is tokens.
 */
#ifndef TK_CLI_SHOW_H
#define TK_CLI_SHOW_H

#include "base/buf.h"
#include "base/span.h"
#include "base/value.h"

/* sysexits(3), and 1 where an engine was asked and its answer is no. */
enum tk_exit {
    TK_EXIT_OK = 0,
    TK_EXIT_NO = 1, /* no token, no such key, not allowed */
    TK_EXIT_USAGE = 64,
    TK_EXIT_INTERNAL = 70,
    TK_EXIT_TEMPORARY = 75, /* no engine, no answer in time */
    TK_EXIT_CONFIG = 78,
};

enum tk_colour {
    TK_COLOUR_NONE,
    TK_COLOUR_BOLD,
    TK_COLOUR_DIM,
    TK_COLOUR_GOOD,
    TK_COLOUR_BUSY,
    TK_COLOUR_WARN,
    TK_COLOUR_BAD,
};

/* One for the process; main owns it. */
struct tk_show {
    int out;
    int err;
    int width; /* columns and rows of the terminal */
    int height;
    bool is_terminal;
    bool has_colour;
};

enum { TK_SHOW_MAX = 64 * 1024 * 1024 };

/* Looks at `out`: a terminal's size, else $COLUMNS, else 80 by 24. Colours are
 * for terminals, and $NO_COLOR takes them away. */
void tk_show_init(struct tk_show *show, int out, int err);

/* Writes the bytes and forgets them. Returns TK_EXIT_OK, or says why not. */
enum tk_exit tk_show_put(const struct tk_show *show, struct tk_buf *text);
/* "tokeng: ..." as one line of standard error; returns `status`, so that a
 * failing command ends in `return tk_show_fail(...)`. */
enum tk_exit tk_show_fail(const struct tk_show *show, enum tk_exit status,
                          const char *format, ...) TK_PRINTF(3, 4);

/* The word for a colour, or "" without colours. */
const char *tk_show_colour(const struct tk_show *show, enum tk_colour colour);
/* fresh is good, due is busy, stale a warning, what needs somebody is bad. */
enum tk_colour tk_show_state_colour(struct tk_str state);

/* Appends `text`, broken at spaces so that it stays within the width; lines
 * after the first start with `indent` blanks. `at` is the column of the first
 * byte. Ends the line. Control bytes become '?'. */
void tk_show_wrap(const struct tk_show *show, struct tk_buf *out, int at,
                  int indent, struct tk_str text);

/* A JSON number; false for null and all else. */
bool tk_show_number(const struct tk_value *value, double *out);
/* Seconds of a JSON number as people write them, "-" for null. */
const char *tk_show_seconds(const struct tk_value *value,
                            char out[TK_SPAN_TEXT]);
bool tk_show_is_true(const struct tk_value *value);
/* The text of a JSON string, "-" if it is none or empty. */
struct tk_str tk_show_text(const struct tk_value *value);

#endif
