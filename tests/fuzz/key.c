/* Keys: what is taken has only the bytes that a key may have, and its parts
 * are the key.
 */
#include "tests/fuzz/fuzz.h"

#include "base/key.h"

static void hold_bytes(struct tk_str text)
{
    HOLD(text.len > 0 && text.len <= TK_KEY_MAX);
    for (size_t i = 0; i < text.len; i++) {
        HOLD(fuzz_is_visible(text.data[i]));
        HOLD(strchr("\"%&'?#\\<>{}()[]*!$,;^`", text.data[i]) == NULL);
    }
}

static void hold_parts(const struct tk_key *key)
{
    char joined[TK_KEY_MAX + 1];
    int len = snprintf(joined, sizeof joined, "%.*s/%.*s%s%.*s",
                       TK_ARG(key->source), TK_ARG(key->kind),
                       key->subject.len > 0 ? "/" : "", TK_ARG(key->subject));

    HOLD(tk_str_eq(tk_str_of(joined, (size_t)len), key->text));
    HOLD(tk_key_is_part(key->source) && tk_key_is_part(key->kind));
}

/* No part of it climbs out of a folder or of a path. */
static void hold_still(struct tk_str text)
{
    while (text.data != NULL) {
        struct tk_str part = tk_str_cut(&text, '/');

        HOLD(part.len > 0);
        HOLD(!tk_str_is(part, ".") && !tk_str_is(part, ".."));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tk_str text = fuzz_text(data, size);
    struct tk_key key;
    struct tk_why why = {0, ""};

    if (tk_key_parse(text, &key, &why) == 0) {
        hold_bytes(text);
        hold_parts(&key);
        hold_still(text);
    } else {
        HOLD(why.text[0] != '\0');
    }
    if (tk_key_is_part(text)) {
        hold_bytes(text);
        hold_still(text);
        HOLD(memchr(text.data, '/', text.len) == NULL);
    }
    return 0;
}
