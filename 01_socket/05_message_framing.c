/*
 * 1.05  Message framing
 *
 * A protocol of its own, both ends: messages as lines or behind their length, out of a stream.
 *
 * Python:  socket.sendmsg(), makefile(), recv(…, MSG_PEEK), recv(…, MSG_WAITALL), loops around recv
 * Usage:   05_message_framing PORT (the server), or 05_message_framing HOST PORT MESSAGE...
 * See:     recv(2), send(2), readv(2), tcp(7); RFC 9293 section 3.9.1.2
 * Leaves out: clients side by side (lesson 1.11), and time limits (lesson 1.08).
 */
#define _GNU_SOURCE /* accept4() and ppoll() */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

enum { LIMIT = 1000, HEAD = 4, RING = 1024, MOST = 100 }; /* the longest message fits the ring */

/* The bytes that came and are no message yet. They lie in a ring: the end goes on at the front. */
struct stream {
    int fd;
    bool lines; /* messages end in \n; otherwise four bytes before each say how long it is */
    size_t start, length;
    char bytes[RING];
};

/* Sleeps until fd seems ready or the time is up. Returns false when the server is to stop. */
static bool wait_for(int fd, short events, const struct timespec *limit)
{
    struct pollfd one = {.fd = fd, .events = events};

    if (!stop_asked() && ppoll(&one, 1, limit, stop_mask()) == -1 && errno != EINTR)
        die_errno("cannot wait");
    return !stop_asked();
}

/* [fill] Adds what has come. Returns how much; 0 at the end; -1 if the client is lost, or to stop.
 */
static ssize_t fill(struct stream *s)
{
    size_t end = (s->start + s->length) % RING, room = RING - s->length;
    size_t behind = room < RING - end ? room : RING - end;
    const struct iovec free_parts[] = {{.iov_base = s->bytes + end, .iov_len = behind},
                                       {.iov_base = s->bytes, .iov_len = room - behind}};

    while (wait_for(s->fd, POLLIN, NULL)) {
        ssize_t n = readv(s->fd, free_parts, 2);
        if (n > 0)
            s->length += (size_t)n;
        if (n != -1 || (errno != EAGAIN && errno != EINTR))
            return n;
    }
    return -1;
}
/* [/fill] */

static unsigned char byte_at(const struct stream *s, size_t i)
{
    return (unsigned char)s->bytes[(s->start + i) % RING];
}

/* [find] Is a whole message there? Returns 1 and its size, 0 for not yet, -1 for too long. */
static int find_message(const struct stream *s, size_t *size)
{
    size_t n = 0;

    if (s->lines) {
        while (n < s->length && byte_at(s, n) != '\n')
            n++;
    } else {
        if (s->length < HEAD)
            return 0;
        for (size_t i = 0; i < HEAD; i++)
            n = n << 8 | byte_at(s, i); /* the most significant byte comes first */
    }
    *size = n;
    return n > LIMIT ? -1 : s->length >= n + (s->lines ? 1 : HEAD);
}
/* [/find] */

/* Takes a message that was found out of the ring, and prints it. */
static void print_message(struct stream *s, size_t size)
{
    printf("    message of %zu: \"", size);
    for (size_t i = 0; i < size; i++) {
        int byte = byte_at(s, i + (s->lines ? 0 : HEAD));
        (void)putchar(isprint(byte) ? byte : '?'); /* what strangers send is no text for a screen */
    }
    puts("\"");
    s->start = (s->start + size + (s->lines ? 1 : HEAD)) % RING;
    s->length -= size + (s->lines ? 1 : HEAD);
}

static void send_part(int fd, const void *data, size_t length, int flags)
{
    const char *next = data;

    while (length > 0 && wait_for(fd, POLLOUT, NULL)) {
        ssize_t n = send(fd, next, length, flags | MSG_NOSIGNAL);
        if (n == -1 && errno != EAGAIN && errno != EINTR)
            break; /* the client is lost, and so is the answer */
        next += n == -1 ? 0 : n;
        length -= n == -1 ? 0 : (size_t)n;
    }
}

/* [answer] Two calls, one segment: MSG_MORE says that this is not all. */
static void answer(const struct stream *s, const char *text)
{
    const uint32_t head = htonl((uint32_t)strlen(text));

    if (!s->lines)
        send_part(s->fd, &head, sizeof head, MSG_MORE);
    send_part(s->fd, text, strlen(text), s->lines ? MSG_MORE : 0);
    if (s->lines)
        send_part(s->fd, "\n", 1, 0);
}
/* [/answer] */

/* [peek] The first byte tells: a length below 2^24 begins with a zero. It stays where it is. */
static void choose_format(struct stream *s)
{
    unsigned char first = 0;

    while (wait_for(s->fd, POLLIN, NULL) && recv(s->fd, &first, 1, MSG_PEEK) == -1 &&
           (errno == EAGAIN || errno == EINTR))
        ; /* nothing came yet */
    s->lines = isprint(first) || isspace(first);
}
/* [/peek] */

