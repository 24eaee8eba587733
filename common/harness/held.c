/* Which descriptors a program holds open, what they are, and where it got them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/internal.h"

/* The call that returned this descriptor last, as its wire saw it; NULL if that was none. */
static const struct wire_event *find_source(const struct student *p, int fd)
{
    const struct wire_event *found = NULL;

    for (uint32_t i = 0; i < wire_log_count(&p->log); i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e != NULL && e->phase == WIRE_EXIT && e->result == fd && (pid_t)e->pid == p->own_pid &&
            (e->call == WIRE_SOCKET || e->call == WIRE_ACCEPT || e->call == WIRE_DUP))
            found = e;
    }
    return found;
}

static bool listens(const struct student *p, int fd, const struct wire_event *source)
{
    bool found = false;

    for (uint32_t i = 0; i < wire_log_count(&p->log); i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e == source)
            found = false; /* an older socket of this number */
        found = found || (e != NULL && e->call == WIRE_LISTEN && e->phase == WIRE_EXIT &&
                          e->error == 0 && e->fd == fd);
    }
    return found;
}

/* What the system calls it: "socket:[4711]", "pipe:[12]", "anon_inode:[eventpoll]", a path. */
static const char *say_kind(struct session *s, const char *link)
{
    if (strncmp(link, "socket:", 7) == 0)
        return "a socket";
    if (strncmp(link, "pipe:", 5) == 0)
        return "a pipe";
    if (strcmp(link, "anon_inode:[eventpoll]") == 0)
        return "an epoll";
    if (strncmp(link, "anon_inode:", 11) == 0)
        return session_print(s, "%s", link + 11);
    return session_print(s, "the file %s", link);
}

static const char *say_one(struct session *s, const struct student *p, int fd, const char *link)
{
    const struct wire_event *source = strncmp(link, "socket:", 7) == 0 ? find_source(p, fd) : NULL;
    const char *place = source == NULL ? "" : steps_place(s, source);

    if (source == NULL)
        return session_print(s, "%d is %s", fd, say_kind(s, link));
    return session_print(s, "%d is from %.*s()%s%s%s", fd, WIRE_NAME, source->name,
                         place[0] == '\0' ? "" : " at ", place,
                         listens(p, fd, source) ? " and listens" : "");
}

const char *held_say(struct session *s, const struct student *p)
{
    enum { MOST_NUMBER = 1024, MOST_NAMED = 4 };
    const char *list = "";
    char path[64], link[256];
    int named = 0, more = 0;

    for (int fd = 3; fd < MOST_NUMBER; fd++) {
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", p->pid, fd);
        ssize_t length = readlink(path, link, sizeof link - 1);
        if (length <= 0)
            continue;
        link[length] = '\0';
        if (named == MOST_NAMED)
            more++;
        else
            list =
                session_print(s, "%s%s%s", list, named++ == 0 ? "" : ", ", say_one(s, p, fd, link));
    }
    if (more > 0)
        list = session_print(s, "%s, and %d more", list, more);
    return list;
}
