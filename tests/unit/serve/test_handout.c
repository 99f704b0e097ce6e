#include "serve/handout.h"

#include "tests/unit/serve/scene.h"

/* 2026-11-23T12:00:00Z */
#define NOON INT64_C(1795435200000)

static void attach(struct scene *s, const char *header, const char *format)
{
    struct tk_kind *kind = &s->f->source.kinds[0];

    snprintf(kind->attach_header, sizeof kind->attach_header, "%s", header);
    snprintf(kind->attach_format, sizeof kind->attach_format, "%s", format);
}

static struct tk_got got_of(struct scene *s, const struct tk_entry *entry)
{
    struct tk_got got;

    tk_wait_fill(s->f->fleet, entry, TK_REFUSAL_NONE, s->f->now, &got);
    return got;
}

static void the_answer_has_all_that_a_caller_may_want(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "secret-1", LIFE);
    struct tk_got got = got_of(s, entry);
    const struct reading *r;

    attach(s, "Authorization", "Bearer %s");
    tk_handout_write(&got, NOON, &s->out);
    r = read_out(s);
    says(r, "key", "crm/client/a");
    says(r, "token", "secret-1");
    assert_int_equal(at(r, "attributes")->type, TK_TABLE);
    counts(r, "expires_in", 7199.9);
    says(r, "expires_at", "2026-11-23T13:59:59.900Z");
    counts(r, "generation", (double)got.generation);
    says(r, "state", "fresh");
    says(r, "attach.header", "Authorization");
    says(r, "attach.format", "Bearer %s");
    assert_int_equal(r->root.as.table.pair_count, 8);
}

static void attributes_are_passed_on_as_they_are(void **state)
{
    struct scene *s = *state;
    struct tk_got got = got_of(s, fresh(s->f, "crm/client/a", "t", LIFE));
    const struct reading *r;

    got.attributes = TK_STR("{\"instance_url\":\"https://x.example\"}");
    tk_handout_write(&got, NOON, &s->out);
    r = read_out(s);
    says(r, "attributes.instance_url", "https://x.example");
}

static void a_token_may_hold_quotes_and_backslashes(void **state)
{
    struct scene *s = *state;
    struct tk_got got = got_of(s, fresh(s->f, "crm/client/a", "a\"b\\c", LIFE));

    attach(s, "X-\"H\"", "\\%s");
    tk_handout_write(&got, NOON, &s->out);
    says(read_out(s), "token", "a\"b\\c");
    says(&s->reading, "attach.header", "X-\"H\"");
    says(&s->reading, "attach.format", "\\%s");
}

static void the_largest_answer_fits(void **state)
{
    static char token[TK_TOKEN_MAX];
    static char key[TK_KEY_MAX + 1];
    static char attributes[TK_ATTRIBUTES_MAX];
    struct scene *s = *state;
    struct tk_entry *entry;
    struct tk_buf out;
    struct tk_got got;

    memset(key, 'k', TK_KEY_MAX);
    memcpy(key, "crm/client/", 11);
    entry = fresh(s->f, key, "t", LIFE);
    memset(token, '"', sizeof token);
    memset(attributes, '1', sizeof attributes);
    memset(s->f->source.kinds[0].attach_header, '"', TK_ATTACH_TEXT - 1);
    memset(s->f->source.kinds[0].attach_format, '"', TK_ATTACH_TEXT - 1);
    got = got_of(s, entry);
    got.token = tk_str_of(token, sizeof token);
    got.attributes = tk_str_of(attributes, sizeof attributes);
    got.generation = (UINT64_C(1) << 53) - 1;
    got.expires_in_ms = INT64_C(315360000000);
    tk_buf_init(&out, TK_HANDOUT_MAX);
    tk_handout_write(&got, NOON, &out);
    assert_int_equal(out.failed, 0);
    tk_buf_fini(&out);
}

