#include "cache/boot.h"

#include "base/file.h"

#include <ctype.h>
#include <stdlib.h>

void tk_boot_id(unsigned char out[TK_BOOT_ID_LEN])
{
    struct tk_buf text;
    unsigned digits = 0;

    memset(out, 0, TK_BOOT_ID_LEN);
    tk_buf_init(&text, 64);
    if (tk_file_read("/proc/sys/kernel/random/boot_id", &text, NULL) == 0) {
        struct tk_str id = tk_buf_str(&text);

        for (size_t i = 0; i < id.len && digits < 2 * TK_BOOT_ID_LEN; i++) {
            char digit[2] = {id.data[i], '\0'};

            if (!isxdigit((unsigned char)id.data[i])) continue;
            out[digits / 2] =
                (unsigned char)(out[digits / 2] * 16 + strtol(digit, NULL, 16));
            digits++;
        }
    }
    tk_buf_fini(&text);
}
