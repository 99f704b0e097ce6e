#define _GNU_SOURCE
#include "cli/policy.h"

#include "tests/unit/cli/conversation.h"

#define DONE "{\"result\":\"done\",\"detail\":\"it is done\",\"kept\":true}"

enum { WORDS = 6 };

/* The words that follow `tokeng policy`, and the request that they make. */
static void expect(const char *const words[WORDS], const char *request,
                   const char *body)
{
    const struct turn turns[] = {ANSWER("200 OK", DONE)};
    struct conversation c;

    conversation_start(&c, turns, 1);
    assert_int_equal(capture_run(&c.capture, &tk_policy_command, "--socket",
                                 c.engine.path, words[0], words[1], words[2],
                                 words[3], words[4], words[5], NULL),
                     TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture), "it is done\n");
    assert_has(conversation_request(&c), request);
    if (body != NULL) assert_has(conversation_request(&c), body);
    conversation_stop(&c);
}

#define COMPARISON                                                             \
    "{\"detail\":\"so it is\",\"policy\":\"own\",\"in_force\":\"threshold\","  \
    "\"live\":{\"uses\":1000,\"calls\":12,\"cold\":3,\"cold_per_10k\":30.0,"   \
    "\"cost\":{\"4\":21,\"10\":39,\"30\":99}},"                                \
    "\"would\":{\"uses\":1000,\"calls\":10,\"cold\":1,\"cold_per_10k\":10.5,"  \
    "\"cost\":{\"4\":13,\"10\":19,\"30\":39}}}"

static void expect_comparison(const char *const words[WORDS],
                              const char *request)
{
    const struct turn turns[] = {ANSWER("200 OK", COMPARISON)};
    struct conversation c;
    const char *out;

    conversation_start(&c, turns, 1);
    assert_int_equal(capture_run(&c.capture, &tk_policy_command, "--socket",
                                 c.engine.path, words[0], words[1], words[2],
                                 words[3], NULL),
                     TK_EXIT_OK);
    out = capture_out(&c.capture);
    assert_has(out, "so it is\n");
    assert_has(out, "threshold  1000     12     3       30.0        21    39");
    assert_has(out, "own        1000     10     1       10.5        13    19");
    assert_has(conversation_request(&c), request);
    conversation_stop(&c);
}

static void each_verb_makes_its_call(void **state)
{
    static const char *const set[WORDS] = {"set",      "crm",    "foresight",
                                           "cost=1.5", "b=true", "c=2m"};
    static const char *const plain[WORDS] = {"set", "crm", "own"};
    static const char *const trial[WORDS] = {"set", "crm", "own", "--trial"};
    static const char *const back[WORDS] = {"rollback", "crm"};
    static const char *const show[WORDS] = {"compare", "crm"};
    static const char *const end[WORDS] = {"compare", "crm", "--end"};
    static const char *const begin[WORDS] = {"compare", "crm", "own", "a=1"};
    static const char *const reset[WORDS] = {"reset", "crm"};

    (void)state;
    expect(set, "PUT /v1/policies/crm HTTP/1.1\r\n",
           "{\"policy\":\"foresight\",\"options\":{\"cost\":1.5,\"b\":true,"
           "\"c\":\"2m\"}}");
    expect(plain, "PUT /v1/policies/crm HTTP/1.1\r\n",
           "{\"policy\":\"own\",\"options\":{}}");
    expect(trial, "PUT /v1/policies/crm?trial=1 HTTP/1.1\r\n", NULL);
    expect(back, "POST /v1/rollback/crm HTTP/1.1\r\n", NULL);
    expect_comparison(show, "GET /v1/shadow/crm HTTP/1.1\r\n");
    expect_comparison(end, "DELETE /v1/shadow/crm HTTP/1.1\r\n");
    expect_comparison(begin, "PUT /v1/shadow/crm HTTP/1.1\r\n");
    expect(reset, "DELETE /v1/policies/crm HTTP/1.1\r\n", NULL);
}

