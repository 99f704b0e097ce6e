#define _DEFAULT_SOURCE
#include "cli/show.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    DEFAULT_WIDTH = 80,
    DEFAULT_HEIGHT = 24,
    LEAST_WIDTH = 20, /* below it nothing can be laid out */
    LINE_MAX_BYTES = 4096,
};

static int at_least(int number, int least)
{
    return number < least ? least : number;
}

void tk_show_init(struct tk_show *show, int out, int err)
{
    const char *columns = getenv("COLUMNS");
    const char *plain = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    struct winsize size = {0};

    *show = (struct tk_show){.out = out,
                             .err = err,
                             .width = DEFAULT_WIDTH,
                             .height = DEFAULT_HEIGHT,
                             .is_terminal = isatty(out) == 1};
    if (ioctl(out, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        show->width = size.ws_col;
        if (size.ws_row > 0) show->height = size.ws_row;
    } else if (columns != NULL && atoi(columns) > 0) {
        show->width = atoi(columns);
    }
    show->width = at_least(show->width, LEAST_WIDTH);
    /* https://no-color.org: set and not empty, whatever it says. */
    show->has_colour = show->is_terminal &&
                       (plain == NULL || plain[0] == '\0') && term != NULL &&
                       strcmp(term, "dumb") != 0;
}

static int write_all(int fd, struct tk_str text)
{
    while (text.len > 0) {
        ssize_t put = write(fd, text.data, text.len);

        if (put < 0 && errno != EINTR) return TK_EIO;
        if (put > 0) text = tk_str_skip(text, (size_t)put);
    }
    return 0;
}

enum tk_exit tk_show_put(const struct tk_show *show, struct tk_buf *text)
{
    int rc = text->failed;

    if (rc != 0) {
        tk_buf_clear(text);
        return tk_show_fail(show, TK_EXIT_INTERNAL, "the output: %s",
                            tk_err_text(rc));
    }
    rc = write_all(show->out, tk_buf_str(text));
    tk_buf_clear(text);
    if (rc == 0) return TK_EXIT_OK;
    return tk_show_fail(show, TK_EXIT_INTERNAL, "standard output: %s",
                        strerror(errno));
}

enum tk_exit tk_show_fail(const struct tk_show *show, enum tk_exit status,
                          const char *format, ...)
{
    char line[LINE_MAX_BYTES] = "tokeng: ";
    size_t len = strlen(line);
    va_list args;

    va_start(args, format);
    vsnprintf(line + len, sizeof line - len - 1, format, args);
    va_end(args);
    for (char *at = line; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) *at = '?';
    }
    len = strlen(line);
    line[len] = '\n';
    /* There is nowhere left to report that this could not be written. */
    (void)write_all(show->err, tk_str_of(line, len + 1));
    return status;
}

const char *tk_show_colour(const struct tk_show *show, enum tk_colour colour)
{
    static const char *const codes[] = {
        [TK_COLOUR_NONE] = "\033[0m",  [TK_COLOUR_BOLD] = "\033[1m",
        [TK_COLOUR_DIM] = "\033[2m",   [TK_COLOUR_GOOD] = "\033[32m",
        [TK_COLOUR_BUSY] = "\033[36m", [TK_COLOUR_WARN] = "\033[33m",
        [TK_COLOUR_BAD] = "\033[31m",
    };

    return show->has_colour ? codes[colour] : "";
}

enum tk_colour tk_show_state_colour(struct tk_str state)
{
    if (tk_str_is(state, "fresh")) return TK_COLOUR_GOOD;
    if (tk_str_is(state, "due")) return TK_COLOUR_BUSY;
    if (tk_str_is(state, "stale")) return TK_COLOUR_WARN;
    if (tk_str_is(state, "lapsed")) return TK_COLOUR_DIM;
    return TK_COLOUR_BAD;
}

/* Bytes that begin a character of UTF-8 take a column, the others none. */
static int columns_of(struct tk_str text)
{
    int columns = 0;

    for (size_t i = 0; i < text.len; i++) {
        columns += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    }
    return columns;
}

static void put_clean(struct tk_buf *out, struct tk_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        tk_buf_put_byte(out, c < ' ' || c == 0x7f ? '?' : (char)c);
    }
}

void tk_show_wrap(const struct tk_show *show, struct tk_buf *out, int at,
                  int indent, struct tk_str text)
{
    bool is_first = true; /* of its line */

    while (text.data != NULL) {
        struct tk_str word = tk_str_cut(&text, ' ');
        int columns = columns_of(word);

        if (!is_first && at + 1 + columns > show->width) {
            tk_buf_printf(out, "\n%*s", indent, "");
            at = indent;
        } else if (!is_first) {
            tk_buf_put_byte(out, ' ');
            at++;
        }
        put_clean(out, word);
        at += columns;
        is_first = false;
    }
    tk_buf_put_byte(out, '\n');
}

bool tk_show_number(const struct tk_value *value, double *out)
{
    if (value == NULL) return false;
    if (value->type == TK_INT) {
        *out = (double)value->as.integer;
    } else if (value->type == TK_NUM) {
        *out = value->as.number;
    } else {
        return false;
    }
    return true;
}

const char *tk_show_seconds(const struct tk_value *value,
                            char out[TK_SPAN_TEXT])
{
    double seconds;

    if (!tk_show_number(value, &seconds)) return "-";
    if (seconds > (double)TK_SPAN_MAX_MS / 1000) return "forever";
    if (seconds < (double)-TK_SPAN_MAX_MS / 1000) return "-forever";
    /* Nobody reads milliseconds beside seconds; rounded, so that parts of a
     * life still sum up. */
    if (seconds >= 1 || seconds <= -1) {
        return tk_span_print((int64_t)llround(seconds) * 1000, out);
    }
    return tk_span_print((int64_t)llround(seconds * 1000), out);
}

bool tk_show_is_true(const struct tk_value *value)
{
    return value != NULL && value->type == TK_BOOL && value->as.flag;
}

struct tk_str tk_show_text(const struct tk_value *value)
{
    struct tk_str text = tk_value_text(value);

    return text.len == 0 ? TK_STR("-") : text;
}
