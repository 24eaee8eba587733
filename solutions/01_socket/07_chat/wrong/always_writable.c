/* fails: all-speak clean crowd gone-while-told leaving-in-mid-line nameless no-descriptors sigterm slow-reader */
/*
 * Always asks for POLLOUT. A socket with room is always ready to be written, so the server never
 * sleeps: it keeps a processor busy while nobody says a word.
 */
#define _GNU_SOURCE /* accept4() and ppoll() */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CLIENTS_MOST = 500,
    NAME_LIMIT = 16,
    LINE_LIMIT = 500,
    QUEUE_LIMIT = 65536,
    MESSAGE_LIMIT = LINE_LIMIT + 2 * NAME_LIMIT + 16
};

struct client {
    int fd;
    bool lost;                 /* to be taken out: it ended, failed, or does not read */
    char name[NAME_LIMIT + 1]; /* "" until it has one */
    size_t length;             /* of the line at hand; beyond LINE_LIMIT it is not kept */
    size_t queued;
    char line[LINE_LIMIT];
    char queue[QUEUE_LIMIT];
};

static struct client *clients[CLIENTS_MOST];
static size_t count;

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static bool hold_signals(void)
{
    const struct sigaction stop = {.sa_handler = on_signal};
    sigset_t held;

    (void)sigemptyset(&held); /* fails for wrong signal numbers only */
    (void)sigaddset(&held, SIGTERM);
    return sigprocmask(SIG_BLOCK, &held, NULL) == 0 && sigaction(SIGTERM, &stop, NULL) == 0;
}

/* Listens on every address of this machine. Returns a socket, or -1 and errno. */
static int open_listener(int family, uint16_t port)
{
    const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int ipv6 = family == AF_INET6, off = 0, on = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        (ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1) ||
        bind(fd, ipv6 ? (const void *)&in6 : &in4, ipv6 ? sizeof in6 : sizeof in4) == -1 ||
        listen(fd, SOMAXCONN) == -1) {
        int why = errno;
        (void)close(fd); /* nothing was sent */
        errno = why;
        return -1;
    }
    return fd;
}

static bool print_name(int listener)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[64], port[8];

    if (getsockname(listener, (struct sockaddr *)&address, &length) == -1 ||
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    printf("listening on [%s]:%s\n", host, port);
    return fflush(stdout) == 0;
}

/* ---- what the clients hear ---- */

/* Sends of the queue what the client takes now; the rest waits for POLLOUT. */
static void flush_queue(struct client *client)
{
    size_t sent = 0;

    while (sent < client->queued && !client->lost) {
        ssize_t n = send(client->fd, client->queue + sent, client->queued - sent, MSG_NOSIGNAL);
        if (n == -1 && errno == EAGAIN)
            break;
        client->lost = n == -1 && errno != EINTR;
        sent += n > 0 ? (size_t)n : 0;
    }
    client->queued -= sent;
    memmove(client->queue, client->queue + sent, client->queued);
}

static void tell(struct client *client, const char *text, size_t length)
{
    if (client->lost)
        return;
    if (length > QUEUE_LIMIT - client->queued) {
        client->lost = true; /* it does not read, and others must not pay for that */
        return;
    }
    memcpy(client->queue + client->queued, text, length);
    client->queued += length;
    flush_queue(client);
}

static void tell_text(struct client *client, const char *text)
{
    tell(client, text, strlen(text));
}

/* Tells everybody who has a name, but not this client. */
static void tell_others(const struct client *but, const char *text, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (clients[i] != but && clients[i]->name[0] != '\0')
            tell(clients[i], text, length);
}

/* What has been said may be any bytes: "head: text" and a line end. Returns its length. */
static size_t make_message(char message[MESSAGE_LIMIT], const char *head, const char *text,
                           size_t length)
{
    size_t at = (size_t)snprintf(message, MESSAGE_LIMIT, "%s: ", head);

    memcpy(message + at, text, length);
    message[at + length] = '\n';
    return at + length + 1;
}

/* Takes lost clients out; telling the others may lose more of them. */
static void remove_lost(void)
{
    char message[MESSAGE_LIMIT];

    for (size_t i = 0; i < count;) {
        struct client *lost = clients[i];
        if (!lost->lost) {
            i++;
            continue;
        }
        clients[i] = clients[--count];
        (void)close(lost->fd); /* what it was not sent, it will never hear */
        if (lost->name[0] != '\0') {
            int length = snprintf(message, sizeof message, "* %s left\n", lost->name);
            tell_others(lost, message, (size_t)length);
        }
        free(lost);
        i = 0;
    }
}

/* ---- what the clients say ---- */

static struct client *find_name(const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (!clients[i]->lost && length > 0 && strlen(clients[i]->name) == length &&
            memcmp(clients[i]->name, name, length) == 0)
            return clients[i];
    return NULL;
}

static bool is_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_')
            return false;
    return length > 0 && length <= NAME_LIMIT;
}

