#define _GNU_SOURCE
#include "net/json.h"

#include "tests/unit/net/json_fixture.h"

#include <cjson/cJSON.h>
#include <malloc.h>

static void refuse(struct fixture *fixture, struct tk_str text, int code,
                   const char *reason)
{
    int rc = parse(fixture, text);

    if (rc != code || strcmp(fixture->why.text, reason) != 0) {
        fail_msg("%.*s: %d \"%s\" is not %d \"%s\"", TK_ARG(text), rc,
                 fixture->why.text, code, reason);
    }
    assert_int_equal(fixture->value.type, TK_NIL);
}

static void builds_the_tree_of_an_answer(void **state)
{
    const struct tk_value *answer =
        parsed(*state, "{\"code\":0,\"access_token\":\"t-1\",\"expire\":7200.0,"
                       "\"scope\":[\"a\",\"b\"],\"ok\":true,\"no\":false,"
                       "\"none\":null,\"deep\":{\"x\":-1.5}}");
    const struct tk_value *scope = tk_value_get(answer, "scope");
    const struct tk_value *deep = tk_value_get(answer, "deep");

    assert_int_equal(answer->type, TK_TABLE);
    assert_int_equal(answer->as.table.pair_count, 8);
    assert_int_equal(answer->as.table.item_count, 0);
    assert_text(answer->as.table.pairs[1].name, TK_STR("access_token"));
    assert_int_equal(tk_value_get(answer, "code")->type, TK_INT);
    assert_int_equal(tk_value_get(answer, "code")->as.integer, 0);
    assert_text(tk_value_text(tk_value_get(answer, "access_token")),
                TK_STR("t-1"));
    assert_int_equal(tk_value_get(answer, "expire")->type, TK_INT);
    assert_int_equal(tk_value_get(answer, "expire")->as.integer, 7200);
    assert_int_equal(scope->type, TK_LIST);
    assert_int_equal(scope->as.table.item_count, 2);
    assert_int_equal(scope->as.table.pair_count, 0);
    assert_text(tk_value_text(tk_value_item(scope, 1)), TK_STR("b"));
    assert_int_equal(tk_value_get(answer, "ok")->type, TK_BOOL);
    assert_true(tk_value_get(answer, "ok")->as.flag);
    assert_int_equal(tk_value_get(answer, "no")->type, TK_BOOL);
    assert_false(tk_value_get(answer, "no")->as.flag);
    assert_int_equal(tk_value_get(answer, "none")->type, TK_NIL);
    assert_int_equal(tk_value_get(deep, "x")->type, TK_NUM);
    assert_true(tk_value_get(deep, "x")->as.number == -1.5);
}

static void a_bare_value_is_a_document(void **state)
{
    assert_int_equal(parsed(*state, " 7 ")->as.integer, 7);
    assert_text(tk_value_text(parsed(*state, "\"x\"")), TK_STR("x"));
    assert_int_equal(parsed(*state, "null")->type, TK_NIL);
    assert_int_equal(parsed(*state, "true")->type, TK_BOOL);
}

static void empty_lists_and_objects_keep_their_type(void **state)
{
    assert_int_equal(parsed(*state, "[]")->type, TK_LIST);
    assert_int_equal(parsed(*state, "{}")->type, TK_TABLE);
}

static void unescapes_texts_and_names(void **state)
{
    const struct tk_value *object = parsed(
        *state, "{\"\\u006b\\n\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u4f60"
                "\\ud83d\\ude00\xe5\xa5\xbd\"}");
    struct tk_str text = tk_value_text(tk_value_get(object, "k\n"));

    assert_text(text, TK_STR("\"\\/\b\f\n\r\t\xc3\xa9\xe4\xbd\xa0"
                             "\xf0\x9f\x98\x80\xe5\xa5\xbd"));
    assert_int_equal(text.data[text.len], '\0');
}

static void the_tree_outlives_the_text(void **state)
{
    struct fixture *fixture = *state;
    char text[] = "[\"abc\"]";

    assert_int_equal(parse(fixture, tk_str(text)), 0);
    memset(text, 'x', sizeof text);
    assert_text(tk_value_text(tk_value_item(&fixture->value, 0)),
                TK_STR("abc"));
}

static void reads_a_view_that_nothing_terminates(void **state)
{
    static const char *const texts[] = {"7",   "-1.5", "true", "null", "\"a\"",
                                        "[1]", "{}",   "[ ] ", "1e5",  "false"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t len = strlen(texts[i]);
        char *exact = malloc(len);

        memcpy(exact, texts[i], len);
        assert_int_equal(parse(*state, tk_str_of(exact, len)), 0);
        free(exact);
    }
}

