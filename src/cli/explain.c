#include "cli/explain.h"

#include "cli/call.h"

enum {
    LABEL_WIDTH = 9,
    LINE_MAX_BYTES = 4096,
    OUTPUT_MAX_BYTES = 64 * 1024,
};

static const struct tk_option options[] = {
    TK_OPTION_JSON,
    TK_OPTION_SOCKET,
    TK_OPTION_DIR,
};

/* One line while it is written, and where it goes. */
struct page {
    const struct tk_show *show;
    struct tk_buf *out;
    struct tk_buf line;
};

static void end_line(struct page *page, const char *label)
{
    const char *dim = tk_show_colour(page->show, TK_COLOUR_DIM);
    const char *plain = tk_show_colour(page->show, TK_COLOUR_NONE);

    tk_buf_printf(page->out, "  %s%-*s%s", dim, LABEL_WIDTH, label, plain);
    tk_show_wrap(page->show, page->out, 2 + LABEL_WIDTH, 2 + LABEL_WIDTH,
                 tk_buf_str(&page->line));
    tk_buf_clear(&page->line);
}

static void put_value(struct page *page, const struct tk_value *value)
{
    tk_buf_put_str(&page->line, tk_show_text(value));
}

static void put_seconds(struct page *page, const char *before,
                        const struct tk_value *value, const char *after)
{
    char span[TK_SPAN_TEXT];

    tk_buf_put_text(&page->line, before);
    tk_buf_put_text(&page->line, tk_show_seconds(value, span));
    tk_buf_put_text(&page->line, after);
}

static void put_count(struct page *page, const struct tk_value *value)
{
    int64_t number = 0;

    if (!tk_value_int(value, &number)) {
        tk_buf_put_byte(&page->line, '-');
    } else {
        tk_buf_put_int(&page->line, number);
    }
}

/* "in 5m", or "now". */
static void put_in(struct tk_buf *out, const struct tk_value *value,
                   const char *in)
{
    char span[TK_SPAN_TEXT];
    double seconds;

    if (!tk_show_number(value, &seconds)) return;
    if (seconds <= 0) {
        tk_buf_put_text(out, " now");
    } else {
        tk_buf_printf(out, " %s%s", in, tk_show_seconds(value, span));
    }
}

void tk_explain_next(const struct tk_value *next, const char *between,
                     struct tk_buf *out)
{
    struct tk_str what = tk_value_text(tk_value_get(next, "what"));

    if (what.len == 0 || tk_str_is(what, "none")) {
        tk_buf_put_byte(out, '-');
        return;
    }
    tk_buf_put_str(out, what);
    if (tk_str_is(what, "lapse") && between[0] != '\0') {
        tk_buf_put_text(out, " (let it end)");
    }
    put_in(out, tk_value_get(next, "in"), between);
}

static void print_token(struct page *page, const struct tk_value *answer)
{
    const struct tk_value *token = tk_value_get(answer, "token");

    if (token == NULL || token->type != TK_TABLE) {
        tk_buf_put_text(&page->line, "none");
        end_line(page, "token");
        return;
    }
    put_seconds(page, "", tk_value_get(token, "remaining"), " left of ");
    put_seconds(page, "", tk_value_get(token, "life"), ", ");
    put_seconds(page, "", tk_value_get(token, "age"), " old, ends ");
    put_value(page, tk_value_get(token, "expires_at"));
    end_line(page, "token");
}

static void print_issuer(struct page *page, const struct tk_value *answer)
{
    const struct tk_value *issuer = tk_value_get(answer, "issuer");
    const struct tk_value *learned = tk_value_get(issuer, "learned");
    const struct tk_value *not_before = tk_value_get(learned, "not_before_in");
    double seconds;

    put_value(page, tk_value_get(issuer, "facts"));
    if (tk_show_number(tk_value_get(issuer, "renewable_in"), &seconds)) {
        tk_buf_put_text(&page->line, ", that is");
        put_in(&page->line, tk_value_get(issuer, "renewable_in"), "in ");
    }
    if (tk_show_number(not_before, &seconds)) {
        put_seconds(page, "; learned: nothing new for ", not_before, "");
    }
    end_line(page, "issuer");
}

