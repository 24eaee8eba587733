/*
 * The stage: the part of the workbook that boxes see, copied, so that neither solutions nor
 * reference outputs are in it, and so that it can be read whoever owns the workbook.
 *
 *   build/student.flags  build/libwire.so  build/box-init  build/box.bpf
 *   etc/                                                 what boxes see of /etc
 *   build/exercises/01_socket/02_fetch_first/cases       of the exercises to judge
 *   exercises/01_socket/02_fetch_first/NAME.h            headers that are given
 *   common/core/NAME.h  build/libcore.a                  modules that are, and others like these
 *   answers/01_socket/02_fetch_first/fetch_first.c       what was handed in
 *   build/answers/01_socket/02_fetch_first/              where the compiler writes
 */
#ifndef CLASSROOM_STAGE_H
#define CLASSROOM_STAGE_H

#include "core/buffer.h"
#include "core/error.h"
#include "workbook/catalogue.h"
#include "workbook/files.h"

struct stage {
    char folder[SCRATCH_SIZE]; /* "" when there is none */
    unsigned user;             /* who writes in it: see judge_box */
};

/* Makes one without an exercise. Returns 0, or -1 and fills error. */
int stage_make(struct stage *stage, unsigned user, struct error *error);

/*
 * Adds an exercise with what was handed in for it. cases is the program that judges it:
 * exercise->cases, or one of the teacher's own. Returns as above.
 */
int stage_add(const struct stage *stage, const struct exercise_entry *exercise, const char *cases,
              const struct buffer *source, struct error *error);

/* Copies a program to a place of the stage. Returns as above. */
int stage_copy(const struct stage *stage, const char *from, const char *name, struct error *error);

void stage_remove(struct stage *stage);

#endif