static void whole_numbers_below_2_to_the_53_are_integers(void **state)
{
    static const struct {
        const char *text;
        int64_t number;
    } rows[] = {
        {"0", 0},
        {"-0", 0},
        {"-0.0", 0},
        {"1", 1},
        {"-1", -1},
        {"7200", 7200},
        {"7200.0", 7200},
        {"7.2e3", 7200},
        {"72000e-1", 7200},
        {"2147483648", INT64_C(2147483648)},
        {"-2147483649", INT64_C(-2147483649)},
        {"1700000000000", INT64_C(1700000000000)},
        {"9007199254740991", INT64_C(9007199254740991)},
        {"-9007199254740991", INT64_C(-9007199254740991)},
        {"1e-400", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tk_value *value = parsed(*state, rows[i].text);

        assert_int_equal(value->type, TK_INT);
        assert_int_equal(value->as.integer, rows[i].number);
    }
}

static void other_finite_numbers_are_doubles(void **state)
{
    static const struct {
        const char *text;
        double number;
    } rows[] = {
        {"7200.9", 7200.9},
        {"0.1", 0.1},
        {"-2.5e-3", -2.5e-3},
        {"9007199254740992", 9007199254740992.0},
        {"9007199254740993", 9007199254740992.0}, /* its last digit is lost */
        {"-9007199254740993", -9007199254740992.0},
        {"1e300", 1e300},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"5e-324", 5e-324},
        {"12345678901234567890", 12345678901234567890.0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tk_value *value = parsed(*state, rows[i].text);

        assert_int_equal(value->type, TK_NUM);
        if (value->as.number != rows[i].number) {
            fail_msg("%s: %.17g", rows[i].text, value->as.number);
        }
    }
}

static void numbers_that_are_not_finite_are_refused(void **state)
{
    static const char *const texts[] = {
        "1e309",
        "-1e309",
        "1e1000000",
        "[1,{\"a\":1e309}]",
        "{\"expires_in\":1e999}",
        "1797693134862315900000000000000000000000000000000000000000e999"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refuse(*state, tk_str(texts[i]), TK_EINVAL,
               "JSON: a number is out of range");
    }
}

/* What cJSON alone was seen to do wrong, row by row. */

static void depth_is_limited_to_32(void **state)
{
    char text[2 * 1050];

    memset(text, '[', 1050);
    memset(text + 1050, ']', 1050);
    assert_int_equal(parse(*state, tk_str_of(text + 1050 - 32, 64)), 0);
    refuse(*state, tk_str_of(text + 1050 - 33, 66), TK_EINVAL,
           "JSON: too many levels at offset 32");
    refuse(*state, tk_str_of(text + 50, 2000), TK_EINVAL,
           "JSON: too many levels at offset 32");
    refuse(*state, tk_str_of(text, 2100), TK_EINVAL,
           "JSON: too many levels at offset 32");
}

static void an_escaped_nul_does_not_cut_a_token(void **state)
{
    refuse(*state, TK_STR("\"ab\\u0000cd\""), TK_EINVAL,
           "JSON: \\u0000 is not allowed at offset 9");
}

static void raw_control_bytes_and_bad_utf8_are_refused(void **state)
{
    refuse(*state, TK_STR("{\"access_token\":\"a\x01\"}"), TK_EINVAL,
           "JSON: a control byte in a string at offset 18");
    refuse(*state, TK_STR("{\"access_token\":\"a\xff\"}"), TK_EINVAL,
           "JSON: malformed UTF-8 at offset 18");
}

static void nothing_may_stand_behind_the_document(void **state)
{
    refuse(*state, TK_STR("{\"a\":1}garbage"), TK_EINVAL,
           "JSON: more than one document at offset 7");
    refuse(*state, TK_STR("{\"a\":1}\0"), TK_EINVAL,
           "JSON: more than one document at offset 7");
}

static void a_name_is_found_by_its_exact_case(void **state)
{
    const struct tk_value *object =
        parsed(*state, "{\"Access_Token\":\"x\",\"access_token\":\"y\"}");

    assert_text(tk_value_text(tk_value_get(object, "access_token")),
                TK_STR("y"));
    assert_text(tk_value_text(tk_value_get(object, "Access_Token")),
                TK_STR("x"));
    assert_null(tk_value_get(object, "ACCESS_TOKEN"));
}

static void a_name_given_twice_is_refused(void **state)
{
    static const char *const texts[] = {
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"b\":2,\"a\":1}",
        "{\"a\":1,\"\\u0061\":1}",
        "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}",
        "{\"/\":1,\"\\/\":1}",
        "{\"\":1,\"\":1}",
        "[0,{\"x\":{\"a\":1,\"a\":1}}]",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refuse(*state, tk_str(texts[i]), TK_EINVAL,
               "JSON: an object has a name twice");
    }
    (void)parsed(*state, "{\"a\":{\"a\":1},\"b\":{\"a\":1}}");
    (void)parsed(*state, "[{\"a\":1},{\"a\":1}]");
    (void)parsed(*state, "{\"a\":1,\"A\":1,\"a \":1,\"aa\":1}");
}

/* An object of `count` names; the last one may repeat the name of another. */
static void put_names(struct tk_buf *buf, int count, int again)
{
    tk_buf_put_byte(buf, '{');
    for (int i = 0; i < count; i++) {
        bool is_last = i == count - 1;

        tk_buf_printf(buf, "\"n%d\":%d%s", is_last && again >= 0 ? again : i, i,
                      is_last ? "}" : ",");
    }
}

static void a_name_given_twice_is_found_among_any_number(void **state)
{
    struct fixture *fixture = *state;

    for (int count = 2; count < 40; count++) {
        tk_buf_clear(&fixture->buf);
        put_names(&fixture->buf, count, -1);
        assert_int_equal(parse(fixture, tk_buf_str(&fixture->buf)), 0);
        assert_int_equal(fixture->value.as.table.pair_count, count);
        for (int again = 0; again < count - 1; again++) {
            tk_buf_clear(&fixture->buf);
            put_names(&fixture->buf, count, again);
            refuse(fixture, tk_buf_str(&fixture->buf), TK_EINVAL,
                   "JSON: an object has a name twice");
        }
    }
}

static void sixty_four_thousand_names_are_read_and_checked(void **state)
{
    struct fixture *fixture = *state;

    put_names(&fixture->buf, 64000, -1);
    assert_int_equal(parse(fixture, tk_buf_str(&fixture->buf)), 0);
    assert_int_equal(fixture->value.as.table.pair_count, 64000);
    tk_buf_clear(&fixture->buf);
    put_names(&fixture->buf, 64000, 12345);
    refuse(fixture, tk_buf_str(&fixture->buf), TK_EINVAL,
           "JSON: an object has a name twice");
}

static void nan_infinity_and_hex_are_refused(void **state)
{
    refuse(*state, TK_STR("NaN"), TK_EINVAL,
           "JSON: a value is expected at offset 0");
    refuse(*state, TK_STR("Infinity"), TK_EINVAL,
           "JSON: a value is expected at offset 0");
    refuse(*state, TK_STR("0x10"), TK_EINVAL,
           "JSON: more than one document at offset 1");
}

static void a_text_is_at_most_one_mebibyte(void **state)
{
    struct fixture *fixture = *state;
    char *text = malloc(TK_JSON_MAX + 1);

    memset(text, ' ', TK_JSON_MAX + 1);
    text[0] = '1';
    assert_int_equal(parse(fixture, tk_str_of(text, TK_JSON_MAX)), 0);
    refuse(fixture, tk_str_of(text, TK_JSON_MAX + 1), TK_ETOOBIG,
           "JSON: more than 1048576 bytes");
    free(text);
}

static void what_the_pool_cannot_hold_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct tk_pool small;
    char text[2001];

    for (size_t i = 0; i < 1000; i++) memcpy(text + 2 * i, i ? ",0" : "[0", 2);
    text[2000] = ']';
    for (size_t max = 0; max < 40000; max += 977) {
        int rc;

        tk_pool_init(&small, max);
        rc = tk_json_parse(tk_str_of(text, sizeof text), &small,
                           &fixture->value, &fixture->why);
        assert_int_equal(rc,
                         max < 1000 * sizeof(struct tk_value) ? TK_ENOMEM : 0);
        if (rc != 0) assert_int_equal(fixture->value.type, TK_NIL);
        tk_pool_fini(&small);
    }
}

