#include "net/json.h"

#include "tests/unit/net/json_fixture.h"

#include <locale.h>
#include <math.h>

static void assert_written(struct fixture *fixture, const char *wanted)
{
    assert_int_equal(fixture->buf.failed, 0);
    assert_text(tk_buf_str(&fixture->buf), tk_str(wanted));
    tk_buf_clear(&fixture->buf);
}

static void the_writer_puts_commas_where_they_belong(void **state)
{
    struct fixture *fixture = *state;
    struct tk_json json = {.out = &fixture->buf};

    tk_json_open(&json, '{');
    tk_json_name(&json, "key");
    tk_json_text(&json, TK_STR("crm/client"));
    tk_json_name(&json, "list");
    tk_json_open(&json, '[');
    tk_json_int(&json, 1);
    tk_json_num(&json, 2.5);
    tk_json_open(&json, '[');
    tk_json_close(&json, ']');
    tk_json_open(&json, '{');
    tk_json_close(&json, '}');
    tk_json_bool(&json, true);
    tk_json_bool(&json, false);
    tk_json_null(&json);
    tk_json_raw(&json, TK_STR("{\"raw\":1}"));
    tk_json_close(&json, ']');
    tk_json_name(&json, "last");
    tk_json_int(&json, -7);
    tk_json_close(&json, '}');
    assert_written(fixture,
                   "{\"key\":\"crm/client\",\"list\":[1,2.5,[],{},true,false,"
                   "null,{\"raw\":1}],\"last\":-7}");
}

