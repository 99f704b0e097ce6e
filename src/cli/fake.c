#include "cli/fake.h"

#include "engine/library.h"

#include <signal.h>

enum { OUTPUT_MAX_BYTES = 16 * 1024 };

static const struct tk_option options[] = {
    {"listen", '\0', TK_OPTION_TEXT, "ADDRESS",
     "a loopback address (tcp:127.0.0.1:0, a free port)"},
    {"life", '\0', TK_OPTION_SPAN, "SPAN", "life of a token (the issuer's)"},
    {"window", '\0', TK_OPTION_SPAN, "SPAN",
     "life left below which Feishu gives a new token"},
    {"secret", '\0', TK_OPTION_TEXT, "ID=SECRET",
     "the one client that is known (any, with fake-secret)"},
    {"latency", '\0', TK_OPTION_SPAN, "SPAN", "from a call to its answer"},
    {"jitter", '\0', TK_OPTION_SPAN, "SPAN", "up to that much more"},
    {"error-rate", '\0', TK_OPTION_SHARE, "SHARE", "answer 500"},
    {"limit-rate", '\0', TK_OPTION_SHARE, "SHARE", "answer 429"},
    {"retry-after", '\0', TK_OPTION_SECONDS, "N", "what a 429 asks for (1s)"},
    {"ok-error-rate", '\0', TK_OPTION_SHARE, "SHARE",
     "answer 200 with the issuer's error body"},
    {"empty-rate", '\0', TK_OPTION_SHARE, "SHARE", "answer 200 with no body"},
    {"garbage-rate", '\0', TK_OPTION_SHARE, "SHARE",
     "answer 200 with bytes that are no JSON"},
    {"quota", '\0', TK_OPTION_COUNT, "N", "calls a minute to one issuer"},
    {"outage", '\0', TK_OPTION_TEXT, "KIND",
     "503: answer every call with it; hang: answer none"},
    {"seed", '\0', TK_OPTION_COUNT, "N", "repeat the chances of another run"},
    {"seconds", '\0', TK_OPTION_SECONDS, "N", "end by itself"},
};

/* "id=secret", cut where the first '=' stands: an id has none. */
static int read_client(const char *text, struct tk_fake_wish *out,
                       struct tk_why *why)
{
    size_t len = text == NULL ? 0 : strlen(text);
    char *mark;

    if (text == NULL) return 0;
    if (len >= sizeof out->client_text) {
        return tk_fail(why, TK_EINVAL, "--secret is too long");
    }
    memcpy(out->client_text, text, len + 1);
    mark = strchr(out->client_text, '=');
    if (mark == NULL || mark == out->client_text || mark[1] == '\0') {
        return tk_fail(why, TK_EINVAL, "--secret is ID=SECRET");
    }
    *mark = '\0';
    out->client = (struct tk_fake_client){out->client_text, mark + 1};
    out->options.clients = &out->client;
    out->options.client_count = 1;
    return 0;
}

static int read_outage(const char *text, enum tk_outage *out,
                       struct tk_why *why)
{
    *out = TK_OUTAGE_NONE;
    if (text == NULL) return 0;
    if (strcmp(text, "503") == 0) {
        *out = TK_OUTAGE_503;
    } else if (strcmp(text, "hang") == 0) {
        *out = TK_OUTAGE_HANG;
    } else {
        return tk_fail(why, TK_EINVAL, "--outage is 503 or hang, not '%s'",
                       text);
    }
    return 0;
}

static int read_switches(const struct tk_args *args, struct tk_switches *out,
                         struct tk_why *why)
{
    out->latency_ms = tk_args_ms(args, "latency", 0);
    out->latency_jitter_ms = tk_args_ms(args, "jitter", 0);
    out->error_rate = tk_args_share(args, "error-rate", 0);
    out->rate_limit_rate = tk_args_share(args, "limit-rate", 0);
    out->retry_after_s = tk_args_ms(args, "retry-after", 0) / 1000;
    out->ok_error_rate = tk_args_share(args, "ok-error-rate", 0);
    out->empty_rate = tk_args_share(args, "empty-rate", 0);
    out->garbage_rate = tk_args_share(args, "garbage-rate", 0);
    out->quota_per_minute = tk_args_count(args, "quota", 0);
    return read_outage(tk_args_text(args, "outage"), &out->outage, why);
}

int tk_fake_read(const struct tk_args *args, struct tk_fake_wish *out,
                 struct tk_why *why)
{
    int rc;