static void a_pool_too_small_fails_at_every_point(void **state)
{
    struct fixture *fixture = *state;
    struct tk_str text =
        TK_STR("{\"a\":[1,\"two\",{\"b\":null}],\"c\":\"a longer text\"}");
    struct tk_pool small;
    int rc = TK_ENOMEM;

    for (size_t max = 0; rc != 0; max += 16) {
        assert_in_range(max, 0, 2000);
        tk_pool_init(&small, max);
        rc = tk_json_parse(text, &small, &fixture->value, NULL);
        if (rc != 0) assert_int_equal(rc, TK_ENOMEM);
        tk_pool_fini(&small);
    }
}

static void a_reason_never_shows_the_text(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = {
        "{\"access_token\":\"CANARY\"",
        "{\"CANARY\":1,\"CANARY\":2}",
        "{\"access_token\":\"CANARY\xff\"}",
        "CANARY",
        "[\"CANARY\",1e999]",
        "\"CANARY\"CANARY",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(parse(fixture, tk_str(texts[i])), TK_EINVAL);
        assert_null(strstr(fixture->why.text, "CANARY"));
    }
}

/* What the check lets through, cJSON must take: a document with bytes changed
 * at random is either refused by rule or read, never "out of memory". */
static void whatever_passes_the_check_is_read(void **state)
{
    static const char seed_text[] =
        "{\"a\":[1,-2.5e+3,\"x\\ud83d\\ude00\\n\"],\"b\":{\"c\":[null,true,"
        "false]},\"d\":\"\\\\\",\"e\":0.10,\"f\":[[],{}]}";
    static const char palette[] = "{}[]:,\"\\/0123456789eE+-.truefalsn u\t\n";
    struct fixture *fixture = *state;
    uint64_t seed = 1;
    int taken = 0;

    for (int round = 0; round < 20000; round++) {
        char text[sizeof seed_text];
        uint32_t changes = 1 + roll(&seed) % 3;
        int rc;

        memcpy(text, seed_text, sizeof text);
        for (uint32_t i = 0; i < changes; i++) {
            text[roll(&seed) % (sizeof text - 1)] =
                palette[roll(&seed) % (sizeof palette - 1)];
        }
        tk_pool_fini(&fixture->pool);
        rc = parse(fixture, tk_str_of(text, sizeof text - 1));
        if (rc != 0 && rc != TK_EINVAL) fail_msg("%s: %d", text, rc);
        taken += rc == 0;
    }
    assert_in_range(taken, 1000, 19000);
}