static void print_learned(struct page *page, const struct tk_value *answer)
{
    const struct tk_value *learned =
        tk_value_get(tk_value_get(answer, "issuer"), "learned");
    const struct tk_value *p50 = tk_value_get(learned, "latency_p50");
    int64_t ends = 0;
    double seconds;

    if (!tk_show_number(p50, &seconds)) return;
    put_seconds(page, "half of the refreshes take at most ", p50, ", 99 % ");
    put_seconds(page, "", tk_value_get(learned, "latency_p99"), "");
    if (tk_show_number(tk_value_get(learned, "same_token_at"), &seconds)) {
        put_seconds(page, "; the same token came with ",
                    tk_value_get(learned, "same_token_at"), " left");
    }
    if (tk_value_int(tk_value_get(learned, "early_ends"), &ends) && ends > 0) {
        tk_buf_printf(&page->line, "; %lld reported before their end",
                      (long long)ends);
        put_seconds(page, ", the soonest after ",
                    tk_value_get(learned, "shortest_life"), "");
    }
    end_line(page, "learned");
}

static void print_policy(struct page *page, const struct tk_value *answer)
{
    const struct tk_value *policy = tk_value_get(answer, "policy");
    struct tk_str verb = tk_value_text(tk_value_get(policy, "verb"));
    struct tk_str why = tk_value_text(tk_value_get(policy, "why"));

    put_value(page, tk_value_get(policy, "name"));
    if (verb.len == 0) {
        tk_buf_put_text(&page->line, " has not been asked yet");
    } else {
        tk_buf_printf(&page->line, " says %.*s", TK_ARG(verb));
        if (!tk_str_is(verb, "lapse")) {
            put_in(&page->line, tk_value_get(policy, "asked_in"), "in ");
        }
    }
    if (why.len > 0) tk_buf_printf(&page->line, " (%.*s)", TK_ARG(why));
    put_seconds(page, "; looks every ", tk_value_get(policy, "check_interval"),
                "");
    if (tk_str_is(tk_value_text(tk_value_get(policy, "chosen")), "api")) {
        tk_buf_put_text(&page->line, "; chosen over the API");
    }
    if (tk_show_is_true(tk_value_get(policy, "kept"))) {
        tk_buf_put_text(&page->line,
                        "; overruled, because the key is to be kept");
    }
    if (tk_show_is_true(tk_value_get(policy, "fallback"))) {
        tk_buf_put_text(&page->line,
                        "; it failed, so this is the built-in rule");
    }
    end_line(page, "policy");
}

static void print_plan(struct page *page, const struct tk_value *answer)
{
    const struct tk_value *next = tk_value_get(answer, "next");
    struct tk_str clamp = tk_value_text(tk_value_get(answer, "clamp"));
    struct tk_str why = tk_value_text(tk_value_get(next, "why"));
    double spread;

    tk_buf_put_str(&page->line, clamp.len == 0 ? TK_STR("none") : clamp);
    end_line(page, "clamp");
    if (tk_show_number(tk_value_get(answer, "spread"), &spread) && spread > 0) {
        put_seconds(page, "", tk_value_get(answer, "spread"), " earlier");
    } else {
        tk_buf_put_text(&page->line, "none");
    }
    end_line(page, "spread");
    tk_explain_next(next, "in ", &page->line);
    if (why.len > 0) {
        tk_buf_printf(&page->line, " (%.*s)", TK_ARG(why));
    }
    end_line(page, "next");
}

