/* base/list.h - a doubly linked ring whose links lie inside its members. */
#ifndef TK_BASE_LIST_H
#define TK_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct tk_link {
    struct tk_link *next;
    struct tk_link *prev;
};

/* The struct that `link` is the member `member` of. */
#define TK_LIST_ITEM(link, type, member)                                       \
    ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* An empty ring, or a link that is in none. */
static inline void tk_list_init(struct tk_link *link)
{
    link->next = link;
    link->prev = link;
}

static inline bool tk_list_is_empty(const struct tk_link *list)
{
    return list->next == list;
}

static inline void tk_list_push(struct tk_link *list, struct tk_link *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

/* Harmless for a link that is in no ring. */
static inline void tk_list_drop(struct tk_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    tk_list_init(link);
}

/* Moves all members of `from` to the end of `to`. */
static inline void tk_list_move(struct tk_link *to, struct tk_link *from)
{
    if (tk_list_is_empty(from)) return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    tk_list_init(from);
}

#endif