static void a_value_is_what_it_looks_like(void **state)
{
    static const char *const words[] = {"p",     "a=5",    "b=-1.5", "c=false",
                                        "d=5m",  "e=null", "f=",     "g=\"5\"",
                                        "h=[1]", "i=a=b"};
    struct tk_buf out;
    struct tk_why why;

    (void)state;
    tk_buf_init(&out, 4096);
    assert_int_equal(tk_policy_write_choice(words, 10, &out, &why), 0);
    assert_string_equal(
        tk_buf_text(&out),
        "{\"policy\":\"p\",\"options\":{\"a\":5,\"b\":-1.5,\"c\":false,"
        "\"d\":\"5m\",\"e\":\"null\",\"f\":\"\",\"g\":\"5\",\"h\":\"[1]\","
        "\"i\":\"a=b\"}}");
    tk_buf_fini(&out);
}

static void words_that_make_no_sense_are_refused(void **state)
{
    static const char *const cases[][4] = {
        {"make", NULL},
        {"list", "crm", NULL},
        {"compare", NULL},
        {"set", "crm", NULL},
        {"rollback", NULL},
        {"rollback", "crm/client", NULL},
        {"reset", "crm", "more", NULL},
        {"set", "crm", "own", "lead"},
        {"set", "crm", "own", "=5"},
        {"set", "crm", "own", "a=\"5"},
        {"set", "crm", "own", "--end"},
        {"reset", "crm", "--trial", NULL},
        {"rollback", "crm", "--trial", NULL},
        {"rollback", "crm", "--end", NULL},
        {"compare", "crm", "--trial", NULL},
        {"compare", "crm", "own", "--end"},
    };
    struct capture capture;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        capture_init(&capture);
        assert_int_equal(capture_run(&capture, &tk_policy_command, "--socket",
                                     "/nowhere", cases[i][0], cases[i][1],
                                     cases[i][2], cases[i][3], NULL),
                         TK_EXIT_USAGE);
        capture_fini(&capture);
    }
}

static const char listing[] =
    "{\"sources\":["
    "{\"source\":\"crm\",\"policy\":\"own\",\"options\":{\"lead\":\"2m\","
    "\"n\":5},\"chosen\":\"api\",\"drift\":true,"
    "\"configured\":{\"policy\":\"threshold\",\"options\":{}},"
    "\"refused\":null,\"behind\":false,\"gone\":false,\"out\":false},"
    "{\"source\":\"hr\",\"policy\":\"recent\",\"options\":{},"
    "\"chosen\":\"configuration\",\"drift\":true,"
    "\"refused\":{\"why\":\"recent.lua:3: oops\",\"ago\":5.000},"
    "\"behind\":true,\"gone\":false,\"out\":false},"
    "{\"source\":\"it\",\"policy\":\"bad\",\"options\":{},"
    "\"chosen\":\"configuration\",\"drift\":false,\"refused\":null,"
    "\"behind\":false,\"gone\":false,\"out\":true}],"
    "\"installed\":[\"own\",\"threshold\"]}";

static void a_list_shows_what_somebody_should_know(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", listing)};
    struct conversation c;
    const char *out;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(capture_run(&c.capture, &tk_policy_command, "--socket",
                                 c.engine.path, "list", NULL),
                     TK_EXIT_OK);
    out = capture_out(&c.capture);
    assert_has(out, "lead=2m n=5");
    assert_has(out, "configured: threshold");
    assert_has(out, "not taken: recent.lua:3");
    assert_has(out, "the built-in rule decides");
    assert_has(out, "installed: own threshold\n");
    assert_has(conversation_request(&c), "GET /v1/policies HTTP/1.1\r\n");
    conversation_stop(&c);
}

static void what_the_engine_refuses_is_a_matter_of_configuration(void **state)
{
    const struct turn turns[] = {
        ANSWER("400 Bad Request",
               "{\"code\":\"policy\",\"detail\":\"it is not taken\","
               "\"problems\":[\"policy.laed: unknown field\"]}")};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(capture_run(&c.capture, &tk_policy_command, "--socket",
                                 c.engine.path, "set", "crm", "own", "laed=1",
                                 NULL),
                     TK_EXIT_CONFIG);
    conversation_stop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verb_makes_its_call),
        cmocka_unit_test(a_value_is_what_it_looks_like),
        cmocka_unit_test(words_that_make_no_sense_are_refused),
        cmocka_unit_test(a_list_shows_what_somebody_should_know),
        cmocka_unit_test(what_the_engine_refuses_is_a_matter_of_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
