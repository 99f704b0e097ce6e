#include "serve/listing.h"

#include "serve/next.h"
#include "serve/params.h"

static int read_state(struct tk_str text, int *out, struct tk_why *why)
{
    *out = -1;
    if (text.len == 0) return 0;
    for (int state = 0; state < TK_STATES; state++) {
        if (tk_str_is(text, tk_state_name((enum tk_state)state))) {
            *out = state;
            return 0;
        }
    }
    return tk_fail(why, TK_EINVAL,
                   "state must be one of fresh, due, stale, lapsed, poisoned, "
                   "in_doubt, needs_login, needs_ticket");
}

int tk_listing_read(const struct tk_listing_query *query,
                    const struct tk_config *config, struct tk_page_want *out,
                    struct tk_why *why)
{
    uint64_t limit = TK_PAGE_DEFAULT;
    int rc = read_state(query->state, &out->state, why);

    if (rc == 0 && query->limit.len > 0) {
        rc =
            tk_params_count("limit", query->limit, 1, TK_PAGE_MAX, &limit, why);
    }
    if (rc != 0) return rc;
    out->limit = (uint32_t)limit;
    out->after = query->after;
    out->source = NULL;
    if (query->source.len == 0) return 0;
    out->source = tk_config_source(config, query->source);
    if (out->source != NULL) return 0;
    return tk_fail(why, TK_ENOENT, "there is no source of this name");
}

static void put_error(struct tk_json *json, const struct tk_failure *failure)
{
    tk_json_name(json, "error");
    if (failure == NULL) {
        tk_json_null(json);
        return;
    }
    tk_json_open(json, '{');
    tk_json_put_text(json, "class", tk_class_name(failure->class));
    tk_json_put_text(json, "code", failure->code);
    tk_json_close(json, '}');
}

static void put_life(struct tk_json *json, const struct tk_entry *entry,
                     int64_t now)
{
    bool has_token = tk_entry_has_token(entry, now);

    tk_next_write_span(json, "expires_in",
                       has_token ? entry->life.expires_at - now : -1);
    tk_next_write_span(json, "life",
                       has_token ? entry->life.expires_at - entry->life.sent_at
                                 : -1);
}

static void put_entry(struct tk_json *json, const struct tk_fleet *fleet,
                      const struct tk_entry *entry, int64_t now)
{
    struct tk_next next = tk_next_of(fleet, entry, now);
    struct tk_record record;

    tk_fleet_read(fleet, entry, &record);
    tk_json_open(json, '{');
    tk_json_name(json, "key");
    tk_json_text(json, tk_entry_text(entry));
    tk_json_put_text(json, "source", entry->source->name);
    tk_json_put_text(json, "kind", entry->kind->name);
    tk_json_put_text(json, "state", tk_state_name(tk_entry_state(entry, now)));
    tk_json_put_count(json, "generation", record.generation);
    put_life(json, entry, now);
    tk_json_name(json, "next");
    tk_next_write(&next, json);
    tk_json_put_count(json, "uses", entry->uses);
    tk_next_write_span(json, "idle",
                       entry->last_use_at == 0 ? -1 : now - entry->last_use_at);
    tk_json_put_count(json, "waiting", entry->wait_count);
    tk_json_put_count(json, "failures",
                      entry->failure == NULL ? 0 : entry->failure->count);
    put_error(json, entry->failure);
    tk_json_name(json, "kept");
    tk_json_bool(json, entry->is_kept);
    tk_json_close(json, '}');
}

static void put_source(struct tk_json *json, const struct tk_source *source)
{
    const struct tk_source_stats *stats = &source->stats;

    tk_json_open(json, '{');
    tk_json_put_text(json, "name", source->name);
    tk_json_name(json, "paused");
    tk_json_bool(json, source->is_paused);
    tk_json_put_count(json, "keys", source->key_count);
    tk_json_put_count(json, "active", source->active);
    tk_json_put_count(json, "queued", tk_turn_count(source));
    tk_json_put_count(json, "hits", stats->hits);
    tk_json_put_count(json, "cold", stats->cold);
    tk_json_put_count(json, "cold_failed", stats->cold_failed);
    tk_json_put_count(json, "renewed", stats->renewed);
    tk_json_put_count(json, "extended", stats->extended);
    tk_json_put_count(json, "early", stats->early);
    tk_json_put_count(json, "unchanged", stats->unchanged);
    tk_json_put_count(json, "failed", stats->failed);
    tk_json_put_count(json, "rejected", stats->rejected);
    tk_json_close(json, '}');
}

static void put_sources(struct tk_json *json, const struct tk_config *config,
                        const struct tk_source *only)
{
    tk_json_name(json, "sources");
    tk_json_open(json, '[');
    for (size_t i = 0; i < config->source_count; i++) {
        if (only != NULL && config->sources[i] != only) continue;
        put_source(json, config->sources[i]);
    }
    tk_json_close(json, ']');
}

static void put_counts(struct tk_json *json, const struct tk_page *page)
{
    tk_json_put_count(json, "total", page->total);
    tk_json_name(json, "counts");
    tk_json_open(json, '{');
    for (int state = 0; state < TK_STATES; state++) {
        tk_json_put_count(json, tk_state_name((enum tk_state)state),
                          page->states[state]);
    }
    tk_json_close(json, '}');
}

static void put_page(struct tk_json *json, const struct tk_fleet *fleet,
                     const struct tk_page *page, int64_t now)
{
    tk_json_name(json, "tokens");
    tk_json_open(json, '[');
    for (uint32_t i = 0; i < page->count; i++) {
        put_entry(json, fleet, page->entries[i], now);
    }
    tk_json_close(json, ']');
    tk_json_name(json, "next");
    if (page->has_more) {
        tk_json_text(json, tk_entry_text(page->entries[page->count - 1]));
    } else {
        tk_json_null(json);
    }
}

void tk_listing_write(const struct tk_fleet *fleet,
                      const struct tk_config *config,
                      const struct tk_page_want *want, int64_t now,
                      struct tk_buf *out)
{
    struct tk_json json = {.out = out};
    struct tk_page page;

    tk_page_fill(fleet, want, now, &page);
    tk_json_open(&json, '{');
    put_page(&json, fleet, &page, now);
    put_counts(&json, &page);
    put_sources(&json, config, want->source);
    tk_json_close(&json, '}');
}

void tk_listing_answer(struct tk_desk *desk, struct tk_request *request)
{
    const struct tk_config *config = tk_engine_config(desk->engine);
    struct tk_listing_query query = {
        .source = tk_request_query(request, "source"),
        .state = tk_request_query(request, "state"),
        .after = tk_request_query(request, "after"),
        .limit = tk_request_query(request, "limit"),
    };
    struct tk_http_problem problem = {.status = 404, .code = "unknown_source"};
    struct tk_page_want want;
    struct tk_buf out;
    struct tk_why why;
    int rc = tk_listing_read(&query, config, &want, &why);

    if (rc == TK_ENOENT) {
        problem.detail = why.text;
        tk_desk_refuse(request, &problem);
        return;
    }
    if (rc != 0) {
        tk_desk_refuse_input(request, "bad_request", why.text);
        return;
    }
    tk_buf_init(&out, TK_DESK_ANSWER_MAX);
    tk_listing_write(tk_engine_fleet(desk->engine), config, &want,
                     tk_engine_now(desk->engine), &out);
    tk_desk_send_json(request, 200, &out);
    tk_buf_fini(&out);
}
