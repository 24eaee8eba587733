/*
 * Built on fork(): a child for each client. The last number and a lock that works between processes
 * lie in memory that all of them share. SIGTERM is let in only while a child waits for its client,
 * so a job that has begun is finished; the parent hands the signal on, and waits.
 */
#define _GNU_SOURCE /* accept4(), ppoll(), MAP_ANONYMOUS */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_LIMIT = 100, CLIENTS = 200 };

struct client {
    int fd;
    char line[LINE_LIMIT + 1];
    size_t length; /* of the line at hand; beyond LINE_LIMIT it is counted and not kept */
};

static struct shared {
    pthread_mutex_t lock;
    long last; /* under lock: the last number given out */
} * shared;

static pid_t children[CLIENTS]; /* 0 is a free place */
static int at_once;
static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    if (number == SIGTERM) /* SIGCHLD need only end ppoll() */
        stopping = 1;
}

/* ---- what all share ---- */

/* Takes the next number and writes it down, in one step. */
static long begin_job(const char *line)
{
    (void)pthread_mutex_lock(&shared->lock); /* nobody dies with it */
    long number = ++shared->last;
    printf("%ld %s\n", number, line);
    (void)fflush(stdout); /* a journal that nobody reads is no reason to stop */
    (void)pthread_mutex_unlock(&shared->lock);
    return number;
}

static long count_jobs(void)
{
    (void)pthread_mutex_lock(&shared->lock);
    long number = shared->last;
    (void)pthread_mutex_unlock(&shared->lock);
    return number;
}

/* ---- a client ---- */

/* Sleeps until fd is ready, and lets SIGTERM in. Returns false when that came. */
static bool wait_for(int fd, short events)
{
    struct pollfd one = {.fd = fd, .events = events};
    const struct timespec now = {0};
    sigset_t none;

    (void)sigemptyset(&none);
    (void)ppoll(NULL, 0, &now, &none); /* although fd may never be idle */
    if (!stopping)
        (void)ppoll(&one, 1, NULL, &none); /* interrupted or not: the next call tells */
    return !stopping;
}

