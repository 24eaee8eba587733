/*
 * The options of the program's own sockets. Its descriptor is duplicated into this process, by
 * pidfd_getfd(), and asked here: the program need not take part, and cannot lie. Where the system
 * does not allow that, as in many containers, its wire tells them: those of a connection when the
 * first byte moves, those of a listening socket when it begins to listen.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/address.h"
#include "core/number.h"
#include "harness/internal.h"

static const struct option {
    const char *name;
    int level, number;
    const char *unit;
} OPTIONS[] = {
    {"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, ""},
    {"TCP_CORK", IPPROTO_TCP, TCP_CORK, ""},
    {"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, " ms"},
    {"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, " s"},
    {"TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, " s"},
    {"TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, ""},
    {"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, ""},
    {"SO_LINGER", SOL_SOCKET, SO_LINGER, " s"},
    {"SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, " bytes"},
    {"SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, " bytes"},
    {"SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, " bytes"},
    {"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, ""},
    {"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT, ""},
};

enum { LINGER_OFF = -1 };

/* One socket of the program's, and how it is told from the others. */
struct target {
    uint16_t local, peer;                      /* ports; peer is 0 for one that listens */
    struct sockaddr_storage local_at, peer_at; /* with their addresses, of a connection */
    const char *name;                          /* "the socket of this connection" */
    int fd;          /* our duplicate; -1: its wire has told its options */
    uint64_t socket; /* its inode */
    int refused;     /* errno of a look that the system did not allow, or 0 */
    pid_t refuser;   /* at which process */
};

static const struct option *find_option(struct session *s, const char *name)
{
    for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++)
        if (strcmp(OPTIONS[i].name, name) == 0)
            return &OPTIONS[i];
    session_fault(s, "the table in option.c has no option %s", name);
}

/* ---- the socket ---- */

/* The same place, be it written as IPv4 or as IPv6 that stands for it; any if wanted is not known.
 */
static bool is_place(const struct sockaddr *given, const struct sockaddr_storage *wanted)
{
    struct in6_addr bytes[2];
    const struct sockaddr *both[2] = {given, (const struct sockaddr *)wanted};

    if (wanted->ss_family == AF_UNSPEC)
        return true;
    for (int i = 0; i < 2; i++) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)both[i];
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)both[i];
        memset(&bytes[i], 0, sizeof bytes[i]);
        if (both[i]->sa_family == AF_INET6) {
            bytes[i] = six->sin6_addr;
        } else {
            bytes[i].s6_addr[10] = bytes[i].s6_addr[11] = 0xff;
            memcpy(&bytes[i].s6_addr[12], &four->sin_addr, sizeof four->sin_addr);
        }
    }
    return memcmp(&bytes[0], &bytes[1], sizeof bytes[0]) == 0;
}

static bool is_target(int fd, const struct target *target)
{
    struct sockaddr_storage local = {0}, peer = {0};
    socklen_t local_length = sizeof local, peer_length = sizeof peer, size = sizeof(int);
    int type = 0, listens = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == -1 || type != SOCK_STREAM ||
        getsockname(fd, (struct sockaddr *)&local, &local_length) == -1 ||
        address_port((struct sockaddr *)&local) != target->local)
        return false;
    size = sizeof listens;
    if (target->peer == 0)
        return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens == 1;
    return getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0 &&
           address_port((struct sockaddr *)&peer) == target->peer &&
           is_place((struct sockaddr *)&local, &target->local_at) &&
           is_place((struct sockaddr *)&peer, &target->peer_at);
}

/* Duplicates one descriptor of a process, and keeps the copy if it is the one. */
static bool look_at_descriptor(int pidfd, int number, struct target *target)
{
    int fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);

    if (fd == -1 && errno != EBADF && errno != ESRCH) /* it closed the descriptor, or ended */
        target->refused = errno;
    if (fd == -1)
        return false;
    if (is_target(fd, target)) {
        struct stat about;
        target->fd = fd;
        target->socket = fstat(fd, &about) == 0 ? about.st_ino : 0;
        return true;
    }
    (void)close(fd); /* a copy: the program has its own */
    return false;
}

