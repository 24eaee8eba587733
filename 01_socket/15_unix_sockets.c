/*
 * 1.15  Unix sockets
 *
 * Hands open files to other programs of the same user, and shows what else a Unix socket can do.
 *
 * Python:  socket.socketpair(), send_fds(), recv_fds(), socketserver.UnixStreamServer
 * Usage:   15_unix_sockets pair
 *          15_unix_sockets serve ADDRESS FILE          ADDRESS is a path, or @NAME
 *          15_unix_sockets take ADDRESS COMMAND...     COMMAND reads the file that is passed
 * See:     unix(7), cmsg(3), sendmsg(2), recvmsg(2), socketpair(2), umask(2)
 * Leaves out: questions: who connects is passed the file, and whatever a client sends is not read.
 *          And credentials beside each message (SO_PASSCRED), which the lesson's table has.
 */
#define _GNU_SOURCE /* struct ucred */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/error.h"
#include "core/stop.h"
#include "core/tcp.h"

/* What goes beside a message: a head, and then the descriptor. */
union cargo {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
};

/* [send] One message, and a descriptor beside it unless that is -1. Returns 0, or -1 and errno. */
static int send_message(int fd, const char *text, int descriptor)
{
    union cargo cargo = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
                                  .cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS}};
    struct iovec part = {.iov_base = (char *)text, .iov_len = strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    memcpy(CMSG_DATA(&cargo.head), &descriptor, sizeof descriptor);
    message.msg_control = &cargo;
    message.msg_controllen = descriptor == -1 ? 0 : sizeof cargo;
    return sendmsg(fd, &message, MSG_NOSIGNAL) == -1 ? -1 : 0;
}
/* [/send] */

/* [receive] One message, and the descriptor beside it, or -1. Returns 0, or -1 and errno. */
static int receive_message(int fd, char *text, size_t room, int *descriptor)
{
    union cargo cargo;
    struct iovec part = {.iov_base = text, .iov_len = room - 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    message.msg_control = &cargo;
    message.msg_controllen = CMSG_LEN(sizeof(int)); /* room for one, and no more */
    ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (n == -1)
        return -1;
    text[n] = '\0';
    *descriptor = -1;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
        memcpy(descriptor, CMSG_DATA(head), sizeof *descriptor);
    return 0;
}
/* [/receive] */

/* [pair] Two ends, connected from the start; here both are ours. */
static void show_pair(int type, const char *name)
{
    char text[100];
    int ends[2];

    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == -1 ||
        send(ends[1], "one", 3, MSG_NOSIGNAL) == -1 || send(ends[1], "two", 3, MSG_NOSIGNAL) == -1)
        die_errno("%s", name);
    ssize_t n = recv(ends[0], text, sizeof text, 0);
    if (n == -1)
        die_errno("%s", name);
    printf("%s: sent \"one\", \"two\"; the first recv() gave \"%.*s\"\n", name, (int)n, text);
    (void)close(ends[0]); /* a "two" that was not read goes with it */
    (void)close(ends[1]);
}
/* [/pair] */

/* [address] "@name" is abstract: it begins with a NUL, is no file, and its length tells its end. */
static socklen_t make_address(const char *text, struct sockaddr_un *address)
{
    size_t length = strlen(text), start = offsetof(struct sockaddr_un, sun_path);

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (length == 0 || length >= sizeof address->sun_path)
        die("an address has 1 to %zu bytes", sizeof address->sun_path - 1);
    memcpy(address->sun_path, text, length);
    if (text[0] != '@')
        return (socklen_t)(start + length + 1);
    address->sun_path[0] = '\0';
    return (socklen_t)(start + length);
}
/* [/address] */

/* [stale] Removes the socket that a server left behind: nobody accepts there any more. */
static void remove_stale(const struct sockaddr_un *address, socklen_t length)
{
    struct stat file;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused =
        connect(fd, (const struct sockaddr *)address, length) == -1 && errno == ECONNREFUSED;

    if (fd != -1)
        (void)close(fd); /* if it was connected, its server sees a client that says nothing */
    /* To an ordinary file connect() says ECONNREFUSED as well. */
    if (refused && lstat(address->sun_path, &file) == 0 && S_ISSOCK(file.st_mode))
        (void)unlink(address->sun_path); /* if it fails, bind() says why */
}
/* [/stale] */

/* [listen] */
static int open_listener(const char *name)
{
    struct sockaddr_un address;
    socklen_t length = make_address(name, &address);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    remove_stale(&address, length);
    (void)umask(0177); /* bind() makes the file: for this user alone from the start */
    if (fd == -1 || bind(fd, (const struct sockaddr *)&address, length) == -1 ||
        listen(fd, SOMAXCONN) == -1)
        die_errno("%s", name);
    return fd;
}
/* [/listen] */

/* [answer] Passes the file to a process of our own user, and to others a refusal. */
static void answer(int fd, int file)
{
    struct ucred who = {0};
    socklen_t size = sizeof who;
    bool ours = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == geteuid();
    const char *verdict = ours ? "passed" : "EACCES";

    printf("process %d, user %u: %s\n", who.pid, who.uid, verdict);
    (void)fflush(stdout); /* that nobody reads the log is no reason to stop serving */
    (void)send_message(fd, verdict, ours ? file : -1); /* fails if the client has gone again */
}
/* [/answer] */

static void serve(const char *name, const char *path)
{
    struct error error;
    int file = open(path, O_RDONLY | O_CLOEXEC), client;

    if (file == -1)
        die_errno("%s", path);
    if (stop_hold(&error) == -1)
        die("%s", error.text);
    int listener = open_listener(name);
    if (printf("listening on unix:%s\n", name) < 0 || fflush(stdout) == EOF)
        die_errno("standard output");
    while ((client = tcp_accept(listener)) != -1) { /* which knows listeners of every family */
        answer(client, file);
        (void)close(client); /* the answer waits for the client at its own end */
    }
    if (name[0] != '@')
        (void)unlink(name); /* else it stays; the next server finds it stale */
    (void)close(listener);
    (void)close(file); /* only passed on */
}

/* [take] Becomes COMMAND, whose standard input is the file that the server opened. */
static _Noreturn void take(const char *name, char **command)
{
    struct sockaddr_un address;
    socklen_t length = make_address(name, &address);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), file;
    char reply[100];

    if (fd == -1 || connect(fd, (const struct sockaddr *)&address, length) == -1 ||
        receive_message(fd, reply, sizeof reply, &file) == -1)
        die_errno("%s", name);
    if (file == -1)
        die("%s: %s", name, reply[0] == '\0' ? "no answer" : reply);
    if (dup2(file, STDIN_FILENO) != -1) /* this copy is not closed by exec */
        (void)execvp(command[0], command);
    die_errno("%s", command[0]);
}
/* [/take] */

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "pair") == 0) {
        show_pair(SOCK_STREAM, "SOCK_STREAM");
        show_pair(SOCK_SEQPACKET, "SOCK_SEQPACKET");
    } else if (argc == 4 && strcmp(argv[1], "serve") == 0) {
        serve(argv[2], argv[3]);
    } else if (argc > 3 && strcmp(argv[1], "take") == 0) {
        take(argv[2], argv + 3);
    } else {
        die_usage("pair | serve ADDRESS FILE | take ADDRESS COMMAND...");
    }
    finish(EXIT_SUCCESS);
}
