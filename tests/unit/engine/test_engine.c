#include "tests/unit/engine/scripts.h"

#include "engine/engine.h"

/* An engine on a loop, with the provider that needs no issuer. */
struct running {
    struct scripts *s;
    struct tk_loop *loop;
    struct tk_engine *engine;
    struct tk_wait wait;
    struct tk_timer *guard;
    int answers;
    enum tk_refusal refusal;
    uint64_t generation;
    char token[64];
};

static const char plain[] =
    "return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
    "  tokens = { read = { scope = 'r' } } } } }";

static void too_late(void *data)
{
    (void)data;
    fail_msg("nothing happened for ten seconds");
}

static void start(struct running *r, struct scripts *s, const char *config)
{
    struct tk_engine_options options = {.config_path = write_config(s, config)};

    *r = (struct running){.s = s};
    assert_int_equal(tk_loop_new(&r->loop), 0);
    if (tk_engine_new(r->loop, &options, &s->problems, &r->engine) != 0) {
        fail_msg("%s", problems_of(s));
    }
    tk_engine_start(r->engine);
    assert_int_equal(tk_timer_new(r->loop, too_late, r, &r->guard), 0);
    tk_timer_set(r->guard, tk_loop_now(r->loop) + 10000);
}

static void stop(struct running *r)
{
    tk_engine_stop(r->engine);
    tk_engine_free(r->engine);
    tk_timer_free(r->guard);
    assert_int_equal(tk_loop_free(r->loop), 0);
}

static void answered(const struct tk_got *got, void *data)
{
    struct running *r = data;

    r->answers++;
    r->refusal = got->refusal;
    r->generation = got->generation;
    snprintf(r->token, sizeof r->token, "%.*s", TK_ARG(got->token));
    tk_loop_stop(r->loop);
}

static struct tk_entry *claim(struct running *r, const char *key)
{
    struct tk_entry *entry = NULL;
    struct tk_why why = {0};

    if (tk_engine_claim(r->engine, tk_str(key), &entry, &why) != 0) {
        fail_msg("%s", why.text);
    }
    return entry;
}

static void wait_for(struct running *r, const char *key, uint64_t newer_than)
{
    r->wait = (struct tk_wait){
        .entry = claim(r, key),
        .want = {.wait_ms = 5000, .newer_than = newer_than},
        .done = answered,
        .data = r,
    };
    tk_engine_wait(r->engine, &r->wait);
    tk_loop_run(r->loop);
}

