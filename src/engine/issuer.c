#include "engine/issuer.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tk_str cut_at(struct tk_str text, const char *stops)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(stops, text.data[i]) != NULL) text.len = i;
    }
    return text;
}

static struct tk_str without_end(struct tk_str text, struct tk_str end)
{
    if (text.len > end.len &&
        memcmp(text.data + text.len - end.len, end.data, end.len) == 0) {
        text.len -= end.len;
    }
    return text;
}

static struct tk_str without_user(struct tk_str text)
{
    for (size_t i = text.len; i > 0; i--) {
        if (text.data[i - 1] == '@') {
            return tk_str_of(text.data + i, text.len - i);
        }
    }
    return text;
}

static void to_small(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z') *text = (char)(*text + 32);
    }
}

void tk_origin_of(struct tk_str url, char out[TK_ORIGIN_TEXT])
{
    struct tk_str scheme = cut_at(url, ":/");
    struct tk_str rest = tk_str_of(url.data + scheme.len, url.len - scheme.len);
    char name[16];

    if (tk_str_starts(rest, TK_STR("://"))) {
        rest = tk_str_of(rest.data + 3, rest.len - 3);
    } else {
        rest = url;
        scheme = TK_STR("http");
    }
    rest = without_user(cut_at(rest, "/?#\\"));
    snprintf(name, sizeof name, "%.*s", TK_ARG(scheme));
    to_small(name);
    rest = without_end(rest, strcmp(name, "https") == 0 ? TK_STR(":443")
                                                        : TK_STR(":80"));
    snprintf(out, TK_ORIGIN_TEXT, "%s://%.*s", name, TK_ARG(rest));
    to_small(out);
}

void tk_origin_add_proxy(char origin[TK_ORIGIN_TEXT], const char *proxy)
{
    size_t len = strlen(origin);

    snprintf(origin + len, TK_ORIGIN_TEXT - len, " by way of %s", proxy);
}

struct tk_issuer *tk_issuer_claim(struct tk_link *issuers, const char *origin)
{
    struct tk_issuer *issuer;

    for (struct tk_link *at = issuers->next; at != issuers; at = at->next) {
        issuer = TK_LIST_ITEM(at, struct tk_issuer, link);
        if (strcmp(issuer->origin, origin) == 0) return issuer;
    }
    issuer = calloc(1, sizeof *issuer);
    if (issuer == NULL) return NULL;
    snprintf(issuer->origin, sizeof issuer->origin, "%s", origin);
    tk_list_init(&issuer->sources);
    tk_list_push(issuers, &issuer->link);
    return issuer;
}

/* Sources may outlive the fleet: none keeps a link into it. */
static void let_sources_go(struct tk_issuer *issuer)
{
    while (!tk_list_is_empty(&issuer->sources)) {
        tk_list_drop(issuer->sources.next);
    }
}

void tk_issuers_free(struct tk_link *issuers)
{
    while (!tk_list_is_empty(issuers)) {
        struct tk_issuer *issuer =
            TK_LIST_ITEM(issuers->next, struct tk_issuer, link);

        let_sources_go(issuer);
        tk_list_drop(&issuer->link);
        free(issuer);
    }
}

int64_t tk_issuer_down_until(const struct tk_issuer *issuer)
{
    int64_t next = tk_issuer_next(issuer);

    return next == TK_NEVER ? 0 : next;
}

int64_t tk_issuer_next(const struct tk_issuer *issuer)
{
    return issuer == NULL ? 0 : tk_breaker_next(&issuer->breaker);
}
