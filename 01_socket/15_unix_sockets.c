/*
 * 1.15  Unix sockets
 *
 * Hands open files to other programs of the same user, and shows what else a Unix socket can do.
 *
 * Python:  socket.socketpair(), send_fds(), recv_fds(), socketserver.UnixStreamServer
 * Usage:   15_unix_sockets pair
 *          15_unix_sockets serve ADDRESS FOLDER    ADDRESS is a path, or @NAME
 *          15_unix_sockets ask ADDRESS FILE
 * See:     unix(7), cmsg(3), sendmsg(2), recvmsg(2), socketpair(2), umask(2)
 * Leaves out: clients side by side (lessons 1.11 to 1.14): each has a second for its question.
 */
#define _GNU_SOURCE /* accept4(), ppoll(), memfd_create(), struct ucred */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/address.h"
#include "core/error.h"
#include "core/stop.h"

enum { ROOM = 256 };

/* What one recvmsg() brought. */
struct letter {
    char text[ROOM];
    ssize_t length;
    int passed;      /* a descriptor, ours from now on, or -1 */
    pid_t sender;    /* where SO_PASSCRED asks for it, or -1 */
    bool cut;        /* MSG_TRUNC: the message was longer than our text */
    bool lost_cargo; /* MSG_CTRUNC: more came beside the bytes than we had room for */
};

/* [send] One message, and a descriptor beside it unless that is -1. Returns 0, or -1 and errno. */
static int send_letter(int fd, const char *text, int descriptor)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } cargo = {{0}};
    struct iovec part = {.iov_base = (char *)text, .iov_len = strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (descriptor != -1) {
        message.msg_control = cargo.bytes;
        message.msg_controllen = sizeof cargo.bytes;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof descriptor);
        memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL) == -1 ? -1 : 0;
}
/* [/send] */

/* Keeps the first descriptor of the cargo. Others, which nobody asked for, are closed. */
static void unpack(struct msghdr *message, struct letter *letter)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred who;
            memcpy(&who, CMSG_DATA(c), sizeof who);
            letter->sender = who.pid;
        }
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = 0; at + CMSG_LEN(0) < c->cmsg_len; at += sizeof(int)) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(c) + at, sizeof descriptor);
            if (letter->passed == -1)
                letter->passed = descriptor;
            else
                (void)close(descriptor); /* nothing was written to it */
        }
    }
}

/* [receive] One message and its cargo. Returns 0, or -1 and errno; length 0 is the end. */
static int receive_letter(int fd, struct letter *letter, bool wants_cargo)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr aligned;
    } cargo;
    struct iovec part = {.iov_base = letter->text, .iov_len = sizeof letter->text - 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (wants_cargo) {
        message.msg_control = cargo.bytes;
        message.msg_controllen = sizeof cargo.bytes;
    }
    letter->passed = letter->sender = -1;
    letter->length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (letter->length == -1)
        return -1;
    letter->text[letter->length] = '\0';
    letter->cut = (message.msg_flags & MSG_TRUNC) != 0;
    letter->lost_cargo = (message.msg_flags & MSG_CTRUNC) != 0;
    unpack(&message, letter);
    return 0;
}
/* [/receive] */

/* ---- pair: two ends, both ours ---- */

static void expect_letter(int fd, struct letter *letter, bool wants_cargo)
{
    if (receive_letter(fd, letter, wants_cargo) == -1)
        die_errno("recvmsg");
}

static void send_or_die(int fd, const char *text, int descriptor)
{
    if (send_letter(fd, text, descriptor) == -1)
        die_errno("sendmsg");
}

static int make_note(const char *text)
{
    int fd = memfd_create("note", MFD_CLOEXEC); /* a file without a name, in memory */

    if (fd == -1 || write(fd, text, strlen(text)) == -1 || lseek(fd, 0, SEEK_SET) == -1)
        die_errno("memfd_create");
    return fd;
}

