#include "base/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>

static bool is_port(struct tk_str text)
{
    unsigned long number = 0;

    if (text.len == 0 || text.len > 5) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        number = number * 10 + (unsigned long)(text.data[i] - '0');
    }
    return number <= UINT16_MAX;
}

/* Splits at the colon of the port, which those of [::1] are not; data NULL:
 * there is no port. */
static struct tk_str cut_port(struct tk_str *text)
{
    struct tk_str none = {NULL, 0};

    for (size_t i = text->len; i > 0 && text->data[i - 1] != ']'; i--) {
        struct tk_str port = tk_str_of(text->data + i, text->len - i);

        if (text->data[i - 1] != ':') continue;
        text->len = i - 1;
        return port;
    }
    return none;
}

static bool is_address(struct tk_str text)
{
    char host[INET_ADDRSTRLEN];
    struct in_addr address;

    if (tk_str_eq(text, TK_STR("[::1]"))) return true;
    if (text.len >= sizeof host || text.len == 0) return false;
    if (memchr(text.data, '\0', text.len) != NULL) return false;
    snprintf(host, sizeof host, "%.*s", TK_ARG(text));
    return inet_pton(AF_INET, host, &address) == 1 &&
           ntohl(address.s_addr) >> 24 == 127;
}

bool tk_loopback_is_place(struct tk_str text)
{
    struct tk_str port = cut_port(&text);

    return is_port(port) && is_address(text);
}

bool tk_loopback_is_host(struct tk_str text)
{
    struct tk_str port = cut_port(&text);

    if (port.data != NULL && !is_port(port)) return false;
    return is_address(text) || tk_str_same_word(text, TK_STR("localhost"));
}
