#include "net/server_review.h"

bool tk_server_review_has_gap(struct tk_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (byte <= ' ' || byte == 0x7f) return true;
    }
    return false;
}

void tk_server_review_header(struct tk_server_review *review,
                             struct tk_str name, struct tk_str value)
{
    review->is_odd |= tk_server_review_has_gap(name);
    if (tk_str_same_word(name, TK_STR("Host"))) {
        review->hosts++;
    } else if (tk_str_same_word(name, TK_STR("Content-Length"))) {
        review->lengths++;
        review->length = value;
    } else if (tk_str_same_word(name, TK_STR("Transfer-Encoding"))) {
        review->encodings++;
        review->is_odd |= !tk_str_same_word(value, TK_STR("chunked"));
    }
}

bool tk_server_review_is_clean(const struct tk_server_review *review,
                               const char *version)
{
    unsigned least_hosts = strcmp(version, "HTTP/1.0") == 0 ? 0 : 1;

    return !review->is_odd && review->lengths + review->encodings <= 1 &&
           review->hosts >= least_hosts && review->hosts <= 1;
}

bool tk_server_review_is_beyond(const struct tk_server_review *review,
                                uint64_t limit)
{
    uint64_t number = 0;

    for (size_t i = 0; i < review->length.len; i++) {
        number = number * 10 + (uint64_t)(review->length.data[i] - '0');
        if (number > limit) return true;
    }
    return false;
}
