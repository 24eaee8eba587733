/*
 * The intake: what a stranger handed in becomes C sources in memory, or a refusal with a reason.
 *
 * Nothing is written to disk, no link is followed, and what was read is what is judged, whatever
 * happens to the files meanwhile. Archives are parsed by libarchive in this very process, and a
 * file system may be slow to answer: call it in a process that may be lost, with limits of its own
 * (a processor time of 10 s, a memory of 512 MiB are plenty).
 */
#ifndef CLASSROOM_INTAKE_H
#define CLASSROOM_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "classroom/refusal.h"
#include "core/buffer.h"
#include "core/error.h"
#include "workbook/catalogue.h"

struct intake_file {
    const struct exercise_entry *exercise; /* in the catalogue */
    char *path;                            /* within the submission, made harmless */
    struct buffer content;                 /* text without NUL bytes: UTF-8, or else Latin-1 */
    char sha256[65];                       /* of content, in hexadecimal */
    int64_t modified;                      /* seconds since 1970 */
};

/* A C file that no exercise names. */
struct intake_stray {
    char *path;                            /* made harmless */
    const struct exercise_entry *exercise; /* whose file it may have been meant to be, or NULL */
    char *sentence;                        /* for the student: what it should be called */
};

enum { STRAYS_MOST = 8 };

struct intake {
    struct intake_file *files; /* one an exercise at the most, in the order of the catalogue */
    size_t count;
    struct refusals refusals;
    size_t others; /* files that no exercise names; they are not looked into */
    struct intake_stray strays[STRAYS_MOST]; /* a few of them, those that were meant first */
    size_t stray_count;
    int64_t submitted;  /* the archive's time; of a folder the newest of files, else its own */
    const char *reason; /* the submission as a whole is refused: one word, static; else NULL */
    struct error why;   /* and the sentence, which names it */
};

/*
 * Reads a submission: the folder or archive at path. A file is taken if the last three parts of its
 * path are those of an exercise's file, 01_socket/02_fetch_first/fetch_first.c; where several are,
 * one in a folder "answers" goes before the others. Hidden files and folders are passed over.
 *
 * Returns 0, or -1 and fills error, with an empty intake, when it was not the submission's fault
 * that it could not be read (path is missing, memory is short, the disk fails). The caller frees
 * the intake. Reasons of refusals:
 *   link hard-link not-regular   symbolic links, files with a second name; FIFOs, sockets, devices
 *   unreadable                   its permissions do not allow it
 *   changed                      it became something else while it was read
 *   too-large                    more than 256 KiB
 *   nul encoding control         NUL bytes; neither UTF-8 nor Latin-1; other control characters
 *   twice                        two files for one exercise: neither is taken
 *   name-parent name-absolute name-drive name-backslash name-control name-encoding
 *                                "..", "/x", "C:x", "a\b", control characters in a path, no text
 * Of a submission as a whole, which then has no files:
 *   too-many too-deep too-slow   entries, folders inside each other, processor time
 *   archive-damaged              broken, cut off, or of a kind that is not taken
 *   archive-encrypted archive-method archive-nested archive-too-large
 *                                a password; not deflated; packed twice over; more bytes than any
 *                                sources have
 *   link not-regular hard-link   it is no longer what the plan saw
 */
int intake_read(const char *path, const struct catalogue *catalogue, struct intake *intake,
                struct error *error);
void intake_free(struct intake *intake);

/* How much is read; intake_read() uses intake_limits. */
struct intake_limits {
    size_t entries; /* files and folders */
    size_t depth;   /* parts of a path */
    size_t file;    /* bytes of a source */
    size_t archive; /* bytes of an archive */
    size_t total;   /* bytes that it unpacks to, as far as it has to be unpacked */
    int64_t ms;     /* of processor time for all of it */
};
extern const struct intake_limits intake_limits;

/* As intake_read(), within other limits. */
int intake_read_within(const char *path, const struct catalogue *catalogue,
                       const struct intake_limits *limits, struct intake *intake,
                       struct error *error);

/* As intake_read_within(), for an archive's bytes; name is what sentences call it. */
int intake_read_archive(const char *name, const void *bytes, size_t length,
                        const struct catalogue *catalogue, const struct intake_limits *limits,
                        struct intake *intake, struct error *error);

#endif