/* cJSON's memory passes through here; what comes back must be wiped. */
static int taken;
static int unwiped;

static void *take(size_t size)
{
    taken++;
    return malloc(size);
}

static void give_back(void *block)
{
    if (block != NULL &&
        memmem(block, malloc_usable_size(block), "CANARY", 6) != NULL) {
        unwiped++;
    }
    free(block);
}

static int watch_memory(void **state)
{
    cJSON_Hooks hooks = {.malloc_fn = take, .free_fn = give_back};

    cJSON_InitHooks(&hooks);
    taken = 0;
    unwiped = 0;
    return set_up(state);
}

static int unwatch_memory(void **state)
{
    cJSON_InitHooks(NULL);
    return tear_down(state);
}

static void no_copy_of_a_text_is_left_behind(void **state)
{
    (void)parsed(*state, "{\"CANARY\":[\"CANARY\",{\"a\":\"x CANARY\"}]}");
    refuse(*state, TK_STR("[\"CANARY\",{\"CANARY\":\"CANARY\"},1e999]"),
           TK_EINVAL, "JSON: a number is out of range");
    assert_true(taken > 0);
    assert_int_equal(unwiped, 0);
}

static void what_is_refused_or_too_much_is_not_even_built(void **state)
{
    struct fixture *fixture = *state;

    refuse(fixture, TK_STR("[0,0,0,0,]"), TK_EINVAL,
           "JSON: a value is expected at offset 9");
    fixture->pool.max = 4 * sizeof(struct tk_value);
    refuse(fixture, TK_STR("[0,0,0,0]"), TK_ENOMEM,
           "JSON: no memory for the document");
    assert_int_equal(taken, 0);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(builds_the_tree_of_an_answer),
        WITH(a_bare_value_is_a_document),
        WITH(empty_lists_and_objects_keep_their_type),
        WITH(unescapes_texts_and_names),
        WITH(the_tree_outlives_the_text),
        WITH(reads_a_view_that_nothing_terminates),
        WITH(whole_numbers_below_2_to_the_53_are_integers),
        WITH(other_finite_numbers_are_doubles),
        WITH(numbers_that_are_not_finite_are_refused),
        WITH(depth_is_limited_to_32),
        WITH(an_escaped_nul_does_not_cut_a_token),
        WITH(raw_control_bytes_and_bad_utf8_are_refused),
        WITH(nothing_may_stand_behind_the_document),
        WITH(a_name_is_found_by_its_exact_case),
        WITH(a_name_given_twice_is_refused),
        WITH(a_name_given_twice_is_found_among_any_number),
        WITH(sixty_four_thousand_names_are_read_and_checked),
        WITH(nan_infinity_and_hex_are_refused),
        WITH(a_text_is_at_most_one_mebibyte),
        WITH(what_the_pool_cannot_hold_is_refused),
        WITH(a_pool_too_small_fails_at_every_point),
        WITH(a_reason_never_shows_the_text),
        WITH(whatever_passes_the_check_is_read),
        cmocka_unit_test_setup_teardown(no_copy_of_a_text_is_left_behind,
                                        watch_memory, unwatch_memory),
        cmocka_unit_test_setup_teardown(
            what_is_refused_or_too_much_is_not_even_built, watch_memory,
            unwatch_memory),
    };
#undef WITH

    return cmocka_run_group_tests(tests, NULL, NULL);
}
