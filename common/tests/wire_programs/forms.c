/*
 * Every form of every call, each on a line of its own that names it, so that the test can compare
 * the log with the source. What was received goes to standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char data[64];
static struct iovec vector = {data, sizeof data};
static struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};
static struct mmsghdr headers[2];

static void check(bool good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

static void show(const char *form, ssize_t got)
{
    check(got >= 0, form);
    printf("%s %.*s\n", form, (int)got, data);
    memset(data, 0, sizeof data);
}

static void say(const char *text)
{
    memcpy(data, text, strlen(text) + 1);
    vector.iov_len = strlen(text);
}

static void hear(void)
{
    vector.iov_len = sizeof data;
}

/* volatile: so that _FORTIFY_SOURCE cannot prove the sizes and calls its checked forms. */
static volatile size_t room = sizeof data;

static void streams(int a, int b)
{
    ssize_t got;

    check(send(a, "one", 3, 0) == 3, "send");
    got = recv(b, data, room, 0);
    show("recv", got);
    check(write(a, "two", 3) == 3, "write");
    got = read(b, data, room);
    show("read", got);
    check(sendto(a, "three", 5, 0, NULL, 0) == 5, "sendto");
    got = recvfrom(b, data, room, 0, NULL, NULL);
    show("recvfrom", got);
    say("four");
    check(writev(a, &vector, 1) == 4, "writev");
    hear();
    got = readv(b, &vector, 1);
    show("readv", got);
    say("five");
    check(sendmsg(a, &header, 0) == 4, "sendmsg");
    hear();
    got = recvmsg(b, &header, 0);
    show("recvmsg", got);
    check(dprintf(a, "si%c", 'x') == 3, "dprintf");
    show("recv", recv(b, data, sizeof data, 0));
}

static void through_syscall(int a, int b)
{
    ssize_t got;

    check(syscall(SYS_sendto, a, "seven", 5UL, 0, NULL, 0) == 5, "syscall sendto");
    got = syscall(SYS_recvfrom, b, data, sizeof data, 0, NULL, NULL);
    show("recvfrom", got);
    check(syscall(SYS_write, a, "eight", 5UL) == 5, "syscall write");
    got = syscall(SYS_read, b, data, sizeof data);
    show("read", got);
    int copy = dup(b);
    check(syscall(SYS_close, copy) == 0, "syscall close");
}

static void stdio(int a, int b)
{
    FILE *out = fdopen(dup(a), "w");
    FILE *in = fdopen(dup(b), "r");
    char line[64];

    check(out != NULL && in != NULL && fileno(out) != a && fileno(out) > 2, "fdopen");
    fprintf(out, "nine\nten\n");
    check(fflush(out) == 0, "fflush");
    printf("fgets %s", fgets(line, sizeof line, in));
    printf("fgets %s", fgets(line, sizeof line, in));
    check(fclose(out) == 0, "fclose");
    check(fclose(in) == 0, "fclose");
}

static void messages(int a, int b)
{
    static char first[] = "eleven", second[] = "twelve";
    static struct iovec vectors[2] = {{first, 6}, {second, 6}};

    for (int i = 0; i < 2; i++)
        headers[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
    check(sendmmsg(a, headers, 2, 0) == 2, "sendmmsg");
    memset(first, 0, sizeof first);
    memset(second, 0, sizeof second);
    check(recvmmsg(b, headers, 2, 0, NULL) == 2, "recvmmsg");
    printf("recvmmsg %s %s\n", first, second);
    check(syscall(SYS_sendmmsg, a, headers, 2UL, 0) == 2, "syscall sendmmsg");
    check(syscall(SYS_recvmmsg, b, headers, 2UL, 0, NULL) == 2, "syscall recvmmsg");
}

static void waiting(int a, int b)
{
    struct pollfd one = {.fd = b, .events = POLLIN};
    struct timeval soon = {.tv_sec = 1};
    struct timespec later = {.tv_sec = 1};
    struct epoll_event event = {.events = EPOLLIN};
    fd_set set;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    check(send(a, "x", 1, 0) == 1, "send");
    FD_ZERO(&set);
    FD_SET(b, &set);
    check(select(b + 1, &set, NULL, NULL, &soon) == 1, "select");
    check(pselect(b + 1, &set, NULL, NULL, &later, NULL) == 1, "pselect");
    check(poll(&one, room / sizeof data, 1000) == 1, "poll");
    check(ppoll(&one, room / sizeof data, &later, NULL) == 1, "ppoll");
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, b, &event) == 0, "epoll_ctl");
    check(epoll_wait(epoll, &event, 1, 1000) == 1, "epoll_wait");
    check(epoll_pwait(epoll, &event, 1, 1000, NULL) == 1, "epoll_pwait");
    check(close(epoll) == 0, "close");
    check(recv(b, data, sizeof data, 0) == 1, "recv");
}

