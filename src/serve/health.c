#include "serve/health.h"

#include "net/json.h"

#include <stdio.h>
#include <unistd.h>

char *tk_health_describe(const struct tk_census *census,
                         char out[TK_HEALTH_TEXT])
{
    snprintf(out, TK_HEALTH_TEXT,
             "not ready: %llu of %llu kept keys have no token\n",
             (unsigned long long)census->kept_dark,
             (unsigned long long)census->kept);
    return out;
}

/* That this is answered at all says that the loop turns. */
void tk_health_live(struct tk_request *request)
{
    tk_desk_send_text(request, 200, "ok\n");
}

void tk_health_ready(struct tk_desk *desk, struct tk_request *request)
{
    struct tk_census census;
    char text[TK_HEALTH_TEXT];

    if (tk_engine_is_ready(desk->engine)) {
        tk_desk_send_text(request, 200, "ready\n");
        return;
    }
    if (tk_census_take(tk_engine_fleet(desk->engine),
                       tk_engine_config(desk->engine),
                       tk_engine_now(desk->engine), &census) != 0) {
        tk_desk_refuse_internal(request);
        return;
    }
    tk_desk_send_text(request, 503, tk_health_describe(&census, text));
    tk_census_fini(&census);
}

void tk_health_version(struct tk_desk *desk, struct tk_request *request)
{
    struct tk_buf out;
    struct tk_json json = {.out = &out};

    tk_buf_init(&out, 16 * 1024);
    tk_json_open(&json, '{');
    tk_json_name(&json, "version");
    tk_json_text(&json, tk_str(TOKENG_VERSION));
    tk_json_name(&json, "uptime");
    tk_json_num(&json, (double)tk_engine_uptime_ms(desk->engine) / 1000);
    tk_json_name(&json, "config");
    tk_json_text(&json, tk_str(tk_engine_config(desk->engine)->path));
    tk_json_name(&json, "pid");
    tk_json_int(&json, getpid());
    tk_json_close(&json, '}');
    tk_desk_send_json(request, 200, &out);
    tk_buf_fini(&out);
}
