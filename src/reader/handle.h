/* reader/handle.h - what is behind a struct tokeng; for tokeng.c, which asks
 * the engine, and read.c, which reads the shared cache.
 */
#ifndef TK_READER_HANDLE_H
#define TK_READER_HANDLE_H

#include "reader/shelf.h"
#include "reader/wire.h"
#include "tokeng.h"

#include <pthread.h>

enum { TK_IDLE_MAX = 8 };

/* Owned by the caller of tokeng_open. */
struct tokeng {
    char *dir; /* NULL: the default places */
    struct tk_shelf shelf;
    pthread_mutex_t lock;
    pid_t pid; /* whose connections these are */
    size_t idle_count;
    struct tk_wire *idle[TK_IDLE_MAX];
};

#endif
