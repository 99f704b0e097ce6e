#include "tests/unit/engine/scripts.h"

#include "engine/flight.h"

/* A provider whose keys depend on each other, or never come to an end. */
static const char chained[] =
    "return { api = 1, name = 'chained', settings = {},\n"
    "  kinds = { app = { subject = 'none' }, tenant = { subject = 'none' },\n"
    "            self = { subject = 'none' }, odd = { subject = 'none' },\n"
    "            one = { subject = 'none' }, two = { subject = 'none' } },\n"
    "  fetch = function(key, settings, engine)\n"
    "    if key.kind == 'app' then\n"
    "      return { token = 'app-token', expires_in = 7200 } end\n"
    "    local of = { tenant = 'app', self = 'self', odd = 'nothing',\n"
    "                 one = 'two', two = 'one' }\n"
    "    local token, err = engine.token(of[key.kind])\n"
    "    if not token then return nil, err end\n"
    "    return { token = 'tenant-' .. tostring(token):sub(1, 6),\n"
    "             expires_in = 7200 }\n"
    "  end }\n";

struct running {
    struct scripts *s;
    struct tk_config *config;
    struct tk_loop *loop;
    struct tk_fleet *fleet;
    struct tk_flights flights;
    int landed;
};

static int fetch(struct tk_entry *entry, int64_t now, void *data)
{
    return tk_flight_start(&((struct running *)data)->flights, entry, now);
}

static void changed(void *data)
{
    struct running *r = data;

    r->landed++;
    tk_loop_stop(r->loop);
}

static void start(struct running *r, struct scripts *s)
{
    struct tk_fleet_options options = {
        .max_keys = 16, .mean_bytes = 200, .port = {.fetch = fetch, .data = r}};

    *r = (struct running){.s = s};
    folder_write(&s->folder, "providers/chained.lua", chained);
    r->config = load(s, "return { sources = { f = { provider = 'chained',\n"
                        "  max_concurrent = 1 } } }");
    assert_string_equal(problems_of(s), "");
    assert_non_null(r->config);
    assert_int_equal(tk_loop_new(&r->loop), 0);
    assert_int_equal(tk_fleet_new(&options, &r->fleet), 0);
    assert_int_equal(tk_flights_init(&r->flights, r->loop), 0);
    r->flights.fleet = r->fleet;
    r->flights.config = r->config;
    r->flights.changed = changed;
    r->flights.data = r;
}

static void stop(struct running *r)
{
    tk_flights_fini(&r->flights);
    tk_fleet_free(r->fleet);
    tk_config_free(r->config);
    assert_int_equal(tk_loop_free(r->loop), 0);
}

static struct tk_entry *claim(struct running *r, const char *text)
{
    struct tk_entry *entry;
    struct tk_key key;
    struct tk_why why;

    assert_int_equal(tk_key_parse(tk_str(text), &key, &why), 0);
    assert_int_equal(
        tk_fleet_claim(r->fleet, r->config->sources[0], &key, &entry, &why), 0);
    return entry;
}

static void run_until_landed(struct running *r, const struct tk_entry *entry)
{
    int64_t now = tk_loop_now(r->loop);

    for (int i = 0;
         i < 100 && entry->failure == NULL && !tk_entry_has_token(entry, now);
         i++) {
        tk_loop_run(r->loop);
    }
}

/* With one place only, the token that a refresh needs must not queue behind
 * it. */
static void a_token_that_needs_another_gets_it_first(void **state)
{
    struct running r;
    struct tk_entry *tenant;

    start(&r, *state);
    tenant = claim(&r, "f/tenant");
    tk_refresh_want(r.fleet, tenant, TK_URGENCY_PLANNED, tk_loop_now(r.loop));
    run_until_landed(&r, tenant);
    assert_true(tk_entry_has_token(tenant, tk_loop_now(r.loop)));
    assert_true(tk_entry_has_token(claim(&r, "f/app"), tk_loop_now(r.loop)));
    assert_int_equal(r.config->sources[0]->active, 0);
    stop(&r);
}

