/* net/json.h - JSON, read strictly (json.c, the only file that knows cJSON) and
 * written plainly (json_write.c).
 *
 * cJSON alone cuts a text at \u0000 and takes raw control bytes, bad UTF-8,
 * duplicate names, trailing bytes and infinity; all of these are refused here.
 * At most 32 levels deep, at most 1 MiB, numbers of at most 63 bytes.
 */
#ifndef TK_NET_JSON_H
#define TK_NET_JSON_H

#include "base/buf.h"
#include "base/value.h"

enum { TK_JSON_DEPTH = 32, TK_JSON_MAX = 1 << 20 };

/* Builds the tree of one document in `pool`. Whole numbers below 2^53 become
 * TK_INT, also when written as 7200.0; null becomes TK_NIL. Returns 0,
 * TK_EINVAL, TK_ETOOBIG (the text) or TK_ENOMEM (also when the pool is too
 * small), and then `out` is TK_NIL. The reason names the rule, and the offset
 * where the grammar is broken, never the bytes. One thread at a time: cJSON
 * has a global. */
TK_MUST_USE int tk_json_parse(struct tk_str text, struct tk_pool *pool,
                              struct tk_value *out, struct tk_why *why);

/* Writes a tree; TK_NIL is null. A secret in it is TK_EDENIED; a number that is
 * not finite or a table with items and names is TK_EINVAL; more than
 * TK_JSON_DEPTH levels are TK_ETOOBIG. `out` is then as it was before. */
TK_MUST_USE int tk_json_write(struct tk_buf *out, const struct tk_value *value);
/* The same, and a secret is written as a text: for the body of a request to
 * an issuer, and for nothing else. */
TK_MUST_USE int tk_json_write_with_secrets(struct tk_buf *out,
                                           const struct tk_value *value);

/* Writing without a tree. Texts are escaped; bytes that are no UTF-8 become
 * U+FFFD. A `struct tk_json` puts the commas where they belong:
 *
 *   struct tk_json json = {.out = &buf};
 *   tk_json_open(&json, '{');
 *   tk_json_name(&json, "key"); tk_json_text(&json, key);
 *   tk_json_close(&json, '}');
 */
struct tk_json {
    struct tk_buf *out;
    bool has_before;    /* a value stands before the next one */
    bool shows_secrets; /* a secret may be written */
};

void tk_json_open(struct tk_json *json, char bracket);
void tk_json_close(struct tk_json *json, char bracket);
void tk_json_name(struct tk_json *json, const char *name);
void tk_json_text(struct tk_json *json, struct tk_str text);
void tk_json_int(struct tk_json *json, int64_t number);
/* The shortest text that reads back as the same double; null for NaN and the
 * infinities, which JSON does not have. */
void tk_json_num(struct tk_json *json, double number);
void tk_json_bool(struct tk_json *json, bool flag);
void tk_json_null(struct tk_json *json);

/* A member whole: its name and its value. */
static inline void tk_json_put_text(struct tk_json *json, const char *name,
                                    const char *text)
{
    tk_json_name(json, name);
    tk_json_text(json, tk_str(text));
}

static inline void tk_json_put_count(struct tk_json *json, const char *name,
                                     uint64_t count)
{
    tk_json_name(json, name);
    tk_json_int(json, (int64_t)count);
}

static inline void tk_json_put_num(struct tk_json *json, const char *name,
                                   double number)
{
    tk_json_name(json, name);
    tk_json_num(json, number);
}

static inline void tk_json_put_bool(struct tk_json *json, const char *name,
                                    bool flag)
{
    tk_json_name(json, name);
    tk_json_bool(json, flag);
}

static inline void tk_json_put_null(struct tk_json *json, const char *name)
{
    tk_json_name(json, name);
    tk_json_null(json);
}
/* Bytes that are JSON already. */
void tk_json_raw(struct tk_json *json, struct tk_str json_text);

/* A quoted and escaped text, for writers of their own. */
void tk_json_quote(struct tk_buf *out, struct tk_str text);

#endif
