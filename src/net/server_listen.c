#define _GNU_SOURCE
#include "net/server_listen.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* An address of either family. */
struct place {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
    } as;
    socklen_t len;
};

static int new_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* While the socket is open its inode's number cannot be given to a file that
 * somebody else puts in its place. */
static bool has_file(const struct tk_server_listen *listener)
{
    struct stat info;

    return listener->fd >= 0 && listener->ino != 0 &&
           lstat(listener->path, &info) == 0 && info.st_dev == listener->dev &&
           info.st_ino == listener->ino;
}

void tk_server_listen_close(struct tk_server_listen *listener)
{
    if (listener->fd < 0) return;
    if (has_file(listener)) unlink(listener->path);
    close(listener->fd);
    listener->fd = -1;
}

/* Does somebody answer on the socket file? Connecting is the only way to know:
 * the file of a server that was killed looks like that of a living one. */
static int probe(const struct place *place, const char *path,
                 struct tk_why *why)
{
    int fd = new_socket(AF_UNIX);
    int rc;

    if (fd < 0) return tk_fail(why, TK_EIO, "socket: %s", strerror(errno));
    rc = connect(fd, &place->as.any, place->len) == 0 ? 0 : errno;
    close(fd);
    switch (rc) {
    case ECONNREFUSED:
    case ENOENT:
        return 0;
    case 0:
    case EAGAIN: /* its queue is full, so there is one */
        return tk_fail(why, TK_EBUSY,
                       "another server is listening on %s; stop it or choose "
                       "another socket",
                       path);
    case EACCES:
        return tk_fail(why, TK_EDENIED,
                       "%s: permission denied; choose another socket", path);
    default:
        return tk_fail(why, TK_EEXIST,
                       "%s is a socket of another kind (%s); remove it or "
                       "choose another socket",
                       path, strerror(rc));
    }
}

/* Makes way for a new socket file, if what stands there is dead and ours. */
static int clear_path(const struct place *place, const char *path,
                      struct tk_why *why)
{
    struct stat info;
    int rc;

    if (lstat(path, &info) != 0) return 0; /* bind has the better reason */
    if (!S_ISSOCK(info.st_mode)) {
        return tk_fail(why, TK_EEXIST,
                       "%s is there already and is no socket; remove it or "
                       "choose another socket",
                       path);
    }
    rc = probe(place, path, why);
    if (rc != 0) return rc;
    if (info.st_uid != geteuid()) {
        return tk_fail(why, TK_EEXIST,
                       "%s is a dead socket of uid %u; remove it or choose "
                       "another socket",
                       path, (unsigned)info.st_uid);
    }
    if (unlink(path) != 0 && errno != ENOENT) {
        return tk_fail(why, TK_EDENIED, "%s: cannot be removed: %s", path,
                       strerror(errno));
    }
    return 0;
}

static int say_bind_failed(const char *path, struct tk_why *why)
{
    const char *slash = strrchr(path, '/');
    int dir_len = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    const char *dir = slash == NULL ? "." : path;

    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return tk_fail(why, TK_ENOENT,
                       "%s: there is no directory %.*s; make it (mkdir -p "
                       "%.*s) or choose another socket",
                       path, dir_len, dir, dir_len, dir);
    case EACCES:
    case EPERM:
    case EROFS:
        return tk_fail(why, TK_EDENIED,
                       "%s: uid %u may not write in %.*s; give it the "
                       "directory or choose another socket",
                       path, (unsigned)geteuid(), dir_len, dir);
    case EADDRINUSE:
        return tk_fail(why, TK_EBUSY,
                       "another server has just taken %s; stop it or choose "
                       "another socket",
                       path);
    default:
        return tk_fail(why, TK_EIO, "%s: %s", path, strerror(errno));
    }
}

/* Before listen(2), so that nobody connects under the rights of the umask. */
static int set_rights(struct tk_server_listen *listener, unsigned mode,
                      gid_t group, struct tk_why *why)
{
    struct stat info;

    if (lstat(listener->path, &info) != 0) {
        return tk_fail(why, TK_EIO, "%s: %s", listener->path, strerror(errno));
    }
    listener->dev = info.st_dev;
    listener->ino = info.st_ino;
    if (group != (gid_t)-1 && lchown(listener->path, (uid_t)-1, group) != 0) {
        return tk_fail(why, TK_EDENIED,
                       "%s: cannot be given to group %u: %s; be a member of "
                       "it, or choose another group",
                       listener->path, (unsigned)group, strerror(errno));
    }
    if (chmod(listener->path, mode) != 0) {
        return tk_fail(why, TK_EDENIED, "%s: %s", listener->path,
                       strerror(errno));
    }
    return 0;
}

int tk_server_listen_set_mode(struct tk_server_listen *listener, unsigned mode,
                              struct tk_why *why)
{
    if (!has_file(listener)) return 0;
    return set_rights(listener, mode, (gid_t)-1, why);
}

static int start(struct tk_server_listen *listener, struct tk_why *why)
{
    if (listen(listener->fd, SOMAXCONN) == 0) return 0;
    return tk_fail(why, errno == EADDRINUSE ? TK_EBUSY : TK_EIO, "%s: %s",
                   listener->address, strerror(errno));
}

