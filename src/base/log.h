/* base/log.h - one line an event: time, level, event, name=value.
 *
 * A value is given by a typed field; there is no field for a secret, so a
 * secret cannot be logged. The sink is the only global of the program.
 */
#ifndef TK_BASE_LOG_H
#define TK_BASE_LOG_H

#include "base/str.h"

#include <stdint.h>

enum tk_log_level {
    TK_LOG_DEBUG,
    TK_LOG_INFO,
    TK_LOG_WARN,
    TK_LOG_ERROR,
    TK_LOG_OFF,
};

struct tk_log_field {
    const char *name;
    struct tk_str text; /* data NULL: the field is a number */
    int64_t number;
};

static inline struct tk_log_field tk_text(const char *name, const char *text)
{
    return (struct tk_log_field){name, tk_str(text == NULL ? "" : text), 0};
}

static inline struct tk_log_field tk_view(const char *name, struct tk_str text)
{
    return (struct tk_log_field){name, text.data == NULL ? tk_str("") : text,
                                 0};
}

static inline struct tk_log_field tk_num(const char *name, int64_t number)
{
    return (struct tk_log_field){name, {NULL, 0}, number};
}

/* Is a line of this level written at all? For what is costly to find out. */
bool tk_log_wants(enum tk_log_level level);

/* At least one field: tk_log(TK_LOG_INFO, "token renewed", tk_view("key", key),
 * tk_num(...)). */
#define tk_log(level, event, ...)                                              \
    tk_log_write(level, event, (const struct tk_log_field[]){__VA_ARGS__, {0}})

typedef void (*tk_log_sink)(enum tk_log_level level, struct tk_str line,
                            void *data);

/* Lines under `level` are dropped. A NULL sink writes to standard error, with
 * systemd's priority prefix when it reads there. */
void tk_log_setup(enum tk_log_level level, tk_log_sink sink, void *data);

/* `fields` end with one whose name is NULL. Control bytes are escaped. */
void tk_log_write(enum tk_log_level level, const char *event,
                  const struct tk_log_field *fields);

/* "debug", "info", "warn", "error"; returns false for any other word. */
bool tk_log_level_parse(struct tk_str word, enum tk_log_level *out);

#endif
