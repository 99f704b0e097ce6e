#include "base/base64.h"

#include "tests/unit/random.h"
#include "tests/unit/text.h"

enum { ROOM = 4096 };

static struct tk_str encoded(struct tk_buf *buf, struct tk_str bytes,
                             enum tk_base64 alphabet)
{
    tk_buf_clear(buf);
    assert_int_equal(tk_base64_encode(buf, bytes, alphabet), 0);
    return tk_buf_str(buf);
}

static int decode(struct tk_buf *buf, struct tk_str text,
                  enum tk_base64 alphabet)
{
    tk_buf_clear(buf);
    return tk_base64_decode(buf, text, alphabet);
}

static void encodes_and_decodes_the_vectors_of_rfc_4648(void **state)
{
    static const struct {
        const char *bytes;
        const char *standard;
        const char *url;
    } rows[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\x14\xfb\x9c\x03\xd9\x7e", "FPucA9l+", "FPucA9l-"},
        {"\xff\xef\xbf", "/++/", "_--_"},
    };
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, ROOM);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tk_str bytes = tk_str(rows[i].bytes);
        struct tk_str standard = tk_str(rows[i].standard);
        struct tk_str url = tk_str(rows[i].url);

        assert_text(encoded(&buf, bytes, TK_BASE64_STANDARD), standard);
        assert_text(encoded(&buf, bytes, TK_BASE64_URL), url);
        assert_int_equal(decode(&buf, standard, TK_BASE64_STANDARD), 0);
        assert_text(tk_buf_str(&buf), bytes);
        assert_int_equal(decode(&buf, url, TK_BASE64_URL), 0);
        assert_text(tk_buf_str(&buf), bytes);
    }
    tk_buf_fini(&buf);
}

static void whatever_is_encoded_is_decoded_again(void **state)
{
    char bytes[200];
    uint64_t seed = 3;
    struct tk_buf text;
    struct tk_buf back;

    (void)state;
    tk_buf_init(&text, ROOM);
    tk_buf_init(&back, ROOM);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        for (int alphabet = 0; alphabet < 2; alphabet++) {
            for (size_t i = 0; i < len; i++) bytes[i] = (char)roll(&seed);
            encoded(&text, tk_str_of(bytes, len), (enum tk_base64)alphabet);
            assert_int_equal(
                decode(&back, tk_buf_str(&text), (enum tk_base64)alphabet), 0);
            assert_int_equal(back.len, len);
            assert_true(tk_str_eq(tk_buf_str(&back), tk_str_of(bytes, len)));
        }
    }
    tk_buf_fini(&text);
    tk_buf_fini(&back);
}

static void refuses_what_the_standard_alphabet_does_not_write(void **state)
{
    static const struct tk_str texts[] = {
        TK_STR("Z"),
        TK_STR("Zg"),
        TK_STR("Zg="),
        TK_STR("Zg==="),
        TK_STR("Z==="),
        TK_STR("===="),
        TK_STR("="),
        TK_STR("Zm9"),
        TK_STR("Zm9vYg="),
        TK_STR("Zg==Zg=="),
        TK_STR("Zg=a"),
        TK_STR("=Zg="),
        TK_STR("Zh=="), /* bits left over */
        TK_STR("Zm9="),
        TK_STR("Zm9v\n"),
        TK_STR("Zm9v    "),
        TK_STR(" Zm9v"),
        TK_STR("Zm9v Zm9"),
        TK_STR("Zm\n9"),
        TK_STR("__-_"),
        TK_STR("Zm9\0"),
        TK_STR("\0\0\0\0"),
        TK_STR("Zm9\xff"),
        TK_STR("Zm9v===="),
        TK_STR("AAAA===="),
        TK_STR("AA=="
               "\0"),
    };
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, ROOM);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int rc = decode(&buf, texts[i], TK_BASE64_STANDARD);

        if (rc != TK_EINVAL) fail_msg("%.*s: %d", TK_ARG(texts[i]), rc);
    }
    tk_buf_fini(&buf);
}

static void refuses_what_the_url_alphabet_does_not_write(void **state)
{
    static const struct tk_str texts[] = {
        TK_STR("Z"),    TK_STR("Zg=="), TK_STR("Zm8="),     TK_STR("Zm9vZ"),
        TK_STR("/++/"), TK_STR("Zh"),   TK_STR("Zm9"),      TK_STR("="),
        TK_STR("Zm 9"), TK_STR("\0\0"), TK_STR("\xc3\xa9"),
    };
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, ROOM);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int rc = decode(&buf, texts[i], TK_BASE64_URL);

        if (rc != TK_EINVAL) fail_msg("%.*s: %d", TK_ARG(texts[i]), rc);
    }
    tk_buf_fini(&buf);
}

static void each_alphabet_has_sixty_four_letters(void **state)
{
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, ROOM);
    for (int alphabet = 0; alphabet < 2; alphabet++) {
        int letters = 0;

        for (int byte = 0; byte < 256; byte++) {
            char quad[4] = {(char)byte, 'A', 'A', 'A'};

            letters +=
                decode(&buf, tk_str_of(quad, 4), (enum tk_base64)alphabet) == 0;
        }
        assert_int_equal(letters, 64);
    }
    tk_buf_fini(&buf);
}

static void a_full_buffer_is_reported(void **state)
{
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, 4);
    assert_int_equal(tk_base64_encode(&buf, TK_STR("foo"), TK_BASE64_URL), 0);
    assert_int_equal(tk_base64_encode(&buf, TK_STR("f"), TK_BASE64_URL),
                     TK_ETOOBIG);
    tk_buf_clear(&buf);
    assert_int_equal(tk_base64_decode(&buf, TK_STR("Zm9vYmFy"), TK_BASE64_URL),
                     TK_ETOOBIG);
    tk_buf_fini(&buf);
}

static void appends_behind_what_is_there(void **state)
{
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, ROOM);
    tk_buf_put_text(&buf, "Basic ");
    assert_int_equal(
        tk_base64_encode(&buf, TK_STR("id:secret"), TK_BASE64_STANDARD), 0);
    assert_text(tk_buf_str(&buf), TK_STR("Basic aWQ6c2VjcmV0"));
    tk_buf_fini(&buf);
}

static void nothing_is_encoded_as_nothing(void **state)
{
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, ROOM);
    assert_text(encoded(&buf, tk_str_of(NULL, 0), TK_BASE64_STANDARD),
                TK_STR(""));
    assert_int_equal(decode(&buf, tk_str_of(NULL, 0), TK_BASE64_STANDARD), 0);
    assert_int_equal(buf.len, 0);
    tk_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_and_decodes_the_vectors_of_rfc_4648),
        cmocka_unit_test(whatever_is_encoded_is_decoded_again),
        cmocka_unit_test(refuses_what_the_standard_alphabet_does_not_write),
        cmocka_unit_test(refuses_what_the_url_alphabet_does_not_write),
        cmocka_unit_test(each_alphabet_has_sixty_four_letters),
        cmocka_unit_test(a_full_buffer_is_reported),
        cmocka_unit_test(appends_behind_what_is_there),
        cmocka_unit_test(nothing_is_encoded_as_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
