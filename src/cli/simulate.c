#include "cli/simulate.h"

#include "base/log.h"
#include "cli/progress.h"
#include "cli/scores.h"
#include "sim/generate.h"
#include "sim/html.h"
#include "sim/report.h"

enum {
    OUTPUT_MAX_BYTES = 64 * 1024 * 1024,
    /* What the optimum at ticks is computed for, where nothing is said. */
    TICK_MS = 60 * 1000,
    COLD_COST = 10,
    DEFAULT_KEYS = 200,
    DEFAULT_DAYS = 42,
    MAX_KEYS = 100 * 1000,
    MAX_DAYS = 3650,
};

static const struct tk_option options[] = {
    {"trace", '\0', TK_OPTION_TEXT, "FILE",
     "who used what when: seconds,key as CSV, plain or gz"},
    {"source", '\0', TK_OPTION_TEXT, "SOURCE", "only its keys; or SOURCE/KIND"},
    {"generate", '\0', TK_OPTION_FLAG, NULL, "or a trace that is made up"},
    {"keys", '\0', TK_OPTION_COUNT, "N", "how many keys that has (200)"},
    {"days", '\0', TK_OPTION_COUNT, "N", "and how many days (42)"},
    {"policy", '\0', TK_OPTION_TEXTS, "NAME",
     "a policy to try, by name or file; may be given several times"},
    {"set", '\0', TK_OPTION_TEXTS, "POLICY.OPTION=VALUE",
     "an option of it; of several values, A,B,C, each is tried"},
    {"tick", '\0', TK_OPTION_SPAN, "SPAN",
     "check_interval of the policies (their own)"},
    {"learn", '\0', TK_OPTION_SPAN, "SPAN",
     "what happens before is not judged (0)"},
    {"life", '\0', TK_OPTION_SPAN, "SPAN", "of a token (as recorded, else 2h)"},
    {"window", '\0', TK_OPTION_SPAN, "SPAN",
     "life left below which the issuer gives a new token; 0: at any time "
     "(30m)"},
    {"latency", '\0', TK_OPTION_SPAN, "SPAN",
     "of a call (as recorded, else 500ms)"},
    {"fail-rate", '\0', TK_OPTION_SHARE, "SHARE", "calls that bring nothing"},
    {"skew", '\0', TK_OPTION_SPAN, "SPAN",
     "tokens are refused so long before they end"},
    {"quota", '\0', TK_OPTION_COUNT, "N", "calls a minute"},
    {"quota-day", '\0', TK_OPTION_COUNT, "N", "calls a day"},
    {"concurrent", '\0', TK_OPTION_COUNT, "N", "calls at a time (any number)"},
    {"seed", '\0', TK_OPTION_COUNT, "N", "other chances (1)"},
    {"html", '\0', TK_OPTION_TEXT, "FILE", "pictures too, for a browser"},
    {"show", '\0', TK_OPTION_TEXT, "KEY",
     "whose tokens they show (a key that is used as often as most)"},
    TK_OPTION_JSON,
};

/* All that a simulation holds. Owned by run. */
struct simulation {
    const struct tk_args *args;
    struct tk_library library;
    struct tk_trace trace;
    struct tk_lineup lineup;
    struct tk_contest_terms terms;
    struct tk_contest contest;
    struct tk_optimum optimum;
    bool has_optimum;
    struct tk_progress progress;
    size_t begun; /* trials, the one at work included */
    const struct tk_trial *at_work;
    enum tk_exit failure; /* what a failure is one of */
};

static void tell_progress(const struct tk_trial *trial, double share,
                          void *data)
{
    struct simulation *s = data;

    if (trial != s->at_work) s->begun++;
    s->at_work = trial;
    tk_progress_tell(&s->progress,
                     ((double)s->begun - 1 + share) / (double)s->lineup.count,
                     trial->name);
}

/* --- what is asked for --- */

static int misuse(struct simulation *s, struct tk_why *why, const char *text)
{
    s->failure = TK_EXIT_USAGE;
    return tk_fail(why, TK_EINVAL, "%s", text);
}

