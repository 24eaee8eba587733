#include "classroom/gather.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "workbook/screen.h"

/* ---- all of it ------------------------------------------------------------------------------- */

int gather_refuse_all(struct gather *gather, const char *reason, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(gather->intake->why.text, sizeof gather->intake->why.text, format, arguments);
    va_end(arguments);
    gather->intake->reason = reason;
    return -1;
}

int gather_no_memory(struct gather *gather)
{
    errno = ENOMEM;
    return error_set_errno(gather->error, "%s", gather->path);
}

int64_t gather_processor_ms(void)
{
    struct timespec time = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time); /* cannot fail */
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int gather_check_time(struct gather *gather)
{
    if (gather_processor_ms() - gather->began < gather->limits->ms)
        return 0;
    return gather_refuse_all(gather, "too-slow",
                             _("%s takes more than %g s of processor time to read."), gather->name,
                             (double)gather->limits->ms / 1000);
}

int gather_count(struct gather *gather)
{
    if (gather->entries++ < gather->limits->entries)
        return gather_check_time(gather);
    return gather_refuse_all(gather, "too-many",
                             _("%s holds more than %zu files and folders. Only the answers need to "
                               "be handed in."),
                             gather->name, gather->limits->entries);
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* A path's parts, from its end: of those in front only the number counts. */
struct parts {
    const char *last[4]; /* last[0] is the file's name, without its end */
    size_t length[4];
    size_t count;
    bool hidden; /* one of them is */
};

static void parts_split(struct parts *parts, const char *path)
{
    *parts = (struct parts){0};
    for (const char *at = path; *at != '\0'; at += *at == '/') {
        memmove(parts->last + 1, parts->last, 3 * sizeof parts->last[0]);
        memmove(parts->length + 1, parts->length, 3 * sizeof parts->length[0]);
        parts->last[0] = at;
        parts->length[0] = strcspn(at, "/");
        parts->hidden = parts->hidden || *at == '.';
        parts->count++;
        at += parts->length[0];
    }
}

/* True if the path's end is the exercise's file. */
static bool is_file_of(const struct parts *parts, const struct exercise_entry *exercise)
{
    size_t folder = strlen(exercise->folder), name = strlen(exercise->name);

    return parts->count >= 3 && parts->length[0] == name + 2 &&
           memcmp(parts->last[0], exercise->name, name) == 0 &&
           memcmp(parts->last[0] + name, ".c", 2) == 0 &&
           (size_t)(parts->last[0] - parts->last[2]) == folder + 1 &&
           memcmp(parts->last[2], exercise->folder, folder) == 0;
}

/* The candidate whose file the path names, and as what rank; NULL: no exercise's. */
static struct candidate *find(struct gather *gather, const struct parts *parts, int *rank)
{
    bool best = parts->count > 3 && parts->length[3] == strlen("answers") &&
                memcmp(parts->last[3], "answers", parts->length[3]) == 0;

    *rank = best ? 2 : 1;
    for (size_t i = 0; i < gather->candidate_count; i++)
        if (is_file_of(parts, gather->candidates[i].exercise))
            return &gather->candidates[i];
    return NULL;
}

/* ---- files and refusals ---------------------------------------------------------------------- */

/* Lets a candidate go, all but its exercise. */
static void candidate_clear(struct candidate *candidate)
{
    free(candidate->path);
    free(candidate->sentence);
    buffer_free(&candidate->content);
    *candidate = (struct candidate){.exercise = candidate->exercise};
}

static int candidate_refuse(struct gather *gather, struct candidate *candidate, const char *reason,
                            const char *sentence)
{
    buffer_free(&candidate->content);
    free(candidate->sentence);
    candidate->reason = reason;
    candidate->sentence = strdup(sentence);
    return candidate->sentence != NULL ? 0 : gather_no_memory(gather);
}

/*
 * Notes that a source is there. *done says that it is over with: one elsewhere goes before it, or
 * one of the same rank makes both refused.
 */
static int claim(struct gather *gather, struct candidate *candidate, int rank, const char *path,
                 bool *done)
{
    char shown[SHOWN_SIZE];
    struct error why;

    *done = rank <= candidate->rank;
    gather->intake->others += rank < candidate->rank; /* it gives way */
    if (rank < candidate->rank)
        return 0;
    path_shown(shown, path);
    if (rank == candidate->rank) {
        candidate->files++;
        (void)error_set(&why, _("%s and %s are two files for exercise %s; neither is taken."),
                        candidate->path, shown, candidate->exercise->id);
        return candidate_refuse(gather, candidate, "twice", why.text);
    }
    gather->intake->others += candidate->files; /* those give way */
    candidate_clear(candidate);
    candidate->rank = rank;
    candidate->files = 1;
    candidate->path = strdup(shown);
    return candidate->path != NULL ? 0 : gather_no_memory(gather);
}

int gather_refuse(struct gather *gather, const struct place *place, const char *path,
                  const char *reason, const char *format)
{
    char shown[SHOWN_SIZE];
    struct error why;

    path_shown(shown, path);
    (void)error_set(&why, format, shown);
    if (place != NULL && place->candidate != NULL)
        return candidate_refuse(gather, place->candidate, reason, why.text);
    if (refusals_add(&gather->intake->refusals, NULL, shown, reason, why.text) == -1)
        return gather_no_memory(gather);
    return 0;
}

int gather_take(struct gather *gather, const struct place *place, struct buffer *content,
                int64_t modified)
{
    struct candidate *candidate = place->candidate;
    struct error why;

    if (content->length > gather->limits->file) {
        (void)error_set(&why, _("%s is larger than %zu KiB."), candidate->path,
                        gather->limits->file / 1024);
        return candidate_refuse(gather, candidate, "too-large", why.text);
    }
    const char *reason = text_check(content, candidate->path, &why);
    if (reason != NULL)
        return candidate_refuse(gather, candidate, reason, why.text);
    candidate->content = *content;
    candidate->modified = modified;
    *content = (struct buffer){0};
    return 0;
}

/* ---- one entry ------------------------------------------------------------------------------- */

static bool has_control(const char *path)
{
    for (const char *at = path; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return true;
    return false;
}

/* Refuses what is no plain file: a link or a device anywhere, a folder in a source's place. */
static int look_at_kind(struct gather *gather, const char *path, mode_t mode, bool hard_link,
                        struct place *place)
{
    struct place *source = place->kind == PLACE_SOURCE ? place : NULL;
    int result = 0;

    if (S_ISREG(mode) && !hard_link)
        return 0;
    if (S_ISDIR(mode) && source == NULL) {
        place->kind = PLACE_FOLDER;
        return 0;
    }
    if (hard_link)
        result = gather_refuse(gather, source, path, "hard-link", _(SAY_HARD_LINK));
    else if (S_ISLNK(mode))
        result = gather_refuse(gather, source, path, "link", _(SAY_LINK));
    else if (S_ISDIR(mode))
        result = gather_refuse(gather, source, path, "not-regular",
                               _("%s is a folder, and should be a file."));
    else
        result = gather_refuse(gather, source, path, "not-regular", _(SAY_SPECIAL));
    place->kind = PLACE_DONE;
    return result;
}

int gather_look(struct gather *gather, const char *path, mode_t mode, bool hard_link,
                struct place *place)
{
    struct parts parts;
    bool done = false;
    int rank;

    *place = (struct place){.kind = PLACE_DONE};
    parts_split(&parts, path);
    if (parts.hidden)
        return 0;
    if (parts.count > gather->limits->depth)
        return gather_refuse_all(gather, "too-deep",
                                 _("%s holds more than %zu folders inside each other."),
                                 gather->name, gather->limits->depth - 1);
    if (has_control(path))
        return gather_refuse(gather, NULL, path, "name-control",
                             _("The name %s holds control characters."));
    place->candidate = find(gather, &parts, &rank);
    if (place->candidate != NULL) {
        if (claim(gather, place->candidate, rank, path, &done) == -1)
            return -1;
        place->kind = done ? PLACE_DONE : PLACE_SOURCE;
    }
    if (done || look_at_kind(gather, path, mode, hard_link, place) == -1)
        return done ? 0 : -1;
    return S_ISREG(mode) && !hard_link && place->candidate == NULL ? gather_stray(gather, path) : 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

static int digest(const struct buffer *content, char hex[65])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    size_t length;

    if (EVP_Q_digest(NULL, "SHA256", NULL, buffer_text(content), content->length, bytes, &length) !=
            1 ||
        length != 32)
        return -1;
    for (size_t i = 0; i < length; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

/* A candidate with a file becomes one of the intake's. */
static int finish_file(struct gather *gather, struct candidate *candidate)
{
    struct intake *intake = gather->intake;
    struct intake_file *file = &intake->files[intake->count];

    file->exercise = candidate->exercise;
    file->modified = candidate->modified;
    if (gather->folder && (intake->count == 0 || intake->submitted < file->modified))
        intake->submitted = file->modified;
    if (digest(&candidate->content, file->sha256) == -1)
        return error_set(gather->error, _("OpenSSL here makes no SHA-256."));
    file->path = candidate->path;
    file->content = candidate->content;
    candidate->path = NULL;
    candidate->content = (struct buffer){0};
    intake->count++;
    return 0;
}

int gather_finish(struct gather *gather)
{
    struct intake *intake = gather->intake;
    int result = 0;

    intake->files = calloc(gather->candidate_count + 1, sizeof *intake->files);
    if (intake->files == NULL)
        return gather_no_memory(gather);
    for (size_t i = 0; i < gather->candidate_count && result == 0; i++) {
        struct candidate *candidate = &gather->candidates[i];
        if (candidate->reason == NULL && candidate->rank > 0)
            result = finish_file(gather, candidate);
        else if (candidate->reason != NULL &&
                 refusals_add(&intake->refusals, candidate->exercise, candidate->path,
                              candidate->reason, candidate->sentence) == -1)
            result = gather_no_memory(gather);
    }
    strays_settle(intake);
    return result;
}

void gather_free(struct gather *gather)
{
    for (size_t i = 0; i < gather->candidate_count; i++)
        candidate_clear(&gather->candidates[i]);
    free(gather->candidates);
}
