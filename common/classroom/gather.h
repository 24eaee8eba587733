/* What the intake's two readers share, tree.c for folders and archive.c: which file is whose. */
#ifndef CLASSROOM_GATHER_H
#define CLASSROOM_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "classroom/intake.h"
#include "classroom/refusal.h"
#include "core/attributes.h"

/* What there is of one exercise so far: a file or a refusal, or nothing. */
struct candidate {
    const struct exercise_entry *exercise;
    int rank;           /* 0: nothing yet; 1: a file anywhere; 2: one in a folder "answers" */
    size_t files;       /* how many of that rank there are */
    char *path;         /* where the first is, harmless */
    const char *reason; /* why it is refused, or NULL */
    char *sentence;
    struct buffer content;
    int64_t modified;
};

struct gather {
    const struct intake_limits *limits;
    struct intake *intake;
    struct error *error;
    const char *path;      /* of the submission, for errors */
    char name[SHOWN_SIZE]; /* its last part, for sentences that the student reads too */
    bool folder;
    int64_t began; /* on the clock of gather_processor_ms() */
    size_t entries;
    size_t compared;              /* stray files that were compared with the exercises' names */
    struct candidate *candidates; /* one an exercise, in the order of the catalogue */
    size_t candidate_count;
};

/*
 * Functions that return int return 0, or -1 when all of it ends: then the submission is refused as
 * a whole (intake->reason), or error is filled and it is not the submission's fault.
 */
int gather_refuse_all(struct gather *gather, const char *reason, const char *format, ...)
    PRINTF_LIKE(3, 4);
int gather_no_memory(struct gather *gather);
int gather_check_time(struct gather *gather);

/* The processor time of this thread: what a submission costs, however busy the machine is. */
int64_t gather_processor_ms(void);

/* Counts an entry, and looks at the clock. */
int gather_count(struct gather *gather);

/* What a reader does with an entry. */
struct place {
    enum {
        PLACE_DONE,   /* nothing more: it was counted or refused, or is passed over */
        PLACE_FOLDER, /* looks into it */
        PLACE_SOURCE  /* calls gather_take() or gather_refuse() */
    } kind;
    struct candidate *candidate; /* of a source */
};

/*
 * Looks at an entry's path, "alice/answers/01_socket/…" without empty parts and dots, and at its
 * kind, as in st_mode. A source that another one goes before is PLACE_DONE already.
 */
int gather_look(struct gather *gather, const char *path, mode_t mode, bool hard_link,
                struct place *place);

/* Refuses the source at place, or if place is NULL just what is at path. format's one %s is the
 * path. */
int gather_refuse(struct gather *gather, const struct place *place, const char *path,
                  const char *reason, const char *format);

/*
 * Takes a source with its content, which is empty afterwards; or refuses it for what is in it. Of a
 * large one, limits->file + 1 bytes are enough.
 */
int gather_take(struct gather *gather, const struct place *place, struct buffer *content,
                int64_t modified);

/* Moves what was gathered to the intake. */
int gather_finish(struct gather *gather);
void gather_free(struct gather *gather);

/* Counts a file that no exercise names, and keeps it if it is of interest (stray.c). */
int gather_stray(struct gather *gather, const char *path);

/* Forgets those whose exercise has its file, and frees them. */
void strays_settle(struct intake *intake);
void strays_free(struct intake *intake);

/* Why content is no C source, one word, with the sentence in why; NULL if it may be one (text.c).
 */
const char *text_check(const struct buffer *content, const char *shown, struct error *why);

/* The readers. gather_tree() closes the folder. */
int gather_tree(struct gather *gather, int folder);
int gather_archive(struct gather *gather, const void *bytes, size_t length);

/* Sentences that both use. */
#define SAY_LINK N_("%s is a symbolic link; links are not followed.")
#define SAY_HARD_LINK N_("%s has a second name (it is a hard link). Hand in a copy.")
#define SAY_SPECIAL N_("%s is no plain file, but something like a pipe or a device.")

#endif