static uint32_t count_of(const struct simulation *s, const char *name,
                         uint32_t otherwise)
{
    int64_t count = tk_args_count(s->args, name, otherwise);

    return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

static void read_terms(struct simulation *s)
{
    const struct tk_args *args = s->args;
    int64_t shortest, life = tk_trace_lives(&s->trace, &shortest);

    s->terms = (struct tk_contest_terms){
        .trace = &s->trace,
        .lineup = &s->lineup,
        .learn_ms = tk_args_ms(args, "learn", 0),
        .tick_ms = tk_args_ms(args, "tick", 0),
        .issuer =
            {
                .life_ms =
                    tk_args_ms(args, "life", life > 0 ? life : 7200 * 1000),
                .window_ms = tk_args_ms(args, "window", 1800 * 1000),
                .latency_ms = tk_args_ms(args, "latency", 500),
                .is_as_recorded = !tk_args_has(args, "latency"),
                .fail_share = tk_args_share(args, "fail-rate", 0),
                .skew_ms = tk_args_ms(args, "skew", 0),
                .quota = {{[TK_MINUTE] = count_of(s, "quota", 0),
                           [TK_DAY] = count_of(s, "quota-day", 0)}},
                .max_concurrent = count_of(s, "concurrent", UINT32_MAX),
                .seed = count_of(s, "seed", 1),
            },
        .progress = tell_progress,
        .data = s,
    };
}

static int check_terms(struct simulation *s, struct tk_why *why)
{
    const struct tk_terms *issuer = &s->terms.issuer;

    if (issuer->life_ms == 0 || issuer->max_concurrent == 0) {
        return misuse(s, why, "--life and --concurrent must be more than 0");
    }
    if (issuer->skew_ms + issuer->latency_ms >= issuer->life_ms) {
        return misuse(s, why,
                      "--latency and --skew leave nothing of the life "
                      "of a token");
    }
    if (s->terms.learn_ms > s->trace.end_ms - s->trace.begin_ms) {
        return misuse(s, why,
                      "--learn leaves nothing of the trace to be judged");
    }
    return 0;
}

static int read_lineup(struct simulation *s, struct tk_why *why)
{
    const char *policies[TK_TEXTS_MAX + 1], *sets[TK_TEXTS_MAX + 1];
    size_t count = tk_args_texts(s->args, "policy", policies);
    int rc = tk_lineup_add_references(&s->lineup, why);

    (void)tk_args_texts(s->args, "set", sets);
    if (rc == 0) rc = tk_lineup_check_sets(sets, policies, why);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = tk_lineup_add(&s->lineup, policies[i], sets, why);
    }
    return rc;
}

static int make_trace(struct simulation *s, struct tk_why *why)
{
    struct tk_crowd crowd = {
        .keys = count_of(s, "keys", DEFAULT_KEYS),
        .days = count_of(s, "days", DEFAULT_DAYS),
        .seed = count_of(s, "seed", 1),
    };
    int rc;

    if (crowd.keys == 0 || crowd.keys > MAX_KEYS || crowd.days == 0 ||
        crowd.days > MAX_DAYS) {
        return misuse(s, why, "--keys is 1 to 100000, and --days 1 to 3650");
    }
    rc = tk_generate(&crowd, &s->trace);
    return rc == 0 ? 0 : tk_fail(why, rc, "the trace: %s", tk_err_text(rc));
}

static int read_trace(struct simulation *s, struct tk_why *why)
{
    const char *path = tk_args_text(s->args, "trace");
    bool is_made = tk_args_has(s->args, "generate");

    if ((path != NULL) == is_made) {
        return misuse(s, why,
                      "say --trace FILE, or --generate for a trace "
                      "that is made up");
    }
    s->trace.only = tk_args_text(s->args, "source");
    return is_made ? make_trace(s, why) : tk_trace_load(&s->trace, path, why);
}

/* --- the run --- */

