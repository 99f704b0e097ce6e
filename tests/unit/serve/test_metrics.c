#include "serve/metrics.h"

#include "tests/unit/serve/scene.h"

static struct tk_str scrape(struct scene *s)
{
    struct tk_census census;
    struct tk_metrics_view view = {.config = &s->config,
                                   .census = &census,
                                   .uptime_ms = 61500,
                                   .longest = {.turn_us = 1213, .cpu_us = 907},
                                   .connections = 4,
                                   .rows_lost = 7};

    assert_int_equal(
        tk_census_take(s->f->fleet, &s->config, s->f->now, &census), 0);
    tk_buf_clear(&s->out);
    tk_metrics_write(&view, &s->out);
    tk_census_fini(&census);
    assert_int_equal(s->out.failed, 0);
    return tk_buf_str(&s->out);
}

static void the_engine_tells_of_itself(void **state)
{
    struct tk_str text = scrape(*state);

    holds(text, "\ntokeng_build_info{version=\"" TOKENG_VERSION "\"} 1\n");
    holds(text, "\ntokeng_uptime_seconds 61.500000\n");
    holds(text, "\ntokeng_loop_longest_turn_seconds 0.001213\n");
    holds(text, "\ntokeng_loop_longest_turn_cpu_seconds 0.000907\n");
    holds(text, "\ntokeng_connections 4\n");
    holds(text, "\ntokeng_recording_lost_total 7\n");
    holds(text, "\ntokeng_callers_waiting 0\n");
    holds(text, "\ntokeng_secret_memory_locked 1\n");
    holds(text, "\ntokeng_secret_memory_bytes 0\n");
}

static void every_counter_of_a_source_is_there(void **state)
{
    struct scene *s = *state;
    struct tk_str text;

    s->f->source.stats = (struct tk_source_stats){.hits = 11,
                                                  .cold = 12,
                                                  .cold_failed = 13,
                                                  .renewed = 14,
                                                  .extended = 15,
                                                  .unchanged = 16,
                                                  .failed = 17,
                                                  .rejected = 18,
                                                  .late_rejects = 19,
                                                  .withdrawn = 20,
                                                  .early = 21};
    text = scrape(s);
    holds(text, "\ntokeng_hits_total{source=\"crm\"} 11\n");
    holds(text, "\ntokeng_hits_total{source=\"hr\"} 0\n");
    holds(text, "\ntokeng_cold_total{source=\"crm\"} 12\n");
    holds(text, "\ntokeng_cold_failed_total{source=\"crm\"} 13\n");
    holds(text, "refreshes_total{source=\"crm\",result=\"renewed\"} 14\n");
    holds(text, "refreshes_total{source=\"crm\",result=\"extended\"} 15\n");
    holds(text, "refreshes_total{source=\"crm\",result=\"unchanged\"} 16\n");
    holds(text, "refreshes_total{source=\"crm\",result=\"early\"} 21\n");
    holds(text, "refreshes_total{source=\"crm\",result=\"failed\"} 17\n");
    holds(text, "rejects_total{source=\"crm\",result=\"current\"} 18\n");
    holds(text, "rejects_total{source=\"crm\",result=\"late\"} 19\n");
    holds(text, "rejects_total{source=\"crm\",result=\"held\"} 0\n");
    holds(text, "rejects_total{source=\"crm\",result=\"unknown\"} 0\n");
    holds(text, "tokeng_late_answers_total{source=\"crm\"} 0\n");
    holds(text, "\ntokeng_withdrawn_total{source=\"crm\"} 20\n");
}

static void what_a_refresh_takes_is_shown(void **state)
{
    struct scene *s = *state;

    tk_learned_took(&s->f->source.learned[0], LIFE, 100);
    holds(scrape(s), "\ntokeng_refresh_latency_seconds{source=\"crm\",kind="
                     "\"client\",quantile=\"0.99\"} 0.128");
}