/* The other process: says two things, passes a file twice, and reads on in it when told to. */
static _Noreturn void be_child(int fd)
{
    struct letter letter;
    char rest[ROOM] = "";
    int note = make_note("first second");

    send_or_die(fd, "one", -1);
    send_or_die(fd, "two", -1);
    send_or_die(fd, "a note", note);
    send_or_die(fd, "the same note", note);
    if (receive_letter(fd, &letter, false) == -1 || letter.length == 0)
        _exit(EXIT_FAILURE); /* the parent has gone, and said why */
    if (read(note, rest, sizeof rest - 1) == -1)
        die_errno("read");
    send_or_die(fd, rest, -1);
    _exit(EXIT_SUCCESS);
}

static void show_borders(int type, const char *name)
{
    struct letter letter;
    int ends[2];

    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == -1)
        die_errno("socketpair");
    send_or_die(ends[1], "one", -1);
    send_or_die(ends[1], "two", -1);
    expect_letter(ends[0], &letter, false);
    printf("%s: sent \"one\", \"two\"; the first recvmsg() gave \"%s\"\n", name, letter.text);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* [pair] */
static void show_pair(void)
{
    struct letter letter;
    struct ucred peer;
    socklen_t size = sizeof peer;
    char head[7] = "";
    const int on = 1;
    int ends[2];

    show_borders(SOCK_STREAM, "SOCK_STREAM");
    show_borders(SOCK_SEQPACKET, "SOCK_SEQPACKET");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1 ||
        setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == -1 ||
        getsockopt(ends[0], SOL_SOCKET, SO_PEERCRED, &peer, &size) == -1)
        die_errno("socketpair");
    if (fflush(stdout) == EOF) /* else the child has a copy of what was not yet written */
        die_errno("standard output");
    pid_t child = fork();
    if (child == -1)
        die_errno("fork");
    if (child == 0) {
        (void)close(ends[0]); /* the parent's: else we would never see its end */
        be_child(ends[1]);
    }
    (void)close(ends[1]); /* the child's; nothing was written here */
    expect_letter(ends[0], &letter, true);
    expect_letter(ends[0], &letter, true);
    printf("\"%s\": SO_PEERCRED names %s, SCM_CREDENTIALS %s\n", letter.text,
           peer.pid == getpid() ? "this process" : "another",
           letter.sender == child ? "its child" : "another");
    expect_letter(ends[0], &letter, true);
    if (letter.passed == -1 || read(letter.passed, head, sizeof head - 1) == -1)
        die_errno("no note");
    (void)close(letter.passed); /* read only; the child has its own */
    expect_letter(ends[0], &letter, false);
    printf("\"%s\", and no room for it: %s\n", letter.text,
           letter.lost_cargo ? "MSG_CTRUNC" : "nothing is said");
    send_or_die(ends[0], "your turn", -1);
    expect_letter(ends[0], &letter, false);
    printf("this process read \"%s\" of the note, then its child \"%s\"\n", head, letter.text);
    (void)close(ends[0]);
    if (waitpid(child, NULL, 0) == -1)
        die_errno("waitpid");
}
/* [/pair] */

/* ---- serve and ask ---- */

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

/* [stale] Whether a server that is gone left this socket behind: nobody accepts there any more. */
static bool is_stale(const struct sockaddr_un *address, socklen_t length)
{
    struct stat file;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* To an ordinary file connect() says ECONNREFUSED as well, and we are going to remove it. */
    bool stale = fd != -1 && address->sun_path[0] != '\0' && lstat(address->sun_path, &file) == 0 &&
                 S_ISSOCK(file.st_mode) &&
                 connect(fd, (const struct sockaddr *)address, length) == -1 &&
                 errno == ECONNREFUSED;

    if (fd != -1)
        (void)close(fd); /* if it was connected, its server sees a client that says nothing */
    return stale;
}
/* [/stale] */

