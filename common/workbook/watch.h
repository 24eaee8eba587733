/*
 * Watching one file. What counts is what is in it: editors write in several steps and rename, and
 * a change is told once its content differs from what was told before, without any fixed wait.
 */
#ifndef WORKBOOK_WATCH_H
#define WORKBOOK_WATCH_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <uv.h>

struct watch {
    bool polling; /* the folder's changes are not announced: the file is looked at twice a second */
    bool gone;    /* there is no file now */
    void (*on_change)(struct watch *watch);
    void *data; /* the caller's */

    /* For watch.c alone. */
    uv_fs_event_t events;
    uv_timer_t timer;
    char path[PATH_MAX], folder[PATH_MAX];
    struct stat seen, seen_folder;
    char digest[20];
    bool listening;
};

/* Prepares both handles; nothing is watched yet. */
void watch_init(uv_loop_t *loop, struct watch *watch);

/* Watches path from now on; its content now is the one known. on_change is called when it differs.
 */
void watch_file(struct watch *watch, const char *path);

/* Closes both handles. */
void watch_close(struct watch *watch);

#endif