static bool send_all(struct client *c, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = send(c->fd, text, left, MSG_NOSIGNAL);
        if (n == -1 && errno == EAGAIN && !wait_for(c->fd, POLLOUT))
            return false;
        if (n == -1 && errno != EINTR && errno != EAGAIN)
            return false;
        text += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Reads what the back end at port says up to its end. Returns the number of bytes, or -1. */
static long long ask(long port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((in_port_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char block[16384];
    long long total = 0;
    ssize_t n = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd == -1)
        return -1;
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == -1)
        n = -2;
    while (n > 0 || (n == -1 && errno == EINTR)) {
        n = recv(fd, block, sizeof block, 0);
        total += n > 0 ? n : 0;
    }
    (void)close(fd); /* nothing was sent */
    return n == 0 ? total : -1;
}

/* The port of "ask PORT", or -1 if the line is not that. */
static long parse_ask(const char *line)
{
    size_t digits = strncmp(line, "ask ", 4) == 0 ? strspn(line + 4, "0123456789") : 0;

    if (digits == 0 || digits > 5 || line[4 + digits] != '\0')
        return -1;
    long port = strtol(line + 4, NULL, 10);
    return port >= 1 && port <= UINT16_MAX ? port : -1;
}

/* Does what the line at hand says. Returns false when the client is lost. */
static bool do_line(struct client *c)
{
    char text[LINE_LIMIT + 32] = "error\n";
    size_t length = c->length;
    long port, number;

    c->length = 0;
    c->line[length < LINE_LIMIT ? length : LINE_LIMIT] = '\0';
    if (length > LINE_LIMIT || strlen(c->line) != length)
        return send_all(c, text);
    if (strcmp(c->line, "count") == 0) {
        (void)snprintf(text, sizeof text, "%ld\n", count_jobs());
    } else if (strncmp(c->line, "stamp ", 6) == 0 && length > 6) {
        number = begin_job(c->line);
        (void)snprintf(text, sizeof text, "%ld %s\n", number, c->line + 6);
    } else if ((port = parse_ask(c->line)) != -1) {
        number = begin_job(c->line);
        long long bytes = ask(port);
        if (bytes == -1)
            (void)snprintf(text, sizeof text, "%ld failed\n", number);
        else
            (void)snprintf(text, sizeof text, "%ld %lld\n", number, bytes);
    }
    return send_all(c, text);
}

static bool take_byte(struct client *c, char byte)
{
    if (byte == '\n')
        return do_line(c) && !stopping;
    if (c->length < LINE_LIMIT)
        c->line[c->length] = byte;
    if (c->length <= LINE_LIMIT)
        c->length++;
    return true;
}

/* The child's whole life. Its memory is a copy, and holds nothing that is not the parent's too. */
static _Noreturn void serve(int fd, int listener)
{
    struct client c = {.fd = fd};
    char block[4096];
    bool going = true;

    (void)close(listener); /* the parent's: else the port is taken as long as we are here */
    while (going && wait_for(fd, POLLIN)) {
        ssize_t n = recv(fd, block, sizeof block, 0);
        going = n > 0 || (n == -1 && (errno == EINTR || errno == EAGAIN));
        for (ssize_t i = 0; i < n && going; i++)
            going = take_byte(&c, block[i]);
    }
    _exit(0);
}

/* ---- the parent ---- */

static void reap(int options)
{
    pid_t child;

    while (at_once > 0 && (child = waitpid(-1, NULL, options)) != 0) {
        if (child == -1 && errno != EINTR)
            return;
        for (size_t i = 0; i < CLIENTS && child > 0; i++)
            if (children[i] == child) {
                children[i] = 0;
                at_once--;
            }
    }
}

/* Serves fd in a child. False when the system has none to give. */
static bool start_child(int fd, int listener)
{
    size_t place = 0;

    while (children[place] != 0)
        place++; /* at_once < CLIENTS: there is a place */
    pid_t child = fork();
    if (child == 0)
        serve(fd, listener);
    if (child == -1)
        return false;
    children[place] = child;
    at_once++;
    (void)close(fd); /* the child's */
    return true;
}

static void run(int listener)
{
    const struct timespec a_moment = {.tv_nsec = 20000000};
    struct pollfd one = {.events = POLLIN};
    bool pause = false;
    int fd = -1; /* accepted, and not yet served */
    sigset_t none;

    (void)sigemptyset(&none);
    while (!stopping) {
        one.fd = at_once < CLIENTS && !pause ? listener : -1;
        int ready = ppoll(&one, 1, pause ? &a_moment : NULL, &none);
        reap(WNOHANG);
        if (!pause && ready != 1)
            continue;
        if (fd == -1)
            fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        pause = fd == -1 ? errno != EAGAIN : !start_child(fd, listener); /* not at once */
        if (!pause)
            fd = -1;
    }
    if (fd != -1)
        (void)close(fd);
}

static void stop(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        if (children[i] != 0)
            (void)kill(children[i], SIGTERM); /* not reaped yet: the number is still its own */
    reap(0);
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

static bool hold_signals(void)
{
    const struct sigaction asked = {.sa_handler = on_signal};
    sigset_t held;

    (void)sigemptyset(&held); /* fails for wrong signal numbers only */
    (void)sigaddset(&held, SIGTERM);
    (void)sigaddset(&held, SIGCHLD);
    return sigprocmask(SIG_BLOCK, &held, NULL) == 0 && sigaction(SIGTERM, &asked, NULL) == 0 &&
           sigaction(SIGCHLD, &asked, NULL) == 0;
}

static bool share(void)
{
    pthread_mutexattr_t kind;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared != MAP_FAILED && pthread_mutexattr_init(&kind) == 0 &&
           pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED) == 0 &&
           pthread_mutex_init(&shared->lock, &kind) == 0 && pthread_mutexattr_destroy(&kind) == 0;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;

    if (port < 0 || port > UINT16_MAX || end == argv[1] || *end != '\0') {
        fprintf(stderr, "usage: job_server PORT\n");
        return 2;
    }
    int listener = hold_signals() && share() ? open_listener((uint16_t)port) : -1;
    if (listener == -1) {
        perror("job_server");
        return 1;
    }
    run(listener);
    (void)close(listener);
    stop();
    (void)munmap(shared, sizeof *shared);
    return 0;
}
