#include "engine/retired.h"

#include <stdlib.h>

struct tk_retired {
    struct tk_retired *next;
    struct tk_config *config;
};

struct tk_retired *tk_retired_new(void)
{
    return calloc(1, sizeof(struct tk_retired));
}

void tk_retired_push(struct tk_retired **list, struct tk_retired *place,
                     struct tk_config *config)
{
    *place = (struct tk_retired){*list, config};
    *list = place;
}

void tk_retired_free(struct tk_retired **list, bool also_busy)
{
    struct tk_retired **at = list;

    while (*at != NULL) {
        struct tk_retired *retired = *at;

        if (!also_busy && tk_config_is_busy(retired->config)) {
            at = &retired->next;
            continue;
        }
        *at = retired->next;
        tk_config_free(retired->config);
        free(retired);
    }
}