static void quotes_with_the_escapes_of_json(void **state)
{
    static const struct {
        struct tk_str text;
        const char *quoted;
    } rows[] = {
        {{NULL, 0}, "\"\""},
        {TK_STR(""), "\"\""},
        {TK_STR("plain"), "\"plain\""},
        {TK_STR("\""), "\"\\\"\""},
        {TK_STR("\\"), "\"\\\\\""},
        {TK_STR("/"), "\"/\""},
        {TK_STR("a\"b\\c"), "\"a\\\"b\\\\c\""},
        {TK_STR("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {TK_STR("\0\x01\x1f"), "\"\\u0000\\u0001\\u001f\""},
        {TK_STR("\x7f"), "\"\x7f\""},
        {TK_STR("\xc3\xa9"), "\"\xc3\xa9\""},
        {TK_STR("a\xe4\xbd\xa0z"), "\"a\xe4\xbd\xa0z\""},
        {TK_STR("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\""},
        {TK_STR("\xff"), "\"\xef\xbf\xbd\""},
        {TK_STR("a\xe9z"), "\"a\xef\xbf\xbdz\""},
        {TK_STR("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {TK_STR("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {TK_STR("\xc0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tk_json_quote(&fixture->buf, rows[i].text);
        assert_written(fixture, rows[i].quoted);
    }
}

/* One byte alone, by the letter of RFC 8259 section 7. */
static void put_wanted(struct tk_buf *buf, int byte)
{
    static const char shorts[] = "b\bf\fn\nr\rt\t\"\"\\\\";

    for (size_t i = 0; i < sizeof shorts - 1; i += 2) {
        if (shorts[i + 1] != byte) continue;
        tk_buf_printf(buf, "\\%c", shorts[i]);
        return;
    }
    if (byte < 0x20) {
        tk_buf_printf(buf, "\\u%04x", (unsigned)byte);
    } else if (byte < 0x80) {
        tk_buf_put_byte(buf, (char)byte);
    } else {
        tk_buf_put_text(buf, "\xef\xbf\xbd");
    }
}

static void every_byte_is_escaped_wherever_it_stands(void **state)
{
    struct fixture *fixture = *state;
    struct tk_buf wanted;
    char text[20];

    tk_buf_init(&wanted, 100);
    for (size_t len = 1; len <= sizeof text; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int byte = 0; byte < 256; byte++) {
                memset(text, '~', len);
                text[at] = (char)byte;
                tk_buf_clear(&wanted);
                tk_buf_put_byte(&wanted, '"');
                tk_buf_put(&wanted, "~~~~~~~~~~~~~~~~~~~~", at);
                put_wanted(&wanted, byte);
                tk_buf_put(&wanted, "~~~~~~~~~~~~~~~~~~~~", len - at - 1);
                tk_buf_put_byte(&wanted, '"');
                tk_json_quote(&fixture->buf, tk_str_of(text, len));
                assert_written(fixture, tk_buf_text(&wanted));
            }
        }
    }
    tk_buf_fini(&wanted);
}

static void every_pair_of_bytes_is_written_as_json(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned pair = 0; pair < 0x10000; pair++) {
        char bytes[2] = {(char)(pair >> 8), (char)(pair & 0xff)};

        tk_buf_clear(&fixture->buf);
        tk_pool_fini(&fixture->pool);
        tk_json_quote(&fixture->buf, tk_str_of(bytes, 2));
        /* \u0000 is written for a NUL and refused when read. */
        if (bytes[0] == '\0' || bytes[1] == '\0') continue;
        if (parse(fixture, tk_buf_str(&fixture->buf)) != 0) {
            fail_msg("%04x: %s", pair, fixture->why.text);
        }
        if (pair >= 0x8000 || (pair & 0x80) != 0) continue;
        assert_text(tk_value_text(&fixture->value), tk_str_of(bytes, 2));
    }
}

static void doubles_are_written_as_short_as_they_read_back(void **state)
{
    static const struct {
        double number;
        const char *text;
    } rows[] = {
        {0, "0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.2 + 0.1, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {7200.9, "7200.9"},
        {1e21, "1e+21"},
        {1e-7, "1e-07"},
        {5e-324, "4.94065645841247e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {9007199254740993.0, "9007199254740992"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {(double)NAN, "null"},
        {(double)INFINITY, "null"},
        {-(double)INFINITY, "null"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tk_json json = {.out = &fixture->buf};

        tk_json_num(&json, rows[i].number);
        assert_written(fixture, rows[i].text);
    }
}

static void doubles_read_back_as_themselves(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seed = 7;

    for (int i = 0; i < 5000; i++) {
        uint64_t bits = (uint64_t)roll(&seed) << 33 ^ (uint64_t)roll(&seed)
                                                          << 2;
        struct tk_json json = {.out = &fixture->buf};
        double number;
        double back;

        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number)) continue;
        tk_json_num(&json, number);
        assert_int_equal(parse(fixture, tk_buf_str(&fixture->buf)), 0);
        back = fixture->value.type == TK_INT ? (double)fixture->value.as.integer
                                             : fixture->value.as.number;
        if (back != number) fail_msg("%.17g became %.17g", number, back);
        tk_buf_clear(&fixture->buf);
    }
}

/* The engine may live in a program that has set a locale with a decimal
 * comma. Such locales are often not installed: the test then sees less. */
static void numbers_do_not_depend_on_the_locale(void **state)
{
    struct fixture *fixture = *state;
    struct tk_json json = {.out = &fixture->buf};
    bool has_comma = setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL ||
                     setlocale(LC_NUMERIC, "fr_FR.UTF-8") != NULL;

    tk_json_num(&json, 1234.5);
    tk_json_num(&json, 1.5e-10);
    assert_int_equal(parse(fixture, TK_STR("1234.5")), 0);
    setlocale(LC_NUMERIC, "C");
    if (!has_comma) print_message("no locale with a decimal comma here\n");
    assert_written(fixture, "1234.5,1.5e-10");
    assert_true(fixture->value.as.number == 1234.5);
}

static void writes_integers_of_any_size(void **state)
{
    struct fixture *fixture = *state;
    struct tk_json json = {.out = &fixture->buf};

    tk_json_int(&json, INT64_MIN);
    tk_json_int(&json, INT64_MAX);
    tk_json_int(&json, 0);
    assert_written(fixture, "-9223372036854775808,9223372036854775807,0");
}

static void a_tree_is_written_as_it_was_read(void **state)
{
    static const char *const texts[] = {
        "{\"a\":[1,-2.5,\"x\",[],{},null,true,false],\"b\":{\"c\":\"\\\"\"}}",
        "[]",
        "{}",
        "null",
        "\"\xf0\x9f\x98\x80\\n\"",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "9007199254740991",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(tk_json_write(&fixture->buf, parsed(*state, texts[i])),
                         0);
        assert_written(fixture, texts[i]);
    }
}

static void a_tree_with_a_secret_is_not_written(void **state)
{
    struct fixture *fixture = *state;
    struct tk_secret secret;
    struct tk_value table = tk_value_of_table(&fixture->pool, 0, 2);
    struct tk_pair *pairs = table.as.table.pairs;

    assert_int_equal(tk_secret_init(&secret, TK_SECRET_GIVEN, TK_STR("here")),
                     0);
    assert_int_equal(tk_secret_put(&secret, TK_STR("CANARY")), 0);
    pairs[0].name = TK_STR("a");
    pairs[0].value = tk_value_of_int(1);
    pairs[1].name = TK_STR("b");
    pairs[1].value = (struct tk_value){.type = TK_SECRET, .as.secret = &secret};
    tk_buf_put_text(&fixture->buf, "before");
    assert_int_equal(tk_json_write(&fixture->buf, &table), TK_EDENIED);
    assert_int_equal(tk_json_write(&fixture->buf, &pairs[1].value), TK_EDENIED);
    assert_written(fixture, "before");
    tk_secret_fini(&secret);
}

static void what_json_cannot_say_is_not_written(void **state)
{
    struct fixture *fixture = *state;
    struct tk_value list = tk_value_of_table(&fixture->pool, 1, 0);
    struct tk_value mixed = tk_value_of_table(&fixture->pool, 1, 1);

    list.type = TK_LIST;
    list.as.table.items[0] =
        (struct tk_value){.type = TK_NUM, .as.number = (double)INFINITY};
    assert_int_equal(tk_json_write(&fixture->buf, &list), TK_EINVAL);
    mixed.as.table.pairs[0].name = TK_STR("a");
    assert_int_equal(tk_json_write(&fixture->buf, &mixed), TK_EINVAL);
    assert_written(fixture, "");
}

static void a_tree_too_deep_is_not_written(void **state)
{
    struct fixture *fixture = *state;
    struct tk_value top = tk_value_of_table(&fixture->pool, 0, 0);

    for (int levels = 2; levels <= TK_JSON_DEPTH + 1; levels++) {
        struct tk_value outer = tk_value_of_table(&fixture->pool, 1, 0);

        outer.type = TK_LIST;
        outer.as.table.items[0] = top;
        top = outer;
        tk_buf_clear(&fixture->buf);
        assert_int_equal(tk_json_write(&fixture->buf, &top),
                         levels <= TK_JSON_DEPTH ? 0 : TK_ETOOBIG);
    }
}

static void a_full_buffer_is_reported(void **state)
{
    struct tk_value text = {.type = TK_TEXT, .as.text = TK_STR("0123456789")};
    struct tk_buf small;

    (void)state;
    tk_buf_init(&small, 11);
    assert_int_equal(tk_json_write(&small, &text), TK_ETOOBIG);
    assert_int_equal(small.failed, TK_ETOOBIG);
    tk_buf_fini(&small);
    tk_buf_init(&small, 12);
    assert_int_equal(tk_json_write(&small, &text), 0);
    tk_buf_fini(&small);
}

static void a_token_of_full_length_is_one_run(void **state)
{
    struct fixture *fixture = *state;
    char token[16384];

    for (size_t i = 0; i < sizeof token; i++) {
        token[i] = (char)('0' + i % 10);
    }
    tk_json_quote(&fixture->buf, tk_str_of(token, sizeof token));
    assert_int_equal(fixture->buf.len, sizeof token + 2);
    assert_memory_equal(fixture->buf.data + 1, token, sizeof token);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(the_writer_puts_commas_where_they_belong),
        WITH(quotes_with_the_escapes_of_json),
        WITH(every_byte_is_escaped_wherever_it_stands),
        WITH(every_pair_of_bytes_is_written_as_json),
        WITH(doubles_are_written_as_short_as_they_read_back),
        WITH(doubles_read_back_as_themselves),
        WITH(numbers_do_not_depend_on_the_locale),
        WITH(writes_integers_of_any_size),
        WITH(a_tree_is_written_as_it_was_read),
        WITH(a_tree_with_a_secret_is_not_written),
        WITH(what_json_cannot_say_is_not_written),
        WITH(a_tree_too_deep_is_not_written),
        WITH(a_full_buffer_is_reported),
        WITH(a_token_of_full_length_is_one_run),
    };
#undef WITH

    return cmocka_run_group_tests(tests, NULL, NULL);
}
