/* engine/flight.h - refreshes on their way: the provider tasks that run.
 */
#ifndef TK_ENGINE_FLIGHT_H
#define TK_ENGINE_FLIGHT_H

#include "engine/config.h"
#include "engine/provider.h"
#include "engine/recording.h"

/* A provider that does not come to an end is cut off after this. */
enum { TK_FLIGHT_MAX_MS = 60 * 1000 };

/* Owned by the engine. */
struct tk_flights {
    struct tk_loop *loop;
    struct tk_client *client;
    struct tk_fleet *fleet;
    struct tk_link all; /* oldest first */
    /* The configuration in force: where engine.token looks for its source. */
    const struct tk_config *config;
    struct tk_recording *recording; /* NULL: nothing is recorded */
    /* Called when something landed: moments may have changed. */
    void (*changed)(void *data);
    void *data;
};

TK_MUST_USE int tk_flights_init(struct tk_flights *flights,
                                struct tk_loop *loop);
/* Drops everything that is on its way. */
void tk_flights_fini(struct tk_flights *flights);

/* Starts the provider of a key; it lands on the fleet by itself. */
TK_MUST_USE int tk_flight_start(struct tk_flights *flights,
                                struct tk_entry *entry, int64_t now);

/* Ends the refresh of a key that is withdrawn, without landing. */
void tk_flight_drop(struct tk_entry *entry, void *flights);

/* Lands, as a timeout, what has been on its way too long. */
void tk_flight_expire(struct tk_flights *flights, int64_t now);
/* When that is to be looked at next; TK_NEVER if nothing is on its way. */
int64_t tk_flight_deadline(const struct tk_flights *flights);

#endif
