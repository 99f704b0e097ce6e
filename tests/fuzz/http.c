/* HTTP into the engine: the bytes of one connection, against the whole of the
 * API. Whatever comes, what goes out is HTTP, without an internal error, and
 * no line of the log is broken or shows a token.
 */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"

#include "base/log.h"
#include "serve/api.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { HEARD_MAX = 1 << 20, TURNS_TO_SHUT = 16, TURNS_TO_LEAVE = 48 };

static const char provider[] =
    "return { api = 1, name = 'test',\n"
    "  settings = { url = { type = 'url', required = true } },\n"
    "  kinds = { client = { subject = 'none' }, bad = { subject = 'any' } },\n"
    "  fetch = function(key)\n"
    "    if key.kind == 'bad' then\n"
    "      return nil, { class = 'config', code = 'no_such_thing' }\n"
    "    end\n"
    "    return { token = 'canary', expires_in = 7200,\n"
    "             attributes = { a = 'b' } }\n"
    "  end }\n";

static struct tk_loop *loop;
static struct tk_engine *engine;
static struct tk_api *api;
static char config[SCRATCH_PATH];
static struct sockaddr_un address = {.sun_family = AF_UNIX};

/* The one connection. */
static int fd;
static struct tk_str said;
static char heard[HEARD_MAX];
static size_t heard_len;
static unsigned quiet_turns;

static bool has_token(struct tk_str text)
{
    return text.len > 0 && memmem(text.data, text.len, "canary", 6) != NULL;
}

static void on_log(enum tk_log_level level, struct tk_str line, void *data)
{
    (void)level;
    (void)data;
    for (size_t i = 0; i < line.len; i++) {
        unsigned char byte = (unsigned char)line.data[i];

        HOLD(byte >= ' ' && byte != 0x7f);
    }
    HOLD(!has_token(line) || has_token(said));
}

static void close_all(void)
{
    tk_api_stop(api);
    tk_engine_stop(engine);
    tk_api_free(api);
    tk_engine_free(engine);
    HOLD(tk_loop_free(loop) == 0);
}

static void open_engine(void)
{
    struct tk_engine_options options = {.config_path = config};
    struct tk_problems problems;
    char script[SCRATCH_PATH];

    scratch_write(scratch_path("test.lua", script), tk_str(provider));
    scratch_write(scratch_path("tokeng.lua", config),
                  TK_STR("return { sources = { crm = { url = 'https://h',"
                         " provider = './test.lua', max_keys = 8 } } }"));
    tk_problems_init(&problems);
    if (tk_engine_new(loop, &options, &problems, &engine) != 0) {
        fputs(tk_buf_text(&problems.text), stderr);
        abort();
    }
    tk_problems_fini(&problems);
    tk_engine_start(engine);
}

static void open_all(void)
{
    char listen[128];
    const char *listeners[] = {listen, NULL};

    tk_log_setup(TK_LOG_DEBUG, on_log, NULL);
    scratch_open();
    snprintf(address.sun_path, sizeof address.sun_path, "%s/tokeng.sock",
             scratch_folder);
    HOLD(tk_loop_new(&loop) == 0);
    open_engine();
    snprintf(listen, sizeof listen, "unix:%s", address.sun_path);
    HOLD(tk_api_new(loop, engine, listeners, &api, NULL) == 0);
    atexit(close_all);
}

/* Turns the loop until the engine has closed the connection, or says nothing
 * for a while: then it is the client who hangs up, on whatever waits. */
static void hear(void *data)
{
    ssize_t got;

    (void)data;
    do {
        HOLD(heard_len < HEARD_MAX);
        got = read(fd, heard + heard_len, HEARD_MAX - heard_len);
        if (got > 0) heard_len += (size_t)got;
        if (got > 0) quiet_turns = 0;
    } while (got > 0);
    if (++quiet_turns == TURNS_TO_SHUT) shutdown(fd, SHUT_WR);
    if (got < 0 && errno == EAGAIN && quiet_turns < TURNS_TO_LEAVE) {
        HOLD(tk_loop_defer(loop, hear, NULL) == 0);
    } else {
        tk_loop_stop(loop);
    }
}

static void exchange(void)
{
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    HOLD(fd >= 0);
    HOLD(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    HOLD(send(fd, said.data, said.len, MSG_NOSIGNAL) == (ssize_t)said.len);
    heard_len = 0;
    quiet_turns = 0;
    HOLD(tk_loop_defer(loop, hear, NULL) == 0);
    tk_loop_run(loop);
    close(fd);
}

static void hold_http(struct tk_str text)
{
    struct tk_str status = tk_str_skip(text, 9);

    if (text.len == 0) return;
    HOLD(tk_str_starts(text, TK_STR("HTTP/1.")));
    HOLD(status.len > 3 && status.data[0] >= '1' && status.data[0] <= '5');
    HOLD(!tk_str_starts(status, TK_STR("500")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (loop == NULL) open_all();
    if (size > 64 * 1024) return 0;
    said = fuzz_text(data, size);
    exchange();
    hold_http(tk_str_of(heard, heard_len));
    /* For the next input. */
    HOLD(tk_engine_pause(engine, TK_STR("crm"), false, NULL) == 0);
    return 0;
}
