#include "workbook/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER ".workbook"
#define PROGRESS_FILE FOLDER "/progress.json"
#define NEW_FILE FOLDER "/progress.json.new"
#define LOCK_FILE FOLDER "/lock"

static const long long DAY = 24LL * 60 * 60;
static const int INTERVALS[] = {1, 3, 7, 21};
enum { LEARNED = sizeof INTERVALS / sizeof INTERVALS[0] };

/* ---- the file -------------------------------------------------------------------------------- */

/* Gives the file that cannot be read another name: progress.json.1, .2 … without replacing one. */
static int set_aside(char *name, size_t size)
{
    for (int i = 1; i < 1000; i++) {
        (void)snprintf(name, size, PROGRESS_FILE ".%d", i);
        if (renameat2(AT_FDCWD, PROGRESS_FILE, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
            return 0;
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

/* NULL with errno ENOENT when there is no file, with another errno or why filled when it is no
 * good. */
static json_t *read_file(struct error *why)
{
    json_error_t place;
    FILE *file = fopen(PROGRESS_FILE, "re");

    if (file == NULL) {
        (void)error_set_errno(why, PROGRESS_FILE);
        return NULL;
    }
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &place);
    (void)fclose(file); /* only read from */
    if (!json_is_object(root)) {
        (void)error_set(why, "%s:%d: %s", PROGRESS_FILE, place.line,
                        root == NULL ? place.text : "not an object");
        json_decref(root);
        root = NULL;
        errno = EINVAL;
    }
    return root;
}

int progress_load(struct progress *progress, struct error *error)
{
    struct error why = {0};
    char name[64];

    *progress = (struct progress){.root = read_file(&why), .changes = json_object()};
    if (progress->changes == NULL)
        return error_set(error, "out of memory");
    if (progress->root != NULL)
        return 0;
    bool absent = errno == ENOENT || errno == ENOTDIR; /* a save will tell of the latter */
    progress->root = json_object();
    if (progress->root == NULL)
        return error_set(error, "out of memory");
    if (absent)
        return 0;
    if (set_aside(name, sizeof name) == 0)
        return error_set(error, "%s (kept as %s)", why.text, name);
    progress->sealed = true;
    return error_set(error, "%s (left as it is; nothing will be saved)", why.text);
}

static int write_file(const json_t *root, struct error *error)
{
    FILE *file = fopen(NEW_FILE, "we");

    if (file == NULL)
        return error_set_errno(error, NEW_FILE);
    bool written = json_dumpf(root, file, JSON_INDENT(1) | JSON_SORT_KEYS) == 0;
    written = fputc('\n', file) != EOF && written;
    int why = errno;
    if (fclose(file) == EOF && written) {
        written = false;
        why = errno;
    }
    if (written && rename(NEW_FILE, PROGRESS_FILE) == 0)
        return 0;
    errno = written ? errno : why;
    (void)error_set_errno(error, PROGRESS_FILE);
    (void)unlink(NEW_FILE); /* half of a file helps nobody; the error is told already */
    return -1;
}

int progress_save(const struct progress *progress, struct error *error)
{
    if (progress->sealed)
        return error_set(error, PROGRESS_FILE " cannot be read, so it is not replaced");
    if (mkdir(FOLDER, 0777) == -1 && errno != EEXIST)
        return error_set_errno(error, FOLDER);
    int lock = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock == -1)
        return error_set_errno(error, LOCK_FILE);
    (void)flock(lock, LOCK_EX); /* without locks (NFS) two runners may still race, as before */

    /* Another runner, the tour beside practice, may have saved since: only our own changes go on
     * top. */
    json_t *root = read_file(error);
    if (root == NULL && errno != ENOENT) {
        (void)close(lock);
        return -1;
    }
    if (root == NULL)
        root = json_object();
    int result = root == NULL || json_object_update_recursive(root, progress->changes) == -1 ||
                         json_object_set_new(root, "version", json_integer(1)) == -1
                     ? error_set(error, "out of memory")
                     : write_file(root, error);
    json_decref(root);
    (void)close(lock);
    return result;
}

void progress_free(struct progress *progress)
{
    json_decref(progress->root);
    json_decref(progress->changes);
    *progress = (struct progress){0};
}

/* ---- what is in it --------------------------------------------------------------------------- */

static json_t *entry_find(const struct progress *progress, const char *group, const char *id)
{
    return json_object_get(json_object_get(progress->root, group), id);
}

/* The object under key, made if there is none. NULL when memory is short. */
static json_t *object_in(json_t *parent, const char *key)
{
    json_t *child = json_object_get(parent, key);

    if (json_is_object(child))
        return child;
    return json_object_set_new(parent, key, json_object()) == 0 ? json_object_get(parent, key)
                                                                : NULL;
}

/* Sets a value both in the whole and among the changes; memory short: the change is not kept. */
static void entry_set(struct progress *progress, const char *group, const char *id, const char *key,
                      json_t *value)
{
    json_t *roots[] = {progress->root, progress->changes};

    for (int i = 0; i < 2; i++)
        (void)json_object_set(object_in(object_in(roots[i], group), id), key, value);
    json_decref(value);
}

static long long entry_number(const json_t *entry, const char *key)
{
    return json_integer_value(json_object_get(entry, key));
}

static int entry_count(const json_t *entry, const char *key)
{
    long long number = entry_number(entry, key);
    return number < 0 ? 0 : number > INT_MAX ? INT_MAX : (int)number;
}

int progress_lesson_step(const struct progress *progress, const char *id)
{
    return entry_count(entry_find(progress, "lessons", id), "step");
}

void progress_set_lesson_step(struct progress *progress, const char *id, int step)
{
    entry_set(progress, "lessons", id, "step", json_integer(step));
}

bool progress_lesson_done(const struct progress *progress, const char *id)
{
    return json_is_true(json_object_get(entry_find(progress, "lessons", id), "done"));
}

void progress_set_lesson_done(struct progress *progress, const char *id)
{
    entry_set(progress, "lessons", id, "done", json_true());
}

const char *progress_place(const struct progress *progress, int chapter)
{
    char key[16];

    (void)snprintf(key, sizeof key, "%d", chapter);
    const char *id =
        json_string_value(json_object_get(entry_find(progress, "chapters", key), "lesson"));
    return id != NULL ? id : "";
}

void progress_set_place(struct progress *progress, int chapter, const char *id)
{
    char key[16];

    (void)snprintf(key, sizeof key, "%d", chapter);
    entry_set(progress, "chapters", key, "lesson", json_string(id));
}

void progress_predict(struct progress *progress, const char *id, bool right, long long now)
{
    const json_t *entry = entry_find(progress, "predict", id);
    int level = entry_count(entry, "level");

    /* Right at the first time needs no repeating; right before it is due proves nothing. */
    if (right && !progress_predict_due(progress, id, now))
        return;
    level = right ? level + 1 : 0;
    if (level > LEARNED)
        level = LEARNED;
    entry_set(progress, "predict", id, "level", json_integer(level));
    entry_set(progress, "predict", id, "due",
              json_integer(level < LEARNED ? now + INTERVALS[level] * DAY : 0));
}

bool progress_predict_due(const struct progress *progress, const char *id, long long now)
{
    const json_t *entry = entry_find(progress, "predict", id);

    return json_is_object(entry) && entry_count(entry, "level") < LEARNED &&
           entry_number(entry, "due") <= now;
}

struct exercise_progress progress_exercise(const struct progress *progress, const char *id)
{
    const json_t *entry = entry_find(progress, "exercises", id);
    const char *digest = json_string_value(json_object_get(entry, "digest"));
    struct exercise_progress exercise = {
        .earned = entry_count(entry, "earned"),
        .points = entry_count(entry, "points"),
        .tries = entry_count(entry, "tries"),
        .hints = entry_count(entry, "hints"),
        .passed = json_is_true(json_object_get(entry, "passed")),
        .asked = json_is_true(json_object_get(entry, "asked")),
    };

    (void)snprintf(exercise.digest, sizeof exercise.digest, "%s", digest != NULL ? digest : "");
    return exercise;
}

void progress_set_exercise(struct progress *progress, const char *id,
                           const struct exercise_progress *exercise)
{
    const struct {
        const char *key;
        json_t *value;
    } fields[] = {
        {"earned", json_integer(exercise->earned)}, {"points", json_integer(exercise->points)},
        {"tries", json_integer(exercise->tries)},   {"hints", json_integer(exercise->hints)},
        {"passed", json_boolean(exercise->passed)}, {"asked", json_boolean(exercise->asked)},
        {"digest", json_string(exercise->digest)},
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        entry_set(progress, "exercises", id, fields[i].key, fields[i].value);
}
