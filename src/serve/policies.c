#include "serve/policies.h"

#include "engine/chooser.h"
#include "serve/next.h"

/* --- as JSON --- */

static void put_choice(struct tk_json *json, const char *name,
                       const struct tk_policy *policy)
{
    tk_json_name(json, name);
    if (policy == NULL) {
        tk_json_null(json);
        return;
    }
    tk_json_open(json, '{');
    tk_choice_write(&policy->choice, json);
    tk_json_close(json, '}');
}

static void put_refusal(struct tk_json *json, const struct tk_post *post,
                        int64_t now)
{
    tk_json_name(json, "refused");
    if (post->refused_at == 0) {
        tk_json_null(json);
        return;
    }
    tk_json_open(json, '{');
    tk_json_put_text(json, "why", post->refusal.text);
    tk_next_write_span(json, "ago", now - post->refused_at);
    tk_json_close(json, '}');
}

static void put_script(struct tk_json *json, const struct tk_policy *policy)
{
    if (policy->unit != NULL) {
        tk_json_put_text(json, "path", tk_unit_path(policy->unit));
    }
    tk_next_write_span(json, "check_interval", policy->check_interval_ms);
    tk_json_put_bool(json, "behind", tk_watch_is_behind(&policy->watch));
    tk_json_put_bool(json, "gone", policy->watch.is_gone);
    tk_json_put_bool(json, "out", policy->decide.is_out);
    tk_json_put_count(json, "calls", policy->decide.calls);
    tk_json_put_count(json, "failures", policy->decide.failures);
}

void tk_policies_write(const struct tk_source *source, int64_t now,
                       struct tk_json *json)
{
    const struct tk_post *post = &source->post;

    tk_json_open(json, '{');
    tk_json_put_text(json, "source", source->name);
    tk_choice_write(&source->policy->choice, json);
    tk_json_put_text(json, "chosen", post->is_chosen ? "api" : "configuration");
    tk_json_put_bool(json, "drift", tk_source_has_drifted(source));
    put_choice(json, "configured", post->configured);
    put_choice(json, "before", post->before);
    put_script(json, source->policy);
    tk_json_put_count(json, "swaps", post->swaps);
    tk_next_write_span(json, "since",
                       post->since == 0 ? -1 : now - post->since);
    put_refusal(json, post, now);
    tk_json_close(json, '}');
}

static void put_name(struct tk_str name, void *data)
{
    tk_json_text(data, name);
}

void tk_policies_answer(struct tk_desk *desk, struct tk_request *request)
{
    const struct tk_config *config = tk_engine_config(desk->engine);
    struct tk_buf out;
    struct tk_json json = {.out = &out};

    tk_buf_init(&out, TK_DESK_ANSWER_MAX);
    tk_json_open(&json, '{');
    tk_json_name(&json, "sources");
    tk_json_open(&json, '[');
    for (size_t i = 0; i < config->source_count; i++) {
        tk_policies_write(config->sources[i], tk_engine_now(desk->engine),
                          &json);
    }
    tk_json_close(&json, ']');
    tk_json_name(&json, "installed");
    tk_json_open(&json, '[');
    tk_library_each_policy(&config->library, put_name, &json);
    tk_json_close(&json, ']');
    tk_json_close(&json, '}');
    tk_desk_send_json(request, 200, &out);
    tk_buf_fini(&out);
}

/* --- another policy --- */

static void put_trial(struct tk_json *json, const struct tk_trial *trial)
{
    tk_json_name(json, "trial");
    tk_json_open(json, '{');
    tk_json_put_count(json, "asked", trial->asked);
    tk_json_put_count(json, "renew", trial->renews);
    tk_json_put_count(json, "ask", trial->asks);
    tk_json_put_count(json, "lapse", trial->lapses);
    tk_json_put_count(json, "at_once", trial->at_once);
    tk_json_close(json, '}');
}

static void say_trial(struct tk_buf *detail, const struct tk_trial *trial)
{
    if (trial->asked == 0) {
        tk_buf_put_text(detail, "; no key has a token that it could be tried "
                                "on");
        return;
    }
    tk_buf_printf(detail,
                  "; tried on %u keys: %u to renew (%u of them at once), %u "
                  "to be asked about again, %u to lapse",
                  trial->asked, trial->renews, trial->at_once, trial->asks,
                  trial->lapses);
}

