#include "tests/unit/script/provider.h"

#include "script/unit_state.h"

static void a_result_comes_back_later_and_once(void **state)
{
    struct provider *p = *state;

    provider_load(p, "return { token = 'abc-' .. key.kind }");
    provider_start(p);
    assert_int_equal(p->done, 0);
    tk_loop_run(p->loop);
    assert_int_equal(p->done, 1);
    assert_int_equal(p->code, 0);
    assert_string_equal(p->token, "abc-app");
}

static void a_failure_comes_back_as_the_second_result(void **state)
{
    struct provider *p = *state;

    provider_run(p, "return nil, { class = 'rate', code = 'slow' }");
    assert_int_equal(p->code, 0);
    assert_string_equal(p->token, "");
    assert_string_equal(p->class, "rate");
    assert_string_equal(p->error_code, "slow");
}

static void an_error_is_reported_with_its_line(void **state)
{
    struct provider *p = *state;

    provider_run(p, "local x = nil; return x.y");
    assert_int_equal(p->code, TK_ESCRIPT);
    assert_non_null(strstr(p->detail, ":2:"));
}

static void an_endless_loop_is_ended(void **state)
{
    struct provider *p = *state;

    provider_run(p, "while true do end");
    assert_int_equal(p->code, TK_EBUDGET);
}

static void an_endless_loop_inside_pcall_is_ended(void **state)
{
    struct provider *p = *state;

    provider_run(p, "while true do pcall(function() while true do end end) "
                    "end");
    assert_int_equal(p->code, TK_EBUDGET);
}

static void a_memory_hog_is_ended(void **state)
{
    struct provider *p = *state;

    provider_run(p, "local t = {} for i = 1, 1e9 do t[i] = i .. 'x' end");
    assert_true(p->code == TK_ENOMEM || p->code == TK_EBUDGET);
}

static void a_unit_is_usable_after_a_task_was_ended(void **state)
{
    struct provider *p = *state;

    provider_run(p, "if log then local n = (bad or 0) end "
                    "if key.kind == 'app' and not engine.once then "
                    "engine.once = true end return { token = 'ok' }");
    assert_string_equal(p->token, "ok");
    p->token[0] = '\0';
    provider_start(p);
    tk_loop_run(p->loop);
    assert_int_equal(p->done, 2);
    assert_string_equal(p->token, "ok");
}

/* What a task made of tokens does not wait for the collector's own pace. */
static void the_memory_of_a_task_is_given_back_with_its_end(void **state)
{
    struct provider *p = *state;
    size_t used = 0;

    provider_load(p, "local t = {} for i = 1, 100 do t[i] = 'token-' .. i end "
                     "return { token = t[100] }");
    for (int i = 0; i < 5; i++) {
        provider_start(p);
        tk_loop_run(p->loop);
        if (i == 1) used = p->unit->vm->used;
        if (i > 1) assert_int_equal(p->unit->vm->used, used);
    }
}

static void many_tasks_of_one_unit_do_not_mix(void **state)
{
    struct provider *p = *state;
    struct tk_task *first;

    provider_load(p, "local t = engine.token('a') return { token = 'x' }");
    provider_start(p);
    tk_loop_run(p->loop);
    first = p->asking;
    provider_start(p);
    tk_loop_run(p->loop);
    assert_ptr_not_equal(p->asking, first);
    tk_task_give_token(first, TK_STR("one"), "", "");
    assert_int_equal(p->done, 1);
    tk_task_give_token(p->asking, TK_STR("two"), "", "");
    assert_int_equal(p->done, 2);
}

static void a_task_that_is_dropped_is_never_done(void **state)
{
    struct provider *p = *state;

    provider_load(p, "return { token = 'abc' }");
    provider_start(p);
    tk_task_drop(p->task);
    p->task = NULL;
    tk_timer_set(p->guard, TK_NEVER);
    tk_loop_run(p->loop);
    assert_int_equal(p->done, 0);
}

static void a_unit_may_be_closed_while_the_collector_is_due(void **state)
{
    struct provider *p = *state;

    provider_load(p, "local t = engine.token('a') return { token = 'x' }");
    provider_start(p);
    tk_task_drop(p->task);
    p->task = NULL;
    tk_unit_close(p->unit);
    p->unit = NULL;
    tk_timer_set(p->guard, TK_NEVER);
    tk_loop_run(p->loop); /* ends at once: asking for a token has stopped it */
    tk_loop_run(p->loop);
}

