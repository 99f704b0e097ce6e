/* Which keys there are, and why others are not. */
#include "engine/engine.h"

static struct tk_source *source_of(struct tk_engine *engine,
                                   const struct tk_key *key, struct tk_why *why)
{
    struct tk_source *source =
        tk_config_source(tk_engine_config(engine), key->source);

    if (source == NULL) {
        tk_fail(why, TK_ENOENT, "there is no source %.*s", TK_ARG(key->source));
    }
    return source;
}

/* Has its issuer refused the key a short while ago? */
static bool was_refused(struct tk_engine *engine,
                        const struct tk_source *source,
                        const struct tk_key *key, struct tk_why *why)
{
    int64_t now = tk_engine_now(engine);
    const struct tk_unknown *unknown = tk_unknown_find(
        tk_fleet_unknowns(tk_engine_fleet(engine)), key->text, now);

    if (unknown == NULL || tk_source_keeps(source, key)) return false;
    tk_fail(why, TK_EREFUSED,
            "the issuer of source %s has refused this key (%s); it is asked "
            "again in %lld s at the earliest",
            source->name, unknown->code,
            (long long)(unknown->until - now + 999) / 1000);
    return true;
}

int tk_engine_claim(struct tk_engine *engine, struct tk_str text,
                    struct tk_entry **out, struct tk_why *why)
{
    struct tk_source *source;
    struct tk_key key;
    int rc;

    *out = tk_fleet_find(tk_engine_fleet(engine), text);
    if (*out != NULL) return 0;
    rc = tk_key_parse(text, &key, why);
    if (rc != 0) return rc;
    source = source_of(engine, &key, why);
    if (source == NULL) return TK_ENOENT;
    if (was_refused(engine, source, &key, why)) return TK_EREFUSED;
    return tk_fleet_claim(tk_engine_fleet(engine), source, &key, out, why);
}

struct tk_entry *tk_engine_find(struct tk_engine *engine, struct tk_str text,
                                struct tk_why *why)
{
    struct tk_entry *entry = tk_fleet_find(tk_engine_fleet(engine), text);
    struct tk_key key;

    const struct tk_source *source = NULL;

    if (entry != NULL) return entry;
    if (tk_key_parse(text, &key, why) == 0) {
        source = source_of(engine, &key, why);
    }
    if (source != NULL && !was_refused(engine, source, &key, why)) {
        tk_fail(why, TK_ENOENT,
                "the key is not there: nobody has asked for it");
    }
    return NULL;
}
