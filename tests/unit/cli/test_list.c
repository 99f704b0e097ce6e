#define _GNU_SOURCE
#include "cli/list.h"

#include "tests/unit/cli/conversation.h"

#include <signal.h>

#define TOKEN(key)                                                             \
    "{\"key\":\"" key "\",\"state\":\"fresh\",\"generation\":1,"               \
    "\"expires_in\":60,\"next\":{\"what\":\"none\",\"in\":null,"               \
    "\"why\":\"\"},\"uses\":1,\"error\":null}"
#define REST                                                                   \
    "\"total\":2,\"counts\":{\"fresh\":2},\"sources\":[{\"name\":\"a\","       \
    "\"hits\":3,\"cold\":0,\"cold_failed\":0}]}"
#define FIRST_PAGE  "{\"tokens\":[" TOKEN("a/one") "],\"next\":\"a/one\"," REST
#define LAST_PAGE   "{\"tokens\":[" TOKEN("a/two") "],\"next\":null," REST
#define EMPTY_TABLE "KEY  STATE  GEN  LEFT  NEXT  WHY  USES\n"

#define LIST(c, ...)                                                           \
    capture_run(&(c)->capture, &tk_list_command, "--socket", (c)->engine.path, \
                __VA_ARGS__, NULL)

static void pages_are_fetched_until_the_last(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", FIRST_PAGE),
                                 ANSWER("200 OK", LAST_PAGE)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 2);
    assert_int_equal(LIST(&c, "--source=a"), TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture),
                        "KEY    STATE  GEN  LEFT  NEXT  WHY  USES\n"
                        "a/one  fresh    1    1m  -     -       1\n"
                        "a/two  fresh    1    1m  -     -       1\n"
                        "2 keys: 2 fresh; hits 3, cold 0, failed 0\n");
    assert_has(conversation_request(&c),
               "GET /v1/tokens?limit=500&source=a&after=a%2Fone HTTP/1.1\r\n");
    conversation_stop(&c);
    assert_int_equal(c.engine.connections, 1);
}

static void json_joins_the_pages_into_one_document(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", FIRST_PAGE),
                                 ANSWER("200 OK", LAST_PAGE)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 2);
    assert_int_equal(LIST(&c, "--json"), TK_EXIT_OK);
    assert_string_equal(
        capture_out(&c.capture),
        "{\"tokens\":[" TOKEN("a/one") "," TOKEN("a/two") "]," REST "\n");
    conversation_stop(&c);
}

static void the_state_is_asked_for(void **state)
{
    const struct turn turns[] = {
        ANSWER("200 OK", "{\"tokens\":[],\"next\":null,\"total\":0,"
                         "\"counts\":{},\"sources\":[]}")};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(LIST(&c, "--state", "stale"), TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture),
                        EMPTY_TABLE "0 keys; hits 0, cold 0, failed 0\n");
    assert_has(conversation_request(&c),
               "/v1/tokens?limit=500&state=stale HTTP");
    conversation_stop(&c);
}

static void a_refusal_is_told(void **state)
{
    const struct turn turns[] = {
        ANSWER("400 Bad Request",
               "{\"detail\":\"state must be one of\",\"code\":\"bad\"}")};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(LIST(&c, "--state", "tired"), TK_EXIT_USAGE);
    assert_string_equal(capture_err(&c.capture),
                        "tokeng: state must be one of\n");
    assert_string_equal(capture_out(&c.capture), "");
    conversation_stop(&c);
}

static void watching_for_no_time_prints_once(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", LAST_PAGE)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(LIST(&c, "--watch", "--seconds", "0"), TK_EXIT_OK);
    assert_has(capture_out(&c.capture), "\na/two  fresh ");
    conversation_stop(&c);
}

static void *interrupt_when_told(void *data)
{
    sem_t *told = data;

    sem_wait(told);
    kill(getpid(), SIGINT);
    return NULL;
}

/* SIGINT comes when the first answer has been given: it ends the watch, and
 * not the process. The other threads are not to get it, so they start with
 * the signal blocked. */
static void an_interrupt_ends_the_watch_in_order(void **state)
{
    struct turn turns[] = {ANSWER("200 OK", LAST_PAGE)};
    struct conversation c;
    sigset_t interrupt, before;
    pthread_t thread;
    sem_t answered;

    (void)state;
    sem_init(&answered, 0, 0);
    turns[0].done = &answered;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &before);
    assert_int_equal(
        pthread_create(&thread, NULL, interrupt_when_told, &answered), 0);
    conversation_start(&c, turns, 1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(LIST(&c, "--watch", "--interval", "1h"), TK_EXIT_OK);
    assert_has(capture_out(&c.capture), "\na/two  fresh ");
    pthread_join(thread, NULL);
    conversation_stop(&c);
    sem_destroy(&answered);
}

/* 24 rows: heading and summary leave 20 for keys, and only they are asked
 * for. */
static void a_screen_is_drawn_over_and_shows_what_fits(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", FIRST_PAGE)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    c.capture.show.is_terminal = true;
    assert_int_equal(LIST(&c, "--watch", "--seconds=0"), TK_EXIT_OK);
    assert_has(conversation_request(&c), "/v1/tokens?limit=20 HTTP");
    assert_has(capture_out(&c.capture), "\033[H\033[JKEY ");
    conversation_stop(&c);
}

static void a_title_stands_above_the_keys(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", LAST_PAGE),
                                 ANSWER("200 OK", LAST_PAGE)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 2);
    assert_int_equal(LIST(&c, "--title", "what happens"), TK_EXIT_OK);
    assert_has(capture_out(&c.capture), "what happens\nKEY ");
    assert_int_equal(LIST(&c, "--title", "what happens", "--json"), TK_EXIT_OK);
    assert_has_not(capture_out(&c.capture), "what happens");
    conversation_stop(&c);
}

static void an_interval_of_no_length_is_refused(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(capture_run(&capture, &tk_list_command, "--watch",
                                 "--interval", "0", NULL),
                     TK_EXIT_USAGE);
    assert_string_equal(capture_err(&capture),
                        "tokeng: list: --interval must be at least 10ms\n");
    capture_fini(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_fetched_until_the_last),
        cmocka_unit_test(json_joins_the_pages_into_one_document),
        cmocka_unit_test(the_state_is_asked_for),
        cmocka_unit_test(a_refusal_is_told),
        cmocka_unit_test(watching_for_no_time_prints_once),
        cmocka_unit_test(an_interrupt_ends_the_watch_in_order),
        cmocka_unit_test(a_screen_is_drawn_over_and_shows_what_fits),
        cmocka_unit_test(a_title_stands_above_the_keys),
        cmocka_unit_test(an_interval_of_no_length_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
