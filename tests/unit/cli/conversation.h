/* tests/unit/cli/conversation.h - a command that talks to a scripted engine.
 */
#ifndef TK_TESTS_UNIT_CLI_CONVERSATION_H
#define TK_TESTS_UNIT_CLI_CONVERSATION_H

#include "tests/unit/cli/capture.h"
#include "tests/unit/reader/scripted.h"

/* An answer with this JSON, whose length the macro counts. */
#define ANSWER(status, json)                                                   \
    {                                                                          \
        .text = answer_text((char[2048]){0}, 2048, status, json)               \
    }

static inline const char *answer_text(char *out, size_t cap, const char *status,
                                      const char *json)
{
    snprintf(out, cap,
             "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             status, strlen(json), json);
    return out;
}

/* Owned by the test. */
struct conversation {
    struct capture capture;
    struct scripted engine;
    bool is_over;
};

static inline void conversation_start(struct conversation *conversation,
                                      const struct turn *turns, size_t count)
{
    conversation->is_over = false;
    capture_init(&conversation->capture);
    scripted_start(&conversation->engine, turns, count);
}

/* The last request. All answers have been asked for: the engine ends here. */
static inline const char *
conversation_request(struct conversation *conversation)
{
    if (!conversation->is_over) scripted_stop(&conversation->engine);
    conversation->is_over = true;
    return conversation->engine.request;
}

static inline void conversation_stop(struct conversation *conversation)
{
    conversation_request(conversation);
    capture_fini(&conversation->capture);
}

#endif