/* Peers 7: the app token was fetched anew for every tenant. */
static void a_needed_token_that_is_there_is_not_fetched_again(void **state)
{
    struct running r;
    struct tk_entry *app;
    struct tk_entry *tenant;

    start(&r, *state);
    app = claim(&r, "f/app");
    tk_refresh_want(r.fleet, app, TK_URGENCY_PLANNED, tk_loop_now(r.loop));
    run_until_landed(&r, app);
    tenant = claim(&r, "f/tenant");
    tk_refresh_want(r.fleet, tenant, TK_URGENCY_PLANNED, tk_loop_now(r.loop));
    run_until_landed(&r, tenant);
    assert_int_equal(r.config->sources[0]->stats.renewed, 2);
    assert_int_equal(app->uses, 0);
    stop(&r);
}

static void what_cannot_be_needed_is_a_failure_of_configuration(void **state)
{
    static const char *const keys[] = {"f/self", "f/odd"};
    struct running r;

    start(&r, *state);
    for (int i = 0; i < 2; i++) {
        struct tk_entry *entry = claim(&r, keys[i]);

        tk_refresh_want(r.fleet, entry, TK_URGENCY_PLANNED,
                        tk_loop_now(r.loop));
        run_until_landed(&r, entry);
        assert_non_null(entry->failure);
        assert_int_equal(entry->failure->class, TK_CLASS_CONFIG);
    }
    stop(&r);
}

static void two_keys_that_need_each_other_start_once_each(void **state)
{
    struct running r;
    struct tk_entry *one;

    start(&r, *state);
    one = claim(&r, "f/one");
    tk_refresh_want(r.fleet, one, TK_URGENCY_PLANNED, tk_loop_now(r.loop));
    for (int i = 0; i < 5; i++) tk_loop_run(r.loop);
    assert_int_equal(r.config->sources[0]->active, 2);
    tk_flight_expire(&r.flights, tk_loop_now(r.loop) + TK_FLIGHT_MAX_MS);
    assert_int_equal(r.config->sources[0]->active, 0);
    stop(&r);
}

static void a_flight_that_does_not_end_is_cut_off(void **state)
{
    struct running r;
    struct tk_entry *app;

    start(&r, *state);
    app = claim(&r, "f/app");
    assert_true(tk_flight_deadline(&r.flights) == TK_NEVER);
    tk_refresh_want(r.fleet, app, TK_URGENCY_PLANNED, 1000);
    assert_int_equal(tk_flight_deadline(&r.flights), 1000 + TK_FLIGHT_MAX_MS);
    tk_flight_expire(&r.flights, 1000 + TK_FLIGHT_MAX_MS);
    assert_non_null(app->failure);
    assert_string_equal(app->failure->code, "provider_timeout");
    assert_int_equal(r.config->sources[0]->active, 0);
    tk_loop_run(r.loop);
    stop(&r);
}

static void a_flight_that_is_dropped_does_not_land(void **state)
{
    struct running r;
    struct tk_entry *app;

    start(&r, *state);
    app = claim(&r, "f/app");
    tk_refresh_want(r.fleet, app, TK_URGENCY_PLANNED, tk_loop_now(r.loop));
    tk_flight_drop(app, &r.flights);
    tk_loop_run(r.loop);
    assert_int_equal(r.landed, 0);
    assert_null(app->flight);
    assert_int_equal(r.config->sources[0]->active, 0);
    stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRIPTS(a_token_that_needs_another_gets_it_first),
        WITH_SCRIPTS(a_needed_token_that_is_there_is_not_fetched_again),
        WITH_SCRIPTS(what_cannot_be_needed_is_a_failure_of_configuration),
        WITH_SCRIPTS(two_keys_that_need_each_other_start_once_each),
        WITH_SCRIPTS(a_flight_that_does_not_end_is_cut_off),
        WITH_SCRIPTS(a_flight_that_is_dropped_does_not_land),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
