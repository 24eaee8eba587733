#include "classroom/hidden.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workbook/files.h"
#include "workbook/process.h"
#include "workbook/screen.h"

/* True if the program is there, and newer than what it is made from. */
static bool is_built(const char *program, const char *table)
{
    struct stat made, from, harness;

    return stat(program, &made) == 0 && stat(table, &from) == 0 &&
           stat("build/libharness.a", &harness) == 0 && made.st_mtime >= from.st_mtime &&
           made.st_mtime >= harness.st_mtime;
}

/* make knows how cases are built: the same way as an exercise's own. */
static int build(const char *table, const char *program, struct error *error)
{
    char fresh[PATH_MAX + 32], source[PATH_MAX + 16], target[PATH_MAX + 64];
    struct buffer said = {0}, errors = {0};

    (void)snprintf(fresh, sizeof fresh, "%s.%ld.new", program, (long)getpid());
    (void)snprintf(source, sizeof source, "HIDDEN=%s", table);
    (void)snprintf(target, sizeof target, "BUILT=%s", fresh);
    const char *arguments[] = {"make", "-s", "hidden-cases", source, target, NULL};
    int status = process_run(arguments, &said, &errors, error);
    if (status > 0)
        (void)error_set(error, _("%s could not be built: %.300s"), table, buffer_text(&errors));
    else if (status == 0 && rename(fresh, program) == -1)
        status = error_set_errno(error, "%s", program);
    buffer_free(&said);
    buffer_free(&errors);
    return status == 0 ? 0 : -1;
}

static bool has_folder(const struct catalogue *catalogue, const char *folder)
{
    for (size_t i = 0; i < catalogue->chapter_count; i++)
        for (size_t j = 0; j < catalogue->chapters[i].exercise_count; j++)
            if (strcmp(catalogue->chapters[i].exercises[j].folder, folder) == 0)
                return true;
    return false;
}

int hidden_check(const struct policy *policy, const struct catalogue *catalogue,
                 struct error *error)
{
    char pattern[PATH_MAX];
    glob_t found = {.gl_pathc = 0};
    int result = 0;

    if (policy->hidden == NULL)
        return 0;
    size_t above = strlen(policy->hidden) + 1;
    (void)snprintf(pattern, sizeof pattern, "%s/*/*/cases.c", policy->hidden);
    if (glob(pattern, 0, NULL, &found) != 0)
        result = error_set(error,
                           _("%s: there are no hidden cases in it, such as "
                             "01_socket/02_fetch_first/cases.c"),
                           policy->hidden);
    for (size_t i = 0; result == 0 && i < found.gl_pathc; i++) {
        char *folder = found.gl_pathv[i] + above;
        folder[strlen(folder) - strlen("/cases.c")] = '\0';
        if (!has_folder(catalogue, folder))
            result =
                error_set(error, _("%s: no exercise has the folder %s"), policy->hidden, folder);
    }
    globfree(&found);
    return result;
}

int hidden_find(const struct policy *policy, const struct exercise_entry *exercise, const char *out,
                char **path, struct error *error)
{
    char table[PATH_MAX], program[PATH_MAX], *whole;

    *path = NULL;
    if (policy == NULL || policy->hidden == NULL)
        return 0;
    if (snprintf(table, sizeof table, "%s/%s/cases.c", policy->hidden, exercise->folder) >=
            (int)sizeof table ||
        snprintf(program, sizeof program, "%s/.hidden/%s/cases", out, exercise->folder) >=
            (int)sizeof program - 32)
        return error_set(error, _("%.100s… is too long a name"), policy->hidden);
    if (access(table, R_OK) == -1)
        return 0;
    if (folder_make_for(program, error) == -1 ||
        (!is_built(program, table) && build(table, program, error) == -1))
        return -1;
    whole = realpath(program, NULL);
    if (whole == NULL)
        return error_set_errno(error, "%s", program);
    *path = whole;
    return 0;
}