static int open_unix(struct tk_server_listen *listener, const char *path,
                     unsigned mode, gid_t group, struct tk_why *why)
{
    struct place place = {.as.un.sun_family = AF_UNIX,
                          .len = sizeof place.as.un};
    int rc;

    if (path[0] == '\0' || strlen(path) >= sizeof listener->path) {
        return tk_fail(why, TK_EINVAL,
                       "the path of a socket has 1 to %zu bytes, this one has "
                       "%zu; choose a shorter one",
                       sizeof listener->path - 1, strlen(path));
    }
    listener->is_unix = true;
    snprintf(listener->path, sizeof listener->path, "%s", path);
    snprintf(place.as.un.sun_path, sizeof place.as.un.sun_path, "%s", path);
    snprintf(listener->address, sizeof listener->address, "unix:%s", path);

    rc = clear_path(&place, path, why);
    if (rc != 0) return rc;
    listener->fd = new_socket(AF_UNIX);
    if (listener->fd < 0) {
        return tk_fail(why, TK_EIO, "socket: %s", strerror(errno));
    }
    if (bind(listener->fd, &place.as.any, place.len) != 0) {
        return say_bind_failed(path, why);
    }
    rc = set_rights(listener, mode, group, why);
    return rc == 0 ? start(listener, why) : rc;
}

/* Does `text` name a loopback address, as 127.0.0.1 or [::1]? */
static bool read_host(struct tk_str text, struct place *out)
{
    char host[INET6_ADDRSTRLEN];
    bool is_v6 =
        text.len > 2 && text.data[0] == '[' && text.data[text.len - 1] == ']';

    if (is_v6) text = tk_str_of(text.data + 1, text.len - 2);
    if (text.len >= sizeof host) return false;
    snprintf(host, sizeof host, "%.*s", TK_ARG(text));
    if (is_v6) {
        out->as.in6.sin6_family = AF_INET6;
        out->len = sizeof out->as.in6;
        return inet_pton(AF_INET6, host, &out->as.in6.sin6_addr) == 1 &&
               IN6_IS_ADDR_LOOPBACK(&out->as.in6.sin6_addr);
    }
    out->as.in4.sin_family = AF_INET;
    out->len = sizeof out->as.in4;
    return inet_pton(AF_INET, host, &out->as.in4.sin_addr) == 1 &&
           ntohl(out->as.in4.sin_addr.s_addr) >> 24 == 127;
}

static bool read_port(const char *text, struct place *place)
{
    unsigned long port = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || at - text > 4) return false;
        port = port * 10 + (unsigned long)(*at - '0');
    }
    if (text[0] == '\0' || port > UINT16_MAX) return false;
    if (place->as.any.sa_family == AF_INET6) {
        place->as.in6.sin6_port = htons((uint16_t)port);
    } else {
        place->as.in4.sin_port = htons((uint16_t)port);
    }
    return true;
}

/* The port is the one that the kernel chose if 0 was asked for. */
static void note_address(struct tk_server_listen *listener)
{
    char host[INET6_ADDRSTRLEN] = "";
    struct place place = {.len = sizeof place.as};

    getsockname(listener->fd, &place.as.any, &place.len);
    if (place.as.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &place.as.in6.sin6_addr, host, sizeof host);
        snprintf(listener->address, sizeof listener->address, "http://[%s]:%u",
                 host, (unsigned)ntohs(place.as.in6.sin6_port));
    } else {
        inet_ntop(AF_INET, &place.as.in4.sin_addr, host, sizeof host);
        snprintf(listener->address, sizeof listener->address, "http://%s:%u",
                 host, (unsigned)ntohs(place.as.in4.sin_port));
    }
}

static int open_tcp(struct tk_server_listen *listener, const char *text,
                    struct tk_why *why)
{
    const char *colon = strrchr(text, ':');
    struct place place = {.len = 0};
    int rc;

    if (colon == NULL ||
        !read_host(tk_str_of(text, (size_t)(colon - text)), &place) ||
        !read_port(colon + 1, &place)) {
        return tk_fail(why, TK_EINVAL,
                       "'tcp:%.60s' is no loopback address with a port; write "
                       "it as tcp:127.0.0.1:8080 or tcp:[::1]:8080",
                       text);
    }
    listener->fd = new_socket(place.as.any.sa_family);
    if (listener->fd < 0) {
        return tk_fail(why, TK_EIO, "socket: %s", strerror(errno));
    }
    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener->fd, &place.as.any, place.len) != 0) {
        rc = errno == EADDRINUSE ? TK_EBUSY
             : errno == EACCES   ? TK_EDENIED
                                 : TK_EIO;
        return tk_fail(why, rc, "tcp:%s: %s; choose another port", text,
                       strerror(errno));
    }
    note_address(listener);
    return start(listener, why);
}

int tk_server_listen_open(struct tk_server_listen *out, const char *where,
                          unsigned mode, gid_t group, struct tk_why *why)
{
    int rc;

    *out = (struct tk_server_listen){.fd = -1};
    if (where != NULL && strncmp(where, "unix:", 5) == 0) {
        rc = open_unix(out, where + 5, mode, group, why);
    } else if (where != NULL && strncmp(where, "tcp:", 4) == 0) {
        rc = open_tcp(out, where + 4, why);
    } else {
        rc = tk_fail(why, TK_EINVAL,
                     "'%.60s' is no place to listen; write unix:/path or "
                     "tcp:127.0.0.1:8080",
                     where == NULL ? "" : where);
    }
    if (rc != 0) tk_server_listen_close(out);
    return rc;
}
