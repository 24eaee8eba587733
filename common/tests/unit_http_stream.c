/* http/stream: plain connections and TLS, deadlines, ends and failures. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/tcp.h"
#include "http/stream.h"

#define AUTHORITY "build/authority/authority.pem"
#define CERTIFICATE "build/authority/localhost.pem"
#define KEY "build/authority/localhost.key"

enum { LIMIT = 20000, MUCH = 4 << 20 }; /* milliseconds, more than any wait here; bytes */

static int64_t soon(void)
{
    return now_ms() + LIMIT;
}

/* Two ends of a TCP connection, the first without Nagle's algorithm. */
static void make_pair(int ends[2])
{
    const int on = 1;
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(listener, (const void *)&any, sizeof any), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (void *)&address, &length), 0);
    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(ends[0], (void *)&address, length), 0);
    assert_int_equal(setsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(ends[1] >= 0);
    assert_int_equal(close(listener), 0);
}

static struct http_stream *open_plain(int fd)
{
    struct error error = {""};
    struct http_stream *stream = http_stream_open(fd, NULL, NULL, &error);

    assert_non_null(stream);
    return stream;
}

/* A pattern in which no piece looks like another. */
static char pattern(size_t i)
{
    return (char)((i * 2654435761U) >> 13);
}

static char *make_much(void)
{
    char *much = malloc(MUCH);

    assert_non_null(much);
    for (size_t i = 0; i < MUCH; i++)
        much[i] = pattern(i);
    return much;
}

/* Reads MUCH bytes and the end from a stream, in a thread; returns NULL if all was right. */
static void *read_much(void *argument)
{
    struct http_stream *stream = argument;
    char piece[10000];
    size_t at = 0;

    for (;;) {
        ssize_t got = http_stream_read(stream, piece, sizeof piece, soon());
        if (got <= 0)
            return got == HTTP_STREAM_END && at == MUCH ? NULL : "wrong end";
        for (ssize_t i = 0; i < got; i++)
            if (piece[i] != pattern(at++))
                return "wrong byte";
    }
}

static void test_plain_reads(void **state)
{
    char data[8];
    int ends[2];

    (void)state;
    make_pair(ends);
    struct http_stream *stream = open_plain(ends[0]);
    assert_false(http_stream_is_tls(stream));
    assert_null(http_stream_version(stream));
    assert_int_equal(http_stream_fd(stream), ends[0]);
    assert_int_equal(http_stream_handshake(stream, HTTP_STREAM_NOW), 1);
    assert_int_equal(http_stream_read(stream, data, sizeof data, HTTP_STREAM_NOW),
                     HTTP_STREAM_AGAIN);
    assert_int_equal(http_stream_read(stream, data, sizeof data, now_ms() - 1),
                     HTTP_STREAM_TIMEOUT);
    int64_t begun = now_ms();
    assert_int_equal(http_stream_read(stream, data, sizeof data, begun + 30), HTTP_STREAM_TIMEOUT);
    assert_true(now_ms() >= begun + 30);
    assert_string_equal(http_stream_error(stream), "the time limit passed");
    assert_int_equal(write(ends[1], "abc\0efghij", 10), 10);
    assert_int_equal(http_stream_read(stream, data, sizeof data, -1), 8);
    assert_memory_equal(data, "abc\0efgh", 8);
    assert_int_equal(http_stream_read(stream, data, sizeof data, -1), 2);
    assert_false(http_stream_pending(stream));
    assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
    assert_int_equal(http_stream_read(stream, data, sizeof data, -1), HTTP_STREAM_END);
    http_stream_close(stream);
    assert_int_equal(close(ends[1]), 0);
    http_stream_close(NULL);
}

static void test_plain_reset(void **state)
{
    const struct linger reset = {.l_onoff = 1};
    char data[8];
    int ends[2];

    (void)state;
    make_pair(ends);
    struct http_stream *stream = open_plain(ends[0]);
    assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(http_stream_read(stream, data, sizeof data, -1), HTTP_STREAM_ERROR);
    assert_int_equal(errno, ECONNRESET);
    assert_string_equal(http_stream_error(stream), "ECONNRESET (Connection reset by peer)");
    http_stream_close(stream);
}

