#include "serve/page.h"

#include "serve/next.h"

#include <stdlib.h>

enum { RUN = 64 };

#define STEP UINT64_C(2654435761)

static int compare(struct tk_str a, struct tk_str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.data, b.data, len);

    if (order != 0) return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

static bool is_above(const struct tk_entry *entry, const struct tk_entry *other)
{
    return compare(tk_entry_text(entry), tk_entry_text(other)) > 0;
}

static void swap(struct tk_page *page, uint32_t a, uint32_t b)
{
    const struct tk_entry *entry = page->entries[a];

    page->entries[a] = page->entries[b];
    page->entries[b] = entry;
}

static void sift_up(struct tk_page *page, uint32_t at)
{
    while (at > 0 && is_above(page->entries[at], page->entries[(at - 1) / 2])) {
        swap(page, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct tk_page *page)
{
    uint32_t at = 0;

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child >= page->count) return;
        if (child + 1 < page->count &&
            is_above(page->entries[child + 1], page->entries[child])) {
            child++;
        }
        if (!is_above(page->entries[child], page->entries[at])) return;
        swap(page, at, child);
        at = child;
    }
}

static void offer(struct tk_page *page, const struct tk_entry *entry,
                  uint32_t limit)
{
    if (page->count < limit) {
        page->entries[page->count] = entry;
        sift_up(page, page->count++);
        return;
    }
    page->has_more = true;
    if (!is_above(page->entries[0], entry)) return;
    page->entries[0] = entry;
    sift_down(page);
}

static int by_name(const void *a, const void *b)
{
    const struct tk_entry *const *left = a;
    const struct tk_entry *const *right = b;

    return compare(tk_entry_text(*left), tk_entry_text(*right));
}

static void look_at(const struct tk_entry *entry,
                    const struct tk_page_want *want, int64_t now,
                    struct tk_page *out)
{
    enum tk_state state;

    if (want->source != NULL && entry->source != want->source) return;
    if (!tk_next_is_shown(entry)) return;
    state = tk_entry_state(entry, now);
    out->states[state]++;
    if (want->state >= 0 && (enum tk_state)want->state != state) return;
    out->total++;
    if (want->after.len > 0 &&
        compare(tk_entry_text(entry), want->after) <= 0) {
        return;
    }
    offer(out, entry, want->limit);
}

/* Entries that were claimed together lie together, so they are looked at in
 * runs; but the runs in no order, because names that came from the last to the
 * first would each replace the top of the heap (five times as long). The step
 * is a prime above any number of runs: each comes once. */
void tk_page_fill(const struct tk_fleet *fleet, const struct tk_page_want *want,
                  int64_t now, struct tk_page *out)
{
    uint32_t count = tk_fleet_count(fleet);
    uint32_t runs = (count + RUN - 1) / RUN;

    *out = (struct tk_page){0};
    for (uint32_t i = 0; i < runs; i++) {
        uint32_t first = (uint32_t)(i * STEP % runs) * RUN;

        for (uint32_t id = first; id < first + RUN && id < count; id++) {
            look_at(tk_fleet_at(fleet, id), want, now, out);
        }
    }
    qsort(out->entries, out->count, sizeof out->entries[0], by_name);
}
