#include "classroom/plan.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/buffer.h"
#include "workbook/files.h"
#include "workbook/screen.h"

enum { NAME_MOST = 100 };

static const char *const suffixes[] = {".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2"};

/* Why an entry is no submission. */
struct why {
    const char *reason;
    struct error sentence;
};

static int refuse(struct why *why, const char *reason, const char *format, const char *entry)
{
    char shown[SHOWN_SIZE];

    path_shown(shown, entry);
    why->reason = reason;
    return error_set(&why->sentence, format, shown);
}

/* How many bytes of entry are its name: all but the ending of an archive; 0 if it has none. */
static size_t length_without_suffix(const char *entry)
{
    size_t length = strlen(entry);

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t tail = strlen(suffixes[i]);
        if (length > tail && strcasecmp(entry + length - tail, suffixes[i]) == 0)
            return length - tail;
    }
    return 0;
}

/* True if a terminal, a file's name and a report can take the text as it is. */
static bool is_harmless(const char *text)
{
    struct buffer harmless = {0};
    bool same = strpbrk(text, "\n\t") == NULL &&
                text_harmless(&harmless, text, strlen(text)) == 0 &&
                strcmp(buffer_text(&harmless), text) == 0;

    buffer_free(&harmless);
    return same;
}

/* What kind of entry it is; length is that of the name in front of an archive's ending, or 0. */
static int check_kind(const char *entry, const struct stat *status, size_t length, struct why *why)
{
    if (S_ISLNK(status->st_mode))
        return refuse(why, "link", _("%s is a symbolic link; links are not followed."), entry);
    if (S_ISDIR(status->st_mode))
        return 0;
    if (!S_ISREG(status->st_mode))
        return refuse(
            why, "not-regular",
            _("%s is neither a folder nor a file, but something like a pipe or a device."), entry);
    if (length == 0)
        return refuse(
            why, "kind",
            _("%s is neither a folder nor an archive of a kind that is taken: .zip, .tar, "
              ".tar.gz, .tgz, .tar.xz or .tar.bz2."),
            entry);
    if (status->st_nlink > 1)
        return refuse(why, "hard-link",
                      _("%s has a second name somewhere (it is a hard link); hand in a copy."),
                      entry);
    return 0;
}

static int check_name(const char *entry, const char *name, struct why *why)
{
    if (!is_harmless(name))
        return refuse(why, "name",
                      _("The name %s holds control characters, or is not UTF-8; rename it."),
                      entry);
    if (name[0] == '-')
        return refuse(why, "name", _("The name %s begins with a dash; rename it."), entry);
    if (name[0] == '.' || name[0] == '\0')
        return refuse(why, "name", _("The name %s begins with a dot; give another."), entry);
    if (name[0] == '@')
        return refuse(why, "name", _("The name %s says no student before its @; rename it."),
                      entry);
    if (strlen(name) > NAME_MOST)
        return refuse(why, "name", _("The name %s is longer than 100 bytes; rename it."), entry);
    return 0;
}

void submission_free(struct submission *submission)
{
    free(submission->name);
    free(submission->student);
    free(submission->path);
    *submission = (struct submission){0};
}

/*
 * Returns 0; 1 with why filled if the entry is no submission; -1 with errno if memory is short, or
 * the entry went away.
 */
static int examine(const char *path, const char *entry, struct submission *submission,
                   struct why *why)
{
    struct stat status;

    if (lstat(path, &status) == -1)
        return -1;
    size_t length = S_ISDIR(status.st_mode) ? strlen(entry) : length_without_suffix(entry);
    if (check_kind(entry, &status, length, why) == -1)
        return 1;
    struct submission found = {
        .name = strndup(entry, length), .path = strdup(path), .archive = !S_ISDIR(status.st_mode)};
    if (found.name != NULL)
        found.student = strndup(found.name, strcspn(found.name, "@"));
    if (found.name == NULL || found.path == NULL || found.student == NULL) {
        submission_free(&found);
        return -1;
    }
    if (check_name(entry, found.name, why) == -1) {
        submission_free(&found);
        return 1;
    }
    *submission = found;
    return 0;
}

