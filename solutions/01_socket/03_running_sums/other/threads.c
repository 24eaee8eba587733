/*
 * Built on threads: one for each client, so that none waits for another. SIGTERM is for the main
 * thread alone; it shuts down what the others wait on, and waits until they are gone.
 */
#define _GNU_SOURCE /* ppoll() */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT = 100 };

struct client {
    int fd;
    int64_t sum;
    char line[LIMIT + 1];
    size_t length; /* of the line at hand; beyond LIMIT it is counted and not kept */
    struct client *next;
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

static bool send_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = send(fd, text, left, MSG_NOSIGNAL);
        if (n == -1 && errno != EINTR)
            return false;
        text += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static void converse(struct client *c)
{
    char block[1024], text[32];
    bool going = true;

    while (going) {
        ssize_t n = recv(c->fd, block, sizeof block, 0);
        going = n > 0 || (n == -1 && errno == EINTR);
        for (ssize_t i = 0; i < n && going; i++)
            if (take(c, block[i])) {
                judge(c, text);
                going = send_all(c->fd, text);
            }
    }
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t fewer = PTHREAD_COND_INITIALIZER;
static struct client *clients; /* under lock: those being served */

static void leave(struct client *c)
{
    (void)pthread_mutex_lock(&lock); /* no lock of this kind fails */
    struct client **at = &clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    (void)close(c->fd); /* under lock: the main thread must not shut down its successor */
    free(c);
    (void)pthread_cond_signal(&fewer);
    (void)pthread_mutex_unlock(&lock);
}

static void *on_client(void *data)
{
    converse(data);
    leave(data);
    return NULL;
}

static void serve(int fd)
{
    struct client *c = calloc(1, sizeof *c);
    pthread_t thread;

    if (c == NULL) {
        (void)close(fd); /* nothing was sent */
        return;
    }
    c->fd = fd;
    (void)pthread_mutex_lock(&lock);
    c->next = clients;
    clients = c;
    (void)pthread_mutex_unlock(&lock);
    if (pthread_create(&thread, NULL, on_client, c) != 0)
        leave(c);
    else
        (void)pthread_detach(thread); /* it is counted in clients, not joined */
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

static void run(int listener)
{
    struct pollfd one = {.fd = listener, .events = POLLIN};
    const struct timespec a_moment = {.tv_nsec = 10000000};
    sigset_t none;

    (void)sigemptyset(&none);
    while (!stopping) {
        if (ppoll(&one, 1, NULL, &none) == -1)
            continue;
        int fd = accept(listener, NULL, NULL);
        if (fd != -1)
            serve(fd);
        else
            (void)ppoll(NULL, 0, &a_moment, &none); /* it may fail again: not at once */
    }
    (void)pthread_mutex_lock(&lock);
    for (struct client *c = clients; c != NULL; c = c->next)
        (void)shutdown(c->fd, SHUT_RDWR); /* its thread wakes, and leaves */
    while (clients != NULL)
        (void)pthread_cond_wait(&fewer, &lock);
    (void)pthread_mutex_unlock(&lock);
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