/* [serve] Takes messages until the client's end, or a message that it will not have. */
static void serve(struct stream *s)
{
    size_t size = 0, count = 0;
    char text[128] = "lost";
    ssize_t n = -1;
    int found = 0;

    choose_format(s);
    while (found != -1 && (n = fill(s)) > 0) {
        printf("readv() returned %zd\n", n);
        while ((found = find_message(s, &size)) == 1) {
            print_message(s, size);
            count++;
        }
    }
    if (found == -1)
        (void)snprintf(text, sizeof text, "refused: a message of %zu bytes%s", size,
                       s->lines ? " or more" : "");
    else if (n == 0)
        (void)snprintf(text, sizeof text, "%zu messages, %zu bytes over", count, s->length);
    if (found == -1 || n == 0)
        answer(s, text);
    printf("%s\n", text);
    (void)fflush(stdout); /* that nobody reads the log is no reason to stop */
}
/* [/serve] */

static int run_server(uint16_t port)
{
    const struct timespec a_while = {.tv_nsec = 100000000};
    struct error error;
    int listener;

    if (stop_hold(&error) == -1 || (listener = tcp_listen(port, &error)) == -1 ||
        tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    while (wait_for(listener, POLLIN, NULL)) {
        struct stream s = {.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (s.fd == -1) {
            (void)wait_for(-1, 0, &a_while); /* it may fail again: no busy loop around accept4() */
            continue;
        }
        serve(&s);
        (void)close(s.fd); /* what was to be sent is on its way */
    }
    (void)close(listener);
    return EXIT_SUCCESS;
}

/* [write-all] Sends all parts, however few bytes a call takes. Returns 0, or -1 and errno. */
static int write_all(int fd, struct iovec *part, int parts)
{
    while (parts > 0) {
        ssize_t n = writev(fd, part, parts);
        if (n == -1 && errno != EINTR)
            return -1;
        size_t sent = n == -1 ? 0 : (size_t)n;
        for (; parts > 0 && sent >= part->iov_len; part++, parts--)
            sent -= part->iov_len;
        if (parts > 0) { /* it stopped within this one */
            part->iov_base = (char *)part->iov_base + sent;
            part->iov_len -= sent;
        }
    }
    return 0;
}
/* [/write-all] */

/* [receive-all] Fills the whole buffer. Returns false when the end, or an error, comes before. */
static bool receive_all(int fd, void *bytes, size_t size)
{
    char *next = bytes;

    while (size > 0) {
        ssize_t n = recv(fd, next, size, MSG_WAITALL); /* a signal may still cut it short */
        if (n == 0 || (n == -1 && errno != EINTR))
            return false;
        next += n == -1 ? 0 : n;
        size -= n == -1 ? 0 : (size_t)n;
    }
    return true;
}
/* [/receive-all] */

/* [client] Sends each message behind its length, and prints the one that answers them. */
static void run_client(int fd, char **messages, size_t count)
{
    uint32_t heads[MOST], head;
    struct iovec parts[2 * MOST];
    char text[LIMIT];

    for (size_t i = 0; i < count; i++) {
        heads[i] = htonl((uint32_t)strlen(messages[i]));
        parts[2 * i] = (struct iovec){.iov_base = &heads[i], .iov_len = sizeof heads[i]};
        parts[2 * i + 1] = (struct iovec){.iov_base = messages[i], .iov_len = strlen(messages[i])};
    }
    if (write_all(fd, parts, 2 * (int)count) == -1 || shutdown(fd, SHUT_WR) == -1)
        report_errno("sending"); /* there may be an answer that says why */
    if (!receive_all(fd, &head, sizeof head))
        die("no answer");
    size_t length = ntohl(head);
    if (length > sizeof text) /* the server is a stranger, too */
        die("an answer of %zu bytes", length);
    if (!receive_all(fd, text, length))
        die("the answer is not whole");
    printf("%.*s\n", (int)length, text);
}
/* [/client] */

int main(int argc, char **argv)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct error error;
    long port;

    if (argc == 2 && number_parse(argv[1], 0, UINT16_MAX, &port))
        return run_server((uint16_t)port);
    if (argc < 4 || argc > 3 + MOST)
        die_usage("PORT | HOST PORT MESSAGE...");
    if (sigaction(SIGPIPE, &ignore, NULL) == -1) /* writev() has no MSG_NOSIGNAL */
        die_errno("sigaction");
    int fd = tcp_connect(argv[1], argv[2], &error);
    if (fd == -1)
        die("%s", error.text);
    run_client(fd, argv + 3, (size_t)argc - 3);
    (void)close(fd); /* both directions have ended */
    finish(EXIT_SUCCESS);
}
