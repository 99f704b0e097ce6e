#include "fake/ledger.h"

#include "tests/unit/harness.h"

#include <stdio.h>

static struct tk_ledger ledger;
static struct tk_pool pool;
static struct tk_value written;

static int make_ledger(void **state)
{
    (void)state;
    tk_pool_init(&pool, 64 << 20);
    return tk_ledger_init(&ledger);
}

static int drop_ledger(void **state)
{
    (void)state;
    tk_ledger_fini(&ledger);
    tk_pool_fini(&pool);
    return 0;
}

static void note(const char *client, const char *kind, const char *result,
                 int64_t remaining_ms, int64_t at_ms)
{
    struct tk_ledger_call call = {
        .issuer = "feishu",
        .path = TK_STR("/token"),
        .client = tk_str(client),
        .kind = tk_str(kind),
        .result = tk_str(result),
        .remaining_ms = remaining_ms,
        .at_ms = at_ms,
    };

    tk_ledger_note(&ledger, &call);
}

/* Writes the ledger and reads it back into `written`. */
static void look(size_t log_max)
{
    struct tk_buf text;
    struct tk_json json = {.out = &text};
    struct tk_why why = {0, ""};
    int rc;

    tk_buf_init(&text, 8 << 20);
    tk_json_open(&json, '{');
    tk_ledger_write(&ledger, log_max, &json);
    tk_json_close(&json, '}');
    assert_int_equal(text.failed, 0);
    rc = tk_json_parse(tk_buf_str(&text), &pool, &written, &why);
    if (rc != 0) fail_msg("%s: %s", why.text, tk_buf_text(&text));
    tk_buf_fini(&text);
}

/* The value at a path such as "issuers.feishu.calls". */
static const struct tk_value *at(const char *path)
{
    const struct tk_value *value = &written;
    struct tk_str rest = tk_str(path);

    while (rest.data != NULL)
        value = tk_value_find(value, tk_str_cut(&rest, '.'));
    return value;
}

static int64_t number(const char *path)
{
    int64_t out = 0;

    if (!tk_value_int(at(path), &out)) fail_msg("%s is no number", path);
    return out;
}

static const struct tk_value *log_entry(uint32_t index)
{
    return tk_value_item(at("log"), index);
}

static void calls_are_counted_for_issuer_client_and_kind(void **state)
{
    (void)state;
    note("a", "tenant", "issued", 0, 10);
    note("a", "tenant", "repeated", 5000, 20);
    note("a", "app", "issued", 0, 30);
    note("b", "tenant", "10014", 0, 40);
    look(10);
    assert_int_equal(number("issuers.feishu.calls"), 4);
    assert_int_equal(number("issuers.feishu.issued"), 2);
    assert_int_equal(number("issuers.feishu.repeated"), 1);
    assert_int_equal(number("issuers.feishu.errors.10014"), 1);
    assert_int_equal(number("issuers.feishu.issued_at_ms"), 30);
    assert_int_equal(number("issuers.feishu.clients.a.calls"), 3);
    assert_int_equal(number("issuers.feishu.clients.a.kinds.tenant.calls"), 2);
    assert_int_equal(
        number("issuers.feishu.clients.a.kinds.tenant.issued_at_ms"), 10);
    assert_int_equal(number("issuers.feishu.clients.b.errors.10014"), 1);
    assert_null(at("issuers.feishu.clients.b.issued_at_ms"));
}

static void what_is_not_known_is_counted_one_level_up(void **state)
{
    (void)state;
    note("", "", "error", -1, 1);
    note("a", "", "error", -1, 2);
    look(10);
    assert_int_equal(number("issuers.feishu.errors.error"), 2);
    assert_int_equal(number("issuers.feishu.clients.a.errors.error"), 1);
    assert_int_equal(at("issuers.feishu.clients.a.kinds")->as.table.pair_count,
                     0);
    assert_null(tk_value_get(log_entry(0), "client"));
    assert_null(tk_value_get(log_entry(0), "remaining_ms"));
}

static void a_call_without_a_result_is_a_call_and_no_error(void **state)
{
    (void)state;
    note("a", "introspection", "", -1, 1);
    look(10);
    assert_int_equal(number("issuers.feishu.calls"), 1);
    assert_int_equal(at("issuers.feishu.errors")->as.table.pair_count, 0);
}

