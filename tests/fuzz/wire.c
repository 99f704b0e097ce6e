/* The reader's end of the engine's socket: whatever answers there, libtokeng
 * gives out a sound token or an error.
 */
#include "tests/fuzz/fuzz.h"

#include "reader/answer.h"
#include "reader/wire_head.h"
#include "reader/wire_link.h"

#include <sys/socket.h>
#include <unistd.h>

/* In place of the connection: everything that will be heard is said at once,
 * and then the peer hangs up. */
static struct tk_str said;
static int peer;

int __wrap_tk_wire_link_dial(struct tk_wire_link *link);
int __wrap_tk_wire_link_dial(struct tk_wire_link *link)
{
    int ends[2];

    HOLD(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                    ends) == 0);
    HOLD(write(ends[1], said.data, said.len) == (ssize_t)said.len);
    shutdown(ends[1], SHUT_WR);
    peer = ends[1];
    link->fd = ends[0];
    return 0;
}

static void hold_token(const struct tk_wire_reply *reply,
                       const struct tokeng_info *info)
{
    HOLD(reply->status == 200);
    HOLD(info->token_len == reply->body.len);
    HOLD(info->token_len > 0 && info->token_len <= TK_ANSWER_TOKEN_MAX);
    for (size_t i = 0; i < reply->body.len; i++) {
        HOLD(fuzz_is_visible(reply->body.data[i]));
    }
    HOLD(info->generation <= TK_ANSWER_GENERATION_MAX);
    HOLD(info->expires_in_ms >= 0);
}

static void read_reply(const struct tk_wire_reply *reply)
{
    struct tokeng_info info = {.size = sizeof info};
    int rc = tk_answer_read_token(reply, &info);

    HOLD(reply->status >= 200 && reply->status <= 599);
    HOLD(reply->body.len <= TK_WIRE_BODY_MAX);
    if (rc == 0) hold_token(reply, &info);
}

static void exchange(void)
{
    struct tk_wire_reply reply;
    struct tk_wire *wire;
    struct tk_why why = {0, ""};
    int rc;

    HOLD(tk_wire_open("/nowhere", &wire, NULL) == 0);
    peer = -1;
    rc = tk_wire_call(wire, "GET", TK_STR("/v1/token/crm/client"),
                      (struct tk_str){NULL, 0}, "text/plain", 1000, &reply,
                      &why);
    HOLD(rc == 0 || why.text[0] != '\0');
    HOLD(rc != TK_ETIMEDOUT);
    if (rc == 0) read_reply(&reply);
    tk_wire_reply_fini(&reply);
    tk_wire_close(wire);
    if (peer >= 0) close(peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tk_wire_head head;

    if (size > 64 * 1024) return 0;
    said = fuzz_text(data, size);
    if (tk_wire_head_read(said, &head) == 0) {
        HOLD(!(head.is_chunked && head.has_length));
        (void)tk_wire_head_find(said, "Tokeng-Generation");
    }
    exchange();
    return 0;
}