static int open_listener(const char *name)
{
    struct sockaddr_un address;
    socklen_t length = make_address(name, &address);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177); /* bind() makes the file: for this user alone from the start */

    if (fd == -1)
        die_errno("socket");
    int rc = bind(fd, (const struct sockaddr *)&address, length);
    if (rc == -1 && errno == EADDRINUSE) {
        if (is_stale(&address, length))
            (void)unlink(name); /* if it fails, bind() says why */
        rc = bind(fd, (const struct sockaddr *)&address, length);
    }
    (void)umask(before); /* never fails */
    if (rc == -1 || listen(fd, SOMAXCONN) == -1)
        die_errno("%s", name);
    return fd;
}

static bool wait_for(int fd, const struct timespec *limit)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    return !stop_asked() && ppoll(&one, 1, limit, stop_mask()) == 1;
}

/* A file of the folder, or -1 and errno. Never a directory: one could go on from there. */
static int open_file(int folder, const char *name)
{
    struct stat kind;
    int fd = -1;

    errno = EINVAL;
    if (strchr(name, '/') == NULL)
        fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd == -1 || (fstat(fd, &kind) == 0 && S_ISREG(kind.st_mode)))
        return fd;
    (void)close(fd); /* only looked at */
    errno = EINVAL;
    return -1;
}

/* [answer] Reads a file's name, and passes the file or says why not. */
static void answer(int fd, int folder)
{
    const struct timespec a_second = {.tv_sec = 1};
    struct letter question;
    struct ucred who;
    socklen_t size = sizeof who;
    int file = -1;

    if (!wait_for(fd, &a_second) || receive_letter(fd, &question, false) == -1 ||
        question.length == 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == -1)
        return;
    errno = EACCES;
    if (who.uid == geteuid() || who.uid == 0)
        file = open_file(folder, question.cut ? "/" : question.text);
    const char *verdict = file == -1 ? errno_name(errno) : "passed";
    printf("process %d, user %u: %s\n", who.pid, who.uid, verdict);
    (void)fflush(stdout); /* that nobody reads the log is no reason to stop serving */
    if (send_letter(fd, verdict, file) == -1)
        report_errno("cannot answer");
    if (file != -1)
        (void)close(file); /* the other process has its own by now */
}
/* [/answer] */

static void serve(const char *name, const char *path)
{
    const struct timespec a_while = {.tv_nsec = 100000000};
    struct error error;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder == -1)
        die_errno("%s", path);
    if (stop_hold(&error) == -1)
        die("%s", error.text);
    int listener = open_listener(name);
    if (printf("listening on unix:%s\n", name) < 0 || fflush(stdout) == EOF)
        die_errno("standard output");
    while (!stop_asked()) {
        int client = -1;
        if (wait_for(listener, NULL) &&
            (client = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) == -1) {
            report_errno("cannot accept for now");
            (void)wait_for(-1, &a_while); /* no busy loop while descriptors are short */
        }
        if (client != -1) {
            answer(client, folder);
            (void)close(client);
        }
    }
    (void)close(listener);
    (void)close(folder);
    if (name[0] != '@')
        (void)unlink(name); /* else it stays; the next server finds it stale */
}

static void ask(const char *name, const char *file)
{
    struct sockaddr_un address;
    socklen_t length = make_address(name, &address);
    struct letter reply;
    char block[16384];
    ssize_t n;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd == -1 || connect(fd, (const struct sockaddr *)&address, length) == -1)
        die_errno("%s", name);
    send_or_die(fd, file, -1);
    expect_letter(fd, &reply, true);
    (void)close(fd);
    if (reply.passed == -1)
        die("%s: %s", file, reply.length == 0 ? "no answer" : reply.text);
    while ((n = read(reply.passed, block, sizeof block)) > 0)
        (void)fwrite(block, 1, (size_t)n, stdout); /* finish() looks whether it was written */
    if (n == -1)
        die_errno("%s", file);
    (void)close(reply.passed); /* read only */
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "pair") == 0)
        show_pair();
    else if (argc == 4 && strcmp(argv[1], "serve") == 0)
        serve(argv[2], argv[3]);
    else if (argc == 4 && strcmp(argv[1], "ask") == 0)
        ask(argv[2], argv[3]);
    else
        die_usage("pair | serve ADDRESS FOLDER | ask ADDRESS FILE");
    finish(EXIT_SUCCESS);
}
