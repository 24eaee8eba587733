#include "workbook/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "core/buffer.h"
#include "workbook/files.h"

enum { POLL_MS = 500, SIZE_LIMIT = 1 << 20 };

/* File systems on which changes made elsewhere are not announced: network, shared folders, WSL. */
static bool is_silent(const char *folder)
{
    static const unsigned long silent[] = {
        0x6969,     /* NFS */
        0xff534d42, /* CIFS */
        0xfe534d42, /* SMB 2 */
        0x01021997, /* 9p: WSL, virtual machines */
        0x65735546, /* FUSE */
        0x786f4256, /* VirtualBox shared folders */
    };
    struct statfs system;
    const char *forced = getenv("WORKBOOK_POLL");

    if (forced != NULL && strcmp(forced, "1") == 0)
        return true;
    if (statfs(folder, &system) == -1)
        return false;
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        if ((unsigned long)system.f_type == silent[i])
            return true;
    return false;
}

static bool same_stamp(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Looks at the file. True if its content is another than the one known, or it came or went. */
static bool look(struct watch *watch)
{
    struct stat now = {0};
    struct buffer text = {0};
    char digest[20];
    bool gone = stat(watch->path, &now) == -1, was_gone = watch->gone;

    watch->gone = gone;
    if (gone || (!was_gone && same_stamp(&now, &watch->seen)))
        return gone != was_gone;
    watch->seen = now;
    if (buffer_add_file(&text, watch->path, SIZE_LIMIT) == 0)
        digest_of(buffer_text(&text), text.length, digest);
    else /* a folder, or something too large: told once; judging says what it is */
        (void)snprintf(digest, sizeof digest, "%d", errno);
    buffer_free(&text);
    bool differs = strcmp(digest, watch->digest) != 0 || was_gone;
    (void)snprintf(watch->digest, sizeof watch->digest, "%s", digest);
    return differs;
}

static void listen_to_folder(struct watch *watch);

static void look_and_tell(struct watch *watch)
{
    struct stat folder;

    /* A folder that was replaced announces nothing any more. */
    if (watch->listening &&
        (stat(watch->folder, &folder) == -1 || folder.st_ino != watch->seen_folder.st_ino)) {
        (void)uv_fs_event_stop(&watch->events);
        watch->listening = false;
    }
    if (!watch->listening)
        listen_to_folder(watch);
    if (look(watch))
        watch->on_change(watch);
}

static void on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
    (void)name; /* whatever it was, we look at our file alone */
    (void)events;
    (void)status;
    look_and_tell(handle->data);
}

static void on_tick(uv_timer_t *timer)
{
    look_and_tell(timer->data);
}

static void listen_to_folder(struct watch *watch)
{
    watch->listening = !is_silent(watch->folder) && stat(watch->folder, &watch->seen_folder) == 0 &&
                       uv_fs_event_start(&watch->events, on_event, watch->folder, 0) == 0;
    watch->polling = !watch->listening;
    if (watch->polling)
        (void)uv_timer_start(&watch->timer, on_tick, POLL_MS, POLL_MS); /* fails only if closing */
    else
        (void)uv_timer_stop(&watch->timer);
}

void watch_init(uv_loop_t *loop, struct watch *watch)
{
    (void)uv_fs_event_init(loop, &watch->events); /* both only set fields */
    (void)uv_timer_init(loop, &watch->timer);
    watch->events.data = watch->timer.data = watch;
}

void watch_file(struct watch *watch, const char *path)
{
    (void)uv_fs_event_stop(&watch->events);
    (void)uv_timer_stop(&watch->timer);
    (void)snprintf(watch->path, sizeof watch->path, "%s", path);
    (void)snprintf(watch->folder, sizeof watch->folder, "%.*s",
                   (int)(strrchr(path, '/') != NULL ? strrchr(path, '/') - path : 0), path);
    watch->seen = (struct stat){0};
    watch->digest[0] = '\0';
    watch->gone = false;
    listen_to_folder(watch);
    (void)look(watch); /* what is there now is known */
}

void watch_close(struct watch *watch)
{
    uv_close((uv_handle_t *)&watch->events, NULL);
    uv_close((uv_handle_t *)&watch->timer, NULL);
}
