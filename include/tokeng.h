/* tokeng.h - read and fetch the access tokens that a tokeng engine keeps.
 *
 * libtokeng needs libc alone: no thread, no signal handler, nothing printed.
 * Link with -ltokeng (pkg-config tokeng). The text between ffi:begin and
 * ffi:end is what LuaJIT's ffi.cdef reads, as it stands.
 */
#ifndef TOKENG_H
#define TOKENG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a function or a structure below changes its meaning. */
#define TOKENG_ABI 2

/* What can go wrong: name, number (negative as a result) and text. The same
 * names stand as constants below, where LuaJIT sees them. */
#define TOKENG_ERR_MAP(XX)                                                     \
    XX(EMISS, 1, "no token now")                                               \
    XX(ERANGE, 2, "the buffer is too small")                                   \
    XX(EDENIED, 3, "not allowed")                                              \
    XX(EINVAL, 4, "malformed key or argument")                                 \
    XX(ENOENT, 5, "unknown source or key")                                     \
    XX(ECONNECT, 6, "no engine is listening")                                  \
    XX(ETIMEDOUT, 7, "the engine did not answer in time")                      \
    XX(EPROTO, 8, "the engine's answer is malformed")                          \
    XX(ENOMEM, 9, "out of memory")                                             \
    XX(ESTALE, 10, "the handle's key is not there any more; find it again")    \
    XX(EVERSION, 11, "the shared cache is of another version of tokeng")       \
    XX(EBUSY, 12, "another engine runs there")                                 \
    XX(ECONFIG, 13, "the configuration has problems")                          \
    XX(EHOST, 14, "the engine cannot run in this process")

/* What follows is what the libraries show. */
#pragma GCC visibility push(default)

/* ffi:begin */

/* Where an engine is: its shared cache, and the idle connections to it. After a
 * fork both processes may go on using it; the child makes connections of its
 * own. */
struct tokeng;

/* What a caller asks for. Set `size` to sizeof(struct tokeng_want) and all
 * else to 0, then what is wanted. */
struct tokeng_want {
    uint32_t size;
    uint32_t min_ttl_s; /* life that the token should still have, seconds */
    uint32_t wait_ms; /* longest wait for the issuer, at most a minute; 0: five
                       * seconds */
    uint32_t reserved;
    uint64_t newer_than; /* a generation that was rejected; 0: any will do */
};

/* What a caller learns. Set `size` to sizeof(struct tokeng_info). */
struct tokeng_info {
    uint32_t size;
    uint32_t token_len;    /* bytes, also when the buffer was too small */
    uint64_t generation;   /* of the token; name it to tokeng_reject */
    int64_t expires_in_ms; /* life left */
    int64_t retry_in_ms;   /* with an error: when to ask again; -1: unknown */
    uint32_t state;        /* enum tokeng_state */
    uint32_t slot;         /* where it was read, for tokeng_is_same; */
    uint64_t stamp;        /* 0: it came from the engine */
    int64_t expires_at_ms; /* of CLOCK_BOOTTIME; 0: it came from the engine */
    uint32_t cache;
    uint32_t reserved;
};

enum tokeng_state {
    TOKENG_FRESH = 0,
    TOKENG_DUE = 1,
    TOKENG_STALE = 2,
    TOKENG_LAPSED = 3,
    TOKENG_POISONED = 4,
    TOKENG_IN_DOUBT = 5,
    TOKENG_NEEDS_LOGIN = 6,
    TOKENG_NEEDS_TICKET = 7
};

enum tokeng_err {
    TOKENG_OK = 0,
    TOKENG_EMISS = -1,     /* no token now; info.retry_in_ms says when */
    TOKENG_ERANGE = -2,    /* buffer too small; info.token_len is needed */
    TOKENG_EDENIED = -3,   /* the socket or the engine refuses this user */
    TOKENG_EINVAL = -4,    /* bad key, or bad arguments */
    TOKENG_ENOENT = -5,    /* the engine has no such source or kind */
    TOKENG_ECONNECT = -6,  /* no engine is listening */
    TOKENG_ETIMEDOUT = -7, /* the engine did not answer in time */
    TOKENG_EPROTO = -8,    /* what answered is not an engine of this kind */
    TOKENG_ENOMEM = -9,
    TOKENG_ESTALE = -10,   /* the handle is of a key that is gone: find it */
    TOKENG_EVERSION = -11, /* library and engine do not belong together */
    TOKENG_EBUSY = -12,    /* another engine runs there, or in this process */
    TOKENG_ECONFIG = -13,  /* the configuration has problems */
    TOKENG_EHOST = -14     /* the engine cannot run in this process */
};

