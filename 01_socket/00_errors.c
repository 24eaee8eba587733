/*
 * 1.00  Errors
 *
 * Provokes eleven errors on purpose and sorts them: the peer's doing, final, or temporary.
 *
 * Python:  OSError and its children: BlockingIOError, ConnectionResetError, TimeoutError …
 * Usage:   00_errors [careless]
 * See:     errno(3), recv(2), send(2), signal(7), tcp(7); RFC 9293 section 3.6.1
 * Leaves out: errors of looking up names, which are not errno values; lesson 1.02 has them.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/error.h"

/* [show] Prints a line about the call that returned rc and left its reason in errno. */
static void show(int due, const char *python, ssize_t rc, const char *why)
{
    const int error = errno; /* at once: the next call may change it */

    if (rc != -1 || error != due)
        die("%s: returned %zd with errno %s", why, rc, errno_name(error));
    printf("  %-12s  %-22s  %s\n", errno_name(error), python, why);
}
/* [/show] */

/* For the calls that set the scene: result, unless it is -1. */
static int must(int result)
{
    if (result == -1)
        die_errno("cannot set the scene");
    return result;
}

static int new_socket(int type)
{
    return must(socket(AF_INET, type | SOCK_CLOEXEC, 0));
}

/* A TCP socket bound to a free port of 127.0.0.1, and that address. */
static int bind_any(struct sockaddr_in *address)
{
    socklen_t length = sizeof *address;
    int fd = new_socket(SOCK_STREAM);

    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(bind(fd, (struct sockaddr *)address, length));
    must(getsockname(fd, (struct sockaddr *)address, &length));
    return fd;
}

/* A TCP connection with both ends in this process. */
static void connect_pair(int *ours, int *peer)
{
    struct sockaddr_in address;
    int listener = bind_any(&address);

    *ours = new_socket(SOCK_STREAM);
    must(listen(listener, 1));
    must(connect(*ours, (struct sockaddr *)&address, sizeof address));
    *peer = must(accept(listener, NULL, NULL));
    (void)close(listener); /* the connection lives on */
}

/* [peer] What a peer can do to us. flags is what the program passes to send(). */
static void show_peers_doing(int flags)
{
    static char block[65536];
    const unsigned patience_ms = 1;
    struct sockaddr_in address;
    int bound = bind_any(&address), ours = new_socket(SOCK_STREAM), peer;
    ssize_t result;

    puts("the peer's doing: this connection is over, the program is not");
    result = connect(ours, (struct sockaddr *)&address, sizeof address);
    show(ECONNREFUSED, "ConnectionRefusedError", result, "nobody listens on that port");
    (void)close(ours);
    (void)close(bound);

    connect_pair(&ours, &peer);
    must((int)send(ours, "?", 1, flags));
    must((int)recv(peer, block, 1, MSG_PEEK)); /* it has come, and stays unread: */
    (void)close(peer);                         /* this sends a reset, not an end */
    result = recv(ours, block, 1, 0);
    show(ECONNRESET, "ConnectionResetError", result, "the peer closed without reading all");
    must(fflush(stdout)); /* send() may be the end of this program */
    result = send(ours, "!", 1, flags);
    show(EPIPE, "BrokenPipeError", result, "send() after that");
    (void)close(ours);

    connect_pair(&ours, &peer);
    must(setsockopt(ours, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms));
    do /* the peer never reads: its buffer fills, then ours */
        result = send(ours, block, sizeof block, flags);
    while (result != -1);
    show(ETIMEDOUT, "TimeoutError", result, "the peer took no byte for too long");
    (void)close(ours);
    (void)close(peer);
}
/* [/peer] */

static void show_final(void)
{
    struct sockaddr_in taken;
    int first = bind_any(&taken), second = new_socket(SOCK_STREAM);
    ssize_t result;
    char byte;

    puts("final: the same call will fail again");
    result = bind(second, (struct sockaddr *)&taken, sizeof taken);
    show(EADDRINUSE, "OSError", result, "bind() to a port that is taken");
    result = recv(second, &byte, 1, 0);
    show(ENOTCONN, "OSError", result, "recv() before connect()");
    (void)close(first);
    (void)close(second);
    result = recv(second, &byte, 1, 0);
    show(EBADF, "OSError", result, "recv() after close()");
    result = socket(AF_UNSPEC, SOCK_STREAM | SOCK_CLOEXEC, 0);
    show(EAFNOSUPPORT, "OSError", result, "socket() of a family that is none");
}

static void on_alarm(int number)
{
    (void)number; /* nothing to do: that there is a handler is what interrupts recv() */
}

static void show_temporary(void)
{
    const struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */
    const struct itimerval each_ms = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    struct rlimit limit;
    int ours, peer;
    ssize_t result;
    char byte;

    puts("temporary: the same call may succeed later");
    connect_pair(&ours, &peer);
    result = recv(ours, &byte, 1, MSG_DONTWAIT);
    show(EAGAIN, "BlockingIOError", result, "nothing came, and recv() may not wait");

    must(sigaction(SIGALRM, &action, NULL));
    must(setitimer(ITIMER_REAL, &each_ms, NULL));
    result = recv(ours, &byte, 1, 0);
    const int why = errno;
    must(setitimer(ITIMER_REAL, &never, NULL)); /* before it interrupts printf() too */
    errno = why;
    show(EINTR, "InterruptedError", result, "a signal came while recv() waited");

    must(getrlimit(RLIMIT_NOFILE, &limit));
    must(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, limit.rlim_max}));
    result = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    show(EMFILE, "OSError", result, "this process has no descriptor left");
    must(setrlimit(RLIMIT_NOFILE, &limit));
    (void)close(ours);
    (void)close(peer);
}

int main(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "careless") != 0))
        die_usage("[careless]");
    show_peers_doing(argc == 2 ? 0 : MSG_NOSIGNAL);
    show_final();
    show_temporary();
    finish(EXIT_SUCCESS);
}