static void what_sources_do_is_shown(void **state)
{
    struct scene *s = *state;
    struct tk_str text;

    s->f->source.max_concurrent = 1;
    tk_refresh_want(s->f->fleet, claim(s->f, "crm/client/a"),
                    TK_URGENCY_PLANNED, s->f->now);
    tk_refresh_want(s->f->fleet, claim(s->f, "crm/client/b"),
                    TK_URGENCY_PLANNED, s->f->now);
    s->hr.is_paused = true;
    text = scrape(s);
    holds(text, "\ntokeng_refreshes_active{source=\"crm\"} 1\n");
    holds(text, "\ntokeng_refreshes_queued{source=\"crm\"} 1\n");
    holds(text, "\ntokeng_refreshes_queued{source=\"hr\"} 0\n");
    holds(text, "\ntokeng_source_paused{source=\"crm\"} 0\n");
    holds(text, "\ntokeng_source_paused{source=\"hr\"} 1\n");
}

static void keys_are_shown_by_state_and_never_by_name(void **state)
{
    struct scene *s = *state;
    struct tk_str text;

    fresh(s->f, "crm/client/somebody", "secret-1", LIFE);
    fresh(s->f, "crm/client/somebody-else", "secret-2", LIFE);
    text = scrape(s);
    holds(text, "\ntokeng_tokens{source=\"crm\",state=\"fresh\"} 2\n");
    holds(text, "\ntokeng_tokens{source=\"crm\",state=\"poisoned\"} 0\n");
    holds(text, "\ntokeng_tokens{source=\"hr\",state=\"fresh\"} 0\n");
    holds(text, "\ntokeng_token_expiry_seconds{source=\"crm\"} 7199.8");
    holds_not(text, "expiry_seconds{source=\"hr\"}");
    holds_not(text, "somebody");
    holds_not(text, "secret-");
}

/* The name of a line, up to '{' or ' '. */
static struct tk_str family_of(struct tk_str line)
{
    size_t len = 0;

    while (len < line.len && line.data[len] != '{' && line.data[len] != ' ') {
        len++;
    }
    return tk_str_of(line.data, len);
}

/* As a reader of the format takes it: each sample under the head of its
 * family, each family once, each series once. */
static void the_text_keeps_to_the_format(void **state)
{
    struct scene *s = *state;
    struct tk_str text;
    struct tk_str family = TK_STR("");
    struct tk_map seen;
    int lines = 0;

    fresh(s->f, "crm/client/a", "t", LIFE);
    text = scrape(s);
    assert_true(text.len > 0 && text.data[text.len - 1] == '\n');
    text.len--;
    tk_map_init(&seen);
    while (text.data != NULL) {
        struct tk_str line = tk_str_cut(&text, '\n');

        lines++;
        if (tk_str_starts(line, TK_STR("# HELP "))) {
            struct tk_str rest = tk_str_skip(line, 7);

            family = tk_str_cut(&rest, ' ');
            assert_true(rest.len > 0);
            line = tk_str_cut(&text, '\n');
            assert_true(tk_str_starts(line, TK_STR("# TYPE ")));
            assert_true(tk_str_starts(tk_str_skip(line, 7), family));
            line = family;
        } else {
            assert_text(family_of(line), family);
            while (line.data[line.len - 1] != ' ') line.len--;
        }
        if (tk_map_get(&seen, line) != NULL) {
            fail_msg("%.*s comes twice", TK_ARG(line));
        }
        assert_int_equal(tk_map_put(&seen, line, s), 0);
    }
    tk_map_fini(&seen);
    assert_in_range(lines, 60, 180);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(the_engine_tells_of_itself),
        IN_SCENE(every_counter_of_a_source_is_there),
        IN_SCENE(what_a_refresh_takes_is_shown),
        IN_SCENE(what_sources_do_is_shown),
        IN_SCENE(keys_are_shown_by_state_and_never_by_name),
        IN_SCENE(the_text_keeps_to_the_format),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