static void a_cold_key_is_fetched_through_its_provider(void **state)
{
    struct running r;
    struct tk_got got;
    struct tk_want want = {0};

    start(&r, *state, plain);
    wait_for(&r, "crm/client", 0);
    assert_int_equal(r.refusal, TK_REFUSAL_NONE);
    assert_string_equal(r.token, "token-of-all");
    assert_true(tk_engine_get(r.engine, claim(&r, "crm/client"), &want, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_NONE);
    assert_true(tk_engine_is_ready(r.engine));
    stop(&r);
}

static void a_variant_has_a_token_of_its_own(void **state)
{
    struct running r;

    start(&r, *state, plain);
    wait_for(&r, "crm/client/read", 0);
    assert_string_equal(r.token, "token-of-read");
    stop(&r);
}

static void kept_keys_are_fetched_at_start(void **state)
{
    struct running r;

    start(&r, *state,
          "return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
          "  keep = { 'client' } } } }");
    assert_false(tk_engine_is_ready(r.engine));
    wait_for(&r, "crm/client", 0);
    assert_true(tk_engine_is_ready(r.engine));
    assert_int_equal(tk_config_source(tk_engine_config(r.engine), TK_STR("crm"))
                         ->stats.renewed,
                     1);
    stop(&r);
}

/* `keep` is a promise that no policy breaks. */
static void a_policy_cannot_let_a_kept_key_lapse(void **state)
{
    struct scripts *s = *state;
    struct running r;

    folder_write(&s->folder, "policies/off.lua",
                 "return { api = 1, name = 'off',\n"
                 "  decide = function() return lapse('off') end }");
    start(&r, s,
          "return { policy = 'off', sources = { crm = { provider = 'tiny',\n"
          "  url = 'https://x', keep = { 'client' },\n"
          "  tokens = { read = { scope = 'r' } } } } }");
    wait_for(&r, "crm/client", 0);
    wait_for(&r, "crm/client/read", 0);
    assert_int_equal(claim(&r, "crm/client")->plan.verb, TK_RENEW);
    assert_true(claim(&r, "crm/client")->plan.kept);
    assert_int_equal(claim(&r, "crm/client/read")->plan.verb, TK_LAPSE);
    stop(&r);
}

static void a_caller_who_waits_is_answered_when_the_engine_stops(void **state)
{
    struct running r;

    start(&r, *state, plain);
    r.wait = (struct tk_wait){.entry = claim(&r, "crm/client"),
                              .want = {.wait_ms = 5000},
                              .done = answered,
                              .data = &r};
    tk_engine_wait(r.engine, &r.wait);
    stop(&r);
    assert_int_equal(r.answers, 1);
    assert_int_equal(r.refusal, TK_REFUSAL_STOPPING);
}

static void a_broken_file_never_replaces_a_working_one(void **state)
{
    struct scripts *s = *state;
    struct running r;

    start(&r, s, plain);
    wait_for(&r, "crm/client", 0);
    write_config(s, "return { sources = { crm = { provider = 'tiny' } } }");
    assert_int_equal(tk_engine_reload(r.engine, &s->problems), TK_EINVAL);
    assert_non_null(strstr(problems_of(s), "sources.crm.url: is missing"));
    assert_true(
        tk_entry_has_token(claim(&r, "crm/client"), tk_engine_now(r.engine)));
    stop(&r);
}

static void a_reload_keeps_good_tokens_and_takes_new_settings(void **state)
{
    struct scripts *s = *state;
    struct running r;
    uint64_t generation;

    start(&r, s, plain);
    wait_for(&r, "crm/client", 0);
    generation = r.generation;
    write_config(s, "return { sources = { crm = { provider = 'tiny',\n"
                    "  url = 'https://x', max_concurrent = 9 } } }");
    if (tk_engine_reload(r.engine, &s->problems) != 0) {
        fail_msg("%s", problems_of(s));
    }
    assert_int_equal(claim(&r, "crm/client")->source->max_concurrent, 9);
    assert_true(
        tk_entry_has_token(claim(&r, "crm/client"), tk_engine_now(r.engine)));
    wait_for(&r, "crm/client", generation);
    assert_true(r.generation >= generation);
    stop(&r);
}

static void pause_and_resume_name_a_source(void **state)
{
    struct running r;
    struct tk_why why;

    start(&r, *state, plain);
    assert_int_equal(tk_engine_pause(r.engine, TK_STR("hr"), true, &why),
                     TK_ENOENT);
    assert_int_equal(tk_engine_pause(r.engine, TK_STR("crm"), true, &why), 0);
    assert_true(claim(&r, "crm/client")->source->is_paused);
    assert_int_equal(tk_engine_pause(r.engine, TK_STR("crm"), false, &why), 0);
    wait_for(&r, "crm/client", 0);
    assert_int_equal(r.refusal, TK_REFUSAL_NONE);
    stop(&r);
}

static int refuse(const struct tk_config *config, struct tk_problems *problems,
                  void *data)
{
    assert_int_equal(config->source_count, 1);
    ++*(int *)data;
    tk_problem(problems, "listen", "is taken");
    return TK_EBUSY;
}

static void a_configuration_that_its_host_refuses_is_not_taken(void **state)
{
    struct scripts *s = *state;
    int asked = 0;
    struct tk_engine_options options = {.config_path = write_config(s, plain),
                                        .accept = refuse,
                                        .data = &asked};
    struct running r = {.s = s};
    const struct tk_config *before;

    assert_int_equal(tk_loop_new(&r.loop), 0);
    assert_int_equal(tk_engine_new(r.loop, &options, &s->problems, &r.engine),
                     0);
    before = tk_engine_config(r.engine);
    assert_int_equal(tk_engine_reload(r.engine, &s->problems), TK_EINVAL);
    assert_ptr_equal(tk_engine_config(r.engine), before);
    assert_int_equal(asked, 1);
    assert_string_equal(problems_of(s), "listen: is taken\n");
    tk_engine_free(r.engine);
    assert_int_equal(tk_loop_free(r.loop), 0);
}

static const char recorded_in[] =
    "return { record = '$DIR/%s.csv',\n"
    "  sources = { crm = { provider = 'tiny', url = 'https://x' } } }";

static int64_t size_of(struct scripts *s, const char *name)
{
    struct stat file;

    return stat(folder_path(&s->folder, name), &file) == 0 ? file.st_size : -1;
}

static void a_recording_stays_where_a_refused_reload_found_it(void **state)
{
    struct scripts *s = *state;
    int asked = 0;
    struct tk_engine_options options = {.accept = refuse, .data = &asked};
    struct running r = {.s = s};
    struct tk_want want = {0};
    struct tk_got got;
    char text[256];
    int64_t head;

    snprintf(text, sizeof text, recorded_in, "one");
    options.config_path = write_config(s, text);
    assert_int_equal(tk_loop_new(&r.loop), 0);
    assert_int_equal(tk_engine_new(r.loop, &options, &s->problems, &r.engine),
                     0);
    head = size_of(s, "one.csv");
    snprintf(text, sizeof text, recorded_in, "two");
    write_config(s, text);
    assert_int_equal(tk_engine_reload(r.engine, &s->problems), TK_EINVAL);
    (void)!tk_engine_get(r.engine, claim(&r, "crm/client"), &want, &got);
    tk_engine_free(r.engine);
    assert_int_equal(tk_loop_free(r.loop), 0);
    assert_true(size_of(s, "one.csv") > head);
    assert_int_equal(size_of(s, "two.csv"), head);
}

/* The new code names one setting more as identity, which nobody has set. */
static void a_providers_new_code_is_used_and_keeps_its_tokens(void **state)
{
    static const char newer[] =
        "return { api = 1, name = 'tiny',\n"
        "  settings = { url = { type = 'url', required = true },\n"
        "               id = { type = 'text' }, scope = { type = 'text' },\n"
        "               realm = { type = 'text' },\n"
        "               password = { type = 'secret' } },\n"
        "  identity = { 'url', 'id', 'scope', 'realm' },\n"
        "  kinds = { client = { subject = 'variant' } },\n"
        "  fetch = function()\n"
        "    return { token = 'by-new-code', expires_in = 7200 } end }\n";
    struct running r;

    start(&r, *state, plain);
    wait_for(&r, "crm/client", 0);
    folder_write(&r.s->folder, "providers/tiny.lua", newer);
    assert_int_equal(tk_engine_reload(r.engine, &r.s->problems), 0);
    assert_true(
        tk_entry_has_token(claim(&r, "crm/client"), tk_engine_now(r.engine)));
    wait_for(&r, "crm/client", r.generation);
    assert_string_equal(r.token, "by-new-code");
    stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRIPTS(a_providers_new_code_is_used_and_keeps_its_tokens),
        WITH_SCRIPTS(a_configuration_that_its_host_refuses_is_not_taken),
        WITH_SCRIPTS(a_recording_stays_where_a_refused_reload_found_it),
        WITH_SCRIPTS(a_cold_key_is_fetched_through_its_provider),
        WITH_SCRIPTS(a_variant_has_a_token_of_its_own),
        WITH_SCRIPTS(kept_keys_are_fetched_at_start),
        WITH_SCRIPTS(a_policy_cannot_let_a_kept_key_lapse),
        WITH_SCRIPTS(a_caller_who_waits_is_answered_when_the_engine_stops),
        WITH_SCRIPTS(a_broken_file_never_replaces_a_working_one),
        WITH_SCRIPTS(a_reload_keeps_good_tokens_and_takes_new_settings),
        WITH_SCRIPTS(pause_and_resume_name_a_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