static void a_task_that_waits_can_be_dropped(void **state)
{
    struct provider *p = *state;

    provider_run(p, "engine.token('a') return { token = 'abc' }");
    tk_task_drop(p->task);
    p->task = NULL;
    assert_int_equal(p->done, 0);
}

static void a_result_that_is_no_data_is_a_failure(void **state)
{
    struct provider *p = *state;

    provider_run(p, "return { token = function() end }");
    assert_int_equal(p->code, TK_ESCRIPT);
}

static void run_call(struct provider *p, const struct tk_task_call *call)
{
    assert_int_equal(
        tk_task_start(p->unit, call, &p->host, provider_done, p, &p->task), 0);
    tk_loop_run(p->loop);
}

/* The variant's settings stand before the source's, for its tasks alone. */
static void settings_of_a_variant_are_laid_over(void **state)
{
    struct provider *p = *state;
    struct tk_pair settings[] = {
        {TK_STR("scope"), {.type = TK_TEXT, .as.text = TK_STR("all")}},
        {TK_STR("url"), {.type = TK_TEXT, .as.text = TK_STR("u")}},
    };
    struct tk_pair variant = {TK_STR("scope"),
                              {.type = TK_TEXT, .as.text = TK_STR("read")}};
    struct tk_value laid_over = {
        .type = TK_TABLE, .as.table = {.pairs = &variant, .pair_count = 1}};
    struct tk_value options = {
        .type = TK_TABLE, .as.table = {.pairs = settings, .pair_count = 2}};
    struct tk_task_call call = {
        .function = "fetch",
        .key = tk_key_split(TK_STR("crm/client/read")),
        .variant = &laid_over,
    };

    provider_load(p, "return { token = settings.scope .. settings.url }");
    assert_int_equal(tk_unit_set_options(p->unit, &options, NULL), 0);
    run_call(p, &call);
    assert_string_equal(p->token, "readu");
    provider_start(p);
    tk_loop_run(p->loop);
    assert_string_equal(p->token, "allu");
    settings[1].value.as.text = TK_STR("v");
    assert_int_equal(tk_unit_set_options(p->unit, &options, NULL), 0);
    run_call(p, &call);
    run_call(p, &call);
    assert_string_equal(p->token, "readv");
}

static void a_task_is_told_the_parts_of_its_key(void **state)
{
    struct provider *p = *state;
    struct tk_task_call call = {.function = "fetch",
                                .key = tk_key_split(TK_STR("s/k/sub"))};

    provider_load(p, "return { token = key.text .. '-' .. key.source .. '-' .. "
                     "key.kind .. '-' .. key.subject }");
    run_call(p, &call);
    assert_string_equal(p->token, "s/k/sub-s-k-sub");
}

static void a_function_that_is_not_there_cannot_be_started(void **state)
{
    struct provider *p = *state;
    struct tk_task_call call = {.function = "parse"};

    provider_load(p, "return { token = 'abc' }");
    assert_int_equal(
        tk_task_start(p->unit, &call, &p->host, provider_done, p, &p->task),
        TK_ENOENT);
    p->task = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROVIDER(a_result_comes_back_later_and_once),
        WITH_PROVIDER(a_failure_comes_back_as_the_second_result),
        WITH_PROVIDER(an_error_is_reported_with_its_line),
        WITH_PROVIDER(an_endless_loop_is_ended),
        WITH_PROVIDER(an_endless_loop_inside_pcall_is_ended),
        WITH_PROVIDER(a_memory_hog_is_ended),
        WITH_PROVIDER(a_unit_is_usable_after_a_task_was_ended),
        WITH_PROVIDER(the_memory_of_a_task_is_given_back_with_its_end),
        WITH_PROVIDER(many_tasks_of_one_unit_do_not_mix),
        WITH_PROVIDER(a_task_that_is_dropped_is_never_done),
        WITH_PROVIDER(a_unit_may_be_closed_while_the_collector_is_due),
        WITH_PROVIDER(a_task_that_waits_can_be_dropped),
        WITH_PROVIDER(a_result_that_is_no_data_is_a_failure),
        WITH_PROVIDER(settings_of_a_variant_are_laid_over),
        WITH_PROVIDER(a_task_is_told_the_parts_of_its_key),
        WITH_PROVIDER(a_function_that_is_not_there_cannot_be_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
