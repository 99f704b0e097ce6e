#include "net/json_check.h"

#include "tests/unit/harness.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEVELS = 32 };

struct refused {
    struct tk_str text;
    const char *rule;
    size_t offset;
};

static const struct tk_str accepted[] = {
    /* structure */
    TK_STR("{}"),
    TK_STR("[]"),
    TK_STR(" { } "),
    TK_STR("\t[\r\n]\n"),
    TK_STR("[[]]"),
    TK_STR("[{},{},[]]"),
    TK_STR("{\"a\":{\"b\":{\"c\":[]}}}"),
    TK_STR("{\"a\":1,\"b\":2}"),
    TK_STR("{\"a\" : 1 , \"b\" : 2}"),
    TK_STR("[1,2,3]"),
    TK_STR("[1 , 2\n,\t3]"),
    TK_STR("[null,true,false,0,\"\",[],{}]"),
    TK_STR("{\"\":0}"),
    TK_STR("{\"a\":[{\"b\":null}]}"),
    TK_STR("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
    TK_STR("[[1],[2],[[3]]]"),
    /* words and bare values */
    TK_STR("true"),
    TK_STR("false"),
    TK_STR("null"),
    TK_STR(" true "),
    TK_STR("\"\""),
    TK_STR("\"a\""),
    TK_STR("0"),
    TK_STR("42"),
    TK_STR("\n-1\n"),
    /* numbers */
    TK_STR("-0"),
    TK_STR("[0]"),
    TK_STR("[-0]"),
    TK_STR("[10]"),
    TK_STR("[1234567890]"),
    TK_STR("[0.0]"),
    TK_STR("[0.5]"),
    TK_STR("[-0.5]"),
    TK_STR("[1.0]"),
    TK_STR("[1e1]"),
    TK_STR("[1E1]"),
    TK_STR("[1e+1]"),
    TK_STR("[1e-1]"),
    TK_STR("[1E+01]"),
    TK_STR("[0e0]"),
    TK_STR("[0e+1]"),
    TK_STR("[0.1e10]"),
    TK_STR("[123.456e-78]"),
    TK_STR("[1e309]"), /* the grammar allows it; tk_json_parse does not */
    TK_STR("[9007199254740993]"),
    TK_STR("[123456789012345678901234567890]"),
    TK_STR("123456789012345678901234567890123456789012345678901234567890123"),
    /* strings */
    TK_STR("[\" \"]"),
    TK_STR("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
    TK_STR("[\"\\u0001\"]"),
    TK_STR("[\"\\u0061\"]"),
    TK_STR("[\"\\u00e9\\u00E9\"]"),
    TK_STR("[\"\\uFFFF\"]"),
    TK_STR("[\"\\ud7ff\\ue000\"]"),
    TK_STR("[\"\\ud83d\\ude00\"]"),
    TK_STR("[\"\\uD800\\uDC00\"]"),
    TK_STR("[\"\\udbff\\udfff\"]"),
    TK_STR("[\"x\\ud83d\\ude00y\\ud83d\\ude00\"]"),
    TK_STR("[\"\\\\u0000\"]"),
    TK_STR("[\"\\\\\"]"),
    TK_STR("[\"\x7f\"]"),
    TK_STR("[\"{[,:]}\"]"),
    TK_STR("[\"\xc2\x80\"]"),
    TK_STR("[\"\xdf\xbf\"]"),
    TK_STR("[\"\xe0\xa0\x80\"]"),
    TK_STR("[\"\xed\x9f\xbf\"]"),
    TK_STR("[\"\xee\x80\x80\"]"),
    TK_STR("[\"\xef\xbf\xbf\"]"),
    TK_STR("[\"\xf0\x90\x80\x80\"]"),
    TK_STR("[\"\xf0\x9f\x98\x80\"]"),
    TK_STR("[\"\xf4\x8f\xbf\xbf\"]"),
    TK_STR("[\"\xe2\x80\xa8\xe2\x80\xa9\"]"),
    TK_STR("[\"\xef\xbb\xbf\"]"),
    TK_STR("{\"\xe5\x90\x8d\":\"\xe5\x80\xbc\"}"),
    TK_STR("{\"a\\u0062\":1}"),
    /* names that are equal are another's business */
    TK_STR("{\"a\":1,\"a\":2}"),
};

static const struct refused refused[] = {
    /* nothing, or not enough */
    {TK_STR(""), "a value is expected", 0},
    {TK_STR(" "), "a value is expected", 1},
    {TK_STR("["), "a value is expected", 1},
    {TK_STR("{"), "a string is expected", 1},
    {TK_STR("[1"), "',' or the end is expected", 2},
    {TK_STR("[1,"), "a value is expected", 3},
    {TK_STR("{\"a\""), "':' is expected", 4},
    {TK_STR("{\"a\":"), "a value is expected", 5},
    {TK_STR("{\"a\":1"), "',' or the end is expected", 6},
    {TK_STR("{\"a\":1,"), "a string is expected", 7},
    {TK_STR("[[]"), "',' or the end is expected", 3},
    {TK_STR("]"), "a value is expected", 0},
    {TK_STR("}"), "a value is expected", 0},
    {TK_STR(","), "a value is expected", 0},
    {TK_STR(":"), "a value is expected", 0},
    /* commas and colons */
    {TK_STR("[1,]"), "a value is expected", 3},
    {TK_STR("[,1]"), "a value is expected", 1},
    {TK_STR("[1,,2]"), "a value is expected", 3},
    {TK_STR("[1 2]"), "',' or the end is expected", 3},
    {TK_STR("[1:2]"), "',' or the end is expected", 2},
    {TK_STR("{\"a\":1,}"), "a string is expected", 7},
    {TK_STR("{,}"), "a string is expected", 1},
    {TK_STR("{\"a\" 1}"), "':' is expected", 5},
    {TK_STR("{\"a\":}"), "a value is expected", 5},
    {TK_STR("{\"a\",1}"), "':' is expected", 4},
    {TK_STR("{\"a\":1 \"b\":2}"), "',' or the end is expected", 7},
    {TK_STR("{\"a\"::1}"), "a value is expected", 5},
    {TK_STR("{a:1}"), "a string is expected", 1},
    {TK_STR("{'a':1}"), "a string is expected", 1},
    {TK_STR("{1:1}"), "a string is expected", 1},
    {TK_STR("{null:1}"), "a string is expected", 1},
    {TK_STR("{[]:1}"), "a string is expected", 1},
    {TK_STR("[}"), "a value is expected", 1},
    {TK_STR("{]"), "a string is expected", 1},
    {TK_STR("[1}"), "',' or the end is expected", 2},
    {TK_STR("{\"a\":1]"), "',' or the end is expected", 6},
    /* behind the document */
    {TK_STR("{}{}"), "more than one document", 2},
    {TK_STR("[] []"), "more than one document", 3},
    {TK_STR("{\"a\":1}garbage"), "more than one document", 7},
    {TK_STR("1 2"), "more than one document", 2},
    {TK_STR("[]]"), "more than one document", 2},
    {TK_STR("\"a\"\"b\""), "more than one document", 3},
    {TK_STR("{}\0"), "more than one document", 2},
    {TK_STR("[]//"), "more than one document", 2},
    /* bytes between */
    {TK_STR("\xef\xbb\xbf{}"), "a value is expected", 0},
    {TK_STR("[\v1]"), "a value is expected", 1},
    {TK_STR("[\f]"), "a value is expected", 1},
    {TK_STR("[\0]"), "a value is expected", 1},
    {TK_STR("[\xc2\xa0]"), "a value is expected", 1},
    {TK_STR("[\xe2\x81\xa0]"), "a value is expected", 1},
    {TK_STR("/* */{}"), "a value is expected", 0},
    {TK_STR("[1/* */]"), "',' or the end is expected", 2},
    {TK_STR("# {}"), "a value is expected", 0},
    {TK_STR("<html>"), "a value is expected", 0},
    {TK_STR("\xff\xfe{\0}\0"), "a value is expected", 0},
    /* words */
    {TK_STR("[True]"), "a value is expected", 1},
    {TK_STR("[nul]"), "a value is expected", 1},
    {TK_STR("tru"), "a value is expected", 0},
    {TK_STR("[fals"), "a value is expected", 1},
    {TK_STR("[nulll]"), "',' or the end is expected", 5},
    {TK_STR("truefalse"), "more than one document", 4},
    {TK_STR("[undefined]"), "a value is expected", 1},
    {TK_STR("[NaN]"), "a value is expected", 1},
    {TK_STR("[nan]"), "a value is expected", 1},
    {TK_STR("[Infinity]"), "a value is expected", 1},
    {TK_STR("[inf]"), "a value is expected", 1},
    {TK_STR("[-Infinity]"), "a value is expected", 2},
    /* numbers */
    {TK_STR("[-]"), "a value is expected", 2},
    {TK_STR("-"), "a value is expected", 1},
    {TK_STR("[+1]"), "a value is expected", 1},
    {TK_STR("[--1]"), "a value is expected", 2},
    {TK_STR("[01]"), "',' or the end is expected", 2},
    {TK_STR("[-01]"), "',' or the end is expected", 3},
    {TK_STR("[00]"), "',' or the end is expected", 2},
    {TK_STR("00"), "more than one document", 1},
    {TK_STR("[.5]"), "a value is expected", 1},
    {TK_STR("[-.5]"), "a value is expected", 2},
    {TK_STR("[1.]"), "a digit is expected", 3},
    {TK_STR("1."), "a digit is expected", 2},
    {TK_STR("[1.e1]"), "a digit is expected", 3},
    {TK_STR("[1.2.3]"), "',' or the end is expected", 4},
    {TK_STR("[1e]"), "a digit is expected", 3},
    {TK_STR("[1e+]"), "a digit is expected", 4},
    {TK_STR("[1e-"), "a digit is expected", 4},
    {TK_STR("[1e+-1]"), "a digit is expected", 4},
    {TK_STR("[1e1.5]"), "',' or the end is expected", 4},
    {TK_STR("[0x10]"), "',' or the end is expected", 2},
    {TK_STR("[1_000]"), "',' or the end is expected", 2},
    {TK_STR("[1,000.]"), "',' or the end is expected", 4},
    {TK_STR("[1-2]"), "',' or the end is expected", 2},
    {TK_STR("[7200s]"), "',' or the end is expected", 5},
    {TK_STR("[\xef\xbc\x91]"), "a value is expected", 1},
    {TK_STR("1234567890123456789012345678901234567890123456789012345678901234"),
     "a number that is too long ends", 64},
    /* strings */
    {TK_STR("\""), "a string without an end", 1},
    {TK_STR("[\"a"), "a string without an end", 3},
    {TK_STR("[\"a]"), "a string without an end", 4},
    {TK_STR("['a']"), "a value is expected", 1},
    {TK_STR("[a]"), "a value is expected", 1},
    {TK_STR("[\"a\"b]"), "',' or the end is expected", 4},
    {TK_STR("[\"\n\"]"), "a control byte in a string", 2},
    {TK_STR("[\"\t\"]"), "a control byte in a string", 2},
    {TK_STR("[\"a\0b\"]"), "a control byte in a string", 3},
    {TK_STR("[\"\x1f\"]"), "a control byte in a string", 2},
    {TK_STR("{\"a\nb\":1}"), "a control byte in a string", 3},
    {TK_STR("[\"\\\"]"), "a string without an end", 5},
    {TK_STR("[\"\\"), "unknown escape", 3},
    {TK_STR("[\"\\a\"]"), "unknown escape", 3},
    {TK_STR("[\"\\x41\"]"), "unknown escape", 3},
    {TK_STR("[\"\\'\"]"), "unknown escape", 3},
    {TK_STR("[\"\\0\"]"), "unknown escape", 3},
    {TK_STR("[\"\\\0\"]"), "unknown escape", 3},
    {TK_STR("[\"\\U0041\"]"), "unknown escape", 3},
    {TK_STR("[\"\\\xc3\xa9\"]"), "unknown escape", 3},
    {TK_STR("[\"\\u\"]"), "\\u wants four hex digits", 4},
    {TK_STR("[\"\\u004\"]"), "\\u wants four hex digits", 7},
    {TK_STR("[\"\\u00g0\"]"), "\\u wants four hex digits", 6},
    {TK_STR("[\"\\u+041\"]"), "\\u wants four hex digits", 4},
    {TK_STR("[\"\\u"), "\\u wants four hex digits", 4},
    {TK_STR("[\"ab\\u0000cd\"]"), "\\u0000 is not allowed", 10},
    {TK_STR("{\"\\u0000\":1}"), "\\u0000 is not allowed", 8},
    {TK_STR("[\"\\ud800\"]"), "half of a surrogate pair", 8},
    {TK_STR("[\"\\udc00\"]"), "half of a surrogate pair", 8},
    {TK_STR("[\"\\udfff\\ud800\"]"), "half of a surrogate pair", 8},
    {TK_STR("[\"\\ud800\\n\"]"), "half of a surrogate pair", 9},
    {TK_STR("[\"\\ud800x\"]"), "half of a surrogate pair", 8},
    {TK_STR("[\"\\ud800\\u0041\"]"), "half of a surrogate pair", 14},
    {TK_STR("[\"\\ud800\\ud800\"]"), "half of a surrogate pair", 14},
    {TK_STR("[\"\\ud800\\ue000\"]"), "half of a surrogate pair", 14},
    {TK_STR("[\"\\ud800\\u00\"]"), "half of a surrogate pair", 12},
    /* UTF-8 */
    {TK_STR("[\"\x80\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xbf\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xc0\x80\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xc0\xaf\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xc1\xbf\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xc3\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xc3("), "malformed UTF-8", 2},
    {TK_STR("[\"\xe0\x80\x80\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xe0\x9f\xbf\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xe2\x82\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xe2\x28\xa1\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xed\xa0\x80\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xed\xbf\xbf\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xf0\x80\x80\x80\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xf0\x8f\xbf\xbf\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xf0\x9f\x98\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xf4\x90\x80\x80\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xf5\x80\x80\x80\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xf8\x88\x80\x80\x80\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xfe\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"\xff\"]"), "malformed UTF-8", 2},
    {TK_STR("[\"a\xe9z\"]"), "malformed UTF-8", 3},
    {TK_STR("{\"\xff\":1}"), "malformed UTF-8", 2},
    {TK_STR("[\"\xe2"), "malformed UTF-8", 2},
};

enum {
    ACCEPTED = sizeof accepted / sizeof accepted[0],
    REFUSED = sizeof refused / sizeof refused[0],
};

static void takes_every_document_of_the_grammar(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACCEPTED; i++) {
        struct tk_why why = {.text = "taken"};
        size_t values = 0;
        int rc = tk_json_check(accepted[i], LEVELS, &values, &why);

        if (rc != 0) {
            fail_msg("%zu: %.*s: %s", i, TK_ARG(accepted[i]), why.text);
        }
        assert_true(values > 0);
    }
}

static void refuses_everything_else_with_rule_and_offset(void **state)
{
    (void)state;
    for (size_t i = 0; i < REFUSED; i++) {
        struct tk_why why = {.text = "taken"};
        char wanted[sizeof why.text];
        size_t values = 0;
        int rc = tk_json_check(refused[i].text, LEVELS, &values, &why);

        snprintf(wanted, sizeof wanted, "JSON: %s at offset %zu",
                 refused[i].rule, refused[i].offset);
        if (rc != TK_EINVAL || strcmp(why.text, wanted) != 0) {
            fail_msg("%zu: %.*s: %d \"%s\" is not \"%s\"", i,
                     TK_ARG(refused[i].text), rc, why.text, wanted);
        }
        assert_int_equal(why.code, TK_EINVAL);
        assert_int_equal(values, 0);
    }
}

/* Each start of a document that ends in a bracket lacks that bracket. */
static void refuses_every_document_cut_short(void **state)
{
    static const struct tk_str whole =
        TK_STR("{\"a\":[1,-2.5e+3,\"x\\ud83d\\ude00\xc3\xa9\"],\"b\":{\"c\":"
               "[null,true,false]},\"d\":\"\\\\\"}");

    (void)state;
    for (size_t len = 0; len <= whole.len; len++) {
        size_t values = 0;
        int rc =
            tk_json_check(tk_str_of(whole.data, len), LEVELS, &values, NULL);

        assert_int_equal(rc, len < whole.len ? TK_EINVAL : 0);
    }
}

static void reads_no_byte_behind_the_view(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACCEPTED; i++) {
        for (size_t len = 0; len < accepted[i].len; len++) {
            char *exact = malloc(len + 1); /* guarded by ASan */
            size_t values;

            memcpy(exact + 1, accepted[i].data, len);
            (void)!tk_json_check(tk_str_of(exact + 1, len), LEVELS, &values,
                                 NULL);
            free(exact);
        }
    }
}