static bool is_socket(int folder, const char *entry)
{
    char link[32];
    ssize_t length = readlinkat(folder, entry, link, sizeof link - 1);

    return length > 7 && memcmp(link, "socket:", 7) == 0;
}

static bool look_at_process(pid_t pid, void *what)
{
    struct target *target = what;
    char path[64];
    bool found = false;
    long number;

    (void)snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *folder = opendir(path);
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (folder == NULL && errno != ENOENT && errno != ESRCH)
        target->refused = errno;
    if (folder == NULL)
        target->refuser = pid;
    while (folder != NULL && pidfd != -1 && !found) {
        const struct dirent *entry = readdir(folder);
        if (entry == NULL)
            break;
        if (number_parse(entry->d_name, 0, INT_MAX, &number) &&
            is_socket(dirfd(folder), entry->d_name))
            found = look_at_descriptor(pidfd, (int)number, target);
    }
    if (folder != NULL)
        (void)closedir(folder);
    if (pidfd != -1)
        (void)close(pidfd);
    return found;
}

/* ---- where that is refused: the program's wire ---- */

static bool is_refused(void)
{
    struct buffer scope = {0};
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    int copy = pidfd == -1 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, pidfd, 0);
    bool refused = copy == -1;

    if (copy != -1)
        (void)close(copy);
    if (pidfd != -1)
        (void)close(pidfd);
    /* Yama: 2 and 3 allow it to the administrator, or to nobody. To ourselves it is never refused.
     */
    if (geteuid() != 0 && buffer_add_file(&scope, "/proc/sys/kernel/yama/ptrace_scope", 64) == 0)
        refused = refused || buffer_text(&scope)[0] >= '2';
    buffer_free(&scope);
    return refused;
}

bool options_are_hidden(void)
{
    static int hidden = -1;

    if (hidden == -1)
        hidden = is_refused();
    return hidden == 1;
}

const char *options_wanted(struct session *s)
{
    const char *list = WIRE_OPTIONS_VARIABLE "=";

    for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++)
        list = session_print(s, "%s%s%d.%d", list, i == 0 ? "" : ",", OPTIONS[i].level,
                             OPTIONS[i].number);
    return list;
}

/* What the wire told last of this socket; of any option if option is NULL. */
static const struct wire_event *find_told(const struct session *s, const struct target *target,
                                          const struct option *option)
{
    const struct wire_event *found = NULL;

    for (const struct student *p = s->students; p != NULL; p = p->next) {
        uint32_t count = wire_log_count(&p->log);
        for (uint32_t i = 0; i < count; i++) {
            const struct wire_event *e = wire_log_event(&p->log, i);
            if (e == NULL || e->call != WIRE_OPTION || e->error != 0 ||
                address_port(&e->local.any) != target->local ||
                (target->peer != 0 && (address_port(&e->peer.any) != target->peer ||
                                       !is_place(&e->local.any, &target->local_at) ||
                                       !is_place(&e->peer.any, &target->peer_at))))
                continue;
            if (option == NULL ||
                e->flags == ((unsigned)option->level << 16 | (unsigned)option->number))
                found = e;
        }
    }
    return found;
}

/* Finds the program's socket, or ends the case. */
static void find_socket(struct session *s, struct target *target)
{
    const struct wire_event *told = NULL;

    target->fd = -1;
    if (options_are_hidden())
        told = find_told(s, target, NULL);
    else if (procs_each(look_at_process, target))
        return;
    if (told != NULL) {
        target->socket = told->socket;
        return;
    }
    if (target->refused != 0 && target->refuser != 0)
        demand_open(s, target->refuser);
    if (target->refused != 0)
        session_fault(s,
                      "this system does not let the harness look into the program's sockets "
                      "(pidfd_getfd: %s). In a container: start it with --cap-add=SYS_PTRACE",
                      strerror(target->refused));
    session_lost(s, "The program does not hold %s any more.", target->name);
}