    *out = (struct tk_fake_wish){0};
    out->options.listen = tk_args_text(args, "listen");
    out->options.life_ms = tk_args_ms(args, "life", 0);
    out->options.window_ms = tk_args_ms(args, "window", 0);
    out->options.seed = (uint64_t)tk_args_count(args, "seed", 0);
    rc = read_switches(args, &out->options.switches, why);
    if (rc != 0) return rc;
    return read_client(tk_args_text(args, "secret"), out, why);
}

static void stop(void *data)
{
    tk_loop_stop(data);
}

/* The first line is what scripts wait for: it has the port. */
static enum tk_exit say_hello(const struct tk_fake *fake,
                              const struct tk_show *show)
{
    struct tk_buf text;
    enum tk_exit status;
    const char *issuer;

    tk_buf_init(&text, OUTPUT_MAX_BYTES);
    tk_buf_printf(&text, "tokeng fake: listening on %s\n",
                  tk_fake_address(fake));
    tk_buf_put_text(&text, "tokeng fake: plays");
    for (size_t i = 0; (issuer = tk_fake_issuer(fake, i)) != NULL; i++) {
        tk_buf_printf(&text, "%s %s", i == 0 ? "" : ",", issuer);
    }
    tk_buf_put_byte(&text, '\n');
    status = tk_show_put(show, &text);
    tk_buf_fini(&text);
    return status;
}

/* Until a signal comes or the time is up. */
static int serve(struct tk_loop *loop, const struct tk_args *args)
{
    struct tk_timer *timer = NULL;
    int rc = tk_loop_on_signal(loop, SIGTERM, stop, loop);

    if (rc == 0) rc = tk_loop_on_signal(loop, SIGINT, stop, loop);
    if (rc == 0) rc = tk_timer_new(loop, stop, loop, &timer);
    if (rc != 0) return rc;
    if (tk_args_has(args, "seconds")) {
        tk_timer_set(timer, tk_loop_now(loop) + tk_args_ms(args, "seconds", 0));
    }
    tk_loop_run(loop);
    tk_timer_free(timer);
    return 0;
}

static enum tk_exit serve_on(struct tk_loop *loop, const struct tk_args *args,
                             const struct tk_show *show,
                             const struct tk_fake_options *wanted)
{
    struct tk_fake *fake;
    enum tk_exit status;
    struct tk_why why;
    int rc = tk_fake_new(loop, wanted, &fake, &why);

    if (rc != 0) {
        return tk_show_fail(show,
                            rc == TK_EBUSY ? TK_EXIT_TEMPORARY : TK_EXIT_CONFIG,
                            "fake: %s", why.text);
    }
    status = say_hello(fake, show);
    if (status == TK_EXIT_OK) {
        rc = serve(loop, args);
        if (rc != 0) {
            status = tk_show_fail(show, TK_EXIT_INTERNAL, "fake: %s",
                                  tk_err_text(rc));
        }
    }
    tk_fake_free(fake);
    return status;
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    struct tk_library library;
    struct tk_fake_wish wish;
    struct tk_loop *loop;
    enum tk_exit status;
    struct tk_why why;

    if (tk_fake_read(args, &wish, &why) != 0) {
        return tk_show_fail(show, TK_EXIT_USAGE, "fake: %s", why.text);
    }
    if (tk_library_init(&library, NULL, &why) != 0) {
        return tk_show_fail(show, TK_EXIT_CONFIG, "fake: %s", why.text);
    }
    wish.options.lua_dir = library.lua_dir;
    if (tk_loop_new(&loop) != 0) {
        return tk_show_fail(show, TK_EXIT_INTERNAL, "fake: no event loop");
    }
    status = serve_on(loop, args, show, &wish.options);
    if (tk_loop_free(loop) != 0 && status == TK_EXIT_OK) {
        status = tk_show_fail(show, TK_EXIT_INTERNAL,
                              "fake: handles were left open at the end");
    }
    return status;
}

const struct tk_command tk_fake_command = {
    .name = "fake",
    .words = "",
    .summary = "play issuers on loopback, for tests and trials",
    .about =
        "Answers as Feishu (/open-apis/auth/v3/...) and as an OAuth 2.0 server "
        "(/oauth2/token) with their real rules of renewal. GET /_stats tells "
        "what was asked and issued, POST /_control changes the switches "
        "below while it runs, GET /_check tells whether a token is good. "
        "Prints its address and runs until SIGTERM or SIGINT.",
    .example = "tokeng fake --life 20s --window 5s --error-rate 0.1",
    TK_COMMAND_OPTIONS(options),
    .run = run,
};
