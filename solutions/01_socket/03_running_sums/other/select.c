/*
 * Built on pselect(): all clients side by side in one thread, which never waits in recv() or
 * send(). A client is not read from while an answer waits to be sent to it.
 */
#define _GNU_SOURCE /* accept4() */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT = 100 };

struct client {
    int fd;
    int64_t sum;
    char line[LIMIT + 1];
    size_t length; /* of the line at hand; beyond LIMIT it is counted and not kept */
    char in[1024], out[32];
    size_t got, used;    /* of in */
    size_t answer, sent; /* of out */
    bool over;
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

/* Ends the line at hand: writes its answer to text, which has room for 32 bytes. */
static void judge(struct client *c, char *text)
{
    const char *words = "error: overflow\n";
    size_t length = c->length, sign = length > 0 && c->line[0] == '-';
    long long number = 0;

    c->line[length < LIMIT ? length : LIMIT] = '\0';
    c->length = 0;
    errno = 0;
    if (length > LIMIT)
        words = "error: line too long\n";
    else if (length == sign || strspn(c->line + sign, "0123456789") != length - sign)
        words = "error: not a number\n";
    else if (number = strtoll(c->line, NULL, 10),
             errno != ERANGE &&
                 (number > 0 ? c->sum <= INT64_MAX - number : c->sum >= INT64_MIN - number))
        words = NULL;
    if (words != NULL) {
        (void)snprintf(text, 32, "%s", words);
        return;
    }
    c->sum += number;
    (void)snprintf(text, 32, "%" PRId64 "\n", c->sum);
}

/* True when the byte completes a line. */
static bool take(struct client *c, char byte)
{
    if (byte == '\n')
        return true;
    if (c->length < LIMIT)
        c->line[c->length] = byte;
    if (c->length <= LIMIT)
        c->length++;
    return false;
}

static bool hold_signals(void)
{
    const struct sigaction stop = {.sa_handler = on_signal};
    sigset_t held;

    (void)sigemptyset(&held); /* fails for wrong signal numbers only */
    (void)sigaddset(&held, SIGTERM);
    return sigprocmask(SIG_BLOCK, &held, NULL) == 0 && sigaction(SIGTERM, &stop, NULL) == 0;
}

/* Listens and says so. Returns a socket, or -1 and errno. */
static int open_listener(uint16_t port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    socklen_t size = sizeof address;
    const int on = 1, off = 0;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) == -1 ||
        listen(fd, SOMAXCONN) == -1 || getsockname(fd, (struct sockaddr *)&address, &size) == -1 ||
        printf("listening on [::]:%d\n", ntohs(address.sin6_port)) < 0 || fflush(stdout) == EOF) {
        int why = errno;
        (void)close(fd); /* nothing was sent */
        errno = why;
        return -1;
    }
    return fd;
}

static struct client *clients[FD_SETSIZE];

/* Turns what was read into answers and sends them, as far as that goes without waiting. */
static void work(struct client *c)
{
    while (!c->over) {
        if (c->sent < c->answer) {
            ssize_t n = send(c->fd, c->out + c->sent, c->answer - c->sent, MSG_NOSIGNAL);
            if (n == -1 && (errno == EAGAIN || errno == EINTR))
                return;
            c->over = n == -1;
            c->sent += n > 0 ? (size_t)n : 0;
        } else if (c->used == c->got) {
            ssize_t n = recv(c->fd, c->in, sizeof c->in, 0);
            if (n == -1 && (errno == EAGAIN || errno == EINTR))
                return;
            c->over = n <= 0;
            c->got = n > 0 ? (size_t)n : 0;
            c->used = 0;
        } else if (take(c, c->in[c->used++])) {
            judge(c, c->out);
            c->answer = strlen(c->out);
            c->sent = 0;
        }
    }
}

static void end(int fd)
{
    free(clients[fd]);
    clients[fd] = NULL;
    (void)close(fd); /* what was sent is on its way */
}

/* Returns false when accept() failed. */
static bool begin(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd == -1)
        return errno == EAGAIN || errno == EINTR;
    clients[fd < FD_SETSIZE ? fd : 0] = fd < FD_SETSIZE ? calloc(1, sizeof **clients) : NULL;
    if (fd >= FD_SETSIZE || clients[fd] == NULL)
        (void)close(fd); /* no room for it */
    else
        clients[fd]->fd = fd;
    return true;
}

/* One round: waits, then does what can be done. */
static void serve(int listener)
{
    const struct timespec a_moment = {.tv_nsec = 10000000};
    fd_set in, out;
    sigset_t none;

    (void)sigemptyset(&none);
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(listener, &in);
    for (int fd = 0; fd < FD_SETSIZE; fd++)
        if (clients[fd] != NULL)
            FD_SET(fd, clients[fd]->sent < clients[fd]->answer ? &out : &in);
    if (pselect(FD_SETSIZE, &in, &out, NULL, NULL, &none) == -1)
        return;
    for (int fd = 0; fd < FD_SETSIZE; fd++) {
        if (clients[fd] == NULL || (!FD_ISSET(fd, &in) && !FD_ISSET(fd, &out)))
            continue;
        work(clients[fd]);
        if (clients[fd]->over)
            end(fd);
    }
    if (FD_ISSET(listener, &in) && !begin(listener))
        (void)pselect(0, NULL, NULL, NULL, &a_moment, &none); /* it may fail again: not at once */
}

static void run(int listener)
{
    while (!stopping)
        serve(listener);
    for (int fd = 0; fd < FD_SETSIZE; fd++)
        if (clients[fd] != NULL)
            end(fd);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;

    if (port < 0 || port > UINT16_MAX || end == argv[1] || *end != '\0') {
        fprintf(stderr, "usage: running_sums PORT\n");
        return 2;
    }
    int listener = hold_signals() ? open_listener((uint16_t)port) : -1;
    if (listener == -1) {
        perror("running_sums");
        return 1;
    }
    run(listener);
    (void)close(listener);
    return 0;
}
