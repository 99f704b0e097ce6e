#define _GNU_SOURCE
#include "engine/veil.h"

#include <string.h>

enum {
    SECRET_LEAST = 4, /* shorter ones stand in any text by chance */
    MIXED_LEAST = 16, /* capitals, small letters and digits: base64 */
    DIGITS_LEAST = 6, /* of a word of at least ... */
    LONG_LEAST = 24,  /* ... so many letters: hexadecimal, UUIDs */
};

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c != '\0' && strchr("_-+=~", c) != NULL);
}

static bool looks_like_token(const char *word, size_t len)
{
    size_t small = 0, capital = 0, digits = 0;

    for (size_t i = 0; i < len; i++) {
        if (word[i] >= 'a' && word[i] <= 'z') small++;
        if (word[i] >= 'A' && word[i] <= 'Z') capital++;
        if (word[i] >= '0' && word[i] <= '9') digits++;
    }
    if (len >= LONG_LEAST && digits >= DIGITS_LEAST) return true;
    return len >= MIXED_LEAST && small > 0 && capital > 0 && digits > 0;
}

static bool veil_words(char *text)
{
    bool was_any = false;

    while (*text != '\0') {
        size_t len = 0;

        while (is_word_byte(text[len])) len++;
        if (looks_like_token(text, len)) {
            memset(text, '*', len);
            was_any = true;
        }
        text += len > 0 ? len : 1;
    }
    return was_any;
}

static bool veil_secret(const struct tk_secret *secret, char *text)
{
    struct tk_str bytes = secret == NULL ? TK_STR("") : tk_secret_bytes(secret);
    char *end = text + strlen(text);
    bool was_any = false;

    if (bytes.len < SECRET_LEAST) return false;
    while ((text = memmem(text, (size_t)(end - text), bytes.data, bytes.len)) !=
           NULL) {
        memset(text, '*', bytes.len);
        was_any = true;
    }
    return was_any;
}

bool tk_veil(const struct tk_secrets *secrets, char *text)
{
    size_t count = secrets == NULL ? 0 : secrets->count;
    bool was_any = false;

    for (size_t i = 0; i < count; i++) {
        const struct tk_source_secret *secret = &secrets->list[i];

        was_any |= veil_secret(&secret->in_use, text);
        was_any |= veil_secret(secret->choices[0], text);
        was_any |= veil_secret(secret->choices[1], text);
    }
    return veil_words(text) || was_any;
}
