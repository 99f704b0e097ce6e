#include "cli/fake.h"

#include "engine/library.h"
#include "fake/fake.h"

#include <signal.h>

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
    {"seed", '\0', TK_OPTION_COUNT, "N", "repeat the chances of another run"},
    {"seconds", '\0', TK_OPTION_SECONDS, "N", "end by itself"},
};

static void stop(void *data)
{
    tk_loop_stop(data);
}

static void read_switches(const struct tk_args *args, struct tk_switches *out)
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
}

/* "id=secret", cut where the first '=' stands. */
static bool read_client(const char *text, char id[256],
                        struct tk_fake_client *out)
{
    const char *mark = strchr(text, '=');

    if (mark == NULL || mark == text || mark - text >= 256) return false;
    memcpy(id, text, (size_t)(mark - text));
    id[mark - text] = '\0';
    *out = (struct tk_fake_client){id, mark + 1};
    return true;
}

static enum tk_exit say_address(const struct tk_fake *fake,
                                const struct tk_show *show)
{
    enum tk_exit status;
    struct tk_buf line;

    tk_buf_init(&line, 256);
    tk_buf_printf(&line, "tokeng fake: listening on %s\n",
                  tk_fake_address(fake));
    status = tk_show_put(show, &line);
    tk_buf_fini(&line);
    return status;
}

static int end_by_itself(struct tk_loop *loop, const struct tk_args *args,
                         struct tk_timer **out)
{
    int rc = tk_timer_new(loop, stop, loop, out);

    if (rc == 0 && tk_args_has(args, "seconds")) {
        tk_timer_set(*out, tk_loop_now(loop) + tk_args_ms(args, "seconds", 0));
    }
    if (rc == 0) rc = tk_loop_on_signal(loop, SIGTERM, stop, loop);
    if (rc == 0) rc = tk_loop_on_signal(loop, SIGINT, stop, loop);
    return rc;
}

static enum tk_exit serve(struct tk_loop *loop,
                          const struct tk_fake_options *fake_options,
                          const struct tk_args *args,
                          const struct tk_show *show)
{
    struct tk_timer *end = NULL;
    struct tk_fake *fake = NULL;
    enum tk_exit status = TK_EXIT_INTERNAL;
    struct tk_why why;

    if (tk_fake_new(loop, fake_options, &fake, &why) != 0) {
        return tk_show_fail(show, TK_EXIT_TEMPORARY, "fake: %s", why.text);
    }
    if (end_by_itself(loop, args, &end) == 0) {
        status = say_address(fake, show);
        if (status == TK_EXIT_OK) tk_loop_run(loop);
    }
    if (end != NULL) tk_timer_free(end);
    tk_fake_free(fake);
    return status;
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    struct tk_fake_options fake_options = {
        .listen = tk_args_text(args, "listen"),
        .life_ms = tk_args_ms(args, "life", 0),
        .window_ms = tk_args_ms(args, "window", 0),
        .seed = (uint64_t)tk_args_count(args, "seed", 0),
    };
    const char *secret = tk_args_text(args, "secret");
    struct tk_fake_client client;
    struct tk_library library;
    struct tk_loop *loop;
    enum tk_exit status;
    struct tk_why why;
    char id[256];

    if (secret != NULL && !read_client(secret, id, &client)) {
        return tk_show_fail(show, TK_EXIT_USAGE, "fake: --secret is ID=SECRET");
    }
    if (secret != NULL) {
        fake_options.clients = &client;
        fake_options.client_count = 1;
    }
    read_switches(args, &fake_options.switches);
    if (tk_library_init(&library, NULL, &why) != 0) {
        return tk_show_fail(show, TK_EXIT_INTERNAL, "%s", why.text);
    }
    fake_options.lua_dir = library.lua_dir;
    if (tk_loop_new(&loop) != 0) {
        return tk_show_fail(show, TK_EXIT_INTERNAL, "out of memory");
    }
    status = serve(loop, &fake_options, args, show);
    tk_loop_free(loop);
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
        "below while it runs, GET /_check tells whether a token is good.",
    .example = "tokeng fake --life 20s --window 5s --error-rate 0.1",
    TK_COMMAND_OPTIONS(options),
    .run = run,
};