/* tokeng_abi - the TOKENG_ABI that the library was built with. Callers that
 * load it at run time compare it with their own. From any thread. */
uint32_t tokeng_abi(void);

/* tokeng_strerror - a text for a person. Static, also for a number that is no
 * code. From any thread. */
const char *tokeng_strerror(int err);

/* tokeng_open - makes the handle for the engine whose socket is in the runtime
 * directory `dir`. NULL stands for the default: the socket $TOKENG_SOCKET,
 * else tokeng.sock in $RUNTIME_DIRECTORY, /run/tokeng or
 * $XDG_RUNTIME_DIR/tokeng, whichever is there. Needs no engine yet: that is
 * looked for when it is called.
 * Returns 0 and in `*out` a handle that is the caller's until tokeng_close; or
 * TOKENG_EINVAL (the path is too long for a socket) or TOKENG_ENOMEM, and then
 * `*out` is NULL. From any thread. */
int tokeng_open(const char *dir, struct tokeng **out);

/* tokeng_close - gives the handle back; NULL is allowed. No other call may be
 * using it, or use it later. */
void tokeng_close(struct tokeng *t);

/* tokeng_get - reads the token under `key` (source/kind or
 * source/kind/subject, `key_len` bytes, not terminated) from the shared cache:
 * no lock, no wait and, while the engine lives, no system call. `want` NULL
 * asks for any token that is valid; want->wait_ms has no meaning here. Tokens
 * are served to their end also when the engine is gone, and never beyond.
 * Returns the token's length and in `buf` its bytes, terminated if `cap` is
 * larger than that; or
 *   TOKENG_EMISS    no such token in the cache: tokeng_fetch may bring it
 *   TOKENG_ERANGE   it does not fit; info->token_len says what it needs
 *   TOKENG_EINVAL   a malformed key or argument
 *   TOKENG_ECONNECT there is no cache: no engine has run since the boot
 *   TOKENG_EDENIED  this user may not read it
 *   TOKENG_EVERSION it is of another version of tokeng
 *   TOKENG_EPROTO   it is damaged, or others than the engine could write it.
 * What is learned stands in `*info`, which may be NULL. `buf` may have been
 * written to in every case. From several threads at a time, on the same handle
 * too. */
int tokeng_get(struct tokeng *t, const char *key, size_t key_len,
               const struct tokeng_want *want, char *buf, size_t cap,
               struct tokeng_info *info);

/* tokeng_find - a handle for `key`, with which reading is twice as fast; any
 * number may have the same one, and it need not be given back. Returns 0, or a
 * code as tokeng_get does; TOKENG_EMISS if the key is not in the cache. Threads
 * as tokeng_get. */
int tokeng_find(struct tokeng *t, const char *key, size_t key_len,
                uint64_t *handle);

/* tokeng_get_handle - tokeng_get for a handle. TOKENG_ESTALE: its key is not
 * there any more, or the engine has been started anew; find it again. Threads
 * as tokeng_get. */
int tokeng_get_handle(struct tokeng *t, uint64_t handle,
                      const struct tokeng_want *want, char *buf, size_t cap,
                      struct tokeng_info *info);

/* tokeng_attributes - reads the attributes (JSON) of the token that `info` was
 * filled with by tokeng_get or tokeng_get_handle. Returns their length, which
 * may be 0, and terminates as tokeng_get does; TOKENG_EMISS if that token has
 * been replaced meanwhile, TOKENG_ERANGE if they do not fit (at most 1024
 * bytes). Threads as tokeng_get. */
int tokeng_attributes(struct tokeng *t, const struct tokeng_info *info,
                      char *buf, size_t cap);

/* tokeng_is_same - 1 if the token that `info` was filled with by tokeng_get or
 * tokeng_get_handle is still the one under its key, and valid for min_ttl_s
 * more seconds; else 0. Counts as a use of the key. For who keeps a copy: this
 * is all it costs to know that the copy is good. Threads as tokeng_get. */