static void counts_the_levels_of_lists_and_objects(void **state)
{
    char text[200];
    size_t values;

    (void)state;
    for (int levels = 1; levels <= 40; levels++) {
        memset(text, '[', (size_t)levels);
        memset(text + levels, ']', (size_t)levels);
        assert_int_equal(tk_json_check(tk_str_of(text, 2 * (size_t)levels),
                                       LEVELS, &values, NULL),
                         levels <= LEVELS ? 0 : TK_EINVAL);
    }
    assert_int_equal(tk_json_check(TK_STR("[{\"a\":[0]}]"), 3, &values, NULL),
                     0);
    assert_int_equal(tk_json_check(TK_STR("[{\"a\":[0]}]"), 2, &values, NULL),
                     TK_EINVAL);
}

static void leaves_a_level_when_its_bracket_closes(void **state)
{
    size_t values;

    (void)state;
    assert_int_equal(
        tk_json_check(TK_STR("[[],[],[],{},{},[]]"), 2, &values, NULL), 0);
}

static void a_deep_nest_is_refused_before_it_eats_the_stack(void **state)
{
    enum { DEEP = 1 << 20 };
    char *text = malloc(DEEP);
    struct tk_why why;
    size_t values;

    (void)state;
    memset(text, '[', DEEP);
    assert_int_equal(
        tk_json_check(tk_str_of(text, DEEP), LEVELS, &values, &why), TK_EINVAL);
    assert_string_equal(why.text, "JSON: too many levels at offset 32");
    free(text);
}

