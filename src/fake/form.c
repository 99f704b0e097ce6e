#include "fake/form.h"

#include "base/base64.h"

/* More names than any issuer asks for. */
enum { PAIRS_MAX = 64, BASIC_MAX = 8 * 1024 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The byte of the escape in front of `text`, or -1. */
static int unescape(struct tk_str text)
{
    int high = text.len < 3 ? -1 : hex_digit(text.data[1]);
    int low = text.len < 3 ? -1 : hex_digit(text.data[2]);

    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static int decode(struct tk_str text, struct tk_pool *pool, struct tk_str *out)
{
    char *to = tk_pool_take(pool, text.len + 1);
    size_t len = 0;

    if (to == NULL) return TK_ENOMEM;
    while (text.len > 0) {
        int byte = text.data[0] == '+' ? ' ' : (unsigned char)text.data[0];
        size_t used = text.data[0] == '%' ? 3 : 1;

        if (used == 3) byte = unescape(text);
        if (byte < 0) return TK_EINVAL;
        to[len++] = (char)byte;
        text = tk_str_skip(text, used);
    }
    *out = tk_str_of(to, len);
    return 0;
}

static struct tk_value text_value(struct tk_str text)
{
    struct tk_value value = {.type = TK_TEXT};

    value.as.text = text;
    return value;
}

static int add_pair(struct tk_str piece, struct tk_pool *pool,
                    struct tk_value *table)
{
    struct tk_str name;
    struct tk_str value;
    struct tk_str rest = piece;
    struct tk_str head = tk_str_cut(&rest, '=');
    int rc = decode(head, pool, &name);

    if (rc == 0) rc = decode(rest, pool, &value);
    if (rc != 0) return rc;
    if (name.len == 0 || tk_value_find(table, name) != NULL) return 0;
    table->as.table.pairs[table->as.table.pair_count++] =
        (struct tk_pair){name, text_value(value)};
    return 0;
}

int tk_form_parse(struct tk_str text, struct tk_pool *pool,
                  struct tk_value *out)
{
    struct tk_str rest = text;
    uint32_t pieces = 1;

    for (size_t i = 0; i < text.len; i++) pieces += text.data[i] == '&';
    if (pieces > PAIRS_MAX) return TK_EINVAL;
    *out = tk_value_of_table(pool, 0, pieces);
    if (out->type == TK_NIL) return TK_ENOMEM;
    out->as.table.pair_count = 0;
    while (rest.len > 0) {
        int rc = add_pair(tk_str_cut(&rest, '&'), pool, out);

        if (rc != 0) return rc;
    }
    return 0;
}

static int split_basic(struct tk_str both, struct tk_pool *pool,
                       struct tk_value *out)
{
    struct tk_str id;
    struct tk_str secret;
    struct tk_str rest = both;
    struct tk_str head = tk_str_cut(&rest, ':');
    int rc = rest.data == NULL ? TK_EINVAL : decode(head, pool, &id);

    if (rc == 0) rc = decode(rest, pool, &secret);
    if (rc != 0) return rc;
    *out = tk_value_of_table(pool, 0, 2);
    if (out->type == TK_NIL) return TK_ENOMEM;
    out->as.table.pairs[0] = (struct tk_pair){TK_STR("id"), text_value(id)};
    out->as.table.pairs[1] =
        (struct tk_pair){TK_STR("secret"), text_value(secret)};
    return 0;
}

int tk_form_basic(struct tk_str header, struct tk_pool *pool,
                  struct tk_value *out)
{
    struct tk_str rest = header;
    struct tk_str scheme = tk_str_cut(&rest, ' ');
    struct tk_buf both;
    int rc;

    if (!tk_str_same_word(scheme, TK_STR("Basic"))) return TK_ENOENT;
    tk_buf_init(&both, BASIC_MAX);
    rc = tk_base64_decode(&both, rest, TK_BASE64_STANDARD);
    if (rc == 0) rc = split_basic(tk_buf_str(&both), pool, out);
    tk_buf_fini(&both);
    return rc;
}