static long read_option(struct session *s, struct target *target, const struct option *option)
{
    struct linger value = {0, 0}; /* the longest: two int */
    socklen_t size = sizeof value;

    find_socket(s, target);
    if (target->fd == -1) {
        const struct wire_event *told = find_told(s, target, option);
        if (told == NULL)
            session_fault(s, "the wire did not tell %s", option->name);
        memcpy(&value, told->head, sizeof value);
    } else if (getsockopt(target->fd, option->level, option->number, &value, &size) == -1) {
        session_fault(s, "getsockopt(%s): %s", option->name, strerror(errno));
    }
    if (target->fd != -1)
        (void)close(target->fd); /* a copy */
    if (option->level == SOL_SOCKET && option->number == SO_LINGER)
        return value.l_onoff != 0 ? value.l_linger : LINGER_OFF;
    return value.l_onoff; /* the first int */
}

/* ---- what the program did with the option, as its wire saw it ---- */

static const char *say_value(struct session *s, const struct option *option, long value)
{
    bool lingers = option->level == SOL_SOCKET && option->number == SO_LINGER;

    if (lingers && value == LINGER_OFF)
        return "off";
    return session_print(s, "%s%ld%s", lingers ? "on, " : "", value, option->unit);
}

/* The last time that it set this option; on this socket if it ever did, else on another. */
static const struct wire_event *find_setting(const struct session *s, const struct option *option,
                                             uint64_t socket)
{
    unsigned flags = (unsigned)option->level << 16 | (unsigned)option->number;
    const struct wire_event *found = NULL;

    for (const struct student *p = s->students; p != NULL; p = p->next) {
        uint32_t count = wire_log_count(&p->log);
        for (uint32_t i = 0; i < count; i++) {
            const struct wire_event *e = wire_log_event(&p->log, i);
            if (e != NULL && e->call == WIRE_SETSOCKOPT && e->phase == WIRE_EXIT &&
                e->flags == flags &&
                (found == NULL || e->socket == socket || found->socket != socket))
                found = e;
        }
    }
    return found;
}

static const char *say_setting(struct session *s, const struct option *option, uint64_t socket)
{
    const struct wire_event *e = find_setting(s, option, socket);
    const char *place = e == NULL ? "" : steps_place(s, e);

    if (e == NULL)
        return session_print(s, "Your program never set it.");
    place = place[0] == '\0' ? "" : session_print(s, " (%s)", place);
    if (e->error != 0)
        return session_print(s, "setsockopt() failed with %s%s.", errno_name(e->error), place);
    if (e->socket != socket)
        return session_print(s, "Your program set it on another socket, descriptor %d%s.", e->fd,
                             place);
    if (option->level == SOL_SOCKET && option->number == SO_LINGER)
        return session_print(s, "Your program set it%s.", place);
    return session_print(s, "Your program set it to %lld%s.", (long long)e->asked, place);
}

/* ---- steps ---- */

static const char *say_range(struct session *s, const struct option *option, long least, long most)
{
    if (least == most)
        return session_print(s, "should be %s", say_value(s, option, least));
    if (most == LONG_MAX)
        return session_print(s, "should be at least %s", say_value(s, option, least));
    if (least == LONG_MIN)
        return session_print(s, "should be at most %s", say_value(s, option, most));
    return session_print(s, "should be from %ld to %s", least, say_value(s, option, most));
}

/* What a new socket has, so that nobody needs to set it. */
static bool is_so_from_the_start(const struct option *option, long least, long most)
{
    struct linger value = {0, 0};
    socklen_t size = sizeof value;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd == -1 || getsockopt(fd, option->level, option->number, &value, &size) == -1)
        value.l_onoff = 0; /* as most options are */
    if (fd != -1)
        (void)close(fd); /* never connected */
    long first = option->level == SOL_SOCKET && option->number == SO_LINGER && value.l_onoff == 0
                     ? LINGER_OFF
                     : value.l_onoff;
    return first >= least && first <= most;
}

