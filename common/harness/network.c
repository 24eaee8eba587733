/*
 * The connections of this machine: is anything still under way between the program and us? The
 * kernel is asked over netlink, for what lives alone: thousands of connections that just ended make
 * the table in /proc too long to be read every few milliseconds.
 */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/internal.h"

enum {
    ESTABLISHED = 1,
    SYN_RECV = 3,
    FIN_WAIT1 = 4,
    FIN_WAIT2 = 5,
    CLOSE_WAIT = 8,
    LAST_ACK = 9,
    LISTEN = 10,
    CLOSING = 11
};
static const unsigned MOVING = 1U << ESTABLISHED | 1U << SYN_RECV | 1U << FIN_WAIT1 |
                               1U << FIN_WAIT2 | 1U << CLOSE_WAIT | 1U << LAST_ACK | 1U << CLOSING;
enum { PROBES = 4 }; /* the timer that is set: it asks now and then for a wider window */

/* One end of a connection. */
struct end {
    unsigned state, timer;
    uint16_t local, remote;    /* ports */
    size_t queued;             /* bytes sent and not acknowledged; of a listener, its backlog */
    size_t unread;             /* bytes that came and were not received; connections, likewise */
    bool counted;              /* the two below are known */
    size_t came, acknowledged; /* bytes since the beginning */
};

typedef void seen(void *what, const struct end *end);

/* ---- over netlink ---- */

/*
 * Asks for both families at once, as the first interface did: the kernel walks through a table of
 * hundreds of thousands of places, which takes milliseconds, whoever's network it is.
 */
static bool ask_both(int fd, unsigned states, bool counts)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req body;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = TCPDIAG_GETSOCK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.idiag_ext = counts ? 1U << (INET_DIAG_INFO - 1) : 0, .idiag_states = states}};

    return send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

/* The same for one family, where that is no longer known. */
static bool ask(int fd, int family, unsigned states, bool counts)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 body;
    } request = {.header = {.nlmsg_len = sizeof request,
                            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                 .body = {.sdiag_family = (uint8_t)family,
                          .sdiag_protocol = IPPROTO_TCP,
                          .idiag_ext = counts ? 1U << (INET_DIAG_INFO - 1) : 0,
                          .idiag_states = states}};

    return send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

/* Asks for the one socket that takes connections from anywhere to this port, at host. */
static bool ask_listener(int fd, int family, const char *host, uint16_t port)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 body;
    } request = {.header = {.nlmsg_len = sizeof request,
                            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                            .nlmsg_flags = NLM_F_REQUEST},
                 .body = {.sdiag_family = (uint8_t)family,
                          .sdiag_protocol = IPPROTO_TCP,
                          .idiag_states = 1U << LISTEN,
                          .id = {.idiag_sport = htons(port),
                                 .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}}};

    return inet_pton(family, host, request.body.id.idiag_src) == 1 &&
           inet_pton(family, host, request.body.id.idiag_dst) == 1 &&
           send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

static void read_counts(struct rtattr *a, unsigned length, struct end *end)
{
    struct tcp_info info;

    for (; RTA_OK(a, length); a = RTA_NEXT(a, length)) {
        if (a->rta_type != INET_DIAG_INFO || RTA_PAYLOAD(a) < sizeof info)
            continue; /* an old kernel tells less */
        memcpy(&info, RTA_DATA(a), sizeof info);
        end->counted = true;
        end->came = (size_t)info.tcpi_bytes_received;
        end->acknowledged = (size_t)info.tcpi_bytes_acked;
    }
}

static void take_connection(struct nlmsghdr *header, seen *see, void *what)
{
    struct inet_diag_msg *m = NLMSG_DATA(header);
    struct end end = {.state = m->idiag_state,
                      .timer = m->idiag_timer,
                      .local = ntohs(m->id.idiag_sport),
                      .remote = ntohs(m->id.idiag_dport),
                      .queued = m->idiag_wqueue,
                      .unread = m->idiag_rqueue};

    read_counts((struct rtattr *)(m + 1), header->nlmsg_len - (unsigned)NLMSG_LENGTH(sizeof *m),
                &end);
    see(what, &end);
}

/* Tells of each connection. False when the kernel did not answer, or not to the end. */
static bool take_answer(int fd, seen *see, void *what)
{
    static union {
        struct nlmsghdr header; /* for its alignment */
        char bytes[32768];
    } answer;

    for (;;) {
        ssize_t n = recv(fd, &answer, sizeof answer, 0);
        if (n <= 0)
            return false;
        unsigned length = (unsigned)n;
        for (struct nlmsghdr *h = &answer.header; NLMSG_OK(h, length); h = NLMSG_NEXT(h, length)) {
            if (h->nlmsg_type == NLMSG_DONE)
                return true;
            if (h->nlmsg_type == NLMSG_ERROR)
                return false;
            take_connection(h, see, what);
        }
    }
}

static bool look_over_netlink(unsigned states, bool counts, seen *see, void *what)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd == -1)
        return false;
    bool told = (ask_both(fd, states, counts) && take_answer(fd, see, what)) ||
                (ask(fd, AF_INET, states, counts) && take_answer(fd, see, what) &&
                 ask(fd, AF_INET6, states, counts) && take_answer(fd, see, what));
    (void)close(fd); /* everything was read */
    return told;
}

/* ---- where that is refused: /proc/net/tcp ---- */