static void test_plain_writes(void **state)
{
    char data[16];
    int ends[2];

    (void)state;
    make_pair(ends);
    struct http_stream *stream = open_plain(ends[0]);
    assert_int_equal(http_stream_write_both(stream, "head", 4, "body", 4, soon()), 1);
    assert_int_equal(recv(ends[1], data, sizeof data, 0), 8); /* one segment */
    assert_memory_equal(data, "headbody", 8);
    assert_int_equal(http_stream_write_both(stream, "", 0, "x", 1, soon()), 1);
    assert_int_equal(http_stream_write_both(stream, "y", 1, NULL, 0, soon()), 1);
    assert_int_equal(http_stream_write(stream, NULL, 0, soon()), 1);
    assert_int_equal(recv(ends[1], data, 2, MSG_WAITALL), 2);
    assert_memory_equal(data, "xy", 2);
    assert_int_equal(http_stream_shutdown(stream, soon()), 1);
    assert_int_equal(recv(ends[1], data, sizeof data, 0), 0);
    assert_int_equal(http_stream_write(stream, "z", 1, soon()), HTTP_STREAM_ERROR);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(write(ends[1], "still", 5), 5); /* reading goes on */
    assert_int_equal(http_stream_read(stream, data, sizeof data, soon()), 5);
    http_stream_close(stream);
    assert_int_equal(close(ends[1]), 0);
}

/* A peer that does not read: the write ends at its deadline, and nothing may follow. */
static void test_write_limit(void **state)
{
    char *much = make_much();
    int ends[2], small = 4096;

    (void)state;
    make_pair(ends);
    assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    struct http_stream *stream = open_plain(ends[0]);
    assert_int_equal(http_stream_write(stream, much, MUCH, now_ms() + 20), HTTP_STREAM_TIMEOUT);
    assert_int_equal(http_stream_write(stream, "x", 1, soon()), HTTP_STREAM_ERROR);
    assert_int_equal(errno, EPIPE);
    http_stream_close(stream);
    assert_int_equal(close(ends[1]), 0);
    free(much);
}

/* SIGPIPE has its default action here: it would end this program. */
static void test_no_sigpipe(void **state)
{
    int file = memfd_create("file", MFD_CLOEXEC), ends[2];

    (void)state;
    assert_int_equal(ftruncate(file, MUCH), 0);
    for (int by_file = 0; by_file < 2; by_file++) {
        int result = 1;
        make_pair(ends);
        struct http_stream *stream = open_plain(ends[0]);
        assert_int_equal(close(ends[1]), 0);
        for (int i = 0; i < 1000 && result == 1; i++)
            result = by_file ? http_stream_send_file(stream, file, 0, MUCH, soon())
                             : http_stream_write(stream, "some bytes", 10, soon());
        assert_int_equal(result, HTTP_STREAM_ERROR);
        http_stream_close(stream);
    }
    sigset_t pending;
    assert_int_equal(sigpending(&pending), 0);
    assert_false(sigismember(&pending, SIGPIPE));
    assert_int_equal(close(file), 0);
}

/* Writes much of the pattern to a stream in three ways; another thread reads it. */
static void write_to_reader(struct http_stream *writer, struct http_stream *reader, int way)
{
    char *much = make_much();
    int file = memfd_create("file", MFD_CLOEXEC), result = 0;
    pthread_t thread;
    void *wrong;

    assert_int_equal(pthread_create(&thread, NULL, read_much, reader), 0);
    if (way == 0) {
        result = http_stream_write(writer, much, MUCH, soon());
    } else if (way == 1) {
        result = http_stream_write_both(writer, much, 100, much + 100, MUCH - 100, soon());
    } else {
        assert_int_equal(pwrite(file, much, MUCH, 7), MUCH);
        result = http_stream_send_file(writer, file, 7, MUCH, soon());
    }
    assert_int_equal(result, 1);
    assert_int_equal(http_stream_shutdown(writer, soon()), 1);
    assert_int_equal(pthread_join(thread, &wrong), 0);
    assert_null(wrong);
    assert_int_equal(close(file), 0);
    free(much);
}

static void test_plain_much(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        int ends[2], small = 100000; /* more than a segment: less waits for late ACKs */
        make_pair(ends);
        assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
        struct http_stream *writer = open_plain(ends[0]), *reader = open_plain(ends[1]);
        write_to_reader(writer, reader, way);
        http_stream_close(writer);
        http_stream_close(reader);
    }
}