int submission_find(const char *path, struct submission *submission, struct error *error)
{
    char whole[PATH_MAX];
    struct why why;
    size_t length = strlen(path);

    *submission = (struct submission){0};
    while (length > 1 && path[length - 1] == '/')
        length--; /* a link with a slash behind it would be followed */
    if (length >= sizeof whole) {
        errno = ENAMETOOLONG;
        return error_set_errno(error, "%.100s", path);
    }
    memcpy(whole, path, length);
    whole[length] = '\0';
    const char *slash = strrchr(whole, '/');
    int result = examine(whole, slash != NULL ? slash + 1 : whole, submission, &why);
    if (result == -1)
        return error_set_errno(error, "%s", path);
    return result == 1 ? error_set(error, "%s", why.sentence.text) : 0;
}

/* ---- the folder ------------------------------------------------------------------------------ */

static int is_entry(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "grading.json") != 0 &&
           strcmp(entry->d_name, "roster.csv") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int by_name(const void *a, const void *b)
{
    const struct submission *one = a, *other = b;
    int order = strcmp(one->name, other->name);

    return order != 0 ? order : strcmp(one->path, other->path);
}

/* Takes one entry into the plan, which has room for it. */
static int plan_add(struct plan *plan, const char *dir, const char *entry, struct error *error)
{
    char path[PATH_MAX], shown[SHOWN_SIZE];
    struct why why;
    size_t length = strlen(dir);

    if (snprintf(path, sizeof path, "%s%s%s", dir, dir[length - 1] == '/' ? "" : "/", entry) >=
        (int)sizeof path) {
        errno = ENAMETOOLONG;
        return error_set_errno(error, "%.100s", dir);
    }
    path_shown(shown, entry);
    int result = examine(path, entry, &plan->submissions[plan->count], &why);
    if (result == 0)
        plan->count++;
    else if (result == 1)
        result = refusals_add(&plan->refusals, NULL, shown, why.reason, why.sentence.text) == -1
                     ? -1
                     : 0;
    else if (errno == ENOENT)
        result = 0; /* gone before it was looked at */
    return result == -1 ? error_set_errno(error, "%s", shown) : 0;
}

/* Two entries of one name would have one result. */
static int check_names(const struct plan *plan, struct error *error)
{
    for (size_t i = 1; i < plan->count; i++)
        if (strcmp(plan->submissions[i - 1].name, plan->submissions[i].name) == 0)
            return error_set(error,
                             _("%s and %s are two submissions of one name; rename one of them."),
                             plan->submissions[i - 1].path, plan->submissions[i].path);
    return 0;
}

int plan_read(const char *dir, struct plan *plan, struct error *error)
{
    struct dirent **entries;

    *plan = (struct plan){0};
    if (*dir == '\0')
        return error_set(error, _("The name of the folder of submissions is empty."));
    int count = scandir(dir, &entries, is_entry, by_bytes);
    if (count == -1)
        return error_set_errno(error, "%s", dir);
    plan->submissions = calloc((size_t)count + 1, sizeof *plan->submissions);
    int failed = plan->submissions == NULL ? -1 : 0;
    if (failed != 0)
        (void)error_set_errno(error, "%s", dir);
    for (int i = 0; i < count; i++) {
        if (failed == 0)
            failed = plan_add(plan, dir, entries[i]->d_name, error);
        free(entries[i]);
    }
    free(entries);
    if (failed == 0 && plan->count == 0 && plan->refusals.count == 0)
        failed = error_set(error, _("%s holds no submission: neither folder nor archive."), dir);
    if (failed == 0 && plan->count > 1) {
        qsort(plan->submissions, plan->count, sizeof *plan->submissions, by_name);
        failed = check_names(plan, error);
    }
    if (failed != 0)
        plan_free(plan);
    return failed;
}

int plan_check_students(const struct plan *plan, bool several, struct error *error)
{
    /* A student's are not always neighbours: "al" and "al@2" have "al-x" between them. */
    for (size_t i = 0; i < plan->count && !several; i++)
        for (size_t j = i + 1; j < plan->count; j++)
            if (strcmp(plan->submissions[i].student, plan->submissions[j].student) == 0)
                return error_set(
                    error,
                    _("%s and %s are two submissions of %s. Remove one, or let the policy choose: "
                      "\"several\":\"best\" or \"last\"."),
                    plan->submissions[i].path, plan->submissions[j].path,
                    plan->submissions[i].student);
    return 0;
}

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        submission_free(&plan->submissions[i]);
    free(plan->submissions);
    refusals_free(&plan->refusals);
    *plan = (struct plan){0};
}
