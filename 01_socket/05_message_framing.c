/*
 * 1.05  Message framing
 *
 * A protocol of its own, both ends: messages as lines or behind their length, out of a stream.
 *
 * Python:  socket.sendmsg(), socket.recvmsg_into(), makefile(), recv(…, MSG_PEEK)
 * Usage:   05_message_framing PORT (the server), or 05_message_framing HOST PORT MESSAGE...
 * See:     recv(2), readv(2), tcp(7); RFC 9293 section 3.9.1.2
 * Leaves out: clients side by side (lesson 1.11), and time limits (lesson 1.08).
 */
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

enum { LIMIT = 1000, HEAD = 4 }; /* bytes of the longest message, and of the length before it */

/* A connection, and the bytes that came and are no message yet. */
struct stream {
    int fd;
    size_t head, tail; /* bytes around each message: a length before it, or a \n behind it */
    size_t length;
    char bytes[HEAD + LIMIT];
};

/* [receive] Waits for more bytes. Returns how many came; 0 at the end; -1 if the peer is lost. */
static ssize_t receive(struct stream *s, int flags)
{
    while (stop_wait(s->fd, POLLIN, -1) != -1) {
        ssize_t n = recv(s->fd, s->bytes + s->length, sizeof s->bytes - s->length, flags);
        if (n != -1 || (errno != EAGAIN && errno != EINTR))
            return n;
    }
    return -1;
}
/* [/receive] */

/* [peek] The first byte tells: a length below 2^24 begins with a zero. It stays in the socket. */
static void choose_format(struct stream *s)
{
    (void)receive(s, MSG_PEEK); /* if nothing came, the next one will say so too */
    s->tail = isprint((unsigned char)s->bytes[0]) || isspace((unsigned char)s->bytes[0]);
    s->head = s->tail == 0 ? HEAD : 0;
}
/* [/peek] */

/* [find] Is a whole message there? Returns 1 and its size, 0 for not yet, -1 for too long. */
static int find_message(const struct stream *s, size_t *size)
{
    const char *mark = memchr(s->bytes, '\n', s->length);
    uint32_t head = 0;

    if (s->length < s->head)
        return 0;
    memcpy(&head, s->bytes, s->head);
    if (s->head > 0)
        *size = ntohl(head); /* the most significant byte came first */
    else
        *size = mark != NULL ? (size_t)(mark - s->bytes) : s->length;
    return *size > LIMIT ? -1 : s->length >= s->head + *size + s->tail;
}
/* [/find] */

static void print_text(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) /* what strangers send may steer a terminal */
        (void)putchar(isprint((unsigned char)text[i]) ? text[i] : '?');
}

/* [take] Takes the message that was found. What is behind it moves to the front. */
static void take_message(struct stream *s, size_t size)
{
    const size_t whole = s->head + size + s->tail;

    printf("    message of %zu: \"", size);
    print_text(s->bytes + s->head, size);
    puts("\"");
    s->length -= whole;
    memmove(s->bytes, s->bytes + whole, s->length);
}
/* [/take] */

/* [all] Moves all parts, however few bytes a call takes. Returns how many: fewer at an end, say. */
static size_t move_all(int fd, short events, struct iovec *part, int parts)
{
    const bool in = events == POLLIN;
    size_t total = 0;

    while (parts > 0 && stop_wait(fd, events, -1) != -1) {
        ssize_t n = in ? readv(fd, part, parts) : writev(fd, part, parts);
        if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
            break;
        size_t moved = n == -1 ? 0 : (size_t)n;
        total += moved;
        for (; parts > 0 && moved >= part->iov_len; part++, parts--)
            moved -= part->iov_len;
        if (parts > 0) { /* it stopped within this one */
            part->iov_base = (char *)part->iov_base + moved;
            part->iov_len -= moved;
        }
    }
    return total;
}
/* [/all] */

/* [send] Sends a message by one call. Of what goes before it and behind it, one is empty. */
static bool send_message(const struct stream *s, char *text)
{
    uint32_t head = htonl((uint32_t)strlen(text));
    char tail[] = "\n";
    struct iovec parts[] = {{.iov_base = &head, .iov_len = s->head},
                            {.iov_base = text, .iov_len = strlen(text)},
                            {.iov_base = tail, .iov_len = s->tail}};

    return move_all(s->fd, POLLOUT, parts, 3) == s->head + strlen(text) + s->tail;
}
/* [/send] */

/* [serve] Takes messages until the client's end, or a message that it will not have. */
static void serve(struct stream *s)
{
    size_t size = 0, count = 0;
    char text[128];
    ssize_t n;
    int found = 0;

    choose_format(s);
    while (found != -1 && (n = receive(s, 0)) > 0) {
        printf("recv() returned %zd\n", n);
        s->length += (size_t)n;
        while ((found = find_message(s, &size)) == 1) {
            take_message(s, size);
            count++;
        }
    }
    if (found == -1)
        (void)snprintf(text, sizeof text, "refused: a message of %zu bytes%s", size,
                       s->tail > 0 ? " or more" : "");
    else
        (void)snprintf(text, sizeof text, "%zu messages, %zu bytes over", count, s->length);
    printf("%s%s\n", text, send_message(s, text) ? "" : ", and nobody to tell");
    (void)fflush(stdout); /* that nobody reads the log is no reason to stop */
}
/* [/serve] */

static int run_server(uint16_t port)
{
    struct stream s;
    struct error error;
    int listener = tcp_listen(port, &error), client;

    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    while ((client = tcp_accept(listener)) != -1) {
        s = (struct stream){.fd = client};
        serve(&s);
        (void)close(client); /* what was to be sent is on its way */
    }
    (void)close(listener);
    return EXIT_SUCCESS;
}

/* [client] Sends each message behind its length, and prints the one that answers them. */
static void run_client(int fd, char **messages)
{
    const struct stream s = {.fd = fd, .head = HEAD};
    uint32_t head = 0;
    char text[LIMIT];
    struct iovec answer[] = {{.iov_base = &head, .iov_len = HEAD},
                             {.iov_base = text, .iov_len = sizeof text}};

    while (*messages != NULL && send_message(&s, *messages))
        messages++;
    if (*messages != NULL || shutdown(fd, SHUT_WR) == -1)
        report_errno("sending"); /* there may be an answer that says why */
    size_t n = move_all(fd, POLLIN, answer, 2);
    if (n < HEAD || n != HEAD + (size_t)ntohl(head)) /* the server is a stranger, too */
        die("no answer, or not all of it");
    print_text(text, n - HEAD);
    puts("");
}
/* [/client] */

int main(int argc, char **argv)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct error error;
    long port;

    if (argc == 2 && number_parse(argv[1], 0, UINT16_MAX, &port))
        return run_server((uint16_t)port);
    if (argc < 4)
        die_usage("PORT | HOST PORT MESSAGE...");
    if (sigaction(SIGPIPE, &ignore, NULL) == -1) /* writev() has no MSG_NOSIGNAL */
        die_errno("sigaction");
    int fd = tcp_connect(argv[1], argv[2], &error);
    if (fd == -1)
        die("%s", error.text);
    run_client(fd, argv + 3);
    (void)close(fd); /* both directions have ended */
    finish(EXIT_SUCCESS);
}
