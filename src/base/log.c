#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/date.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_BYTES = 8192 };

static struct {
    enum tk_log_level level;
    tk_log_sink sink;
    void *data;
} log_to = {.level = TK_LOG_INFO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

bool tk_log_level_parse(struct tk_str word, enum tk_log_level *out)
{
    for (int i = 0; i < TK_LOG_OFF; i++) {
        if (!tk_str_is(word, level_names[i])) continue;
        *out = (enum tk_log_level)i;
        return true;
    }
    return false;
}

void tk_log_setup(enum tk_log_level level, tk_log_sink sink, void *data)
{
    log_to.level = level;
    log_to.sink = sink;
    log_to.data = data;
}

/* <7> debug to <3> error, as journald reads them (sd-daemon(3)). */
static void write_stderr(enum tk_log_level level, struct tk_str line)
{
    static const int priorities[] = {7, 6, 4, 3};

    if (getenv("JOURNAL_STREAM") != NULL) {
        fprintf(stderr, "<%d>%.*s\n", priorities[level], TK_ARG(line));
    } else {
        fprintf(stderr, "%.*s\n", TK_ARG(line));
    }
}

static bool is_plain(struct tk_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_escaped(char c)
{
    return (unsigned char)c < ' ' || c == '"' || c == '\\' || c == 0x7f;
}

static void put_quoted(struct tk_buf *line, struct tk_str text)
{
    tk_buf_put_byte(line, '"');
    for (size_t run; text.len > 0; text = tk_str_skip(text, run)) {
        unsigned char c = (unsigned char)text.data[0];

        for (run = 0; run < text.len && !is_escaped(text.data[run]); run++) {
        }
        tk_buf_put(line, text.data, run);
        if (run > 0) continue;
        run = 1;
        if (c == '"' || c == '\\') {
            tk_buf_put(line, (const char[]){'\\', (char)c}, 2);
        } else {
            tk_buf_printf(line, "\\x%02x", c);
        }
    }
    tk_buf_put_byte(line, '"');
}

static void put_field(struct tk_buf *line, const struct tk_log_field *field)
{
    tk_buf_put_byte(line, ' ');
    tk_buf_put_text(line, field->name);
    tk_buf_put_byte(line, '=');
    if (field->text.data == NULL) {
        tk_buf_put_int(line, field->number);
    } else if (field->text.len > (LINE_MAX_BYTES - line->len) / 5) {
        /* An escape takes four bytes: this one could burst the line. */
        tk_buf_printf(line, "\"(%zu bytes)\"", field->text.len);
    } else if (is_plain(field->text)) {
        tk_buf_put_str(line, field->text);
    } else {
        put_quoted(line, field->text);
    }
}

bool tk_log_wants(enum tk_log_level level)
{
    return level >= log_to.level && level < TK_LOG_OFF;
}

void tk_log_write(enum tk_log_level level, const char *event,
                  const struct tk_log_field *fields)
{
    char when[TK_DATE_TEXT];
    struct tk_buf line;
    struct tk_str text;

    if (!tk_log_wants(level)) return;
    tk_buf_init(&line, LINE_MAX_BYTES);
    tk_buf_put_text(&line, tk_date_print(tk_clock_wall_ms(), when));
    tk_buf_put_byte(&line, ' ');
    tk_buf_put_text(&line, level_names[level]);
    tk_buf_put_byte(&line, ' ');
    put_quoted(&line, tk_str(event));
    for (; fields->name != NULL; fields++) put_field(&line, fields);
    text = line.failed == 0 ? tk_buf_str(&line) : TK_STR("a line was lost");
    if (log_to.sink != NULL) {
        log_to.sink(level, text, log_to.data);
    } else {
        write_stderr(level, text);
    }
    tk_buf_fini(&line);
}
