#include "../harness.h"
#include "net/server_lane.h"

#include <microhttpd.h>

static enum MHD_Result on_access(void *data, struct MHD_Connection *connection,
                                 const char *path, const char *method,
                                 const char *version, const char *piece,
                                 size_t *size, void **context)
{
    (void)data;
    (void)connection;
    (void)path;
    (void)method;
    (void)version;
    (void)piece;
    (void)size;
    (void)context;
    return MHD_NO;
}

static struct MHD_Daemon *start(struct tk_server_lane *lane, unsigned limit)
{
    (void)lane;
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL,
                            NULL, on_access, NULL, MHD_OPTION_CONNECTION_LIMIT,
                            limit, MHD_OPTION_END);
}

static void open_lanes(struct tk_server_lanes *lanes, uv_loop_t *uv)
{
    *lanes = (struct tk_server_lanes){.uv = uv, .start = start};
    assert_int_equal(uv_loop_init(uv), 0);
    assert_true(tk_server_lanes_init(lanes, 1000));
    assert_int_equal(tk_server_lanes_open_one(lanes), 0);
}

static void close_lanes(struct tk_server_lanes *lanes)
{
    tk_server_lanes_close(lanes, NULL);
    uv_run(lanes->uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(lanes->uv), 0);
    tk_server_lanes_fini(lanes);
}

static void a_lane_opens_when_all_before_it_are_full(void **state)
{
    struct tk_server_lanes lanes;
    uv_loop_t uv;

    (void)state;
    open_lanes(&lanes, &uv);
    for (int i = 0; i < 250; i++) {
        struct tk_server_lane *lane = tk_server_lanes_place(&lanes);

        assert_ptr_equal(lane, &lanes.lanes[0]);
        lane->conn_count++;
    }
    assert_ptr_equal(tk_server_lanes_place(&lanes), &lanes.lanes[1]);
    assert_int_equal(lanes.count, 2);
    lanes.lanes[0].conn_count--;
    assert_ptr_equal(tk_server_lanes_place(&lanes), &lanes.lanes[0]);
    close_lanes(&lanes);
}

static void lanes_with_work_take_turns(void **state)
{
    struct tk_server_lanes lanes;
    struct tk_server_lane *first;
    uv_loop_t uv;

    (void)state;
    open_lanes(&lanes, &uv);
    assert_int_equal(tk_server_lanes_open_one(&lanes), 0);
    assert_null(tk_server_lanes_find_work(&lanes));
    assert_false(tk_server_lanes_have_work(&lanes));
    tk_server_lanes_note_work(&lanes);
    first = tk_server_lanes_find_work(&lanes);
    assert_non_null(first);
    assert_ptr_not_equal(tk_server_lanes_find_work(&lanes), first);
    assert_ptr_equal(tk_server_lanes_find_work(&lanes), first);
    close_lanes(&lanes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_opens_when_all_before_it_are_full),
        cmocka_unit_test(lanes_with_work_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