/*
 * The call that set the option on a connection over which bytes had gone already; NULL if it was
 * set before, here or on whatever socket this one may have it from.
 */
static const struct wire_event *find_late(const struct session *s, const struct option *option,
                                          uint64_t socket)
{
    unsigned flags = (unsigned)option->level << 16 | (unsigned)option->number;

    for (const struct student *p = s->students; p != NULL; p = p->next) {
        uint32_t count = wire_log_count(&p->log);
        bool moved = false;
        for (uint32_t i = 0; i < count; i++) {
            const struct wire_event *e = wire_log_event(&p->log, i);
            if (e == NULL || e->phase != WIRE_EXIT || e->error != 0)
                continue;
            if (e->call == WIRE_SETSOCKOPT && e->flags == flags && (!moved || e->socket == socket))
                return moved ? e : NULL;
            moved |= e->socket == socket && e->result > 0 &&
                     (e->call == WIRE_SEND || e->call == WIRE_RECV || e->call == WIRE_SENDFILE);
        }
    }
    return NULL;
}

static const char *say_place(struct session *s, const struct wire_event *e)
{
    const char *place = steps_place(s, e);

    return place[0] == '\0' ? "" : session_print(s, " (%s)", place);
}

static void expect_option(struct session *s, struct target *target, const char *name, long least,
                          long most, const char *why)
{
    const struct option *option = find_option(s, name);

    if (s->options->play) {
        play_say(s, "%s of %s %s: %s", name, target->name, say_range(s, option, least, most), why);
        return;
    }
    long value = read_option(s, target, option);
    if (value < least || value > most)
        session_fail(s, "%s of %s is %s; it %s: %s. %s", name, target->name,
                     say_value(s, option, value), say_range(s, option, least, most), why,
                     say_setting(s, option, target->socket));
    const struct wire_event *late = find_late(s, option, target->socket);
    if (late != NULL && target->peer != 0 && !is_so_from_the_start(option, least, most))
        session_fail(s,
                     "%s of %s was set%s when bytes had gone over the connection already: %s, from "
                     "the first byte on.",
                     name, target->name, say_place(s, late), why);
}

static struct target end_of(const struct link *link)
{
    struct target target = {
        .local = link->remote, .peer = link->local, .name = "the socket of this connection"};
    socklen_t length = sizeof target.local_at;

    /* What is local to us is the program's peer. Of a connection that is gone its ports must do. */
    if (link->fd == -1 || getpeername(link->fd, (struct sockaddr *)&target.local_at, &length) == -1)
        target.local_at.ss_family = AF_UNSPEC;
    length = sizeof target.peer_at;
    if (link->fd == -1 || getsockname(link->fd, (struct sockaddr *)&target.peer_at, &length) == -1)
        target.peer_at.ss_family = AF_UNSPEC;
    return target;
}

long link_option(struct link *link, const char *name)
{
    struct session *s = link->session;
    const struct option *option = find_option(s, name);
    struct target target = end_of(link);

    if (s->options->play)
        return 0;
    return read_option(s, &target, option);
}

const char *link_setting(struct link *link, const char *name)
{
    struct session *s = link->session;
    const struct option *option = find_option(s, name);
    struct target target = end_of(link);

    if (s->options->play)
        return "";
    (void)read_option(s, &target, option);
    const struct wire_event *e = find_setting(s, option, target.socket);
    if (e == NULL || e->error != 0)
        return "nothing";
    return session_print(s, "%lld%s", (long long)e->asked, say_place(s, e));
}

void link_expect_option(struct link *link, const char *name, long least, long most, const char *why)
{
    struct target target = end_of(link);

    expect_option(link->session, &target, name, least, most, why);
}

void student_expect_option(struct student *p, const char *port, const char *name, long least,
                           long most, const char *why)
{
    struct target target = {.name = "the listening socket"};
    long number = 0;

    if (!number_parse(port, 1, UINT16_MAX, &number))
        session_fault(p->session, "%s is no port", port);
    target.local = (uint16_t)number;
    expect_option(p->session, &target, name, least, most, why);
}
