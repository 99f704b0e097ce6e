#include "fake/held.h"

#include "scene.h"

static struct scene scene;
static struct tk_server *server;
static struct tk_held_list list;
static unsigned sent;

/* What the next request is to meet: its latency, or to hang. */
static int64_t latency_ms;
static bool hangs;

static void on_sent(const char *issuer, void *data)
{
    assert_string_equal(issuer, "feishu");
    assert_ptr_equal(data, &sent);
    sent++;
}

static void on_request(struct tk_request *request, void *data)
{
    struct tk_held *held = tk_held_new(&list, request, "feishu");

    (void)data;
    assert_non_null(held);
    held->answer = (struct tk_issuer_answer){
        .status = 429,
        .headers = {{TK_STR("Retry-After"), TK_STR("3")}},
        .header_count = 1,
        .is_json = true,
    };
    held->answer.body =
        tk_str(tk_pool_dup(&held->pool, tk_request_path(request)));
    if (hangs) {
        tk_held_hang(held);
    } else {
        tk_held_send(held, tk_loop_now(scene.loop) + latency_ms);
    }
}

static int start(void **state)
{
    struct tk_server_options options = {.listen = "tcp:127.0.0.1:0"};
    struct tk_why why;

    (void)state;
    scene_init(&scene);
    tk_held_list_init(&list, scene.loop, on_sent, &sent);
    if (tk_server_new(scene.loop, &options, on_request, NULL, &server, &why) !=
        0) {
        return -1;
    }
    scene.base = tk_server_address(server);
    sent = 0;
    latency_ms = 0;
    hangs = false;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tk_held_list_fini(&list);
    tk_server_free(server);
    scene_fini(&scene);
    return 0;
}

static void an_answer_goes_out_at_once_with_all_of_it(void **state)
{
    struct scene_call *call = scene_ask(&scene, "/now", NULL, NULL);

    (void)state;
    assert_int_equal(call->status, 429);
    assert_string_equal(call->body, "/now");
    assert_holds(call->head, "Retry-After: 3");
    assert_holds(call->head, "application/json");
    assert_int_equal(sent, 1);
}

static void an_answer_waits_for_its_moment(void **state)
{
    struct scene_call *call;

    (void)state;
    latency_ms = 60;
    call = scene_ask(&scene, "/later", NULL, NULL);
    assert_string_equal(call->body, "/later");
    assert_in_range(call->took_ms, 60, SCENE_LIMIT_MS);
    assert_int_equal(sent, 1);
}

static void a_quick_answer_passes_a_slow_one(void **state)
{
    struct scene_call *slow;
    struct scene_call *quick;

    (void)state;
    hangs = true;
    slow = scene_start(&scene, "/slow", NULL, NULL);
    while (tk_list_is_empty(&list.held)) {
        tk_timer_set(scene.limit, 0);
        tk_loop_run(scene.loop);
    }
    hangs = false;
    quick = scene_ask(&scene, "/quick", NULL, NULL);
    assert_string_equal(quick->body, "/quick");
    assert_false(slow->is_done);
    assert_int_equal(sent, 1);
    tk_held_release(&list);
    scene_finish(&scene, slow);
    assert_string_equal(slow->body, "/slow");
    assert_int_equal(sent, 2);
}

static void a_release_leaves_what_has_its_moment(void **state)
{
    struct scene_call *call;

    (void)state;
    latency_ms = 50;
    call = scene_start(&scene, "/later", NULL, NULL);
    while (tk_list_is_empty(&list.held)) {
        tk_timer_set(scene.limit, 0);
        tk_loop_run(scene.loop);
    }
    tk_held_release(&list);
    assert_int_equal(sent, 0);
    scene_finish(&scene, call);
    assert_int_equal(sent, 1);
}

static void what_is_held_at_the_end_is_the_servers(void **state)
{
    (void)state;
    hangs = true;
    scene_start(&scene, "/hang", NULL, NULL);
    latency_ms = 60 * 1000;
    while (tk_list_is_empty(&list.held)) {
        tk_timer_set(scene.limit, 0);
        tk_loop_run(scene.loop);
    }
    hangs = false;
    scene_start(&scene, "/long", NULL, NULL);
    while (list.held.next == list.held.prev) {
        tk_timer_set(scene.limit, 0);
        tk_loop_run(scene.loop);
    }
    assert_int_equal(sent, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_goes_out_at_once_with_all_of_it),
        TEST(an_answer_waits_for_its_moment),
        TEST(a_quick_answer_passes_a_slow_one),
        TEST(a_release_leaves_what_has_its_moment),
        TEST(what_is_held_at_the_end_is_the_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
