#include "tests/unit/text.h"
#include "tests/unit/wipes.h"

#include "script/outgoing.h"

/* Owned by the test. */
struct asking {
    struct tk_pool pool;
    struct tk_value asked; /* a table with room for 8 pairs */
    struct tk_secret secret;
    struct tk_outgoing outgoing;
    struct tk_why why;
};

static int set_up(void **state)
{
    static struct asking a;

    a = (struct asking){0};
    tk_pool_init(&a.pool, 1 << 20);
    tk_outgoing_init(&a.outgoing);
    a.asked = tk_value_of_table(&a.pool, 0, 8);
    a.asked.as.table.pair_count = 0;
    *state = &a;
    if (tk_secret_init(&a.secret, TK_SECRET_GIVEN, TK_STR("")) != 0) return -1;
    return tk_secret_put(&a.secret, TK_STR("p&s: \xc3\xa9\""));
}

static int tear_down(void **state)
{
    struct asking *a = *state;

    tk_outgoing_fini(&a->outgoing);
    tk_secret_fini(&a->secret);
    tk_pool_fini(&a->pool);
    return 0;
}

static struct tk_value text(const char *bytes)
{
    return (struct tk_value){.type = TK_TEXT, .as.text = tk_str(bytes)};
}

static struct tk_value secret(struct asking *a)
{
    return (struct tk_value){.type = TK_SECRET, .as.secret = &a->secret};
}

static void put(struct tk_value *table, const char *name, struct tk_value value)
{
    table->as.table.pairs[table->as.table.pair_count++] =
        (struct tk_pair){tk_str(name), value};
}

static struct tk_value pair(struct asking *a, const char *name,
                            struct tk_value value)
{
    struct tk_value table = tk_value_of_table(&a->pool, 0, 2);

    table.as.table.pair_count = 0;
    put(&table, name, value);
    return table;
}

static struct tk_value both(struct asking *a, struct tk_value first,
                            struct tk_value second)
{
    struct tk_value list = tk_value_of_table(&a->pool, 2, 0);

    list.type = TK_LIST;
    list.as.table.items[0] = first;
    list.as.table.items[1] = second;
    return list;
}

static void ask(struct asking *a, const char *name, struct tk_value value)
{
    if (a->asked.as.table.pair_count == 0) {
        put(&a->asked, "url", text("https://sso.example/token"));
    }
    put(&a->asked, name, value);
}

static void fill(struct asking *a, const char *method)
{
    if (tk_outgoing_fill(&a->outgoing, method, &a->asked, &a->why) != 0) {
        fail_msg("%s", a->why.text);
    }
}