/* What a policy that is compared with this one would do. */
static void print_shadow(struct page *page, const struct tk_value *answer)
{
    const struct tk_value *shadow = tk_value_get(answer, "shadow");
    struct tk_str why = tk_value_text(tk_value_get(shadow, "why"));

    if (shadow == NULL || shadow->type != TK_TABLE) return;
    put_value(page, tk_value_get(shadow, "policy"));
    tk_buf_put_text(&page->line, " would ");
    tk_explain_next(tk_value_get(shadow, "next"), "in ", &page->line);
    if (why.len > 0) tk_buf_printf(&page->line, " (%.*s)", TK_ARG(why));
    end_line(page, "shadow");
}

static void print_refresh(struct page *page, const struct tk_value *answer)
{
    const struct tk_value *refresh = tk_value_get(answer, "refresh");
    const char *state = "none on its way; ";
    double wait;

    if (tk_show_is_true(tk_value_get(refresh, "running"))) {
        state = "on its way; ";
    } else if (tk_show_is_true(tk_value_get(refresh, "queued"))) {
        state = "waits for its turn; ";
    }
    tk_buf_put_text(&page->line, state);
    if (tk_value_get(refresh, "ahead") != NULL) {
        put_count(page, tk_value_get(refresh, "ahead"));
        tk_buf_put_text(&page->line, " ahead; ");
    }
    if (tk_show_number(tk_value_get(refresh, "budget_wait"), &wait) &&
        wait > 0) {
        put_seconds(page, "the budget lets the next start in ",
                    tk_value_get(refresh, "budget_wait"), "; ");
    }
    put_count(page, tk_value_get(refresh, "active"));
    tk_buf_put_text(&page->line, " of ");
    put_count(page, tk_value_get(refresh, "max_concurrent"));
    tk_buf_put_text(&page->line, " places of the source taken");
    end_line(page, "refresh");
}

static void put_detail(struct page *page, const struct tk_value *detail)
{
    if (detail == NULL) return;
    tk_buf_put_text(&page->line, " (");
    put_value(page, detail);
    tk_buf_put_byte(&page->line, ')');
}

static void print_failure(struct page *page, const struct tk_value *answer)
{
    const struct tk_value *failure = tk_value_get(answer, "failure");

    if (failure == NULL || failure->type != TK_TABLE) {
        tk_buf_put_text(&page->line, "none");
        end_line(page, "failure");
        return;
    }
    put_value(page, tk_value_get(failure, "class"));
    tk_buf_put_byte(&page->line, ' ');
    put_value(page, tk_value_get(failure, "code"));
    put_detail(page, tk_value_get(failure, "detail"));
    tk_buf_put_text(&page->line, ", ");
    put_count(page, tk_value_get(failure, "count"));
    put_seconds(page, " in a row, the last ", tk_value_get(failure, "ago"),
                " ago; next try");
    put_in(&page->line, tk_value_get(failure, "next_try_in"), "in ");
    end_line(page, "failure");
}

static void print_demand(struct page *page, const struct tk_value *answer)
{
    const struct tk_value *demand = tk_value_get(answer, "demand");
    double number;

    put_count(page, tk_value_get(demand, "uses"));
    tk_buf_put_text(&page->line, " uses");
    if (tk_show_number(tk_value_get(demand, "idle"), &number)) {
        put_seconds(page, ", the last ", tk_value_get(demand, "idle"), " ago");
    }
    if (tk_show_number(tk_value_get(demand, "rate"), &number)) {
        tk_buf_printf(&page->line, ", %.1f an hour", number);
    }
    end_line(page, "demand");
}

static void put_credential(struct page *page, const struct tk_value *credential)
{
    if (tk_str_is(tk_value_text(tk_value_get(credential, "in_use")), "next")) {
        tk_buf_put_text(&page->line, ", the next secret is in use");
    }
    if (tk_show_is_true(tk_value_get(credential, "refused"))) {
        tk_buf_put_text(&page->line, ", credential refused (");
        put_value(page, tk_value_get(credential, "code"));
        tk_buf_put_byte(&page->line, ')');
    }
}

