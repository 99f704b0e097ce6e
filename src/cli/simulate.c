#include "cli/simulate.h"

#include "base/log.h"
#include "cli/scores.h"

enum { OUTPUT_MAX_BYTES = 64 * 1024 * 1024 };

static const struct tk_option options[] = {
    {"trace", '\0', TK_OPTION_TEXT, "FILE",
     "who used what when: seconds,key as CSV, plain or gz"},
    {"policy", '\0', TK_OPTION_TEXTS, "NAME",
     "a policy to try, by name or file; may be given several times"},
    {"set", '\0', TK_OPTION_TEXTS, "POLICY.OPTION=VALUE",
     "an option of it; with several values, A,B,C, each is tried"},
    {"tick", '\0', TK_OPTION_SPAN, "SPAN",
     "check_interval of all policies (their own)"},
    {"learn", '\0', TK_OPTION_SPAN, "SPAN",
     "what happens before is not judged (0)"},
    {"life", '\0', TK_OPTION_SPAN, "SPAN", "of a token (2h)"},
    {"window", '\0', TK_OPTION_SPAN, "SPAN",
     "life left below which the issuer gives a new token (0: always)"},
    {"latency", '\0', TK_OPTION_SPAN, "SPAN", "of a call (500ms)"},
    {"fail-rate", '\0', TK_OPTION_SHARE, "SHARE", "calls that bring nothing"},
    {"skew", '\0', TK_OPTION_SPAN, "SPAN",
     "tokens are refused so long before their end"},
    {"concurrent", '\0', TK_OPTION_COUNT, "N", "calls at a time (1000)"},
    {"seed", '\0', TK_OPTION_COUNT, "N", "other chances"},
    TK_OPTION_JSON,
};

/* All that a simulation holds. Owned by run. */
struct simulation {
    const struct tk_args *args;
    const struct tk_show *show;
    struct tk_library library;
    struct tk_trace trace;
    struct tk_lineup lineup;
    struct tk_contest_terms terms;
    struct tk_contest contest;
};

static void read_terms(struct simulation *s)
{
    const struct tk_args *args = s->args;

    s->terms = (struct tk_contest_terms){
        .trace = &s->trace,
        .lineup = &s->lineup,
        .learn_ms = tk_args_ms(args, "learn", 0),
        .tick_ms = tk_args_ms(args, "tick", 0),
        .issuer =
            {
                .life_ms = tk_args_ms(args, "life", 7200 * 1000),
                .window_ms = tk_args_ms(args, "window", 0),
                .latency_ms = tk_args_ms(args, "latency", 500),
                .fail_share = tk_args_share(args, "fail-rate", 0),
                .skew_ms = tk_args_ms(args, "skew", 0),
                .max_concurrent =
                    (uint32_t)tk_args_count(args, "concurrent", 1000),
                .seed = (uint64_t)tk_args_count(args, "seed", 1),
            },
    };
}

static int read_lineup(struct simulation *s, struct tk_why *why)
{
    const char *policies[TK_TEXTS_MAX + 1], *sets[TK_TEXTS_MAX + 1];
    size_t count = tk_args_texts(s->args, "policy", policies);
    int rc = tk_lineup_add_references(&s->lineup, why);

    (void)tk_args_texts(s->args, "set", sets);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = tk_lineup_add(&s->lineup, policies[i], sets, why);
    }
    return rc;
}

static int simulate(struct simulation *s, struct tk_why *why)
{
    const char *trace = tk_args_text(s->args, "trace");
    int rc = tk_library_init(&s->library, NULL, why);

    if (trace == NULL) return tk_fail(why, TK_EINVAL, "--trace FILE is needed");
    if (rc == 0) rc = read_lineup(s, why);
    if (rc == 0) rc = tk_trace_load(&s->trace, trace, why);
    read_terms(s);
    return rc == 0 ? tk_contest_run(&s->terms, &s->contest, why) : rc;
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    struct simulation s = {.args = args, .show = show};
    enum tk_exit status = TK_EXIT_OK;
    struct tk_buf out;
    struct tk_why why;

    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    tk_trace_init(&s.trace);
    tk_lineup_init(&s.lineup, &s.library);
    tk_buf_init(&out, OUTPUT_MAX_BYTES);
    if (simulate(&s, &why) != 0) {
        status = tk_show_fail(show, TK_EXIT_CONFIG, "%s", why.text);
    } else {
        tk_scores_print(&s.contest, show, &out);
        status = tk_show_put(show, &out);
    }
    tk_contest_fini(&s.contest);
    tk_lineup_fini(&s.lineup);
    tk_trace_fini(&s.trace);
    tk_buf_fini(&out);
    return status;
}

const struct tk_command tk_simulate_command = {
    .name = "simulate",
    .words = "",
    .summary = "what a policy would have cost",
    .about = "Replays who used what when through the engine's own code, "
             "against a modelled issuer, in virtual time.",
    .example = "tokeng simulate --policy foresight --trace use.csv.gz",
    TK_COMMAND_OPTIONS(options),
    .run = run,
};