static void generations_count_the_tokens_of_one_client_and_kind(void **state)
{
    int64_t generation;

    (void)state;
    note("a", "tenant", "issued", 0, 1);
    note("a", "app", "issued", 0, 2);
    note("a", "tenant", "repeated", 9000, 3);
    note("a", "tenant", "issued", 400, 4);
    look(10);
    assert_true(
        tk_value_int(tk_value_get(log_entry(3), "generation"), &generation));
    assert_int_equal(generation, 2);
    assert_true(
        tk_value_int(tk_value_get(log_entry(1), "generation"), &generation));
    assert_int_equal(generation, 1);
    assert_null(tk_value_get(log_entry(2), "generation"));
}

static void the_log_keeps_the_last_thousand_in_their_order(void **state)
{
    int64_t first = 0;
    int64_t last = 0;

    (void)state;
    for (int i = 0; i < TK_LEDGER_LOG + 7; i++) note("a", "k", "issued", 0, i);
    look(5000);
    assert_int_equal(at("log")->as.table.item_count, TK_LEDGER_LOG);
    assert_true(tk_value_int(tk_value_get(log_entry(0), "at_ms"), &first));
    assert_true(tk_value_int(
        tk_value_get(log_entry(TK_LEDGER_LOG - 1), "at_ms"), &last));
    assert_int_equal(first, 7);
    assert_int_equal(last, TK_LEDGER_LOG + 6);
    look(3);
    assert_int_equal(at("log")->as.table.item_count, 3);
    assert_true(tk_value_int(tk_value_get(log_entry(2), "at_ms"), &last));
    assert_int_equal(last, TK_LEDGER_LOG + 6);
    look(0);
    assert_int_equal(at("log")->as.table.item_count, 0);
    assert_int_equal(number("issuers.feishu.calls"), TK_LEDGER_LOG + 7);
}

static void many_clients_and_many_words_have_an_end(void **state)
{
    char name[32];

    (void)state;
    for (int i = 0; i < TK_LEDGER_ROWS; i++) {
        snprintf(name, sizeof name, "client%d", i);
        note(name, "", "issued", 0, i);
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "word%d", i);
        note("", "", name, 0, i);
    }
    look(0);
    assert_int_equal(number("issuers.feishu.issued"), TK_LEDGER_ROWS);
    assert_int_equal(at("issuers.feishu.clients")->as.table.pair_count,
                     TK_LEDGER_ROWS - 1);
    assert_int_equal(at("issuers.feishu.errors")->as.table.pair_count,
                     TK_LEDGER_WORDS);
    assert_int_equal(number("issuers.feishu.errors.word22"), 1);
    assert_int_equal(number("issuers.feishu.errors.other"),
                     100 - (TK_LEDGER_WORDS - 1));
}

static void long_and_strange_names_are_cut_and_escaped(void **state)
{
    char name[300];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(name, "\"\n\xff", 3);
    note(name, name, name, 0, 1);
    note("\xfe", "", "issued", 0, 2);
    note("\xff", "", "issued", 0, 3);
    look(10);
    assert_int_equal(at("issuers.feishu.clients")->as.table.pair_count, 2);
    assert_int_equal(number("issuers.feishu.clients.?.issued"), 2);
    assert_int_equal(at("log")->as.table.item_count, 3);
}

static void the_most_calls_at_a_time_are_remembered(void **state)
{
    (void)state;
    tk_ledger_enter(&ledger, "feishu");
    tk_ledger_enter(&ledger, "feishu");
    tk_ledger_enter(&ledger, "oauth2");
    tk_ledger_leave(&ledger, "feishu");
    look(0);
    assert_int_equal(number("issuers.feishu.concurrent"), 1);
    assert_int_equal(number("issuers.feishu.concurrent_max"), 2);
    assert_int_equal(number("issuers.oauth2.concurrent_max"), 1);
    assert_int_equal(number("issuers.feishu.calls"), 0);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, make_ledger, drop_ledger)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_are_counted_for_issuer_client_and_kind),
        TEST(what_is_not_known_is_counted_one_level_up),
        TEST(a_call_without_a_result_is_a_call_and_no_error),
        TEST(generations_count_the_tokens_of_one_client_and_kind),
        TEST(the_log_keeps_the_last_thousand_in_their_order),
        TEST(many_clients_and_many_words_have_an_end),
        TEST(long_and_strange_names_are_cut_and_escaped),
        TEST(the_most_calls_at_a_time_are_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
