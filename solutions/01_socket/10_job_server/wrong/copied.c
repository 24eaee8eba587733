/* fails: stamps ask ask-fails not-a-job line-too-long line-in-pieces several-lines one-count slow-job silent-clients journal reset sigterm sigterm-busy port-is-free eintr short-writes accept-fails start-fails ipv6 clean never-reads exact no-descriptors at-once many-clients */
/* The server of lesson 1.14, its arguments alone adapted. */
#define _GNU_SOURCE /* accept4(), ppoll() and MAP_ANONYMOUS */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what core/ does for the example ---- */

static volatile sig_atomic_t asked;
static sigset_t nothing_held; /* static: empty from the start */

static void on_signal(int number)
{
    (void)number;
    asked = 1;
}

static void report_errno(const char *what)
{
    fprintf(stderr, "job_server: %s: %s\n", what, strerror(errno));
}

static _Noreturn void die_errno(const char *what)
{
    report_errno(what);
    exit(EXIT_FAILURE);
}

static int stop_hold(void)
{
    const struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    sigset_t held;

    (void)sigemptyset(&held); /* these three fail for wrong signal numbers only */
    (void)sigaddset(&held, SIGTERM);
    (void)sigaddset(&held, SIGINT);
    return sigprocmask(SIG_BLOCK, &held, NULL) == -1 || sigaction(SIGTERM, &stop, NULL) == -1 ||
                   sigaction(SIGINT, &stop, NULL) == -1 || sigaction(SIGPIPE, &ignore, NULL) == -1
               ? -1
               : 0;
}

static int tcp_send_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent == -1 && errno == EINTR)
            continue;
        if (sent == -1)
            return -1;
        data += sent;
        length -= (size_t)sent;
    }
    return 0;
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

/* ---- the example ---- */

struct client {
    bool busy; /* this place is taken; the main thread alone decides */
    long number;
    int fd;
    pthread_t thread;
    atomic_bool ended; /* said by the thread, last of all */
    pid_t child;
};

static struct client *clients; /* limit places */
static long limit = 1000, at_once, so_far;
static bool forks;
static pthread_t main_thread;
static int in_hand = -1;     /* accepted, but nobody could be started to serve it */
static atomic_bool stopping; /* read by the threads */
static atomic_llong *total;  /* bytes of all clients, in memory that children share */

/* A client's whole conversation. It may last as long as the client likes. */
static void serve(const struct client *client)
{
    char block[16384];
    long long bytes = 0;
    ssize_t n = 1;

    while (n > 0 || (n == -1 && errno == EINTR)) {
        n = recv(client->fd, block, sizeof block, 0);
        for (ssize_t i = 0; i < n; i++)
            block[i] = (char)toupper((unsigned char)block[i]);
        if (n > 0 && tcp_send_all(client->fd, block, (size_t)n) == -1)
            break;
        bytes += n > 0 ? n : 0;
        *total += n > 0 ? n : 0;
    }
    printf("client %ld: %lld bytes, then %s\n", client->number, bytes,
           stopping ? "we stop"
           : n == 0 ? "the end"
                    : strerror(errno));
    (void)fflush(stdout); /* that nobody reads the log is no reason to stop serving */
}

static void *on_client(void *data)
{
    struct client *client = data;

    serve(client);
    client->ended = true;
    (void)pthread_kill(main_thread, SIGUSR1); /* fails for wrong signal numbers only */
    return NULL;
}

static _Noreturn void be_child(const struct client *client, int listener)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};

    (void)close(listener); /* the parent's: else the port is taken as long as this client stays */
    if (sigaction(SIGTERM, &plain, NULL) == -1 || sigaction(SIGINT, &plain, NULL) == -1 ||
        sigprocmask(SIG_SETMASK, &nothing_held, NULL) == -1)
        report_errno("cannot let signals in"); /* without them the parent could not stop us */
    else
        serve(client);
    _exit(EXIT_SUCCESS); /* not exit(): what main() would tidy up is the parent's */
}

/* Starts somebody to serve the client. Returns 0, or -1 and errno: the system is short. */
static int begin(struct client *client, int listener)
{
    if (!forks) {
        errno = pthread_create(&client->thread, NULL, on_client, client);
        return errno == 0 ? 0 : -1;
    }
    client->child = fork();
    if (client->child == 0)
        be_child(client, listener);
    if (client->child == -1)
        return -1;
    (void)close(client->fd); /* the child's: else the client sees no end */
    return 0;
}

