/* cache/demand_link.h - how a reader gets the memory for its stamps: it
 * connects to a socket, and is sent the descriptor of that memory.
 */
#ifndef TK_CACHE_DEMAND_LINK_H
#define TK_CACHE_DEMAND_LINK_H

#include "base/err.h"

#include <stdint.h>
#include <sys/un.h>

/* The address of a socket in an open directory, however long its path is. */
struct sockaddr_un tk_demand_place(int dir_fd, const char *name);

/* Sends descriptor `memory` over `fd`; whoever does not take it has none. */
void tk_demand_send(int fd, int memory);

/* Connects; never waits. -1: nobody is there, or it is not allowed. */
int tk_demand_ask(int dir_fd, const char *name);
/* Waits for the answer no longer than `wait_ms` and maps the memory, `size`
 * bytes that nobody can take away. TK_ETIMEDOUT: it has not come yet.
 * TK_EPROTO: what has come is not that memory. */
TK_MUST_USE int tk_demand_hear(int fd, uint64_t inode, size_t size, int wait_ms,
                               uint32_t **out);

#endif