static void send_result(struct tk_desk *desk, struct tk_request *request,
                        const struct tk_source *source, const char *result,
                        const struct tk_chosen *chosen, struct tk_buf *detail)
{
    struct tk_buf out;
    struct tk_json json = {.out = &out};

    if (chosen->trial.is_made) say_trial(detail, &chosen->trial);
    if (chosen->not_kept.code != 0) {
        tk_buf_printf(detail, "; a restart undoes this: %s",
                      chosen->not_kept.text);
    }
    tk_buf_init(&out, TK_DESK_ANSWER_MAX);
    tk_json_open(&json, '{');
    tk_json_put_text(&json, "result", result);
    tk_json_name(&json, "detail");
    tk_json_text(&json, tk_buf_str(detail));
    if (chosen->trial.is_made) put_trial(&json, &chosen->trial);
    tk_json_put_bool(&json, "kept", chosen->not_kept.code == 0);
    tk_json_name(&json, "now");
    tk_policies_write(source, tk_engine_now(desk->engine), &json);
    tk_json_close(&json, '}');
    tk_desk_send_json(request, 200, &out);
    tk_buf_fini(&out);
}

struct tk_source *tk_policies_find(struct tk_desk *desk,
                                   struct tk_request *request,
                                   struct tk_str name)
{
    struct tk_source *source =
        tk_config_source(tk_engine_config(desk->engine), name);

    if (!tk_key_is_part(name)) {
        tk_desk_refuse_input(request, "bad_request",
                             "what follows the last '/' is no name of a "
                             "source");
        return NULL;
    }
    if (source == NULL) tk_desk_refuse_source(request, name);
    return source;
}

void tk_policies_refuse(struct tk_request *request,
                        const struct tk_problems *problems)
{
    struct tk_http_problem problem = {
        .status = 400,
        .code = "policy",
        .detail = "the policy is not taken; the one before it stays in force",
        .problems = problems,
    };

    tk_desk_refuse(request, &problem);
}

static void choose(struct tk_desk *desk, struct tk_request *request,
                   struct tk_source *source, const struct tk_value *choice,
                   bool is_trial)
{
    struct tk_problems problems;
    struct tk_chosen chosen;
    struct tk_buf detail;

    tk_problems_init(&problems);
    tk_buf_init(&detail, TK_DESK_ANSWER_MAX);
    if (tk_chooser_choose(tk_engine_chooser(desk->engine), source, choice,
                          is_trial, &chosen, &problems) != 0) {
        tk_policies_refuse(request, &problems);
    } else {
        tk_buf_printf(&detail,
                      is_trial ? "%.*s would do for %s"
                               : "%.*s decides for %s now",
                      TK_ARG(tk_policy_chosen_name(choice)), source->name);
        send_result(desk, request, source, is_trial ? "tried" : "chosen",
                    &chosen, &detail);
    }
    tk_buf_fini(&detail);
    tk_problems_fini(&problems);
}

bool tk_policies_read(struct tk_request *request, struct tk_pool *pool,
                      struct tk_value *out)
{
    struct tk_value body;
    struct tk_why why;

    if (tk_json_parse(tk_request_body(request), pool, &body, &why) == 0 &&
        tk_choice_read(&body, pool, out, &why) == 0) {
        return true;
    }
    tk_desk_refuse_input(request, "bad_request", why.text);
    return false;
}

void tk_policies_put(struct tk_desk *desk, struct tk_request *request,
                     struct tk_str name)
{
    struct tk_source *source = tk_policies_find(desk, request, name);
    bool is_trial = tk_str_is(tk_request_query(request, "trial"), "1");
    struct tk_value choice;
    struct tk_pool pool;

    if (source == NULL) return;
    tk_pool_init(&pool, TK_POLICIES_BODY_MAX);
    if (tk_policies_read(request, &pool, &choice)) {
        choose(desk, request, source, &choice, is_trial);
    }
    tk_pool_fini(&pool);
}

static void send_return(struct tk_desk *desk, struct tk_request *request,
                        const struct tk_source *source, const char *result,
                        const struct tk_chosen *chosen)
{
    struct tk_buf detail;

    tk_buf_init(&detail, TK_DESK_ANSWER_MAX);
    tk_buf_printf(&detail, "%s decides for %s again", source->policy->name,
                  source->name);
    send_result(desk, request, source, result, chosen, &detail);
    tk_buf_fini(&detail);
}

void tk_policies_drop(struct tk_desk *desk, struct tk_request *request,
                      struct tk_str name)
{
    struct tk_source *source = tk_policies_find(desk, request, name);
    struct tk_chosen chosen;

    if (source == NULL) return;
    tk_chooser_reset(tk_engine_chooser(desk->engine), source, &chosen);
    send_return(desk, request, source, "reset", &chosen);
}

void tk_policies_roll_back(struct tk_desk *desk, struct tk_request *request,
                           struct tk_str name)
{
    struct tk_source *source = tk_policies_find(desk, request, name);
    struct tk_http_problem problem = {.status = 409,
                                      .code = "no_policy_before"};
    struct tk_chosen chosen;
    struct tk_why why;

    if (source == NULL) return;
    if (tk_chooser_back(tk_engine_chooser(desk->engine), source, &chosen,
                        &why) != 0) {
        problem.detail = why.text;
        tk_desk_refuse(request, &problem);
        return;
    }
    send_return(desk, request, source, "rolled_back", &chosen);
}