static void descriptors(int a)
{
    int on = 1, copy = dup(a);

    check(setsockopt(a, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0, "setsockopt");
    check(dup2(a, copy) == copy, "dup2");
    check(fcntl(a, F_DUPFD, 20) == 20, "fcntl");
    check(close(20) == 0, "close");
    check(close_range((unsigned)copy, (unsigned)copy, 0) == 0, "close_range");
    pid_t child = fork();
    if (child == 0)
        _exit(7);
    int status;
    check(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "waitpid");
    check(shutdown(a, SHUT_WR) == 0, "shutdown");
}

static void files(int a, int b)
{
    FILE *file = tmpfile();

    check(file != NULL && fputs("thirteen", file) >= 0 && fflush(file) == 0, "tmpfile");
    off_t start = 0;
    check(sendfile(a, fileno(file), &start, 8) == 8, "sendfile");
    show("recv", recv(b, data, sizeof data, 0));
    check(fclose(file) == 0, "fclose");
    errno = EDOM; /* what succeeds leaves errno alone */
    check(send(a, "x", 1, 0) == 1 && recv(b, data, 1, 0) == 1 && errno == EDOM, "errno");
    check(recv(b, data, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN, "EAGAIN");
}

/* The names that the C library has for some of them besides. */
/* NOLINTBEGIN(bugprone-reserved-identifier): they are its */
int __close(int fd);
int __dup2(int fd, int target);
int __fcntl(int fd, int command, ...);
int __poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __select(int highest, fd_set *in, fd_set *out, fd_set *bad, struct timeval *timeout);
ssize_t __read(int fd, void *bytes, size_t size);
ssize_t __recv(int fd, void *bytes, size_t size, int flags);
ssize_t __send(int fd, const void *bytes, size_t size, int flags);
ssize_t __write(int fd, const void *bytes, size_t size);
pid_t __fork(void);
/* NOLINTEND(bugprone-reserved-identifier) */

static void other_names(int a, int b)
{
    struct pollfd one = {.fd = b, .events = POLLIN};
    struct timeval soon = {.tv_sec = 1};
    fd_set set;
    int status;

    check(__send(a, "ab", 2, 0) == 2, "__send");
    FD_ZERO(&set);
    FD_SET(b, &set);
    check(__select(b + 1, &set, NULL, NULL, &soon) == 1, "__select");
    check(__poll(&one, 1, 1000) == 1, "__poll");
    check(__read(b, data, 1) == 1, "__read");
    check(__write(a, "c", 1) == 1, "__write");
    check(__recv(b, data, 2, MSG_WAITALL) == 2, "__recv");
    check(__fcntl(a, F_DUPFD, 30) == 30, "__fcntl");
    check(__dup2(a, 30) == 30, "__dup2");
    check(__close(30) == 0, "__close");
    pid_t child = __fork();
    if (child == 0)
        _exit(8);
    check(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 8, "waitpid, __fork");
}

/* A listener of its own, so that accept and connect are seen too. */
static void connections(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    check(bind(listener, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    check(listen(listener, 5) == 0, "listen");
    check(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
    int client = socket(AF_INET, SOCK_STREAM, 0);
    check(connect(client, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    int server = accept(listener, NULL, NULL);
    check(server != -1, "accept");
    streams(client, server);
    through_syscall(client, server);
    stdio(client, server);
    waiting(client, server);
    other_names(client, server);
    files(client, server);
    descriptors(client);
    check(close(client) == 0 && close(server) == 0 && close(listener) == 0, "close");
}

int main(void)
{
    int pair[2];

    connections();
    check(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0, "socketpair");
    messages(pair[0], pair[1]);
    closefrom(pair[0]);
    return fflush(stdout) == EOF;
}
