/* cache/boot.h - which start of the machine is this? A segment of an earlier
 * one speaks of moments of another clock.
 */
#ifndef TK_CACHE_BOOT_H
#define TK_CACHE_BOOT_H

enum { TK_BOOT_ID_LEN = 16 };

/* All 0 where the kernel does not tell. */
void tk_boot_id(unsigned char out[TK_BOOT_ID_LEN]);

#endif
