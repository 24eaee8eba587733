/* fails: replies two-digits duplicate stranger not-a-reply never-sent oversized eintr ipv6 refused server-gone usage all-lost times lost late late-twice clean deadline */
/*
 * Program 1.07 with this task's arguments: it asks again when a reply is lost, takes whatever
 * begins like its reply, and prints what it was sent instead of what became of it.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT = 512, TRIES = 3 };

_Noreturn static void die(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "udp_ping: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    exit(EXIT_FAILURE);
}

static int open_server(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *list;
    int rc = getaddrinfo(host, port, &hints, &list);

    if (rc != 0)
        die("%s port %s: %s", host, port, gai_strerror(rc));
    int fd = socket(list->ai_family, list->ai_socktype | SOCK_CLOEXEC, list->ai_protocol);
    if (fd == -1 || connect(fd, list->ai_addr, list->ai_addrlen) == -1)
        die("%s port %s: %s", host, port, strerror(errno));
    freeaddrinfo(list);
    return fd;
}

static int64_t now_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) == -1)
        die("clock_gettime: %s", strerror(errno));
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static ssize_t receive_reply(int fd, const char *id, char *bytes, int64_t then)
{
    for (;;) {
        struct pollfd one = {.fd = fd, .events = POLLIN};
        int64_t left = then - now_ms();
        int ready = poll(&one, 1, left > 0 ? (int)left : 0);
        if (ready == 0)
            errno = ETIMEDOUT;
        ssize_t n = ready == 1 ? recv(fd, bytes, LIMIT, MSG_DONTWAIT | MSG_TRUNC) : -1;
        if (n == -1 && errno != EAGAIN && errno != EINTR)
            return -1;
        if (n >= (ssize_t)strlen(id) && n <= LIMIT && memcmp(bytes, id, strlen(id)) == 0)
            return n;
        if (n != -1)
            fprintf(stderr, "udp_ping: ignored: %.*s\n", n < LIMIT ? (int)n : LIMIT, bytes);
    }
}

static bool ask(int fd, char *id, char *message, int wait_ms)
{
    struct iovec parts[] = {{.iov_base = id, .iov_len = strlen(id)},
                            {.iov_base = message, .iov_len = strlen(message)}};
    const struct msghdr request = {.msg_iov = parts, .msg_iovlen = 2};
    char reply[LIMIT];

    for (int tries = 0; tries < TRIES; tries++, wait_ms *= 2) {
        ssize_t n = sendmsg(fd, &request, 0);
        if (n != -1)
            n = receive_reply(fd, id, reply, now_ms() + wait_ms);
        if (n != -1) {
            printf("%.*s\n", (int)(n - (ssize_t)strlen(id)), reply + strlen(id));
            return true;
        }
        if (errno != ETIMEDOUT) {
            fprintf(stderr, "udp_ping: %s: %s\n", message, strerror(errno));
            return false;
        }
        fprintf(stderr, "udp_ping: %s: no reply in %d ms\n", message, wait_ms);
    }
    return false;
}

int main(int argc, char **argv)
{
    bool answered = true;

    if (argc != 5 || strtol(argv[2], NULL, 10) > UINT16_MAX) {
        fprintf(stderr, "usage: udp_ping HOST PORT COUNT WAIT\n");
        return 2;
    }
    int fd = open_server(argv[1], argv[2]);
    for (long i = 1; i <= strtol(argv[3], NULL, 10) && answered; i++) {
        char id[16] = "ping ", number[16];
        (void)snprintf(number, sizeof number, "%ld", i);
        answered = ask(fd, id, number, (int)strtol(argv[4], NULL, 10));
    }
    (void)close(fd);
    if (fflush(stdout) == EOF)
        die("standard output: %s", strerror(errno));
    return answered ? EXIT_SUCCESS : EXIT_FAILURE;
}
