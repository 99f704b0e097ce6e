#include "serve/prom.h"

void tk_prom_head(struct tk_buf *out, const char *family, const char *type,
                  const char *help)
{
    tk_buf_put_str(out, TK_STR("# HELP "));
    tk_buf_put_text(out, family);
    tk_buf_put_byte(out, ' ');
    tk_buf_put_text(out, help);
    tk_buf_put_str(out, TK_STR("\n# TYPE "));
    tk_buf_put_text(out, family);
    tk_buf_put_byte(out, ' ');
    tk_buf_put_text(out, type);
    tk_buf_put_byte(out, '\n');
}

static void put_value(struct tk_buf *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\n') {
            tk_buf_put_str(out, TK_STR("\\n"));
            continue;
        }
        if (*value == '"' || *value == '\\') tk_buf_put_byte(out, '\\');
        tk_buf_put_byte(out, *value);
    }
}

static void put_series(struct tk_buf *out, const char *family,
                       const struct tk_prom_label *labels)
{
    bool is_first = true;

    tk_buf_put_text(out, family);
    for (; labels != NULL && labels->name != NULL; labels++) {
        tk_buf_put_byte(out, is_first ? '{' : ',');
        tk_buf_put_text(out, labels->name);
        tk_buf_put_str(out, TK_STR("=\""));
        put_value(out, labels->value);
        tk_buf_put_byte(out, '"');
        is_first = false;
    }
    if (!is_first) tk_buf_put_byte(out, '}');
    tk_buf_put_byte(out, ' ');
}

void tk_prom_count(struct tk_buf *out, const char *family,
                   const struct tk_prom_label *labels, uint64_t value)
{
    put_series(out, family, labels);
    tk_buf_put_int(out, (int64_t)value);
    tk_buf_put_byte(out, '\n');
}

void tk_prom_seconds(struct tk_buf *out, const char *family,
                     const struct tk_prom_label *labels, int64_t value_us)
{
    put_series(out, family, labels);
    tk_buf_printf(out, "%lld.%06lld\n", (long long)(value_us / 1000000),
                  (long long)(value_us % 1000000));
}