static void leave(struct client *client)
{
    client->busy = false;
    at_once--;
}

/* Is rid of the threads that have ended; all of them, if need be by waiting. */
static void join(bool all)
{
    for (long i = 0; i < limit; i++)
        if (clients[i].busy && (all || clients[i].ended)) {
            errno = pthread_join(clients[i].thread, NULL);
            if (errno != 0)
                die_errno("cannot join a thread");
            (void)close(clients[i].fd); /* what was to be sent is on its way */
            leave(&clients[i]);
        }
}

static void bury(pid_t child, int status)
{
    for (long i = 0; i < limit; i++)
        if (clients[i].busy && clients[i].child == child) {
            if (WIFSIGNALED(status))
                printf("client %ld: its process was ended: %s\n", clients[i].number,
                       strsignal(WTERMSIG(status)));
            (void)fflush(stdout); /* as in serve() */
            leave(&clients[i]);
        }
}

/* The same with children. */
static void reap(bool all)
{
    const int options = all ? 0 : WNOHANG;
    pid_t child;
    int status;

    /* A loop: one SIGCHLD may stand for several children. */
    while (at_once > 0 && (child = waitpid(-1, &status, options)) > 0)
        bury(child, status);
}

static void collect(bool all)
{
    if (forks)
        reap(all);
    else
        join(all);
}

/* Takes the next client. False: the system is short of something, try again in a while. */
static bool take_client(int listener)
{
    struct client *client = clients;

    if (in_hand == -1)
        in_hand = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (in_hand == -1 &&
        (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        report_errno("cannot accept for now");
        return false;
    }
    if (in_hand == -1)
        return true; /* it was gone again */
    while (client->busy)
        client++; /* at_once < limit: there is a place */
    client->fd = in_hand;
    client->ended = false;
    client->number = so_far + 1;
    if (begin(client, listener) == -1) {
        report_errno("nobody to serve a client for now");
        return false; /* the client stays in hand */
    }
    in_hand = -1;
    client->busy = true;
    at_once++;
    so_far++;
    return true;
}

static void run(int listener)
{
    const struct timespec a_while = {.tv_nsec = 100000000};
    struct pollfd one = {.events = POLLIN};
    bool pause = false;

    while (!asked) {
        one.fd = at_once < limit && !pause ? listener : -1; /* -1 is passed over */
        int ready = ppoll(&one, 1, pause ? &a_while : NULL, &nothing_held);
        if (ready == -1 && errno != EINTR)
            die_errno("cannot wait");
        collect(false);
        if (pause || ready == 1)
            pause = !take_client(listener);
    }
}

/* Ends the conversations, and waits until everybody has gone. */
static void stop_all(void)
{
    stopping = true;
    for (long i = 0; i < limit; i++)
        if (clients[i].busy && forks)
            (void)kill(clients[i].child, SIGTERM); /* not reaped yet: the number is still its own */
        else if (clients[i].busy)
            (void)shutdown(clients[i].fd, SHUT_RDWR); /* wakes its thread; fails if it is over */
    collect(true);
    if (in_hand != -1)
        (void)close(in_hand);
}

static void on_ended(int number)
{
    (void)number; /* its only purpose is to end ppoll() */
}

static void prepare(void)
{
    const struct sigaction wake = {.sa_handler = on_ended};
    sigset_t held;

    (void)sigemptyset(&held); /* these three fail for wrong signal numbers only */
    (void)sigaddset(&held, SIGCHLD);
    (void)sigaddset(&held, SIGUSR1);
    if (stop_hold() == -1 || sigaction(SIGCHLD, &wake, NULL) == -1 ||
        sigaction(SIGUSR1, &wake, NULL) == -1 || sigprocmask(SIG_BLOCK, &held, NULL) == -1)
        die_errno("cannot hold signals");
    total = mmap(NULL, sizeof *total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    main_thread = pthread_self();
    clients = calloc((size_t)limit, sizeof *clients);
    if (total == MAP_FAILED || clients == NULL)
        die_errno("cannot begin");
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;
    int listener;

    if (port < 0 || port > UINT16_MAX || end == argv[1] || *end != '\0') {
        fprintf(stderr, "usage: job_server PORT\n");
        return 2;
    }
    prepare();
    listener = open_listener((uint16_t)port);
    if (listener == -1)
        die_errno(argv[1]);
    run(listener);
    (void)close(listener);
    stop_all();
    (void)munmap(total, sizeof *total);
    free(clients);
    return EXIT_SUCCESS;
}