/* There is none for an issuer that cannot be followed without a gap. */
static int find_optimum(struct simulation *s, struct tk_why *why)
{
    struct tk_oracle_terms terms = tk_optimum_terms(
        &s->terms.issuer, s->trace.begin_ms + s->terms.learn_ms,
        s->terms.tick_ms > 0 ? s->terms.tick_ms : TICK_MS, COLD_COST);
    int rc = tk_optimum_of(&s->trace, &terms, &s->optimum, why);

    s->has_optimum = rc == 0;
    return rc == TK_EINVAL ? 0 : rc;
}

static int pick_shown(struct simulation *s, struct tk_why *why)
{
    return tk_html_data_pick(&s->trace, tk_args_text(s->args, "show"),
                             &s->terms.show_key, why);
}

/* What the trace is called in the pictures. */
static struct tk_str name_of(const struct simulation *s)
{
    const char *path = tk_args_text(s->args, "trace");
    const char *slash = path == NULL ? NULL : strrchr(path, '/');

    if (path == NULL) return TK_STR("a trace that is made up");
    return tk_str(slash == NULL ? path : slash + 1);
}

static int draw(const struct simulation *s, struct tk_why *why)
{
    const char *path = tk_args_text(s->args, "html");
    struct tk_html_data data = {
        .trace = name_of(s),
        .contest = &s->contest,
        .optimum = s->has_optimum ? &s->optimum : NULL,
    };

    if (path == NULL) return 0;
    return tk_html_write(path, &data, s->library.share_dir, why);
}

static int simulate(struct simulation *s, struct tk_why *why)
{
    int rc = tk_library_init(&s->library, NULL, why);

    if (rc == 0) rc = read_lineup(s, why);
    if (rc == 0) rc = read_trace(s, why);
    read_terms(s);
    if (rc == 0) rc = check_terms(s, why);
    if (rc == 0) rc = pick_shown(s, why);
    if (rc == 0) rc = tk_contest_run(&s->terms, &s->contest, why);
    tk_progress_end(&s->progress);
    return rc == 0 ? find_optimum(s, why) : rc;
}

static enum tk_exit report(const struct simulation *s,
                           const struct tk_show *show)
{
    const struct tk_optimum *optimum = s->has_optimum ? &s->optimum : NULL;
    enum tk_exit status;
    struct tk_buf out;

    tk_buf_init(&out, OUTPUT_MAX_BYTES);
    if (tk_args_has(s->args, "json")) {
        tk_report_write(&s->contest, optimum, &out);
    } else {
        tk_scores_print(&s->contest, optimum, show, &out);
    }
    status = tk_show_put(show, &out);
    tk_buf_fini(&out);
    return status;
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    struct simulation s = {.args = args, .failure = TK_EXIT_CONFIG};
    enum tk_exit status;
    struct tk_why why;

    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    tk_progress_init(&s.progress, show);
    tk_trace_init(&s.trace);
    tk_lineup_init(&s.lineup, &s.library);
    status = simulate(&s, &why) == 0
                 ? report(&s, show)
                 : tk_show_fail(show, s.failure, "%s", why.text);
    if (status == TK_EXIT_OK && draw(&s, &why) != 0) {
        status = tk_show_fail(show, TK_EXIT_CONFIG, "%s", why.text);
    }
    tk_contest_fini(&s.contest);
    tk_lineup_fini(&s.lineup);
    tk_trace_fini(&s.trace);
    return status;
}

const struct tk_command tk_simulate_command = {
    .name = "simulate",
    .words = "",
    .summary = "what a policy would have cost",
    .about = "Replays who used what when, in virtual time, through the "
             "engine's own planner, budget and policies, against an issuer "
             "that is a model; and tells what each policy costs, beside "
             "references and beside the optimum of somebody who knows the "
             "trace beforehand. Asks no issuer and needs no engine.",
    .example = "tokeng simulate --trace use.csv.gz --learn 28d "
               "--policy foresight --set cold_cost=4,10,30",
    TK_COMMAND_OPTIONS(options),
    .run = run,
};
