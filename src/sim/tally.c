#include "sim/tally.h"

#include <stdlib.h>

void tk_tally_fini(struct tk_tally *tally)
{
    free(tally->shown);
    tally->shown = NULL;
    tally->shown_count = tally->shown_cap = 0;
}

double tk_tally_cost(const struct tk_tally *tally, double ratio)
{
    return (double)tally->calls + (ratio - 1) * (double)tally->cold;
}

double tk_tally_cold_per_10k(const struct tk_tally *tally)
{
    if (tally->uses == 0) return 0;
    return 1e4 * (double)tally->cold / (double)tally->uses;
}
