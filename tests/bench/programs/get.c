/* get KEYS TOKEN_BYTES GETS WRITER_GETS - one token after the other, keys drawn
 * by Zipf's law: from a table behind a mutex, one behind a rwlock, and the
 * shared cache by key and by handle. On one thread, on two, and beside a writer
 * at full speed (WRITER_GETS from the cache; 0: none of that).
 * get weigh KEYS - bytes in the shared files for each token of 64 bytes.
 * get redis SOCKET GETS - the same token from Redis, one call at a time.
 * Prints "name number" lines: nanoseconds for each get, processor time of the
 * reading thread; those named wall, and of Redis, are wall time. */
#include "field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A get behind a rwlock takes up to 70 us beside a writer. */
enum { SLOW_GETS = 50000 };

struct reader {
    struct field *field;
    field_get *get;
    uint32_t gets;
    uint32_t from; /* in the order of keys */
    bool checks;
    pthread_barrier_t *start;
    uint64_t torn;
    double ns;
    double wall_ns;
};

struct writer {
    struct field *field;
    field_put *put;
    pthread_barrier_t *start;
    int stop;
};

static double clock_ns(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static bool is_torn(const char *token, size_t len)
{
    return memcmp(token, token + 8, len - 8) != 0;
}

static void *read_all(void *data)
{
    struct reader *reader = data;
    struct field *field = reader->field;
    char buf[RIVAL_TOKEN_MAX + 1];
    double before, began;

    if (reader->start != NULL) pthread_barrier_wait(reader->start);
    began = clock_ns(CLOCK_MONOTONIC);
    before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = 0; i < reader->gets; i++) {
        uint32_t number = field->order[(reader->from + i) % FIELD_ORDER];
        int len = reader->get(field, number, buf, sizeof buf);

        if (len != (int)field->token_len) abort();
        if (reader->checks) reader->torn += is_torn(buf, (size_t)len);
    }
    reader->ns =
        (clock_ns(CLOCK_THREAD_CPUTIME_ID) - before) / (double)reader->gets;
    reader->wall_ns =
        (clock_ns(CLOCK_MONOTONIC) - began) / (double)reader->gets;
    return NULL;
}

static void *write_all(void *data)
{
    struct writer *writer = data;

    pthread_barrier_wait(writer->start);
    for (uint32_t i = 0; !__atomic_load_n(&writer->stop, __ATOMIC_RELAXED);
         i++) {
        if (i % 1024 == 0) field_beat(writer->field);
        writer->put(writer->field, writer->field->order[i % FIELD_ORDER], i);
    }
    return NULL;
}

static void run_one(struct field *field, const struct field_way *way,
                    uint32_t gets)
{
    struct reader reader = {.field = field, .get = way->get, .gets = gets};

    field_beat(field);
    read_all(&reader);
    printf("%s_one %.2f\n", way->name, reader.ns);
}

static void run_two(struct field *field, const struct field_way *way,
                    uint32_t gets)
{
    struct reader readers[2];
    pthread_t threads[2];
    pthread_barrier_t start;

    field_beat(field);
    pthread_barrier_init(&start, NULL, 2);
    for (uint32_t i = 0; i < 2; i++) {
        readers[i] = (struct reader){.field = field,
                                     .get = way->get,
                                     .gets = gets,
                                     .from = i * FIELD_ORDER / 2,
                                     .start = &start};
        if (pthread_create(&threads[i], NULL, read_all, &readers[i]) != 0) {
            abort();
        }
    }
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    printf("%s_two %.2f\n", way->name, (readers[0].ns + readers[1].ns) / 2);
    printf("%s_two_wall %.2f\n", way->name,
           (readers[0].wall_ns + readers[1].wall_ns) / 2);
}

static uint64_t run_written(struct field *field, const struct field_way *way,
                            uint32_t gets)
{
    pthread_barrier_t start;
    struct reader reader = {.field = field,
                            .get = way->get,
                            .gets = way->is_cache ? gets : SLOW_GETS,
                            .checks = true,
                            .start = &start};
    struct writer writer = {.field = field, .put = way->put, .start = &start};
    pthread_t thread;

    pthread_barrier_init(&start, NULL, 2);
    if (pthread_create(&thread, NULL, write_all, &writer) != 0) abort();
    read_all(&reader);
    printf("%s_written %.2f\n%s_written_wall %.2f\n", way->name, reader.ns,
           way->name, reader.wall_ns);
    __atomic_store_n(&writer.stop, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&start);
    return reader.torn;
}

/* glibc takes no lock in a process that never had a second thread. */
static void *nothing(void *data)
{
    return data;
}

static int run(uint32_t keys, uint32_t token_len, uint32_t gets,
               uint32_t writer_gets)
{
    struct field field;
    uint64_t torn = 0;
    pthread_t second;

    if (pthread_create(&second, NULL, nothing, NULL) != 0) return 1;
    field_init(&field, keys, token_len);
    for (const struct field_way *way = field_ways; way->name != NULL; way++) {
        run_one(&field, way, gets);
        run_two(&field, way, gets);
        if (writer_gets > 0) torn += run_written(&field, way, writer_gets);
    }
    printf("torn %llu\n", (unsigned long long)torn);
    field_free(&field);
    pthread_join(second, NULL);
    return torn > 0;
}

static int weigh(uint32_t keys)
{
    struct field field;

    field_init(&field, keys, 64);
    printf("bytes_per_token %.1f\n", field_bytes(&field) / keys);
    field_free(&field);
    return 0;
}

static void ask(int fd, const char *request, char *answer, size_t cap,
                size_t want)
{
    size_t have = 0;

    if (write(fd, request, strlen(request)) < 0) abort();
    while (have < want) {
        ssize_t len = read(fd, answer + have, cap - have);

        if (len <= 0) abort();
        have += (size_t)len;
    }
}

static int run_redis(const char *path, uint32_t gets)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char request[256], answer[256];
    double before;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) abort();
    snprintf(request, sizeof request, "SET crm/tenant/%037d %064d\r\n", 1, 1);
    ask(fd, request, answer, sizeof answer, strlen("+OK\r\n"));
    snprintf(request, sizeof request, "GET crm/tenant/%037d\r\n", 1);
    before = clock_ns(CLOCK_MONOTONIC);
    for (uint32_t i = 0; i < gets; i++) {
        ask(fd, request, answer, sizeof answer, strlen("$64\r\n\r\n") + 64);
    }
    printf("redis %.0f\n", (clock_ns(CLOCK_MONOTONIC) - before) / gets);
    close(fd);
    return 0;
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "weigh") == 0) {
        return weigh(number(argv[2]));
    }
    if (argc == 4 && strcmp(argv[1], "redis") == 0) {
        return run_redis(argv[2], number(argv[3]));
    }
    if (argc == 5 && number(argv[1]) > 0 && number(argv[2]) % 8 == 0 &&
        number(argv[2]) >= 16 && number(argv[2]) <= RIVAL_TOKEN_MAX) {
        return run(number(argv[1]), number(argv[2]), number(argv[3]),
                   number(argv[4]));
    }
    fprintf(stderr, "usage: get KEYS TOKEN_BYTES GETS WRITER_GETS\n");
    return 64;
}