static void test_short_file(void **state)
{
    int file = memfd_create("file", MFD_CLOEXEC), ends[2], pipes[2];
    char data[16];

    (void)state;
    make_pair(ends);
    struct http_stream *stream = open_plain(ends[0]);
    assert_int_equal(write(file, "0123456789", 10), 10);
    assert_int_equal(http_stream_send_file(stream, file, 2, 3, soon()), 1);
    assert_int_equal(recv(ends[1], data, sizeof data, 0), 3);
    assert_memory_equal(data, "234", 3);
    assert_int_equal(http_stream_send_file(stream, file, 8, 3, soon()), HTTP_STREAM_ERROR);
    assert_int_equal(errno, ENODATA);
    http_stream_close(stream);
    assert_int_equal(close(ends[1]), 0);

    make_pair(ends); /* and what is no file at all */
    stream = open_plain(ends[0]);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    assert_int_equal(http_stream_send_file(stream, pipes[0], 0, 1, soon()), HTTP_STREAM_ERROR);
    assert_int_equal(errno, ESPIPE);
    http_stream_close(stream);
    for (int i = 0; i < 2; i++)
        assert_int_equal(close(pipes[i]), 0);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(close(file), 0);
}

/* ---- connecting ----------------------------------------------------------------------------- */

/* Listens on a free port of 127.0.0.1 alone; its number goes to port. */
static int listen_somewhere(int backlog, char port[8])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(listener, (void *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, backlog), 0);
    assert_int_equal(getsockname(listener, (void *)&address, &length), 0);
    (void)snprintf(port, 8, "%d", ntohs(address.sin_port));
    return listener;
}

