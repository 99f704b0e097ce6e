#define _GNU_SOURCE
#include "base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t read_ms(clockid_t id)
{
    return read_us(id) / 1000;
}

void tk_clocks_read(struct tk_clocks *out)
{
    out->mono = read_ms(CLOCK_MONOTONIC);
    out->boot = read_ms(CLOCK_BOOTTIME);
    out->wall = read_ms(CLOCK_REALTIME);
}

int64_t tk_clock_boot_ms(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

int64_t tk_clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

int64_t tk_clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}