/* Gives the client its first name, or another one. */
static void set_name(struct client *client, const char *name, size_t length)
{
    char message[MESSAGE_LIMIT], old[NAME_LIMIT + 1];

    if (!is_name(name, length)) {
        tell_text(client, "error: bad name\n");
        return;
    }
    if (find_name(name, length) != NULL) {
        tell_text(client, "error: name taken\n");
        return;
    }
    memcpy(old, client->name, sizeof old);
    memcpy(client->name, name, length);
    client->name[length] = '\0';
    if (old[0] == '\0') {
        (void)snprintf(message, sizeof message, "welcome %s\n", client->name);
        tell_text(client, message);
        (void)snprintf(message, sizeof message, "* %s joined\n", client->name);
        tell_others(client, message, strlen(message));
    } else {
        (void)snprintf(message, sizeof message, "* %s is now %s\n", old, client->name);
        tell_others(NULL, message, strlen(message));
    }
}

/* "NAME TEXT" */
static void tell_one(struct client *client, const char *rest, size_t length)
{
    const char *blank = memchr(rest, ' ', length);
    char message[MESSAGE_LIMIT], head[2 * NAME_LIMIT + 8];

    if (blank == NULL || blank + 1 == rest + length) {
        tell_text(client, "error: bad command\n");
        return;
    }
    struct client *to = find_name(rest, (size_t)(blank - rest));
    if (to == NULL) {
        tell_text(client, "error: no such name\n");
        return;
    }
    (void)snprintf(head, sizeof head, "%s -> %s", client->name, to->name);
    length = make_message(message, head, blank + 1, (size_t)(rest + length - blank - 1));
    tell(to, message, length);
    if (to != client)
        tell(client, message, length);
}

static void take_line(struct client *client)
{
    const char *line = client->line;
    size_t length = client->length;
    char message[MESSAGE_LIMIT];

    client->length = 0;
    if (length > LINE_LIMIT)
        tell_text(client, "error: line too long\n");
    else if (client->name[0] == '\0')
        set_name(client, line, length);
    else if (length > 4 && memcmp(line, "/to ", 4) == 0)
        tell_one(client, line + 4, length - 4);
    else if (length > 6 && memcmp(line, "/name ", 6) == 0)
        set_name(client, line + 6, length - 6);
    else if (length > 0 && line[0] == '/')
        tell_text(client, "error: bad command\n");
    else if (length > 0)
        tell_others(NULL, message, make_message(message, client->name, line, length));
}

static void take_bytes(struct client *client)
{
    char bytes[4096];
    ssize_t n = recv(client->fd, bytes, sizeof bytes, 0);

    if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
        client->lost = true;
    for (ssize_t i = 0; i < n && !client->lost; i++) {
        if (bytes[i] == '\n') {
            take_line(client);
            continue;
        }
        if (client->length < LINE_LIMIT)
            client->line[client->length] = bytes[i];
        if (client->length <= LINE_LIMIT)
            client->length++;
    }
}

/* ---- coming and going ---- */

/* Takes all clients that wait. Returns false when there is no descriptor for the next. */
static bool accept_clients(int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd == -1 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd == -1)
            return errno == EAGAIN;
        struct client *client = count < CLIENTS_MOST ? malloc(sizeof *client) : NULL;
        if (client == NULL) {
            (void)close(fd); /* no place for it */
            continue;
        }
        client->fd = fd;
        client->lost = false;
        client->name[0] = '\0';
        client->length = client->queued = 0;
        clients[count++] = client;
    }
}

/* Sleeps until something can be done, and does it. accepting: see accept_clients(). */
static bool serve_round(int listener, bool accepting)
{
    static struct pollfd polled[CLIENTS_MOST + 1];
    const struct timespec now = {0}, a_moment = {.tv_nsec = 50000000};
    size_t before = count;
    sigset_t none;

    for (size_t i = 0; i < before; i++)
        polled[i] = (struct pollfd){.fd = clients[i]->fd, .events = POLLIN | POLLOUT};
    polled[before] = (struct pollfd){.fd = accepting ? listener : -1, .events = POLLIN};
    (void)sigemptyset(&none);
    (void)ppoll(NULL, 0, &now, &none); /* lets a signal in, although there may always be work */
    if (stopping || ppoll(polled, before + 1, accepting ? NULL : &a_moment, &none) == -1)
        return accepting; /* EINTR: main looks why */
    for (size_t i = 0; i < before; i++) {
        if ((polled[i].revents & POLLOUT) != 0)
            flush_queue(clients[i]);
        if ((polled[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !clients[i]->lost)
            take_bytes(clients[i]);
    }
    remove_lost();
    return !accepting || polled[before].revents == 0 || accept_clients(listener);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;
    bool accepting = true;

    if (port < 0 || port > UINT16_MAX || end == argv[1] || *end != '\0') {
        fprintf(stderr, "usage: chat PORT\n");
        return 2;
    }
    int listener = hold_signals() ? open_listener(AF_INET6, (uint16_t)port) : -1;
    if (listener == -1 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        listener = open_listener(AF_INET, (uint16_t)port); /* a machine without IPv6 */
    if (listener == -1 || !print_name(listener)) {
        fprintf(stderr, "chat: port %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    while (!stopping)
        accepting = serve_round(listener, accepting);
    for (size_t i = 0; i < count; i++) {
        (void)close(clients[i]->fd);
        free(clients[i]);
    }
    (void)close(listener);
    return 0;
}