static void refuses(struct asking *a, const char *method, const char *says)
{
    assert_int_equal(tk_outgoing_fill(&a->outgoing, method, &a->asked, &a->why),
                     TK_EINVAL);
    if (strstr(a->why.text, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", a->why.text, says);
    }
    assert_null(strstr(a->why.text, "p&s"));
}

static void assert_header(const struct asking *a, const char *name,
                          const char *value)
{
    for (size_t i = 0; i < a->outgoing.header_count; i++) {
        if (!tk_str_is(a->outgoing.headers[i].name, name)) continue;
        assert_text(a->outgoing.headers[i].value, tk_str(value));
        return;
    }
    fail_msg("no header %s", name);
}

/* --- bodies --- */

static void json_holds_secrets_at_any_depth(void **state)
{
    struct asking *a = *state;

    ask(a, "json", pair(a, "a", both(a, pair(a, "s", secret(a)), text("b"))));
    fill(a, "POST");
    assert_text(tk_buf_str(&a->outgoing.body),
                TK_STR("{\"a\":[{\"s\":\"p&s: \xc3\xa9\\\"\"},\"b\"]}"));
    assert_header(a, "Content-Type", "application/json; charset=utf-8");
    assert_header(a, "Accept", "application/json");
}

static void a_form_is_encoded(void **state)
{
    struct asking *a = *state;
    struct tk_value form = pair(a, "a b", secret(a));

    put(&form, "n", tk_value_of_int(-5));
    ask(a, "form", form);
    fill(a, "POST");
    assert_text(tk_buf_str(&a->outgoing.body),
                TK_STR("a+b=p%26s%3A+%C3%A9%22&n=-5"));
    assert_header(a, "Content-Type", "application/x-www-form-urlencoded");
}

static void a_body_is_joined_and_sent_as_it_is(void **state)
{
    struct asking *a = *state;

    ask(a, "body", both(a, text("x="), secret(a)));
    fill(a, "POST");
    assert_text(tk_buf_str(&a->outgoing.body), TK_STR("x=p&s: \xc3\xa9\""));
}

static void a_post_without_a_body_has_an_empty_one(void **state)
{
    struct asking *a = *state;

    a->asked = text("https://sso.example/token");
    fill(a, "POST");
    assert_true(a->outgoing.has_body);
    assert_int_equal(a->outgoing.body.len, 0);
}

static void at_most_one_body_is_taken_and_only_by_post(void **state)
{
    struct asking *a = *state;

    ask(a, "body", text("x"));
    refuses(a, "GET", "only to http.post");
    put(&a->asked, "form", pair(a, "a", text("b")));
    refuses(a, "POST", "one of json, form and body");
}

/* --- headers --- */

static void a_header_is_joined_of_a_list(void **state)
{
    struct asking *a = *state;

    ask(a, "headers",
        pair(a, "Authorization", both(a, text("Bearer "), secret(a))));
    fill(a, "GET");
    assert_header(a, "Authorization", "Bearer p&s: \xc3\xa9\"");
    assert_false(a->outgoing.has_body);
}

/* RFC 6749, 2.3.1: base64 of "my+id:p%26s%3A+%C3%A9%22". */
static void basic_encodes_both_halves_first(void **state)
{
    struct asking *a = *state;

    ask(a, "basic", both(a, text("my id"), secret(a)));
    fill(a, "POST");
    assert_header(a, "Authorization", "Basic bXkraWQ6cCUyNnMlM0ErJUMzJUE5JTIy");
}

/* Base64 of "my id:p&s: \xc3\xa9\"". */
static void basic_may_be_raw(void **state)
{
    struct asking *a = *state;

    ask(a, "basic", both(a, text("my id"), secret(a)));
    put(&a->asked, "basic_raw",
        (struct tk_value){.type = TK_BOOL, .as.flag = true});
    fill(a, "POST");
    assert_header(a, "Authorization", "Basic bXkgaWQ6cCZzOiDDqSI=");
}

static void a_given_header_stands_before_the_default(void **state)
{
    struct asking *a = *state;

    ask(a, "headers", pair(a, "accept", text("text/plain")));
    fill(a, "GET");
    assert_int_equal(a->outgoing.header_count, 1);
    assert_header(a, "accept", "text/plain");
}

static void a_header_cannot_be_given_twice(void **state)
{
    struct asking *a = *state;

    ask(a, "basic", both(a, text("id"), secret(a)));
    put(&a->asked, "headers", pair(a, "authorization", text("x")));
    refuses(a, "GET", "twice");
}

/* --- the url --- */

static void a_query_is_appended(void **state)
{
    struct asking *a = *state;

    put(&a->asked, "url", text("https://x.example/?a=1"));
    put(&a->asked, "query", pair(a, "secret", secret(a)));
    fill(a, "GET");
    assert_text(tk_buf_str(&a->outgoing.url),
                TK_STR("https://x.example/"
                       "?a=1&secret=p%26s%3A+%C3%A9%22"));
}

static void what_makes_no_sense_is_named(void **state)
{
    struct asking *a = *state;

    refuses(a, "GET", "url: must be a text");
    ask(a, "jsno", text("x"));
    refuses(a, "POST", "unknown field jsno; did you mean json?");
    a->asked.as.table.pairs[1] =
        (struct tk_pair){TK_STR("basic"), text("id:secret")};
    refuses(a, "POST", "basic: must be { id, secret }");
    a->asked.as.table.pairs[1] = (struct tk_pair){TK_STR("form"), text("a=b")};
    refuses(a, "POST", "form: must be a table");
    a->asked.as.table.pairs[1] =
        (struct tk_pair){TK_STR("form"), pair(a, "a", pair(a, "b", text("c")))};
    refuses(a, "POST", "form: a value must be a text");
    a->asked.as.table.pairs[1] = (struct tk_pair){
        TK_STR("headers"), pair(a, "a", both(a, text("b"), a->asked))};
    refuses(a, "POST", "a list of something else");
}

static void what_is_too_large_is_refused(void **state)
{
    struct asking *a = *state;
    static char large[300 * 1024];

    memset(large, 'x', sizeof large - 1);
    ask(a, "form", pair(a, "a", text(large)));
    refuses(a, "POST", "too large");
    a->asked.as.table.pairs[1] =
        (struct tk_pair){TK_STR("json"), pair(a, "a", text(large))};
    refuses(a, "POST", "too large");
    a->asked = text(large);
    refuses(a, "GET", "too large");
}

static void all_bytes_are_wiped_at_the_end(void **state)
{
    struct asking *a = *state;
    const void *body;
    const void *url;

    ask(a, "json", pair(a, "a", secret(a)));
    fill(a, "POST");
    body = a->outgoing.body.data;
    url = a->outgoing.url.data;
    wipe_count = 0;
    tk_outgoing_fini(&a->outgoing);
    assert_true(was_wiped(body, 1));
    assert_true(was_wiped(url, 1));
}

#define WITH_ASKING(test)                                                      \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ASKING(json_holds_secrets_at_any_depth),
        WITH_ASKING(a_form_is_encoded),
        WITH_ASKING(a_body_is_joined_and_sent_as_it_is),
        WITH_ASKING(a_post_without_a_body_has_an_empty_one),
        WITH_ASKING(at_most_one_body_is_taken_and_only_by_post),
        WITH_ASKING(a_header_is_joined_of_a_list),
        WITH_ASKING(basic_encodes_both_halves_first),
        WITH_ASKING(basic_may_be_raw),
        WITH_ASKING(a_given_header_stands_before_the_default),
        WITH_ASKING(a_header_cannot_be_given_twice),
        WITH_ASKING(a_query_is_appended),
        WITH_ASKING(what_makes_no_sense_is_named),
        WITH_ASKING(what_is_too_large_is_refused),
        WITH_ASKING(all_bytes_are_wiped_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
