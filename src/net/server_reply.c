#define _DEFAULT_SOURCE
#include "net/server_reply.h"

#include <microhttpd.h>
#include <stdlib.h>

/* Owned by the response that it is the body of. */
struct body {
    size_t len;
    char bytes[];
};

static void free_body(void *data)
{
    struct body *body = data;

    explicit_bzero(body->bytes, body->len);
    free(body);
}

/* The copy is our own, because the one that libmicrohttpd could make is not
 * wiped when it is freed. */
static struct MHD_Response *new_response(struct tk_str text)
{
    struct MHD_Response *response;
    struct body *body;

    if (text.len == 0) {
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    body = malloc(sizeof *body + text.len);
    if (body == NULL) return NULL;
    body->len = text.len;
    memcpy(body->bytes, text.data, text.len);
    response = MHD_create_response_from_buffer_with_free_callback_cls(
        text.len, body->bytes, free_body, body);
    if (response == NULL) free_body(body);
    return response;
}

static bool add(struct MHD_Response *response, const char *name,
                const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool has_control(struct tk_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (byte < 0x20 || byte == 0x7f) return true;
    }
    return false;
}

/* libmicrohttpd wants terminated texts, the views are not. */
static bool add_views(struct MHD_Response *response,
                      const struct tk_http_header *header)
{
    char small[512];
    size_t name_len = header->name.len;
    size_t value_len = header->value.len;
    size_t need = name_len + value_len + 2;
    char *name = need <= sizeof small ? small : malloc(need);
    bool is_added;

    if (name == NULL) return false;
    if (name_len > 0) memcpy(name, header->name.data, name_len);
    name[name_len] = '\0';
    memcpy(name + name_len + 1, header->value.data, value_len);
    name[name_len + 1 + value_len] = '\0';
    is_added = !has_control(header->name) && !has_control(header->value) &&
               add(response, name, name + name_len + 1);
    if (name != small) free(name);
    return is_added;
}

struct MHD_Response *tk_server_reply_build(const struct tk_reply *reply,
                                           bool is_last)
{
    struct MHD_Response *response = new_response(reply->body);
    bool is_good = response != NULL;

    if (is_good && reply->content_type != NULL) {
        is_good = add(response, "Content-Type", reply->content_type);
    }
    for (size_t i = 0; is_good && i < reply->header_count; i++) {
        if (reply->headers[i].value.len == 0) continue;
        is_good = add_views(response, &reply->headers[i]);
    }
    if (is_good && is_last) is_good = add(response, "Connection", "close");
    if (!is_good && response != NULL) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}
