/* engine/engine.h - the fleet on a loop: configuration, provider tasks, the
 * one timer, reload and an orderly end.
 */
#ifndef TK_ENGINE_ENGINE_H
#define TK_ENGINE_ENGINE_H

#include "engine/caller.h"
#include "engine/chooser.h"
#include "engine/config.h"
#include "net/loop.h"

struct tk_engine;

struct tk_engine_options {
    const char *config_path;
    const char *policy_file; /* overrules every policy of the file; or NULL */
    /* The runtime directory, locked by the caller: the table lies there, shared
     * with its readers. NULL: in memory of the engine's own. */
    const char *runtime_dir;
    const char *state_dir; /* where choices of policies are kept; or NULL */
    /* May a configuration replace the one in force? Called at a reload, before
     * anything is changed; 0, or what is wrong goes to `problems`. NULL: it
     * may. */
    int (*accept)(const struct tk_config *config, struct tk_problems *problems,
                  void *data);
    void *data;
};

/* Loads the configuration; every problem of it goes to `problems`. */
TK_MUST_USE int tk_engine_new(struct tk_loop *loop,
                              const struct tk_engine_options *options,
                              struct tk_problems *problems,
                              struct tk_engine **out);
/* Fetches what is to be kept, and lets readers see the shared cache. */
void tk_engine_start(struct tk_engine *engine);
/* Loads the configuration again. With a problem the old one stays in force and
 * TK_EINVAL is returned. */
TK_MUST_USE int tk_engine_reload(struct tk_engine *engine,
                                 struct tk_problems *problems);
/* Answers all who wait and drops what is on its way. */
void tk_engine_stop(struct tk_engine *engine);
void tk_engine_free(struct tk_engine *engine);

const struct tk_config *tk_engine_config(const struct tk_engine *engine);
struct tk_chooser *tk_engine_chooser(struct tk_engine *engine);
struct tk_fleet *tk_engine_fleet(struct tk_engine *engine);
int64_t tk_engine_now(const struct tk_engine *engine);
/* Since the start. */
int64_t tk_engine_uptime_ms(const struct tk_engine *engine);
/* Rows of the recording that could not be written. */
uint64_t tk_engine_rows_lost(const struct tk_engine *engine);
/* Has every kept key a token? */
bool tk_engine_is_ready(struct tk_engine *engine);

/* The entry of a key. TK_EINVAL for a malformed key, TK_ENOENT for one that no
 * source has, TK_EFULL past a limit, TK_EREFUSED if the issuer has refused it a
 * short while ago. tk_engine_find takes only keys that are
 * there; it returns NULL with a reason for the others. */
TK_MUST_USE int tk_engine_claim(struct tk_engine *engine, struct tk_str key,
                                struct tk_entry **out, struct tk_why *why);
struct tk_entry *tk_engine_find(struct tk_engine *engine, struct tk_str key,
                                struct tk_why *why);

/* As in engine/caller.h, and the timer is kept right. */
TK_MUST_USE bool tk_engine_get(struct tk_engine *engine, struct tk_entry *entry,
                               const struct tk_want *want, struct tk_got *got);
void tk_engine_wait(struct tk_engine *engine, struct tk_wait *wait);
enum tk_verdict tk_engine_reject(struct tk_engine *engine,
                                 struct tk_entry *entry, uint64_t generation,
                                 struct tk_str token);
enum tk_verdict tk_engine_refresh(struct tk_engine *engine,
                                  struct tk_entry *entry);
void tk_engine_drop(struct tk_engine *engine, struct tk_entry *entry);
/* TK_ENOENT for an unknown source. */
TK_MUST_USE int tk_engine_pause(struct tk_engine *engine, struct tk_str source,
                                bool is_paused, struct tk_why *why);

#endif
