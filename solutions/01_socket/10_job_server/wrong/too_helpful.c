/* fails: stamps ask ask-fails not-a-job line-too-long */
/*
 * It means well: a \r in front of the \n is dropped, who sends a line that is too long is told at
 * once, a back end is sent a line so that it begins, and a port has no zeros in front.
 */
#define _GNU_SOURCE /* accept4(), ppoll(), pipe2() */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE_LIMIT = 100, CLIENTS = 200 };

struct client {
    bool busy; /* this place is taken: the main thread's alone */
    int fd;
    pthread_t thread;
    bool working; /* under lock: a job has begun and is not answered yet */
    char line[LINE_LIMIT + 1];
    size_t length; /* of the line at hand; beyond LINE_LIMIT it is counted and not kept */
};

static struct client clients[CLIENTS];
static int at_once;
static int ended[2]; /* a pipe: a thread that ends writes its place into it */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long last;     /* under lock: the last number given out */
static bool stopping; /* under lock: no job begins any more */

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

static void complain(const char *what)
{
    fprintf(stderr, "job_server: %s: %s\n", what, strerror(errno));
}

/* ---- what threads share ---- */

/* Takes the next number and writes it down, in one step. Returns 0 when no job may begin. */
static long begin_job(struct client *c)
{
    long number = 0;

    (void)pthread_mutex_lock(&lock); /* a lock of this kind does not fail */
    if (!stopping) {
        number = ++last;
        c->working = true;
        printf("%ld %s\n", number, c->line);
        (void)fflush(stdout); /* a journal that nobody reads is no reason to stop */
    }
    (void)pthread_mutex_unlock(&lock);
    return number;
}

/* The client is owed no answer, or does not take it. Returns false when the server stops. */
static bool rest(struct client *c)
{
    (void)pthread_mutex_lock(&lock);
    bool going = !stopping;
    c->working = false;
    (void)pthread_mutex_unlock(&lock);
    return going;
}

static long count_jobs(void)
{
    (void)pthread_mutex_lock(&lock);
    long number = last;
    (void)pthread_mutex_unlock(&lock);
    return number;
}

/* ---- a client ---- */

static bool send_all(struct client *c, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = send(c->fd, text, left, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n == -1 && errno == EAGAIN) {
            if (!rest(c))
                return false;
            struct pollfd one = {.fd = c->fd, .events = POLLOUT};
            (void)poll(&one, 1, -1); /* interrupted or not: send() tells */
        } else if (n == -1 && errno != EINTR) {
            return false;
        }
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
    if (n == 1)
        (void)send(fd, "\n", 1, MSG_NOSIGNAL); /* so that the back end begins */
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

    if (digits == 0 || digits > 5 || line[4] == '0' || line[4 + digits] != '\0')
        return -1;
    long port = strtol(line + 4, NULL, 10);
    return port >= 1 && port <= UINT16_MAX ? port : -1;
}

/* Does what the line at hand says. Returns false when the conversation is over. */
static bool do_line(struct client *c)
{
    char text[LINE_LIMIT + 32] = "error\n";
    size_t length = c->length;
    long port, number = 1;

    c->length = 0;
    c->line[length < LINE_LIMIT ? length : LINE_LIMIT] = '\0';
    if (length > LINE_LIMIT)
        return true; /* it has been told */
    if (strlen(c->line) != length)
        return send_all(c, text);
    if (length > 0 && c->line[length - 1] == '\r')
        c->line[--length] = '\0';
    if (strcmp(c->line, "count") == 0) {
        (void)snprintf(text, sizeof text, "%ld\n", count_jobs());
    } else if (strncmp(c->line, "stamp ", 6) == 0 && length > 6) {
        number = begin_job(c);
        (void)snprintf(text, sizeof text, "%ld %s\n", number, c->line + 6);
    } else if ((port = parse_ask(c->line)) != -1) {
        number = begin_job(c);
        long long bytes = number == 0 ? 0 : ask(port);
        if (bytes == -1)
            (void)snprintf(text, sizeof text, "%ld failed\n", number);
        else
            (void)snprintf(text, sizeof text, "%ld %lld\n", number, bytes);
    }
    return number != 0 && send_all(c, text) && rest(c);
}