int tokeng_is_same(struct tokeng *t, const struct tokeng_info *info,
                   uint32_t min_ttl_s);

/* tokeng_fetch - asks the engine for the token under `key`, and waits while the
 * engine obtains one. `want` NULL asks for any token that is valid.
 * Returns the token's length and in `buf` its bytes, terminated if `cap` is
 * larger than that; or a code of enum tokeng_err, and then `buf` is as it was.
 * What is learned stands in `*info`, which may be NULL.
 * From several threads at a time, on the same handle too: each call in flight
 * has a connection of its own. Blocks for at most want->wait_ms and two
 * seconds. */
int tokeng_fetch(struct tokeng *t, const char *key, size_t key_len,
                 const struct tokeng_want *want, char *buf, size_t cap,
                 struct tokeng_info *info);

/* tokeng_reject - reports that the issuer no longer accepts the token of this
 * generation under `key`. A newer one is not touched. To get its successor,
 * fetch with newer_than.
 * Returns 0 when the engine has taken note, or a code of enum tokeng_err.
 * Threads as tokeng_fetch; blocks for at most two seconds. */
int tokeng_reject(struct tokeng *t, const char *key, size_t key_len,
                  uint64_t generation);

/* An engine inside this process, for hosts written in C. */
struct tokeng_engine;

enum tokeng_log_level {
    TOKENG_LOG_DEBUG = 1,
    TOKENG_LOG_INFO = 2,
    TOKENG_LOG_WARN = 3,
    TOKENG_LOG_ERROR = 4
};

/* How to run it. Set `size` to sizeof(struct tokeng_engine_options) and all
 * else to 0, then what is wanted. */
struct tokeng_engine_options {
    uint32_t size;
    uint32_t log_level; /* the lowest that `log` is told; 0: TOKENG_LOG_INFO */
    const char *config; /* NULL: where `tokeng run` looks for it */
    const char *dir;    /* the runtime directory; NULL: as `tokeng run` */
    /* libtokeng-engine, an absolute path; NULL: beside libtokeng. */
    const char *library;
    /* Told each line, `len` bytes, not terminated; on the engine's thread, so
     * not for a function of LuaJIT. NULL: nothing is told, and nothing is
     * printed in any case. */
    void (*log)(uint32_t level, const char *line, size_t len, void *data);
    void *data;
    /* Filled with what is wrong, terminated, when a start fails; or NULL. */
    char *why;
    size_t why_cap;
};

/* tokeng_engine_start - runs an engine in this process, on a thread of its own
 * that takes no signals; one in a process at a time. It loads libtokeng-engine,
 * which brings Lua, libcurl and the like, beside whatever the host has of
 * them. No signal's disposition, umask or directory of the host is changed.
 * Start it after the last fork without exec: a thread is not forked. A secret
 * of the environment is wiped there when it is read, so a host that starts
 * engines one after the other keeps its secrets in files.
 * Returns 0 when it listens, and in `*out` a handle that is the caller's until
 * tokeng_engine_stop; or
 *   TOKENG_ECONFIG  `why` holds the problems, one a line
 *   TOKENG_EBUSY    another engine runs in the directory or in this process
 *   TOKENG_EHOST    it cannot run in this process: the library is not there,
 *                   is not of this version, malloc is not libc's (a program
 *                   that replaces it links libtokeng-engine itself), or the
 *                   process was forked from one with an engine
 *   TOKENG_EINVAL, TOKENG_EDENIED, TOKENG_ENOMEM.
 * From any thread. */
int tokeng_engine_start(const struct tokeng_engine_options *o,
                        struct tokeng_engine **out);

/* tokeng_engine_reload - reads the configuration again. With a problem, which
 * `log` is told, the old one stays in force. Returns 0, TOKENG_ECONFIG,
 * TOKENG_ENOMEM, or TOKENG_EHOST in a child that was forked. From any thread
 * but in `log`; blocks until it is done. */
int tokeng_engine_reload(struct tokeng_engine *e);

/* tokeng_engine_stop - answers all who wait, ends the thread and gives the
 * handle back; NULL is allowed. In a child that was forked it does nothing. No
 * other call may be using the handle, or use it later; not in `log`. */
void tokeng_engine_stop(struct tokeng_engine *e);

/* ffi:end */

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
