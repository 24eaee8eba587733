/*
 * Control groups: limits on the memory and on the number of tasks of all that a case starts, and a
 * word afterwards on which limit was met. A grader makes one parent group; each box makes a child
 * of it and moves itself there. What is in a group and may not write to the groups' files (an inner
 * box has none of them mounted) cannot leave it.
 *
 * Version 2 (one tree) and version 1 (a tree for each controller) look the same from here.
 */
#ifndef BOX_GROUP_H
#define BOX_GROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"

enum groups_kind { GROUPS_NONE, GROUPS_V1, GROUPS_V2 };

enum { GROUP_PATH = 512, GROUP_NAME = 64 }; /* bytes, the final NUL included */

/* Where groups are made. Start with an empty one; the caller owns it, nothing is allocated. */
struct groups {
    enum groups_kind kind;

    /* For group.c alone. */
    char place[2][GROUP_PATH];  /* where the parent goes: for memory, for tasks (the same in v2) */
    char parent[2][GROUP_PATH]; /* the parent itself; "" before groups_make() */
    char home[GROUP_PATH];      /* v2: where the grader came from */
    bool crowd;                 /* v2: all who were in the place have to move out of it as well */
    int lock[2];                /* held on the parents: they are in use; valid while kind is set */
    char text[3 * GROUP_PATH + 16];
};

/* What a group may use. 0 sets no limit. */
struct group_limits {
    uint64_t memory; /* bytes, files in memory (tmpfs) included; there is no swap beyond */
    unsigned tasks;  /* processes and threads, those of the box itself included */
    uint64_t
        sockets; /* bytes in the buffers of connections: beyond it the kernel holds back (v1) */
};

/* What a group has used. */
struct group_use {
    bool memory_met;      /* the kernel ended a task because the group was at its limit of memory */
    bool starved;         /* it ended one because the whole machine was: nobody's fault in here */
    bool tasks_met;       /* a fork or a new thread was refused */
    uint64_t memory_peak; /* bytes, cached files included; 0 where the kernel keeps no account */
    int64_t cpu_us;       /* microseconds of processor time; -1 where there is no account (v1) */
};

/*
 * Finds where this process may make groups in which programs of uid can limit themselves, by
 * making, limiting, entering and removing one. Forks; call it while there is one thread. Returns 0
 * with kind and places set, or -1 with kind GROUPS_NONE and the reason and its cure in error.
 */
int groups_probe(struct groups *groups, uid_t uid, struct error *error);

/*
 * The place that was found, in words for the command line of another grader, which then need not
 * look for it: one argument, of several lines. Valid as long as groups.
 */
const char *groups_place(struct groups *groups);

/* The other end of groups_place(): groups is as groups_probe() leaves it. Returns 0, or -1 and
 * fills error. */
int groups_place_parse(struct groups *groups, const char *text, struct error *error);

/*
 * Makes the parent group of this process, where groups_probe() found a place, and gives it to uid.
 * In version 2 this process moves into a leaf below it, and so does what it starts from then on,
 * until groups_remove(). Removes what graders that are dead left there. Returns 0, or -1 and fills
 * error.
 */
int groups_make(struct groups *groups, uid_t uid, struct error *error);

/*
 * The parent in words, for the command line of a program that is to enter groups: one argument
 * without blanks. Valid as long as groups.
 */
const char *groups_text(const struct groups *groups);

/*
 * The other end of groups_text(): groups then serves for group_enter() and group_finish(). The
 * paths are looked up where that is called, so the groups have to be mounted there under the same
 * names, and not through a cgroup namespace. Returns 0, or -1 and fills error.
 */
int groups_parse(struct groups *groups, const char *text, struct error *error);

/*
 * Makes the group name ([a-z0-9._-], shorter than GROUP_NAME, not in use), sets its limits and
 * moves this process into it: call it between fork and exec. Allocates nothing. This process has to
 * be of the uid of groups_make(), or root. Returns 0, or -1 and fills error; group_finish() then
 * removes what there is of it.
 */
int group_enter(const struct groups *groups, const char *name, const struct group_limits *limits,
                struct error *error);

/*
 * How many bytes lie in the buffers of its connections. A limit does not hold where connections are
 * many, and the kernel has room for so much in all: whoever takes it takes it from every group.
 */
uint64_t group_sockets(const struct groups *groups, const char *name);

/*
 * Ends what is left in the group, waits until it is gone, reports what was used and removes the
 * group. use may be NULL. Returns 0, or -1 and fills error: there is no such group (it was never
 * entered), or something in it does not end (10 s are allowed).
 */
int group_finish(const struct groups *groups, const char *name, struct group_use *use,
                 struct error *error);

/*
 * Ends what is left in any group below the parent, removes them and the parent; in version 2 this
 * process goes back to where it was. For the process that called groups_make(); does nothing when
 * there is no parent. Returns 0, or -1 and fills error.
 */
int groups_remove(struct groups *groups, struct error *error);

#endif