/* address is the length of an address in hexadecimal digits: the columns stand fast behind it. */
static void look_at_table(const char *path, size_t address, seen *see, void *what)
{
    char line[512];
    FILE *file = fopen(path, "re");

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        /* "  12: 0100007F:9C41 0100007F:1F90 01 0000000A:00000000 04:" */
        const char *local = strchr(line, ':');
        if (local == NULL || strlen(local) < 2 * address + 40)
            continue; /* the heading */
        see(what, &(struct end){.state = (unsigned)strtoul(local + 2 * address + 14, NULL, 16),
                                .timer = (unsigned)strtoul(local + 2 * address + 35, NULL, 16),
                                .local = (uint16_t)strtoul(local + address + 3, NULL, 16),
                                .remote = (uint16_t)strtoul(local + 2 * address + 9, NULL, 16),
                                .queued = (size_t)strtoul(local + 2 * address + 17, NULL, 16),
                                .unread = (size_t)strtoul(local + 2 * address + 26, NULL, 16)});
    }
    if (file != NULL)
        (void)fclose(file); /* only read from */
}

/* see() may be told of a connection twice, in the rare case that netlink breaks off. */
static void look(bool counts, seen *see, void *what)
{
    if (look_over_netlink(MOVING, counts, see, what))
        return;
    look_at_table("/proc/net/tcp", 8, see, what);
    look_at_table("/proc/net/tcp6", 32, see, what);
}

/* ---- questions ---- */

struct quiet {
    const struct session *session;
    bool quiet;
};

/* True if one end of a connection at this port is a peer, a link or the program as a link saw it.
 */
static bool is_ours(const struct session *s, uint16_t port)
{
    for (const struct link *link = s->links; link != NULL; link = link->next)
        if (link->local == port || link->remote == port)
            return true;
    for (const struct peer *peer = s->peers; peer != NULL; peer = peer->next)
        if (strtoul(peer->port, NULL, 10) == port)
            return true;
    return false;
}

/* True if it is the program's end and the other is empty: then no window is closed, but a cork is
 * in (TCP_CORK), and what waits behind it leaves after 0.2 s. */
static bool is_corked(const struct session *s, const struct end *end)
{
    int unread = 0;

    for (const struct link *link = s->links; link != NULL; link = link->next)
        if (link->fd != -1 && link->remote == end->local && link->local == end->remote)
            return ioctl(link->fd, FIONREAD, &unread) == 0 && unread == 0;
    return false;
}

static void see_moving(void *what, const struct end *end)
{
    struct quiet *q = what;
    bool moves = end->state == SYN_RECV || end->state == FIN_WAIT1 || end->state == LAST_ACK ||
                 end->state == CLOSING ||
                 ((end->state == ESTABLISHED || end->state == CLOSE_WAIT) && end->queued > 0);

    /* A window that the other end closed: nothing moves before that one reads. */
    if (q->quiet && moves && (end->timer != PROBES || is_corked(q->session, end)))
        q->quiet = !is_ours(q->session, end->local) && !is_ours(q->session, end->remote);
}

bool network_quiet(const struct session *s)
{
    struct quiet q = {s, true};

    look(false, see_moving, &q);
    return q.quiet;
}

/* A program's listening sockets at one port. */
struct listeners {
    uint16_t port;
    bool room;
};

/* More than half of its backlog is not filled: on a busy machine the rest is soon gone. */
static void see_listener(void *what, const struct end *end)
{
    struct listeners *l = what;

    if (end->state == LISTEN && end->local == l->port && end->unread > end->queued / 2)
        l->room = false;
}

/* The table in /proc does not tell the backlog: there it is taken for what is usual. */
bool network_has_room(const char *host, uint16_t port)
{
    static union {
        struct nlmsghdr header;
        char bytes[4096];
    } answer;
    struct listeners l = {port, true};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    int family = strchr(host, ':') == NULL ? AF_INET : AF_INET6;

    /* It is asked for each of hundreds of connections: for one socket, not for all there are. */
    if (fd != -1 && ask_listener(fd, family, host, port)) {
        ssize_t n = recv(fd, &answer, sizeof answer, 0);
        if (n > 0 && NLMSG_OK(&answer.header, (unsigned)n) &&
            answer.header.nlmsg_type == SOCK_DIAG_BY_FAMILY)
            take_connection(&answer.header, see_listener, &l);
    }
    if (fd != -1)
        (void)close(fd); /* everything was read */
    return l.room;
}

/* The two ends of a link. */
struct ends {
    const struct link *link;
    struct end ours, theirs;
};

static void see_link(void *what, const struct end *end)
{
    struct ends *e = what;

    if (end->local == e->link->local && end->remote == e->link->remote)
        e->ours = *end;
    if (end->local == e->link->remote && end->remote == e->link->local)
        e->theirs = *end;
}

/* Where the kernel does not count, what is sent and not yet acknowledged may be counted twice. */
size_t network_taken(const struct link *link)
{
    struct ends e = {.link = link};

    look(true, see_link, &e);
    size_t beyond = e.ours.queued + e.theirs.unread;
    if (e.theirs.counted)
        return e.theirs.came - e.theirs.unread;
    return link->sent > beyond ? link->sent - beyond : 0;
}

size_t network_given(const struct link *link)
{
    struct ends e = {.link = link};
    int unread = 0;

    look(true, see_link, &e);
    if (e.theirs.counted) /* whoever calls has its SYN acknowledged like a byte */
        return e.theirs.acknowledged + e.theirs.queued - (link->called ? 1 : 0);
    if (link->fd != -1)
        (void)ioctl(link->fd, FIONREAD, &unread); /* fails for no socket of ours */
    return link->received + (size_t)unread + e.theirs.queued;
}
