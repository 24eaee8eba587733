/* A thread for each client, which sleeps in poll(); one lock for the table and all queues. */
#define _GNU_SOURCE /* accept4() and ppoll() */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CLIENTS_MOST = 200,
    NAME_LIMIT = 16,
    LINE_LIMIT = 500,
    QUEUE_LIMIT = 65536,
    MESSAGE_LIMIT = LINE_LIMIT + 2 * NAME_LIMIT + 16
};

struct client {
    int fd;
    int wake[2];               /* a byte in this pipe wakes its thread */
    bool lost;                 /* to be taken out: it ended, failed, or does not read */
    char name[NAME_LIMIT + 1]; /* "" until it has one */
    size_t length;             /* of the line at hand; beyond LINE_LIMIT it is not kept */
    size_t queued;
    char line[LINE_LIMIT];
    char queue[QUEUE_LIMIT];
};

static struct client *clients[CLIENTS_MOST];
static size_t count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all clients, and count */
static pthread_cond_t gone = PTHREAD_COND_INITIALIZER;   /* a client left */

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
        listen(fd, 128) == -1) {
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

/* Its thread is to look after its queue, or its end. A full pipe wakes as well. */
static void wake(const struct client *client)
{
    (void)!write(client->wake[1], "", 1);
}

static void tell(struct client *client, const char *text, size_t length)
{
    if (client->lost)
        return;
    if (length > QUEUE_LIMIT - client->queued) {
        client->lost = true; /* it does not read, and others must not pay for that */
        wake(client);
        return;
    }
    memcpy(client->queue + client->queued, text, length);
    client->queued += length;
    flush_queue(client);
    if (client->queued > 0 || client->lost)
        wake(client);
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

/* Takes a client out, and tells the others. */
static void remove_client(struct client *lost)
{
    char message[MESSAGE_LIMIT];
    size_t i = 0;

    while (clients[i] != lost)
        i++;
    clients[i] = clients[--count];
    if (lost->name[0] != '\0') {
        int length = snprintf(message, sizeof message, "* %s left\n", lost->name);
        tell_others(lost, message, (size_t)length);
    }
    (void)close(lost->fd); /* what it was not sent, it will never hear */
    (void)close(lost->wake[0]);
    (void)close(lost->wake[1]);
    free(lost);
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
    ssize_t n =
        recv(client->fd, bytes, sizeof bytes, 0); /* never blocks, so it may hold the lock */

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

static void *serve_client(void *argument)
{
    struct client *client = argument;

    (void)pthread_mutex_lock(&lock); /* this and its like fail for misuse only */
    while (!client->lost) {
        struct pollfd polled[2] = {
            {.fd = client->fd, .events = (short)(client->queued > 0 ? POLLIN | POLLOUT : POLLIN)},
            {.fd = client->wake[0], .events = POLLIN}};
        char bytes[64];
        (void)pthread_mutex_unlock(&lock);
        if (poll(polled, 2, -1) == -1)
            polled[0].revents = polled[1].revents = 0; /* EINTR */
        (void)pthread_mutex_lock(&lock);
        if (polled[1].revents != 0)
            (void)!read(client->wake[0], bytes,
                        sizeof bytes); /* what woke us is looked at anyway */
        if ((polled[0].revents & POLLOUT) != 0)
            flush_queue(client);
        if ((polled[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !client->lost)
            take_bytes(client);
    }
    remove_client(client);
    (void)pthread_cond_signal(&gone);
    (void)pthread_mutex_unlock(&lock);
    return NULL;
}

/* Starts a thread for the client at fd. False when there is no place for it. */
static bool add_client(int fd)
{
    struct client *client = count < CLIENTS_MOST ? malloc(sizeof *client) : NULL;
    pthread_t thread;

    if (client == NULL || pipe2(client->wake, O_CLOEXEC | O_NONBLOCK) == -1) {
        free(client);
        return false;
    }
    client->fd = fd;
    client->lost = false;
    client->name[0] = '\0';
    client->length = client->queued = 0;
    if (pthread_create(&thread, NULL, serve_client, client) != 0) {
        (void)close(client->wake[0]);
        (void)close(client->wake[1]);
        free(client);
        return false;
    }
    (void)pthread_detach(thread); /* the condition tells when it is done */
    clients[count++] = client;
    return true;
}

/* Sleeps until somebody comes, or for a moment after accept() failed. Returns whether it works. */
static bool serve_round(int listener, bool accepting)
{
    const struct timespec a_moment = {.tv_nsec = 50000000};
    struct pollfd polled = {.fd = accepting ? listener : -1, .events = POLLIN};
    sigset_t none;

    (void)sigemptyset(&none);
    if (ppoll(&polled, 1, accepting ? NULL : &a_moment, &none) == -1)
        return accepting; /* EINTR: main looks why */
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd == -1)
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    (void)pthread_mutex_lock(&lock);
    if (!add_client(fd))
        (void)close(fd); /* no place for it */
    (void)pthread_mutex_unlock(&lock);
    return true;
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
    (void)pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++) {
        clients[i]->lost = true;
        wake(clients[i]);
    }
    while (count > 0)
        (void)pthread_cond_wait(&gone, &lock);
    (void)pthread_mutex_unlock(&lock);
    (void)close(listener);
    return 0;
}