static void print_source(struct page *page, const struct tk_value *answer)
{
    const struct tk_value *source = tk_value_get(answer, "source");
    const struct tk_value *reject = tk_value_get(answer, "reject");
    int64_t rejected = 0;

    put_value(page, tk_value_get(source, "name"));
    tk_buf_put_text(&page->line, ", provider ");
    put_value(page, tk_value_get(source, "provider"));
    if (tk_show_is_true(tk_value_get(source, "paused"))) {
        tk_buf_put_text(&page->line, ", paused");
    }
    if (tk_value_get(source, "held_for") != NULL) {
        put_seconds(page, ", held by its issuer for ",
                    tk_value_get(source, "held_for"), "");
    }
    put_credential(page, tk_value_get(source, "credential"));
    end_line(page, "source");
    if (!tk_value_int(tk_value_get(reject, "rejected"), &rejected) ||
        rejected == 0) {
        tk_buf_put_text(&page->line, "none");
    } else {
        tk_buf_put_text(&page->line, "generation ");
        tk_buf_put_int(&page->line, rejected);
        tk_buf_put_text(&page->line, " was reported");
    }
    if (tk_show_is_true(tk_value_get(reject, "poisoned"))) {
        tk_buf_put_text(&page->line, "; the issuer gives the same one again");
    }
    end_line(page, "reject");
}

void tk_explain_print(const struct tk_value *answer, const struct tk_show *show,
                      struct tk_buf *out)
{
    struct tk_str state = tk_show_text(tk_value_get(answer, "state"));
    struct page page = {.show = show, .out = out};

    tk_buf_init(&page.line, LINE_MAX_BYTES);
    tk_buf_printf(out, "%.*s is %s%.*s%s\n",
                  TK_ARG(tk_show_text(tk_value_get(answer, "key"))),
                  tk_show_colour(show, tk_show_state_colour(state)),
                  TK_ARG(state), tk_show_colour(show, TK_COLOUR_NONE));
    print_token(&page, answer);
    print_issuer(&page, answer);
    print_learned(&page, answer);
    print_policy(&page, answer);
    print_plan(&page, answer);
    print_shadow(&page, answer);
    print_refresh(&page, answer);
    print_failure(&page, answer);
    print_demand(&page, answer);
    print_source(&page, answer);
    tk_buf_fini(&page.line);
}

static enum tk_exit print(struct tk_engine_call *call,
                          const struct tk_args *args)
{
    struct tk_buf text;
    enum tk_exit status;

    if (tk_args_has(args, "json")) return tk_call_put_json(call);
    tk_buf_init(&text, OUTPUT_MAX_BYTES);
    tk_explain_print(&call->body, call->show, &text);
    status = tk_show_put(call->show, &text);
    tk_buf_fini(&text);
    return status;
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    struct tk_engine_call call;
    struct tk_buf path;
    enum tk_exit status = tk_call_check_key(show, args->words[0]);

    if (status != TK_EXIT_OK) return status;
    status = tk_call_open(&call, args, show);
    if (status != TK_EXIT_OK) return status;
    tk_buf_init(&path, TK_CALL_PATH);
    tk_buf_printf(&path, "/v1/explain/%s", args->words[0]);
    status = tk_call_ask(&call, "GET", tk_buf_text(&path), TK_STR(""),
                         TK_CALL_TIMEOUT_MS);
    if (status == TK_EXIT_OK) status = print(&call, args);
    tk_buf_fini(&path);
    tk_call_close(&call);
    return status;
}

const struct tk_command tk_explain_command = {
    .name = "explain",
    .words = "KEY",
    .summary = "why a key is as it is, and what is next for it",
    .about = "Prints the chain that leads to the next refresh of KEY: its "
             "token, the issuer's rules, what the policy said, what was made "
             "of it, failures, demand.",
    .example = "tokeng explain feishu/tenant/2ed263bf",
    TK_COMMAND_OPTIONS(options),
    .word_count = 1,
    .run = run,
};