static void the_bare_token_has_its_story_in_headers(void **state)
{
    struct scene *s = *state;
    struct tk_got got = got_of(s, fresh(s->f, "crm/client/a", "t", LIFE));
    struct tk_handout_headers head;

    got.generation = 17;
    tk_handout_head(&got, &head);
    assert_text(head.list[0].name, TK_STR("Tokeng-Generation"));
    assert_text(head.list[0].value, TK_STR("17"));
    assert_text(head.list[1].name, TK_STR("Tokeng-Expires-In"));
    assert_text(head.list[1].value, TK_STR("7199.900"));
    assert_text(head.list[2].name, TK_STR("Tokeng-State"));
    assert_text(head.list[2].value, TK_STR("fresh"));
    assert_text(head.list[3].name, TK_STR("Cache-Control"));
    assert_text(head.list[3].value, TK_STR("no-store"));
}

static void refused(struct scene *s, const struct tk_entry *entry,
                    enum tk_refusal refusal, const char *code,
                    const char *detail)
{
    struct tk_http_problem problem;
    char room[TK_HANDOUT_DETAIL];
    struct tk_got got;

    tk_wait_fill(s->f->fleet, entry, refusal, s->f->now, &got);
    tk_handout_refuse(&got, room, &problem);
    assert_int_equal(problem.status, 503);
    assert_string_equal(problem.code, code);
    assert_true(problem.retry_ms > 0);
    holds(tk_str(problem.detail), detail);
    holds_not(tk_str(problem.detail), "secret-1");
}

static void every_refusal_says_what_to_do(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "secret-1", LIFE);

    refused(s, entry, TK_REFUSAL_POISONED, "poisoned", "rejected token again");
    refused(s, entry, TK_REFUSAL_HELD, "held", "reported in a row");
    refused(s, entry, TK_REFUSAL_PAUSED, "paused", "tokeng resume crm");
    refused(s, entry, TK_REFUSAL_TIMEOUT, "timeout", "wait longer");
    refused(s, entry, TK_REFUSAL_WITHDRAWN, "withdrawn", "ask again");
    refused(s, entry, TK_REFUSAL_STOPPING, "stopping", "when it runs");
    refused(s, entry, TK_REFUSAL_FAILED, "issuer_failed", "no newer token");
}

static void a_failure_names_class_and_code_of_the_issuer(void **state)
{
    static const char *const advice[TK_CLASSES] = {
        [TK_CLASS_TRANSIENT] = "by itself",
        [TK_CLASS_RATE] = "limits our calls",
        [TK_CLASS_CREDENTIAL] = "correct the secret",
        [TK_CLASS_REAUTHORIZE] = "log in again",
        [TK_CLASS_TICKET] = "ticket",
        [TK_CLASS_CONFIG] = "what is configured",
    };
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/client/a");
    struct tk_http_problem problem;
    char room[TK_HANDOUT_DETAIL];
    struct tk_got got;

    for (int class = 0; class < TK_CLASSES; class ++) {
        struct tk_failure failure = {.class = (enum tk_class) class,
                                     .next_try_at = s->f->now + 3200,
                                     .code = "invalid_client"};

        tk_entry_set_failure(entry, &failure);
        refused(s, entry, TK_REFUSAL_FAILED, "issuer_failed", advice[class]);
        tk_wait_fill(s->f->fleet, entry, TK_REFUSAL_FAILED, s->f->now, &got);
        tk_handout_refuse(&got, room, &problem);
        assert_string_equal(problem.issuer_class,
                            tk_class_name((enum tk_class) class));
        assert_string_equal(problem.issuer_code, "invalid_client");
        assert_int_equal(problem.retry_ms, 3200);
        holds(tk_str(problem.detail), "invalid_client");
    }
    tk_wait_fill(s->f->fleet, entry, TK_REFUSAL_TIMEOUT, s->f->now, &got);
    tk_handout_refuse(&got, room, &problem);
    assert_null(problem.issuer_class);
    assert_null(problem.issuer_code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(the_answer_has_all_that_a_caller_may_want),
        IN_SCENE(attributes_are_passed_on_as_they_are),
        IN_SCENE(a_token_may_hold_quotes_and_backslashes),
        IN_SCENE(the_largest_answer_fits),
        IN_SCENE(the_bare_token_has_its_story_in_headers),
        IN_SCENE(every_refusal_says_what_to_do),
        IN_SCENE(a_failure_names_class_and_code_of_the_issuer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
