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
    size_t folder = strlen(s->work);
    bool inside = strncmp(link, s->work, folder) == 0 && link[folder] == '/';
    return session_print(s, "the file %s", inside ? link + folder + 1 : link);
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

/* What a descriptor stands for; false if it is not open. */
static bool read_link(const struct student *p, int fd, char link[256])
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", p->pid, fd);
    ssize_t length = readlink(path, link, 255);
    if (length > 0)
        link[length] = '\0';
    return length > 0;
}

/* Those with the highest numbers are named: what was lost came last. */
const char *held_say(struct session *s, const struct student *p)
{
    enum { MOST_NUMBER = 1024, MOST_NAMED = 4 };
    const char *list = "";
    char link[256];
    int others = -MOST_NAMED;

    for (int fd = 3; fd < MOST_NUMBER; fd++)
        others += read_link(p, fd, link);
    if (others > 0)
        list = session_print(s, "%d more", others);
    for (int fd = 3, seen = 0; fd < MOST_NUMBER; fd++)
        if (read_link(p, fd, link) && seen++ >= others)
            list = session_print(s, "%s%s%s", list, list[0] == '\0' ? "" : ", ",
                                 say_one(s, p, fd, link));
    return list;
}
