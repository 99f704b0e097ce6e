#include "base/base64.h"

#include <stdint.h>

static const char *letters(enum tk_base64 alphabet)
{
    return alphabet == TK_BASE64_URL
               ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                 "0123456789-_"
               : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                 "0123456789+/";
}

int tk_base64_encode(struct tk_buf *out, struct tk_str bytes,
                     enum tk_base64 alphabet)
{
    const char *table = letters(alphabet);

    for (size_t at = 0; at < bytes.len; at += 3) {
        size_t left = bytes.len - at < 3 ? bytes.len - at : 3;
        uint32_t group = 0;
        char quad[4];

        for (size_t i = 0; i < left; i++) {
            group |= (uint32_t)(unsigned char)bytes.data[at + i]
                     << (16 - 8 * i);
        }
        for (int i = 0; i < 4; i++) quad[i] = table[group >> (18 - 6 * i) & 63];
        if (alphabet == TK_BASE64_STANDARD) {
            for (size_t i = left + 1; i < 4; i++) quad[i] = '=';
            left = 3;
        }
        tk_buf_put(out, quad, left + 1);
    }
    return out->failed;
}

/* Padding belongs to the standard alphabet and fills the last group. */
static int strip_padding(struct tk_str *text, enum tk_base64 alphabet)
{
    if (alphabet == TK_BASE64_STANDARD) {
        if (text->len % 4 != 0) return TK_EINVAL;
        for (int i = 0; i < 2 && text->len > 0; i++) {
            if (text->data[text->len - 1] == '=') text->len--;
        }
    }
    return text->len % 4 == 1 ? TK_EINVAL : 0;
}

int tk_base64_decode(struct tk_buf *out, struct tk_str text,
                     enum tk_base64 alphabet)
{
    const char *table = letters(alphabet);
    uint32_t bits = 0;
    int have = 0;

    if (strip_padding(&text, alphabet) != 0) return TK_EINVAL;
    for (size_t i = 0; i < text.len; i++) {
        const char *at =
            text.data[i] == '\0' ? NULL : strchr(table, text.data[i]);

        if (at == NULL) return TK_EINVAL;
        bits = bits << 6 | (uint32_t)(at - table);
        have += 6;
        if (have >= 8) {
            have -= 8;
            tk_buf_put_byte(out, (char)(bits >> have & 0xff));
        }
    }
    if (have > 0 && (bits & ((1u << have) - 1)) != 0) return TK_EINVAL;
    return out->failed;
}