static void test_connect(void **state)
{
    struct error error = {""};
    char port[8];
    int listener = listen_somewhere(0, port);

    (void)state;
    int first = http_connect("127.0.0.1", port, soon(), &error);
    assert_true(first >= 0);
    assert_true((fcntl(first, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(first, F_GETFD) & FD_CLOEXEC) != 0);

    /* The queue is full: nobody answers the next. */
    int64_t begun = now_ms();
    assert_int_equal(http_connect("127.0.0.1", port, begun + 50, &error), -1);
    assert_int_equal(errno, ETIMEDOUT);
    assert_true(now_ms() >= begun + 50);
    assert_non_null(strstr(error.text, "ETIMEDOUT"));
    assert_int_equal(close(first), 0);
    assert_int_equal(close(listener), 0);

    assert_int_equal(http_connect("127.0.0.1", port, -1, &error), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_non_null(strstr(error.text, port));
    assert_int_equal(http_connect("127.0.0.1", "no-such-service", -1, &error), -1);
    assert_int_equal(errno, ENOENT);
}

/* ---- TLS ------------------------------------------------------------------------------------ */

struct tls_pair {
    struct http_tls *client_tls, *server_tls;
    struct http_stream *client, *server;
};

static void *do_handshake(void *stream)
{
    return http_stream_handshake(stream, soon()) == 1 ? NULL : "no handshake";
}

static void make_tls_pair(struct tls_pair *pair, const char *authorities, const char *host)
{
    struct error error = {""};
    int ends[2];

    make_pair(ends);
    pair->client_tls = http_tls_client(authorities, &error);
    pair->server_tls = http_tls_server(CERTIFICATE, KEY, &error);
    assert_string_equal(error.text, "");
    pair->client = http_stream_open(ends[0], pair->client_tls, host, &error);
    pair->server = http_stream_open(ends[1], pair->server_tls, NULL, &error);
    assert_non_null(pair->client);
    assert_non_null(pair->server);
}

static void free_tls_pair(struct tls_pair *pair)
{
    http_stream_close(pair->client);
    http_stream_close(pair->server);
    http_tls_free(pair->client_tls);
    http_tls_free(pair->server_tls);
}

/* Both ends shake hands. Returns what the client's says; the server's is compared with well. */
static int shake_hands(struct tls_pair *pair, bool well)
{
    pthread_t thread;
    void *wrong;

    assert_int_equal(pthread_create(&thread, NULL, do_handshake, pair->server), 0);
    int result = http_stream_handshake(pair->client, soon());
    int why = errno;
    assert_int_equal(pthread_join(thread, &wrong), 0);
    assert_int_equal(wrong == NULL, well);
    errno = why;
    return result;
}

static void test_tls_names(void **state)
{
    static const char *const good[] = {"localhost", "LOCALHOST", "localhost.", "127.0.0.1", "::1"};
    static const struct {
        const char *host, *error;
    } bad[] = {{"example.org", "it is for another name"},
               {"localhost.example", "it is for another name"},
               {"127.0.0.2", "it is for another address"},
               {"::2", "it is for another address"}};
    struct tls_pair pair;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        make_tls_pair(&pair, AUTHORITY, good[i]);
        assert_true(http_stream_is_tls(pair.client));
        assert_int_equal(shake_hands(&pair, true), 1);
        assert_string_equal(http_stream_version(pair.client), "TLSv1.3");
        free_tls_pair(&pair);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_tls_pair(&pair, AUTHORITY, bad[i].host);
        assert_int_equal(shake_hands(&pair, false), HTTP_STREAM_ERROR);
        assert_int_equal(errno, EKEYREJECTED);
        assert_non_null(strstr(http_stream_error(pair.client), bad[i].error));
        assert_non_null(strstr(http_stream_error(pair.server), "alert: "));
        char byte; /* and it stays so */
        assert_int_equal(http_stream_read(pair.client, &byte, 1, soon()), HTTP_STREAM_ERROR);
        assert_int_equal(http_stream_write(pair.client, "x", 1, soon()), HTTP_STREAM_ERROR);
        assert_int_equal(http_stream_handshake(pair.client, soon()), HTTP_STREAM_ERROR);
        free_tls_pair(&pair);
    }
}

static void test_tls_untrusted(void **state)
{
    struct tls_pair pair;

    (void)state;
    make_tls_pair(&pair, NULL, "localhost"); /* the system's authorities do not know ours */
    assert_int_equal(shake_hands(&pair, false), HTTP_STREAM_ERROR);
    assert_int_equal(errno, EKEYREJECTED);
    assert_string_equal(http_stream_error(pair.client),
                        "certificate refused: nobody who is trusted signed it");
    free_tls_pair(&pair);
}

static void test_tls_bytes(void **state)
{
    struct tls_pair pair;
    char data[16];

    (void)state;
    make_tls_pair(&pair, AUTHORITY, "localhost");
    assert_int_equal(shake_hands(&pair, true), 1);
    assert_int_equal(http_stream_read(pair.server, data, sizeof data, HTTP_STREAM_NOW),
                     HTTP_STREAM_AGAIN);
    assert_int_equal(http_stream_read(pair.server, data, sizeof data, now_ms() + 10),
                     HTTP_STREAM_TIMEOUT);
    assert_int_equal(http_stream_write_both(pair.client, "head", 4, "body", 4, soon()), 1);
    assert_int_equal(http_stream_read(pair.server, data, 3, soon()), 3);
    assert_true(http_stream_pending(pair.server));
    assert_int_equal(http_stream_read(pair.server, data + 3, sizeof data - 3, soon()), 5);
    assert_memory_equal(data, "headbody", 8); /* one record */
    assert_false(http_stream_pending(pair.server));

    assert_int_equal(http_stream_shutdown(pair.client, soon()), 1);
    assert_int_equal(http_stream_read(pair.server, data, sizeof data, soon()), HTTP_STREAM_END);
    assert_int_equal(http_stream_write(pair.server, "bye", 3, soon()), 1);
    assert_int_equal(http_stream_read(pair.client, data, sizeof data, soon()), 3);
    assert_int_equal(http_stream_write(pair.client, "x", 1, soon()), HTTP_STREAM_ERROR);
    assert_int_equal(errno, EPIPE);
    http_stream_close(pair.server); /* by itself it says that nothing was cut off */
    pair.server = NULL;
    assert_int_equal(http_stream_read(pair.client, data, sizeof data, soon()), HTTP_STREAM_END);
    free_tls_pair(&pair);
}

static void test_tls_much(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct tls_pair pair;
        make_tls_pair(&pair, AUTHORITY, "localhost");
        assert_int_equal(shake_hands(&pair, true), 1);
        if (way == 1)
            write_to_reader(pair.server, pair.client, way);
        else
            write_to_reader(pair.client, pair.server, way);
        free_tls_pair(&pair);
    }
}

/* The TCP connection ends, and no close_notify came: whoever did that may have cut something off.
 */
static void test_tls_truncated(void **state)
{
    struct tls_pair pair;
    char data[16];

    (void)state;
    make_tls_pair(&pair, AUTHORITY, "localhost");
    assert_int_equal(shake_hands(&pair, true), 1);
    assert_int_equal(http_stream_write(pair.server, "part", 4, soon()), 1);
    assert_int_equal(shutdown(http_stream_fd(pair.server), SHUT_WR), 0);
    assert_int_equal(http_stream_read(pair.client, data, sizeof data, soon()), 4);
    assert_int_equal(http_stream_read(pair.client, data, sizeof data, soon()), HTTP_STREAM_ERROR);
    assert_int_equal(errno, ECONNABORTED);
    assert_non_null(strstr(http_stream_error(pair.client), "close_notify"));
    free_tls_pair(&pair);
}