static void counts_values_but_no_names(void **state)
{
    size_t values;

    (void)state;
    assert_int_equal(tk_json_check(TK_STR("1"), LEVELS, &values, NULL), 0);
    assert_int_equal(values, 1);
    assert_int_equal(
        tk_json_check(TK_STR("[1,{\"a\":2,\"b\":[]}]"), LEVELS, &values, NULL),
        0);
    assert_int_equal(values, 5);
}

static void takes_a_missing_text_for_an_empty_one(void **state)
{
    size_t values;

    (void)state;
    assert_int_equal(tk_json_check(tk_str_of(NULL, 0), LEVELS, &values, NULL),
                     TK_EINVAL);
}

/* All code points against a count by the definition of UTF-8. */
static void knows_every_utf8_sequence(void **state)
{
    char bytes[4];
    size_t good = 0;

    (void)state;
    for (uint32_t code = 0; code <= 0x110000; code++) {
        size_t len = code < 0x80      ? 1
                     : code < 0x800   ? 2
                     : code < 0x10000 ? 3
                                      : 4;
        bool is_scalar = code < 0x110000 && (code < 0xd800 || code > 0xdfff);
        static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
        uint32_t rest = code;

        for (size_t i = len - 1; i > 0; i--) {
            bytes[i] = (char)(0x80 | (rest & 0x3f));
            rest >>= 6;
        }
        bytes[0] = (char)(lead[len] | rest);
        if (tk_json_check_utf8(tk_str_of(bytes, len)) !=
            (is_scalar ? len : 0)) {
            fail_msg("U+%04X", code);
        }
        good += is_scalar;
        for (size_t cut = 1; cut < len; cut++) {
            if (tk_json_check_utf8(tk_str_of(bytes, cut)) != 0) {
                fail_msg("U+%04X cut to %zu bytes", code, cut);
            }
        }
    }
    assert_int_equal(good, 0x110000 - 0x800);
}

static void finds_no_sequence_in_nothing(void **state)
{
    (void)state;
    assert_int_equal(tk_json_check_utf8(tk_str_of(NULL, 0)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_document_of_the_grammar),
        cmocka_unit_test(refuses_everything_else_with_rule_and_offset),
        cmocka_unit_test(refuses_every_document_cut_short),
        cmocka_unit_test(reads_no_byte_behind_the_view),
        cmocka_unit_test(counts_the_levels_of_lists_and_objects),
        cmocka_unit_test(leaves_a_level_when_its_bracket_closes),
        cmocka_unit_test(a_deep_nest_is_refused_before_it_eats_the_stack),
        cmocka_unit_test(counts_values_but_no_names),
        cmocka_unit_test(takes_a_missing_text_for_an_empty_one),
        cmocka_unit_test(knows_every_utf8_sequence),
        cmocka_unit_test(finds_no_sequence_in_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
