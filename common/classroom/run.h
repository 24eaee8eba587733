/* What all submissions of a class have in common: run.json in the folder of the results. */
#ifndef CLASSROOM_RUN_H
#define CLASSROOM_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

struct run {
    uint32_t seed;
    bool seed_per_student;
};

/*
 * Settles it for the folder out: reads run.json, or writes it, once, whoever comes first. seed is
 * what was asked for, NULL for a fresh one; folder is where the submissions are. Returns 0, or -1
 * and fills error, also when the results there were made with another seed than is asked for.
 */
int run_settle(const char *out, const char *seed, bool seed_per_student, const char *folder,
               struct run *run, struct error *error);

/* The seed for one student: 2 to 2147483647. */
uint32_t run_seed(const struct run *run, const char *student);

#endif
