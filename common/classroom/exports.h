/*
 * The reports of a class that programs read. Each writes whole files below out, by rename; each
 * returns 0, or -1 with error filled, the file named. What they write depends on the class alone:
 * twice written are the same bytes.
 */
#ifndef CLASSROOM_EXPORTS_H
#define CLASSROOM_EXPORTS_H

#include "classroom/marks.h"
#include "core/buffer.h"

/* gradebook.csv: a line a student, a column an exercise. */
int gradebook_write(const struct class *class, const char *out, struct error *error);

/* junit.xml: a suite a student, a test a case. */
int junit_write(const struct class *class, const char *out, struct error *error);

/*
 * gradescope/NAME.json, autolab/NAME.json and github/NAME.json of every submission. One on which
 * the grader failed gets none, and loses those of an earlier time: each of these services takes a
 * missing file for a failure of the grader, and any file for a mark.
 */
int exports_write(const struct class *class, const char *out, struct error *error);

/* One thing that was tested: a case, or an exercise as a whole where no case was run. */
enum verdict_word { ITEM_PASSED, ITEM_FAILED, ITEM_SKIPPED, ITEM_ERROR };

struct item {
    const struct class_exercise *exercise;
    const struct mark *mark;
    const char *name;    /* of the case; "" for the exercise as a whole */
    const char *status;  /* of the case: "crash"; else of the exercise: "not-compiled" */
    const char *title;   /* what was tried; "" for the exercise as a whole */
    const char *cause;   /* a sentence, or "" */
    const char *details; /* what the compiler said, or "" */
    enum verdict_word verdict;
    bool hidden;
    double score;  /* after the policy: the scores of an exercise sum up to its mark */
    double points; /* likewise, to what a full mark counts */
};

struct items {
    struct item *list;
    size_t count;
};

/* All that was tested of a submission, in order. Returns 0, or -1 when memory is short. */
int items_of(const struct class *class, const struct class_submission *submission,
             struct items *items);
void items_free(struct items *items);

/* Writes out/folder/name (folder NULL: out/name), its folder made where it lacks. */
int report_write(const char *out, const char *folder, const char *name, const struct buffer *text,
                 struct error *error);

#endif