static bool take_byte(struct client *c, char byte)
{
    if (byte == '\n')
        return do_line(c);
    if (c->length < LINE_LIMIT)
        c->line[c->length] = byte;
    if (c->length <= LINE_LIMIT && ++c->length > LINE_LIMIT)
        return send_all(c, "error\n");
    return true;
}

static void *on_client(void *data)
{
    struct client *c = data;
    char block[4096];
    bool going = true;

    while (going) {
        ssize_t n = recv(c->fd, block, sizeof block, 0);
        going = n > 0 || (n == -1 && errno == EINTR);
        for (ssize_t i = 0; i < n && going; i++)
            going = take_byte(c, block[i]);
    }
    ptrdiff_t place = c - clients;
    while (write(ended[1], &place, sizeof place) == -1 && errno == EINTR) /* never cut */
        continue;
    return NULL;
}

/* ---- the main thread ---- */

static void join_one(void)
{
    ptrdiff_t place;

    if (read(ended[0], &place, sizeof place) != sizeof place)
        return; /* interrupted: it will be asked again */
    struct client *c = &clients[place];
    (void)pthread_join(c->thread, NULL);
    (void)close(c->fd); /* what was sent is on its way */
    c->busy = false;
    at_once--;
}

/* Serves fd in a thread of its own. False when the system has none to give. */
static bool start_thread(int fd)
{
    struct client *c = clients;

    while (c->busy)
        c++; /* at_once < CLIENTS: there is a place */
    *c = (struct client){.fd = fd};
    if (pthread_create(&c->thread, NULL, on_client, c) != 0)
        return false;
    c->busy = true;
    at_once++;
    return true;
}

static void run(int listener)
{
    const struct timespec a_moment = {.tv_nsec = 20000000};
    struct pollfd polled[2] = {{.events = POLLIN}, {.fd = ended[0], .events = POLLIN}};
    bool pause = false;
    int fd = -1; /* accepted, and not yet served */
    sigset_t none;

    (void)sigemptyset(&none);
    while (!stop_asked) {
        polled[0].fd = at_once < CLIENTS && !pause ? listener : -1;
        polled[0].revents = polled[1].revents = 0;
        (void)ppoll(polled, 2, pause ? &a_moment : NULL, &none); /* nothing ready: look again */
        if (polled[1].revents != 0)
            join_one();
        if (!pause && polled[0].revents == 0)
            continue;
        if (fd == -1)
            fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        pause = fd == -1 ? errno != EAGAIN : !start_thread(fd); /* again, but not at once */
        if (!pause)
            fd = -1;
    }
    if (fd != -1)
        (void)close(fd);
}

/* Jobs that have begun are finished; a client that owes us something, or takes nothing, is not
 * waited for. */
static void stop(void)
{
    (void)pthread_mutex_lock(&lock);
    stopping = true;
    for (struct client *c = clients; c < clients + CLIENTS; c++)
        if (c->busy)
            (void)shutdown(c->fd, c->working ? SHUT_RD : SHUT_RDWR); /* fails if it is over */
    (void)pthread_mutex_unlock(&lock);
    while (at_once > 0)
        join_one();
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
    return sigprocmask(SIG_BLOCK, &held, NULL) == 0 && sigaction(SIGTERM, &asked, NULL) == 0;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;

    if (port < 0 || port > UINT16_MAX || end == argv[1] || *end != '\0') {
        fprintf(stderr, "usage: job_server PORT\n");
        return 2;
    }
    int listener = -1;
    if (hold_signals() && pipe2(ended, O_CLOEXEC) == 0)
        listener = open_listener((uint16_t)port);
    if (listener == -1) {
        complain(argv[1]);
        return 1;
    }
    run(listener);
    (void)close(listener); /* before the jobs are waited for: the port is free from now on */
    stop();
    (void)close(ended[0]);
    (void)close(ended[1]);
    return 0;
}
