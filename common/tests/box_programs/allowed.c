/*
 * Uses what programs in a box may use: threads, processes, names, sockets, the kernel's
 * descriptors. Built as learners' programs are. Exits 0, or 1 with a sentence for the first thing
 * that fails.
 *
 *   allowed leak    forgets a piece of memory besides, for LeakSanitizer to find
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"

extern char **environ;

static void need(bool works, const char *what)
{
    if (!works)
        die_errno("%s", what);
}

static void *on_thread(void *count)
{
    ++*(int *)count;
    return NULL;
}

static bool ended_well(pid_t child)
{
    int status;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void use_processes(void)
{
    char program[] = "/bin/true";
    char *arguments[] = {program, NULL};
    pthread_t thread;
    pid_t child;
    int count = 0;

    for (int i = 0; i < 4; i++) /* one after another: only the starting is looked at */
        need((errno = pthread_create(&thread, NULL, on_thread, &count)) == 0 &&
                 pthread_join(thread, NULL) == 0,
             "pthread_create");
    need(count == 4, "threads");
    if ((child = fork()) == 0)
        _exit(0);
    need(ended_well(child), "fork");
    need((errno = posix_spawn(&child, program, NULL, NULL, arguments, environ)) == 0 &&
             ended_well(child),
         "posix_spawn");

    int source = open(program, O_RDONLY | O_CLOEXEC);
    int memory = memfd_create("program", 0); /* not close-on-exec: it may be a script */
    need(source != -1 && memory != -1 && sendfile(memory, source, NULL, 1 << 24) > 0, "sendfile");
    if ((child = fork()) == 0) {
        (void)fexecve(memory, arguments, environ); /* returns only when it fails */
        _exit(1);
    }
    need(ended_well(child), "fexecve of a memfd");
    need(close(source) == 0 && close(memory) == 0, "close");

    if ((child = fork()) == 0)
        _exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
    need(ended_well(child), "ptrace");
}

static void use_names(void)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found;
    struct ifaddrs *addresses;

    int error = getaddrinfo("localhost", "80", &hints, &found);
    if (error != 0)
        die("getaddrinfo: %s", gai_strerror(error));
    freeaddrinfo(found);
    struct if_nameindex *names = if_nameindex();
    need(names != NULL && strcmp(names->if_name, "lo") == 0, "if_nameindex");
    if_freenameindex(names);
    need(getifaddrs(&addresses) == 0 && addresses != NULL, "getifaddrs");
    freeifaddrs(addresses);
}

/* A byte by a connection to ourselves. */
static void use_stream(const struct sockaddr *address, socklen_t length, const char *what)
{
    struct sockaddr_storage bound;
    char byte = 'x';

    int listener = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(listener != -1 && client != -1 && bind(listener, address, length) == 0 &&
             listen(listener, 1) == 0,
         what);
    length = sizeof bound;
    need(getsockname(listener, (struct sockaddr *)&bound, &length) == 0 &&
             connect(client, (struct sockaddr *)&bound, length) == 0,
         what);
    int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    need(server != -1 && send(client, &byte, 1, MSG_NOSIGNAL) == 1 &&
             recv(server, &byte, 1, 0) == 1,
         what);
    need(close(server) == 0 && close(client) == 0 && close(listener) == 0, what);
}

static void use_sockets(void)
{
    const struct sockaddr_in four = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "\0box"};
    const int on = 1;
    int pair[2];

    use_stream((const struct sockaddr *)&four, sizeof four, "TCP over IPv4");
    use_stream((const struct sockaddr *)&local, sizeof local, "a local socket");
    int probe = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe != -1 && bind(probe, (const struct sockaddr *)&six, sizeof six) == 0)
        use_stream((const struct sockaddr *)&six, sizeof six, "TCP over IPv6");
    else
        need(errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL, "IPv6"); /* the system has none */
    if (probe != -1)
        (void)close(probe); /* nothing was sent */
    int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    need(datagrams != -1 && setsockopt(datagrams, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0 &&
             close(datagrams) == 0,
         "UDP");
    need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0 && close(pair[0]) == 0 &&
             close(pair[1]) == 0,
         "socketpair");
}

static void use_descriptors(void)
{
    const struct itimerspec soon = {.it_value = {0, 1}};
    struct epoll_event event = {.events = EPOLLIN};
    sigset_t signals;
    uint64_t count;
    char text[] = "splice";
    struct iovec piece = {text, sizeof text};
    int from[2], to[2];

    int watch = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    need(watch != -1 && timer != -1 && epoll_ctl(watch, EPOLL_CTL_ADD, timer, &event) == 0 &&
             timerfd_settime(timer, 0, &soon, NULL) == 0 && epoll_wait(watch, &event, 1, -1) == 1 &&
             read(timer, &count, sizeof count) == sizeof count,
         "epoll and timerfd");
    int events = eventfd(1, EFD_CLOEXEC), notify = inotify_init1(IN_CLOEXEC);
    need(events != -1 && notify != -1 && inotify_add_watch(notify, "/", IN_OPEN) != -1,
         "eventfd and inotify");
    need(sigemptyset(&signals) == 0 && sigaddset(&signals, SIGUSR1) == 0, "sigaddset");
    int signalled = signalfd(-1, &signals, SFD_CLOEXEC);
    need(signalled != -1, "signalfd");
    need(pipe2(from, O_CLOEXEC) == 0 && pipe2(to, O_CLOEXEC) == 0 &&
             vmsplice(from[1], &piece, 1, 0) == sizeof text &&
             tee(from[0], to[1], sizeof text, 0) == sizeof text &&
             splice(from[0], NULL, to[1], NULL, sizeof text, 0) == sizeof text,
         "vmsplice, tee and splice");
    const int opened[] = {watch, timer, events, notify, signalled, from[0], from[1], to[0], to[1]};
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++)
        need(close(opened[i]) == 0, "close");
}

static void use_settings(void)
{
    struct rlimit limit;
    cpu_set_t cores;

    need(getrlimit(RLIMIT_NOFILE, &limit) == 0 && setrlimit(RLIMIT_NOFILE, &limit) == 0,
         "setrlimit");
    need(sched_getaffinity(0, sizeof cores, &cores) == 0 &&
             sched_setaffinity(0, sizeof cores, &cores) == 0,
         "sched_setaffinity");
    need(prctl(PR_SET_NAME, "allowed") == 0, "prctl");
    int now = personality(0xffffffff);
    need(now != -1 && personality((unsigned)now | ADDR_NO_RANDOMIZE) != -1, "personality");
}

int main(int argc, char **argv)
{
    char *volatile forgotten = NULL;

    use_processes();
    use_names();
    use_sockets();
    use_descriptors();
    use_settings();
    if (argc > 1 && strcmp(argv[1], "leak") == 0)
        forgotten = malloc(100);
    forgotten = NULL;
    finish(forgotten == NULL ? EXIT_SUCCESS : EXIT_FAILURE);
}
