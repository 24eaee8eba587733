/* Files that no exercise names: what a student may have meant by one. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classroom/gather.h"
#include "workbook/runner.h"
#include "workbook/screen.h"

enum { COMPARED_MOST = 200, EXERCISES_MOST = 200 };

/* The last part of a path, and in front of it the folder's name; lower-case, as far as they go. */
struct ending {
    char folder[64], name[64], stem[64]; /* stem: the name up to its first dot */
};

static void copy_lower(char *to, size_t size, const char *from, size_t length)
{
    size_t kept = length < size ? length : size - 1;

    for (size_t i = 0; i < kept; i++)
        to[i] = (char)tolower((unsigned char)from[i]);
    to[kept] = '\0';
}

static void ending_read(struct ending *ending, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const char *folder = slash != NULL ? slash : path, *end = folder;

    while (folder > path && folder[-1] != '/')
        folder--;
    copy_lower(ending->folder, sizeof ending->folder, folder, (size_t)(end - folder));
    copy_lower(ending->name, sizeof ending->name, name, strlen(name));
    copy_lower(ending->stem, sizeof ending->stem, name, strcspn(name, "."));
}

/* The exercise in whose folder it stands, else the one whose name is most like its own. */
static const struct exercise_entry *exercise_meant(const struct gather *gather,
                                                   const struct ending *ending)
{
    const char *names[EXERCISES_MOST];
    size_t count =
        gather->candidate_count < EXERCISES_MOST ? gather->candidate_count : EXERCISES_MOST;

    for (size_t i = 0; i < count; i++) {
        const struct exercise_entry *exercise = gather->candidates[i].exercise;
        if (strcmp(ending->folder, strchr(exercise->folder, '/') + 1) == 0)
            return exercise;
        names[i] = exercise->name;
    }
    const char *nearest = runner_nearest(ending->stem, names, count);
    for (size_t i = 0; i < count && nearest != NULL; i++)
        if (names[i] == nearest)
            return gather->candidates[i].exercise;
    return NULL;
}

static void stray_free(struct intake_stray *stray)
{
    free(stray->path);
    free(stray->sentence);
    *stray = (struct intake_stray){0};
}

/* Keeps it: one that was meant for an exercise goes before those that were not. */
static int keep(struct gather *gather, const char *path, const struct exercise_entry *meant)
{
    struct intake *intake = gather->intake;
    struct intake_stray stray = {.exercise = meant};
    char shown[SHOWN_SIZE];
    size_t at = intake->stray_count;

    while (meant != NULL && at > 0 && intake->strays[at - 1].exercise == NULL)
        at--;
    if (at == STRAYS_MOST)
        return 0;
    path_shown(shown, path);
    stray.path = strdup(shown);
    int length = meant != NULL ? asprintf(&stray.sentence,
                                          _("%s is no exercise's file; did you mean %s/%s.c?"),
                                          shown, meant->folder, meant->name)
                               : asprintf(&stray.sentence, _("%s is no exercise's file."), shown);
    if (length == -1)
        stray.sentence = NULL;
    if (stray.path == NULL || length == -1) {
        stray_free(&stray);
        return gather_no_memory(gather);
    }
    if (intake->stray_count == STRAYS_MOST)
        stray_free(&intake->strays[--intake->stray_count]);
    memmove(intake->strays + at + 1, intake->strays + at,
            (intake->stray_count - at) * sizeof intake->strays[0]);
    intake->strays[at] = stray;
    intake->stray_count++;
    return 0;
}

int gather_stray(struct gather *gather, const char *path)
{
    struct ending ending;

    gather->intake->others++;
    ending_read(&ending, path);
    size_t length = strlen(ending.name);
    /* "chat.c.txt" and "chat.cpp" are of interest too, if they are somebody's. */
    if (strstr(ending.name, ".c") == NULL || gather->compared >= COMPARED_MOST)
        return 0;
    gather->compared++;
    const struct exercise_entry *meant = exercise_meant(gather, &ending);
    if (meant == NULL && strcmp(ending.name + length - 2, ".c") != 0)
        return 0;
    return keep(gather, path, meant);
}

void strays_settle(struct intake *intake)
{
    size_t kept = 0;

    for (size_t i = 0; i < intake->stray_count; i++) {
        bool there = false;
        for (size_t j = 0; j < intake->count; j++)
            there = there || intake->files[j].exercise == intake->strays[i].exercise;
        if (there)
            stray_free(&intake->strays[i]);
        else
            intake->strays[kept++] = intake->strays[i];
    }
    intake->stray_count = kept;
}

void strays_free(struct intake *intake)
{
    for (size_t i = 0; i < intake->stray_count; i++)
        stray_free(&intake->strays[i]);
    intake->stray_count = 0;
}
