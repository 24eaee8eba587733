/* Several peers at once: whatever happens first. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/internal.h"

enum { LINE_MOST = 4096 };

static bool has_news(const struct link *link)
{
    return link->fd != -1 && !link->told &&
           (link->end || link->error != 0 || link_has_line(link) || link->in.length >= LINE_MOST);
}

static struct link *link_with_news(const struct session *s)
{
    for (struct link *link = s->links; link != NULL; link = link->next)
        if (has_news(link))
            return link;
    return NULL;
}

static struct peer *peer_with_caller(const struct session *s)
{
    for (struct peer *peer = s->peers; peer != NULL; peer = peer->next)
        if (peer_has_caller(peer))
            return peer;
    return NULL;
}

static struct port *port_with_datagram(const struct session *s)
{
    for (struct port *port = s->ports; port != NULL; port = port->next)
        if (poll(&(struct pollfd){port->fd, POLLIN, 0}, 1, 0) == 1)
            return port;
    return NULL;
}

static bool all_ended(const struct session *s)
{
    bool ended = true;

    for (const struct student *p = s->students; p != NULL; p = p->next)
        ended = ended && p->ended;
    return ended && s->students != NULL;
}

/* A program that has ended closed its connections before: what they brought is told first. */
static bool links_are_read(const struct session *s)
{
    for (const struct link *link = s->links; link != NULL; link = link->next)
        if (link->line && !link->end && link->error == 0 &&
            poll(&(struct pollfd){link->fd, POLLIN, 0}, 1, 0) == 1)
            return false;
    return true;
}

static bool anything_happened(void *what)
{
    const struct session *s = what;

    return link_with_news(s) != NULL || peer_with_caller(s) != NULL ||
           port_with_datagram(s) != NULL || (all_ended(s) && links_are_read(s));
}

/* A port that refuses, or a black hole, is ready at every look, and never has a caller. */
static bool takes_callers(const struct peer *peer)
{
    int listens = 0;
    socklen_t size = sizeof listens;

    return peer->blocker == -1 &&
           getsockopt(peer->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

/* Turns to all that can happen, or away from it: then other steps see what was not taken. */
static void watch(struct session *s, bool on)
{
    for (struct link *link = s->links; link != NULL; link = link->next)
        link->line = on && !has_news(link) && !link->told && link->fd != -1;
    for (struct peer *peer = s->peers; peer != NULL; peer = peer->next)
        peer->waiting = on && takes_callers(peer);
    for (struct port *port = s->ports; port != NULL; port = port->next)
        port->waiting = on;
}

static struct happening news_of(struct session *s, struct link *link)
{
    struct happening news = {.what = HAPPENED_END, .link = link};

    if (link_has_line(link)) {
        char *line = session_alloc(s, link->in.length);
        memcpy(line, link->in.data, link->in.length - 1);
        news.what = HAPPENED_LINE;
        news.line = line;
        news.length = link->in.length - 1;
        link->in.length = link->matched = 0;
        play_say_of(news.link, "received %s", play_show(s, line, news.length));
        return news;
    }
    if (link->in.length >= LINE_MOST)
        session_fail(s, "Your program sent %d bytes without a line end.", LINE_MOST);
    link->told = true;
    play_say(s, "your program ended a connection");
    return news;
}

struct happening session_next(struct session *s, const char *waiting)
{
    struct link *link;

    watch(s, true);
    (void)pump(s, anything_happened, s, waiting, false);
    watch(s, false);
    if ((link = link_with_news(s)) != NULL)
        return news_of(s, link);
    struct happening news = {.what = HAPPENED_CALL, .peer = peer_with_caller(s)};
    if (news.peer != NULL) {
        news.link = peer_accept(news.peer);
        return news;
    }
    news.port = port_with_datagram(s);
    news.what = news.port != NULL ? HAPPENED_DATAGRAM : HAPPENED_EXIT;
    for (struct student *p = s->students; p != NULL && news.port == NULL; p = p->next)
        p->may_end = true;
    return news;
}
