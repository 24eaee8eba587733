/* What this system can put between others' programs and itself: found by trying it. */
#ifndef CLASSROOM_ISOLATION_H
#define CLASSROOM_ISOLATION_H

#include <stdbool.h>

#include "box/box.h"
#include "box/group.h"
#include "core/error.h"

struct isolation {
    enum box_level level;
    unsigned user;          /* who runs in boxes: BOX_USER if we are root, else 0 */
    struct groups groups;   /* at level A */
    char sentence[160];     /* "nested boxes, control groups v1" */
    struct error no_boxes;  /* why not B, and the cure; "" if boxes can be made */
    struct error no_groups; /* why not A; "" if groups can be made */
    char found[2048];       /* for isolation_found() */
};

/*
 * Tries boxes in a box, as cases have them, and control groups. wanted is "A", "B", "C" or NULL for
 * the best there is, which is never C: that has to be asked for. Returns 0, or -1 with error filled
 * when the level that is wanted cannot be had; what was found is in isolation all the same.
 */
int isolation_find(struct isolation *isolation, const char *wanted, struct error *error);

/*
 * What was found, in words for the command line of another grader on this machine: one argument.
 * Valid as long as isolation, and until isolation_begin().
 */
const char *isolation_found(struct isolation *isolation);

/* The other end of isolation_found(): takes it for true, and tries nothing. Returns 0, or -1 and
 * fills error. */
int isolation_take(struct isolation *isolation, const char *found, struct error *error);

/* Makes the groups of level A, so that cases can be given them; and removes them. */
int isolation_begin(struct isolation *isolation, struct error *error);
void isolation_end(struct isolation *isolation);

/* "A" */
const char *isolation_letter(const struct isolation *isolation);

#endif
