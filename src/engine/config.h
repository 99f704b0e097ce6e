/* engine/config.h - the configuration file, checked and made ready to run.
 */
#ifndef TK_ENGINE_CONFIG_H
#define TK_ENGINE_CONFIG_H

#include "base/map.h"
#include "engine/api_keys.h"
#include "engine/readers.h"
#include "engine/recording.h"
#include "engine/source.h"

struct tk_config_secret;

/* Owned by the engine, or by whoever loaded it. Sources live as long as their
 * configuration. */
struct tk_config {
    char *path;
    struct tk_library library;
    struct tk_pool pool; /* of `root` */
    struct tk_value root;
    struct tk_config_secret *secrets;
    struct tk_policy **policies; /* in force, and held */
    size_t policy_count;
    struct tk_source **sources;
    size_t source_count;
    struct tk_map by_name; /* of sources */
    struct tk_api_keys api_keys;
    struct tk_readers readers;
    struct tk_recording_options record;
};

/* Where the configuration is: `given`, else $TOKENG_CONFIG, else
 * /etc/tokeng/tokeng.lua, else $XDG_CONFIG_HOME/tokeng/tokeng.lua. */
TK_MUST_USE int tk_config_find(const char *given, char out[PATH_MAX],
                               struct tk_why *why);

/* Loads and checks everything: the file, the scripts that it names and their
 * secrets. All problems are reported, not only the first; NULL is returned if
 * there was one. `previous` (or NULL) lends the secrets of the environment,
 * which can be read only once. `policy_file` (or NULL) overrules every policy
 * of the file. */
struct tk_config *tk_config_load(const char *path,
                                 const struct tk_config *previous,
                                 const char *policy_file,
                                 struct tk_problems *problems);
void tk_config_free(struct tk_config *config);

/* Makes `policies` what the sources have now. TK_ENOMEM leaves it as
 * it is: it is only for those who count. */
int tk_config_list_policies(struct tk_config *config);

struct tk_source *tk_config_source(const struct tk_config *config,
                                   struct tk_str name);

/* The addresses of `listen`; data NULL at the end. By default
 * unix:DIR/tokeng.sock. */
const char *tk_config_listen(const struct tk_config *config, size_t index);

/* The memory that its secrets lie in; returns whether all of it is locked. */
bool tk_config_secret_memory(const struct tk_config *config, size_t *bytes);

/* Is any refresh of its sources on its way? Then it must not be freed yet. */
bool tk_config_is_busy(const struct tk_config *config);

#endif
