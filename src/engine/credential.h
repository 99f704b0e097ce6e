/* engine/credential.h - a credential that its issuer refuses.
 *
 * It is refused for every key of the source, so after the first refusal none
 * calls the issuer: each fails at once, with the issuer's word. The secret's
 * places are read every TK_CREDENTIAL_LOOK_MS; a change, and every
 * TK_CREDENTIAL_PROBE_MS the hope that the issuer has mended its side, lets
 * them go on. The probe is one call.
 */
#ifndef TK_ENGINE_CREDENTIAL_H
#define TK_ENGINE_CREDENTIAL_H

#include "engine/turn.h"
#include "engine/wait.h"

enum {
    TK_CREDENTIAL_LOOK_MS = 2000,
    TK_CREDENTIAL_PROBE_MS = 5 * 60 * 1000,
};

/* The issuer has refused, with `code`, what was in use at `version`. Returns
 * true if something else is in use now, so that trying again makes sense;
 * otherwise the source is held. */
bool tk_credential_refused(struct tk_fleet *fleet, struct tk_source *source,
                           uint32_t version, const char *code, int64_t now);
/* A token came. */
void tk_credential_accepted(struct tk_fleet *fleet, struct tk_source *source,
                            int64_t now);

/* May no key call the issuer now? */
bool tk_credential_is_held(const struct tk_source *source, int64_t now);
/* Fails a key of a source that is held, without a call. */
void tk_credential_fail(struct tk_fleet *fleet, struct tk_entry *entry,
                        int64_t now);

/* Reads the places again when it is time, if the credential is refused. */
void tk_credential_look(struct tk_fleet *fleet, struct tk_source *source,
                        int64_t now);

#endif
