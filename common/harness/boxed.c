/*
 * Programs nobody has read: a case runs in a box of its own, and each program in a box in that.
 * See box/box.h for what is seen where, and box/init.c for what is said over the socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box/box.h"
#include "box/init.h"
#include "harness/internal.h"

enum { BOX_PATIENCE_MS = 15000 }; /* to set up a box; it takes some 10 ms */

/* ---- from outside: a case's own box ---------------------------------------------------------- */

void boxed_case(const struct test_case *test, const struct options *options, int result_fd)
{
    static struct box_words words; /* too large for some stacks */

    /* What the box is to inherit, and nothing else is. */
    (void)fcntl(result_fd, F_SETFD, 0);
    box_outer(&words, options->stage);
    box_print(&words, BOX_ROOT "%s/cases", options->place);
    box_add(&words, "--program");
    box_add(&words, options->program);
    box_add(&words, "--source");
    box_add(&words, options->source);
    box_add(&words, "--case");
    box_add(&words, test->name);
    box_add(&words, "--seed");
    box_print(&words, "%u", options->seed);
    box_add(&words, "--boxed");
    box_print(&words, "%d", result_fd);
    if (!words.full)
        (void)execvp(words.list[0], (char *const *)words.list);
    _exit(127);
}

/* ---- inside: a program's box ----------------------------------------------------------------- */

/* Waits until the socket has something to say. False if it takes too long. */
static bool await(int fd, int patience_ms)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    int ready;

    while ((ready = poll(&polled, 1, patience_ms)) == -1 && errno == EINTR)
        continue;
    return ready == 1;
}

/*
 * Takes a message and who sent it, in our own numbers. Returns its length, 0 at the end or when it
 * does not come.
 */
static size_t take_message(int fd, void *bytes, size_t size, pid_t *sender)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec piece = {bytes, size};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    struct ucred who;

    if (!await(fd, BOX_PATIENCE_MS))
        return 0;
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (head == NULL || head->cmsg_type != SCM_CREDENTIALS)
        return 0;
    memcpy(&who, CMSG_DATA(head), sizeof who);
    *sender = who.pid;
    return (size_t)got;
}

/* Hands the program its standard input, output and error, and by that lets it begin. */
static bool give_streams(int fd, const int streams[3])
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(3 * sizeof(int))];
    } control = {.room = {0}};
    struct iovec piece = {"", 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(3 * sizeof(int));
    memcpy(CMSG_DATA(head), streams, 3 * sizeof(int));
    return sendmsg(fd, &message, MSG_NOSIGNAL) == 1;
}

/* In the child: becomes bubblewrap, which inherits nothing but the socket and the filter. */
static _Noreturn void become_box(const struct session *s, const char *log, char **arguments,
                                 char **environment, int status, int errors)
{
    static struct box_words words;
    int filter = open(BOX_ROOT "/build/box.bpf", O_RDONLY); /* handed on, so not close-on-exec */
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    size_t kept = 0;

    box_inner(&words, s->options->program, s->options->wire, log,
              s->has_hosts ? session_print((struct session *)s, "%s/hosts", s->folder) : NULL,
              filter);
    box_print(&words, "%d", status);
    box_add(&words, s->work);
    box_print(&words, "%d", LIMIT_TASKS);
    /* Only the program is watched: what is put before it in every process would break the box. */
    for (size_t i = 0; environment[i] != NULL; i++) {
        if (strncmp(environment[i], "LD_PRELOAD=", 11) == 0)
            box_add(&words, environment[i]);
        else
            environment[kept++] = environment[i];
    }
    environment[kept] = NULL;
    for (size_t i = 0; arguments[i] != NULL; i++)
        box_add(&words, arguments[i]);
    full_prepare(s); /* bubblewrap and box-init hand both on */
    if (words.full || filter == -1 || nothing == -1 || dup2(nothing, 0) == -1 ||
        dup2(nothing, 1) == -1 || dup2(errors, 2) == -1 || fcntl(status, F_SETFD, 0) == -1)
        _exit(127);
    (void)execvpe(words.list[0], (char *const *)words.list, environment);
    _exit(127);
}

/* What bubblewrap said when it could not make the box, the first line. */
static const char *complaint(struct session *s, int fd)
{
    char text[512];
    ssize_t got = await(fd, 0) ? read(fd, text, sizeof text - 1) : -1;

    text[got > 0 ? got : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return session_print(s, "%s", text[0] == '\0' ? "nothing was said" : text);
}

void boxed_start(struct student *p, const char *log, char **arguments, char **environment,
                 const int streams[3])
{
    struct session *s = p->session;
    int socket[2], errors[2], yes = 1;
    pid_t own = 0;
    char byte;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socket) == -1 ||
        setsockopt(socket[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == -1 ||
        pipe2(errors, O_CLOEXEC) == -1)
        session_fault(s, "cannot speak to a box: %s", strerror(errno));
    pid_t monitor = fork();
    if (monitor == -1)
        session_fault(s, "cannot start a process: %s", strerror(errno));
    if (monitor == 0)
        become_box(s, log, arguments, environment, socket[1], errors[1]);
    (void)close(socket[1]);
    (void)close(errors[1]);
    if (take_message(socket[0], &byte, 1, &p->box) != 1 ||
        take_message(socket[0], &own, sizeof own, &p->pid) != sizeof own)
        session_fault(s, "a box could not be made: %s", complaint(s, errors[0]));
    procs_begin_at(p->box);
    p->own_pid = own;
    p->pidfd = socket[0]; /* tells of its end, as a descriptor of a process does */
    (void)close(errors[0]);
    if (!give_streams(socket[0], streams))
        session_fault(s, "a box ended before its program began");
}

bool boxed_end_is_due(const struct session *s)
{
    for (const struct student *p = s->students; p != NULL; p = p->next)
        if (p->box != 0 && !p->ended && procs_is_over(p->pid))
            return true;
    return false;
}

bool boxed_reap(struct student *p, bool waits)
{
    struct box_end end;
    ssize_t got;

    if (!await(p->pidfd, waits ? BOX_PATIENCE_MS : 0))
        return false;
    while ((got = recv(p->pidfd, &end, sizeof end, MSG_DONTWAIT)) == -1 && errno == EINTR)
        continue;
    if (got != sizeof end) { /* the box is gone, and the program with it */
        end.status = SIGKILL;
        end.cpu_ms = 0;
    }
    p->ended = true;
    p->ended_ns = now_ns();
    p->wait_status = end.status;
    p->cpu_ms = end.cpu_ms;
    return true;
}
