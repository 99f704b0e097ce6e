/* engine/feasibility.h - can what is configured work at all?
 *
 * The policy is asked about a token that has just been issued, with the life
 * that was learned, or with two hours where none is known yet; its answer is
 * bent as that of any token is. What follows is arithmetic.
 */
#ifndef TK_ENGINE_FEASIBILITY_H
#define TK_ENGINE_FEASIBILITY_H

#include "engine/config.h"

#define TK_STRAIN_MAP(XX)                                                      \
    XX(QUOTA, "quota")   /* more refreshes than calls */                       \
    XX(PLACES, "places") /* more refreshes than max_concurrent can take */     \
    XX(LEAD, "lead")     /* no time for a retry */                             \
    XX(WINDOW, "window") /* the policy asks before the issuer renews */        \
    XX(HALF_LIFE, "half_life") /* it asks before half of the life */

enum tk_strain {
#define TK_STRAIN_ENUM(name, word) TK_STRAIN_##name,
    TK_STRAIN_MAP(TK_STRAIN_ENUM)
#undef TK_STRAIN_ENUM
        TK_STRAINS,
};

/* What the keys of a source ask of its issuer. */
struct tk_load {
    uint32_t keys;
    int64_t life_ms;
    int64_t every_ms; /* between two refreshes of a key */
    int64_t took_ms;  /* by one refresh; 0: unknown */
    int64_t lead_ms;  /* before the end, as the policy asked */
    enum tk_clamp clamp;
    struct tk_limits quota;
    uint32_t max_concurrent;
};

enum { TK_STRAIN_TEXT = 200 };

/* One sentence for each that holds; "" for the others. */
struct tk_strains {
    char texts[TK_STRAINS][TK_STRAIN_TEXT];
};

void tk_feasibility_judge(const struct tk_load *load, struct tk_strains *out);

/* Of a source, by its keys as they are, or as they will be (`keep`). */
void tk_feasibility_of(struct tk_source *source, struct tk_strains *out);

/* Warns in the log of every strain that has come since the last time. */
void tk_feasibility_warn(const struct tk_config *config);

/* "quota", ... */
const char *tk_strain_name(enum tk_strain strain);

#endif