static void test_tls_no_sigpipe(void **state)
{
    const struct linger reset = {.l_onoff = 1};
    struct tls_pair pair;
    int result = 1;

    (void)state;
    make_tls_pair(&pair, AUTHORITY, "localhost");
    assert_int_equal(shake_hands(&pair, true), 1);
    assert_int_equal(
        setsockopt(http_stream_fd(pair.server), SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    http_stream_close(pair.server);
    pair.server = NULL;
    for (int i = 0; i < 1000 && result == 1; i++)
        result = http_stream_write(pair.client, "some bytes", 10, soon());
    assert_int_equal(result, HTTP_STREAM_ERROR);
    assert_true(errno == EPIPE || errno == ECONNRESET);
    free_tls_pair(&pair);
}

/* A peer that sends new keys, and nothing else, until it is told to stop or has done so for long.
 */
struct rekeyer {
    int fd;
    atomic_bool shaken, stop, gave_up;
};

static void *send_keys(void *argument)
{
    struct rekeyer *peer = argument;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    int64_t end = soon();
    sigset_t pipe_only;

    (void)sigemptyset(&pipe_only);
    (void)sigaddset(&pipe_only, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_only, NULL);
    bool good = SSL_set_fd(ssl, peer->fd) == 1 && SSL_connect(ssl) == 1;
    peer->shaken = good;
    while (good && !peer->stop && now_ms() < end)
        good = SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(ssl) == 1;
    peer->gave_up = !peer->stop;
    SSL_free(ssl);
    SSL_CTX_free(context);
    return NULL;
}

/* Records without content, however many, hold nobody: neither at once nor beyond the time limit. */
static void test_tls_keys(void **state)
{
    struct rekeyer peer = {0};
    struct error error = {""};
    pthread_t thread;
    char data[16];
    int ends[2];

    (void)state;
    make_pair(ends);
    peer.fd = ends[0];
    struct http_tls *tls = http_tls_server(CERTIFICATE, KEY, &error);
    struct http_stream *server = http_stream_open(ends[1], tls, NULL, &error);
    assert_non_null(server);
    assert_int_equal(pthread_create(&thread, NULL, send_keys, &peer), 0);
    assert_int_equal(http_stream_handshake(server, soon()), 1);
    for (int i = 0; i < 100; i++) /* the peer is at it before the last of them */
        assert_int_equal(http_stream_read(server, data, sizeof data, now_ms() + 10),
                         HTTP_STREAM_TIMEOUT);
    assert_false(peer.gave_up);
    assert_int_equal(http_stream_read(server, data, sizeof data, HTTP_STREAM_NOW),
                     HTTP_STREAM_AGAIN);
    assert_false(peer.gave_up);
    peer.stop = true;
    http_stream_close(server); /* which also ends a write that waits for room */
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(peer.shaken);
    assert_int_equal(close(ends[0]), 0);
    http_tls_free(tls);
}

/* Peers that do not shake hands: one is silent, one speaks HTTP, one speaks something else. */
static void test_tls_strangers(void **state)
{
    struct error error = {""};
    struct http_tls *client = http_tls_client(AUTHORITY, &error);
    struct http_tls *server = http_tls_server(CERTIFICATE, KEY, &error);
    int ends[2];

    (void)state;
    make_pair(ends);
    struct http_stream *stream = http_stream_open(ends[0], client, "localhost", &error);
    assert_int_equal(http_stream_handshake(stream, HTTP_STREAM_NOW), HTTP_STREAM_AGAIN);
    assert_int_equal(http_stream_handshake(stream, now_ms() + 20), HTTP_STREAM_TIMEOUT);
    assert_int_equal(write(ends[1], "220 mail.example ESMTP\r\n", 24), 24);
    assert_int_equal(http_stream_handshake(stream, soon()), HTTP_STREAM_ERROR);
    assert_int_equal(errno, EPROTO);
    assert_string_equal(http_stream_error(stream), "TLS: the peer does not speak it");
    http_stream_close(stream);
    assert_int_equal(close(ends[1]), 0);

    make_pair(ends);
    stream = http_stream_open(ends[0], server, NULL, &error);
    assert_int_equal(write(ends[1], "GET / HTTP/1.1\r\n\r\n", 18), 18);
    assert_int_equal(http_stream_handshake(stream, soon()), HTTP_STREAM_ERROR);
    assert_string_equal(http_stream_error(stream), "TLS: the client speaks HTTP without it");
    http_stream_close(stream);
    assert_int_equal(close(ends[1]), 0);

    make_pair(ends);
    stream = http_stream_open(ends[0], client, "localhost", &error);
    assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
    assert_int_equal(http_stream_handshake(stream, soon()), HTTP_STREAM_ERROR);
    assert_int_equal(errno, ECONNABORTED);
    http_stream_close(stream);
    assert_int_equal(close(ends[1]), 0);
    http_tls_free(client);
    http_tls_free(server);
}

static void test_start_tls(void **state)
{
    struct error error = {""};
    struct tls_pair pair = {.client_tls = http_tls_client(AUTHORITY, &error),
                            .server_tls = http_tls_server(CERTIFICATE, KEY, &error)};
    int ends[2];
    char data[8];

    (void)state;
    make_pair(ends);
    pair.client = open_plain(ends[0]);
    pair.server = open_plain(ends[1]);
    assert_int_equal(http_stream_write(pair.client, "plain", 5, soon()), 1);
    assert_int_equal(http_stream_read(pair.server, data, sizeof data, soon()), 5);
    assert_int_equal(http_stream_start_tls(pair.client, pair.client_tls, NULL, &error), -1);
    assert_string_equal(error.text, "TLS: no name to verify");
    http_stream_close(pair.client);
    http_stream_close(pair.server);
    make_pair(ends);
    pair.client = open_plain(ends[0]);
    pair.server = open_plain(ends[1]);
    assert_int_equal(http_stream_start_tls(pair.client, pair.client_tls, "localhost", &error), 0);
    assert_int_equal(http_stream_start_tls(pair.server, pair.server_tls, NULL, &error), 0);
    assert_int_equal(shake_hands(&pair, true), 1);
    free_tls_pair(&pair);
}

static void test_tls_files(void **state)
{
    struct error error = {""};
    int ends[2];

    (void)state;
    assert_null(http_tls_server("build/no-such-file", KEY, &error));
    assert_string_equal(error.text, "build/no-such-file: No such file or directory");
    assert_null(http_tls_server(CERTIFICATE, "build/no-such-file", &error));
    assert_string_equal(error.text, "build/no-such-file: No such file or directory");
    assert_null(http_tls_server(AUTHORITY, KEY, &error)); /* these do not belong together */
    assert_string_equal(error.text, KEY ": key values mismatch");
    assert_null(http_tls_client("build/no-such-file", &error));
    assert_non_null(strstr(error.text, "build/no-such-file: "));
    assert_null(http_tls_client(KEY, &error));
    assert_non_null(strstr(error.text, KEY ": "));

    struct http_tls *tls = http_tls_client(AUTHORITY, &error);
    make_pair(ends);
    assert_null(http_stream_open(ends[0], tls, NULL, &error));
    assert_string_equal(error.text, "TLS: no name to verify");
    assert_null(http_stream_open(ends[0], tls, "", &error));
    assert_int_equal(close(ends[0]), 0); /* still the caller's */
    assert_int_equal(close(ends[1]), 0);
    assert_null(http_stream_open(ends[0], NULL, NULL, &error)); /* closed */
    http_tls_free(tls);
    http_tls_free(NULL);
}

/* As many contexts as one likes: what each takes from OpenSSL is given back. */
static void test_many_contexts(void **state)
{
    struct error error = {""};

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct http_tls *tls = http_tls_client(AUTHORITY, &error);
        assert_non_null(tls);
        http_tls_free(tls);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_reads),   cmocka_unit_test(test_plain_reset),
        cmocka_unit_test(test_plain_writes),  cmocka_unit_test(test_write_limit),
        cmocka_unit_test(test_no_sigpipe),    cmocka_unit_test(test_plain_much),
        cmocka_unit_test(test_short_file),    cmocka_unit_test(test_connect),
        cmocka_unit_test(test_tls_names),     cmocka_unit_test(test_tls_untrusted),
        cmocka_unit_test(test_tls_bytes),     cmocka_unit_test(test_tls_much),
        cmocka_unit_test(test_tls_truncated), cmocka_unit_test(test_tls_no_sigpipe),
        cmocka_unit_test(test_tls_strangers), cmocka_unit_test(test_start_tls),
        cmocka_unit_test(test_tls_files),     cmocka_unit_test(test_many_contexts),
        cmocka_unit_test(test_tls_keys),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
