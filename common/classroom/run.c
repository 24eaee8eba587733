#include "classroom/run.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "workbook/files.h"
#include "workbook/judge.h"
#include "workbook/screen.h"

static int read_run(const char *path, struct run *run, struct error *error)
{
    json_error_t why;
    json_t *root = json_load_file(path, 0, &why);
    json_int_t seed = 0;
    int schema = 0, per_student = 0;

    int result = root == NULL ? error_set(error, _("%s cannot be read: line %d: %s"), path,
                                          why.line, why.text)
                              : json_unpack(root, "{s:i, s:I, s:b}", "schema", &schema, "seed",
                                            &seed, "seed_per_student", &per_student);
    if (root != NULL && (result == -1 || schema != 1 || seed < 0 || seed > UINT32_MAX))
        result = error_set(error, _("%s is not what this workbook wrote"), path);
    run->seed = (uint32_t)seed;
    run->seed_per_student = per_student != 0;
    json_decref(root);
    return result;
}

static int write_run(const char *path, const struct run *run, const char *folder,
                     struct error *error)
{
    json_t *root =
        json_pack("{s:i, s:I, s:b, s:s%}", "schema", 1, "seed", (json_int_t)run->seed,
                  "seed_per_student", run->seed_per_student, "submissions", folder, strlen(folder));
    char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    int result = text == NULL ? error_set(error, _("%s cannot be written"), path)
                              : file_write(path, text, strlen(text), false, error);

    free(text);
    json_decref(root);
    return result;
}

int run_settle(const char *out, const char *seed, bool seed_per_student, const char *folder,
               struct run *run, struct error *error)
{
    char path[PATH_MAX], fresh[16];
    long number = 0;

    if (snprintf(path, sizeof path, "%s/run.json", out) >= (int)sizeof path)
        return error_set(error, _("%.100s… is too long a name"), out);
    if (folder_make_for(path, error) == -1)
        return -1;
    if (seed == NULL)
        seed_fresh(fresh);
    if (!number_parse(seed == NULL ? fresh : seed, 0, INT_MAX, &number))
        return error_set(error, _("A seed is a number from 0 to %d, not %.40s."), INT_MAX, seed);
    *run = (struct run){.seed = (uint32_t)number, .seed_per_student = seed_per_student};
    if (write_run(path, run, folder, error) == 0)
        return 0;
    if (errno != EEXIST)
        return -1;
    if (read_run(path, run, error) == -1)
        return -1;
    if (seed != NULL && run->seed != (uint32_t)number)
        return error_set(error,
                         _("The results in %s were made with seed %u, not %ld. Grade into another "
                           "folder, or leave the seed out."),
                         out, run->seed, number);
    if (seed_per_student && !run->seed_per_student)
        return error_set(error, _("The results in %s were made with one seed for all."), out);
    return 0;
}

uint32_t run_seed(const struct run *run, const char *student)
{
    uint64_t print = UINT64_C(14695981039346656037) ^ run->seed;

    if (!run->seed_per_student)
        return run->seed;
    for (const char *c = student; *c != '\0'; c++)
        print = (print ^ (unsigned char)*c) * UINT64_C(1099511628211);
    print ^= print >> 32;
    return (uint32_t)(print % (INT32_MAX - 1)) + 2; /* 1 is the seed that everyone knows */
}
