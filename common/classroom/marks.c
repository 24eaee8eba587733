/* The marks of a class: results are read and checked, the policy is applied. */
#include "classroom/marks.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "classroom/plan.h"
#include "classroom/students.h"
#include "core/buffer.h"
#include "workbook/files.h"
#include "workbook/screen.h"

static const size_t RESULT_LIMIT = (size_t)32 << 20; /* bytes */

static int no_memory(struct error *error)
{
    return error_set(error, "%s", _("There is no memory left."));
}

int class_warn(struct class *class, const char *format, ...)
{
    struct error sentence;
    struct buffer text = {0};
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(sentence.text, sizeof sentence.text, format, arguments); /* cut if it is long */
    va_end(arguments);
    char **list = reallocarray(class->warnings, class->warning_count + 1, sizeof *list);
    if (list != NULL)
        class->warnings = list;
    /* Names and parts of files that anybody may have written are in there. */
    if (list == NULL || text_harmless(&text, sentence.text, strlen(sentence.text)) == -1) {
        buffer_free(&text);
        return -1;
    }
    list[class->warning_count++] = text.data; /* not NULL: no sentence is empty */
    return 0;
}

/* ---- points ---------------------------------------------------------------------------------- */

/* The nearest whole hundredth; a half goes up. */
static double hundredths(double points)
{
    return (double)(long long)(points * 100 + 0.5 + 1e-9) / 100;
}

const char *points_print(double points, char *text)
{
    long long all = (long long)(points * 100 + 0.5 + 1e-9);
    long long part = all % 100;

    if (part == 0)
        (void)snprintf(text, POINTS_SIZE, "%lld", all / 100);
    else if (part % 10 == 0)
        (void)snprintf(text, POINTS_SIZE, "%lld.%lld", all / 100, part / 10);
    else
        (void)snprintf(text, POINTS_SIZE, "%lld.%02lld", all / 100, part);
    return text;
}

/* ---- what was written by grading ------------------------------------------------------------- */

/*
 * Makes U+FFFD of every NUL that is written \u0000: a program may have printed one, and no text
 * here can hold it.
 */
static void replace_nul(struct buffer *text)
{
    for (char *at = text->data; at != NULL && (at = strchr(at, '\\')) != NULL; at += 2) {
        if (strncmp(at, "\\u0000", 6) == 0)
            memcpy(at + 2, "fffd", 4);
        else if (at[1] == '\0')
            return;
    }
}

/* Reads one JSON file; NULL with why filled, errno ENOENT if there is none. */
static json_t *read_json(const char *path, struct error *why)
{
    struct buffer text = {0};
    json_error_t place;

    if (buffer_add_file(&text, path, RESULT_LIMIT) == -1) {
        int number = errno;
        (void)error_set_errno(why, "%.300s", path);
        buffer_free(&text);
        errno = number;
        return NULL;
    }
    replace_nul(&text);
    json_t *root = json_loadb(buffer_text(&text), text.length, JSON_REJECT_DUPLICATES, &place);
    buffer_free(&text);
    errno = EINVAL;
    if (root == NULL)
        (void)error_set(why, "%.300s:%d: %s", path, place.line, place.text);
    return root;
}

/* run.json: a grading that never began has none, and results of other machines may come without. */
static int load_run(struct class *class, const char *out, struct error *error)
{
    char path[PATH_MAX];
    struct error why = {0};

    if (snprintf(path, sizeof path, "%s/run.json", out) >= (int)sizeof path)
        return error_set(error, "%.100s: %s", out, strerror(ENAMETOOLONG));
    json_t *root = read_json(path, &why);
    if (root == NULL)
        return errno == ENOENT || class_warn(class, "%s", why.text) == 0 ? 0 : no_memory(error);
    const json_t *seed = json_object_get(root, "seed");
    const char *folder = json_string_value(json_object_get(root, "submissions"));
    int result = 0;
    if (json_integer_value(json_object_get(root, "schema")) != 1 || !json_is_integer(seed) ||
        folder == NULL || !json_is_boolean(json_object_get(root, "seed_per_student"))) {
        result = class_warn(class, _("%.300s: this is not what a grading writes there"), path);
    } else {
        class->has_run = true;
        class->seed = json_integer_value(seed);
        class->seed_per_student = json_is_true(json_object_get(root, "seed_per_student"));
        class->folder = strdup(folder);
        result = class->folder == NULL ? -1 : 0;
    }
    json_decref(root);
    return result == -1 ? no_memory(error) : 0;
}

/* What lies among the submissions and is none has no result: the folder itself is asked. */
static void load_refusals(struct class *class)
{
    struct plan plan;

    if (class->folder == NULL || *class->folder == '\0' ||
        plan_read(class->folder, &plan, NULL) == -1)
        return;
    class->refusals = plan.refusals;
    plan.refusals = (struct refusals){0};
    plan_free(&plan);
}

/* Whose result is it? One that was copied here from elsewhere is nobody's. */
static int check_place(const struct class *class, const json_t *root, const char *name,
                       struct error *why)
{
    const char *submission = result_text(root, "submission");
    const char *student = result_text(root, "student");
    size_t length = strcspn(name, "@");

    if (strcmp(submission, name) != 0)
        return error_set(why, _("this is the result of %.100s"), submission);
    if (strlen(student) != length || strncmp(student, name, length) != 0)
        return error_set(why, _("it is said to be of the student %.100s"), student);
    long long seed = json_integer_value(json_object_get(root, "seed"));
    if (class->has_run && !class->seed_per_student && seed != class->seed)
        return error_set(why, _("it was graded with seed %lld, and the class with %lld"), seed,
                         class->seed);
    return 0;
}

/* Takes over root, which was checked. Returns 0, or -1 when memory is short. */
static int add_submission(struct class *class, json_t *root)
{
    struct class_submission *list =
        reallocarray(class->submissions, class->submission_count + 1, sizeof *list);

    if (list == NULL) {
        json_decref(root);
        return -1;
    }
    class->submissions = list;
    struct class_submission *submission = &list[class->submission_count++];
    *submission = (struct class_submission){
        .name = strdup(result_text(root, "submission")),
        .student = strdup(result_text(root, "student")),
        .result = root,
    };
    return submission->name == NULL || submission->student == NULL ? -1 : 0;
}

/* Reads results/NAME/result.json; what cannot be read is a warning. */
static int load_result(struct class *class, const char *out, const char *name, struct error *error)
{
    char path[PATH_MAX];
    struct error why = {0};

    if (snprintf(path, sizeof path, "%s/results/%s/result.json", out, name) >= (int)sizeof path)
        return error_set(error, "%.100s: %s", out, strerror(ENAMETOOLONG));
    json_t *root = read_json(path, &why);
    int result;
    if (root == NULL && errno == ENOENT) {
        result = class_warn(class, _("%.300s is not there: %.100s was not graded to its end."),
                            path, name);
    } else if (root == NULL) {
        result = class_warn(class, _("%s. %.100s is left out."), why.text, name);
    } else if (result_check(root, &why) == -1 || check_place(class, root, name, &why) == -1) {
        result = class_warn(class, _("%.200s: %s. %.100s is left out."), path, why.text, name);
        json_decref(root);
    } else {
        result = add_submission(class, root);
    }
    return result == -1 ? no_memory(error) : 0;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* By bytes: the same order in every locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_results(struct class *class, const char *out, struct error *error)
{
    char path[PATH_MAX];
    struct dirent **entries;
    int result = 0;

    if (snprintf(path, sizeof path, "%s/results", out) >= (int)sizeof path)
        return error_set(error, "%.100s: %s", out, strerror(ENAMETOOLONG));
    int count = scandir(path, &entries, not_hidden, by_bytes);
    if (count == -1 && errno == ENOENT)
        return error_set(error, _("%.300s is not there: nothing was graded into this folder"),
                         path);
    if (count == -1)
        return error_set_errno(error, "%.300s", path);
    for (int i = 0; i < count; i++) {
        if (result == 0)
            result = load_result(class, out, entries[i]->d_name, error);
        free(entries[i]);
    }
    free(entries);
    return result;
}

/* ---- the exercises --------------------------------------------------------------------------- */

static struct class_exercise *find_exercise(const struct class *class, const char *id)
{
    for (size_t i = 0; i < class->exercise_count; i++)
        if (strcmp(class->exercises[i].id, id) == 0)
            return &class->exercises[i];
    return NULL;
}

static int add_exercise(struct class *class, const json_t *found)
{
    const char *id = result_text(found, "exercise");
    double points = result_number(found, "points");
    struct class_exercise *known = find_exercise(class, id);

    if (known != NULL) {
        /* A case that a machine skipped, without IPv6 for instance, lacks there only. */
        known->points = points > known->points ? points : known->points;
        return 0;
    }
    struct class_exercise *list =
        reallocarray(class->exercises, class->exercise_count + 1, sizeof *list);
    if (list == NULL)
        return -1;
    class->exercises = list;
    struct class_exercise *exercise = &list[class->exercise_count++];
    *exercise = (struct class_exercise){
        .chapter = (int)strtol(id, NULL, 10), /* result_check() saw digits, a dot, digits */
        .number = (int)strtol(strchr(id, '.') + 1, NULL, 10),
        .name = strdup(result_text(found, "name")),
        .title = strdup(result_text(found, "title")),
        .points = points,
        .core = json_is_true(json_object_get(found, "core")),
    };
    (void)snprintf(exercise->id, sizeof exercise->id, "%s", id); /* it is short */
    return exercise->name == NULL || exercise->title == NULL ? -1 : 0;
}

static int by_number(const void *a, const void *b)
{
    const struct class_exercise *left = a, *right = b;

    return left->chapter != right->chapter ? left->chapter - right->chapter
                                           : left->number - right->number;
}

/* The exercises that any result has, as the policy counts them. */
static int find_exercises(struct class *class)
{
    for (size_t i = 0; i < class->submission_count; i++) {
        const json_t *list = json_object_get(class->submissions[i].result, "exercises");
        size_t index;
        const json_t *found;
        json_array_foreach(
            list, index,
            found) if (!policy_leaves_out(&class->policy, result_text(found, "exercise")) &&
                       add_exercise(class, found) == -1) return -1;
    }
    if (class->exercise_count > 0)
        qsort(class->exercises, class->exercise_count, sizeof *class->exercises, by_number);
    for (size_t i = 0; i < class->exercise_count; i++) {
        struct class_exercise *exercise = &class->exercises[i];
        const struct policy_exercise *policy = policy_exercise(&class->policy, exercise->id);
        if (policy != NULL && policy->points >= 0)
            exercise->points = hundredths(policy->points);
        exercise->has_due = (policy != NULL && policy->has_due) || class->policy.has_due;
        exercise->due = policy != NULL && policy->has_due ? policy->due : class->policy.due;
        class->points = hundredths(class->points + exercise->points);
    }
    return 0;
}

/* ---- the marks ------------------------------------------------------------------------------- */

static const json_t *exercise_in(const json_t *result, const char *id)
{
    size_t index;
    const json_t *exercise;

    json_array_foreach(json_object_get(result, "exercises"), index,
                       exercise) if (strcmp(result_text(exercise, "exercise"), id) ==
                                     0) return exercise;
    return NULL;
}

static bool grader_failed(const json_t *exercise)
{
    size_t index;
    const json_t *test;

    json_array_foreach(json_object_get(exercise, "cases"), index,
                       test) if (strcmp(result_text(test, "status"), "grader_error") ==
                                 0) return true;
    return strcmp(result_text(exercise, "state"), "grader_error") == 0;
}

static struct mark mark_of(const struct class *class, const struct class_submission *submission,
                           const struct class_exercise *exercise)
{
    const json_t *found = exercise_in(submission->result, exercise->id);
    struct mark mark = {.exercise = found, .state = "not-submitted"};
    bool nothing =
        submission->standing == STANDING_EMPTY || submission->standing == STANDING_NOT_GRADABLE;

    if (found == NULL) {
        /* Of a submission with nothing to grade in it that is all; else it is still to be done. */
        mark.known = nothing;
        return mark;
    }
    double earned = result_number(found, "earned"), points = result_number(found, "points");
    mark.state = result_text(found, "state");
    mark.known = !grader_failed(found);
    mark.passed = mark.known && json_is_true(json_object_get(found, "passed"));
    mark.late = exercise->has_due && submission->submitted > exercise->due &&
                strcmp(mark.state, "not-submitted") != 0;
    if (!mark.known || strcmp(mark.state, "judged") != 0)
        return mark;
    double share = points > 0 ? earned / points : mark.passed ? 1 : 0;
    double factor = mark.late ? class->policy.late_factor : 1;
    mark.earned = hundredths(share * exercise->points * factor);
    return mark;
}

/* The policy's word on when it was handed in, of the submission or else of the student. */
static long long moment_of(const struct class *class, const struct class_submission *submission)
{
    const struct policy *policy = &class->policy;
    const struct policy_moment *found = NULL;
    long long moment = 0;

    for (size_t i = 0; i < policy->submitted_count; i++) {
        const struct policy_moment *entry = &policy->submitted[i];
        if (strcmp(entry->name, submission->name) == 0)
            return entry->moment;
        if (strcmp(entry->name, submission->student) == 0)
            found = entry;
    }
    if (found != NULL)
        return found->moment;
    (void)moment_parse(result_text(submission->result, "submitted"), &moment); /* it was checked */
    return moment;
}

static enum standing standing_of(const json_t *result)
{
    const char *status = result_text(result, "status");

    for (enum standing standing = STANDING_GRADED; standing < STANDING_MISSING; standing++)
        if (strcmp(status, standing_name(standing)) == 0)
            return standing;
    return STANDING_GRADER_ERROR; /* result_check() let no other word through */
}

static int mark_submission(const struct class *class, struct class_submission *submission)
{
    submission->standing = standing_of(submission->result);
    submission->submitted = moment_of(class, submission);
    submission->marks = calloc(class->exercise_count + 1, sizeof *submission->marks);
    if (submission->marks == NULL)
        return -1;
    enum standing standing = submission->standing;
    for (size_t i = 0; i < class->exercise_count; i++) {
        struct mark *mark = &submission->marks[i];
        *mark = mark_of(class, submission, &class->exercises[i]);
        submission->late = submission->late || mark->late;
        submission->earned = hundredths(submission->earned + mark->earned);
        if (!mark->known)
            standing = STANDING_GRADER_ERROR;
    }
    submission->standing = standing;
    return 0;
}

static int by_student(const void *a, const void *b)
{
    const struct class_submission *left = a, *right = b;
    int order = strcmp(left->student, right->student);

    return order != 0 ? order : strverscmp(left->name, right->name); /* alice@9 before alice@10 */
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* A name in the policy's "submitted" that nobody has: a due date that is never overridden. */
static int check_submitted(struct class *class)
{
    for (size_t i = 0; i < class->policy.submitted_count; i++) {
        const char *name = class->policy.submitted[i].name;
        bool known = false;
        for (size_t k = 0; k < class->student_count && !known; k++)
            known = strcmp(class->students[k].name, name) == 0;
        for (size_t k = 0; k < class->submission_count && !known; k++)
            known = strcmp(class->submissions[k].name, name) == 0;
        if (!known && class_warn(class,
                                 _("%.200s: submitted.%.100s: nobody of that name handed in "
                                   "anything."),
                                 class->policy.file, name) == -1)
            return -1;
    }
    return 0;
}

static int load_decisions(struct class *class, const struct class_options *options,
                          struct error *error)
{
    char path[PATH_MAX];
    const char *roster = options->roster;
    const char *policy = policy_file(options->policy, class->folder, path, sizeof path);

    if (policy_load(&class->policy, policy, options->catalogue, error) == -1)
        return -1;
    if (roster == NULL && class->folder != NULL &&
        snprintf(path, sizeof path, "%s/" ROSTER_NAME, class->folder) < (int)sizeof path &&
        access(path, F_OK) == 0)
        roster = path;
    return roster_load(&class->roster, roster, error);
}

int class_load(struct class *class, const struct class_options *options, struct error *error)
{
    *class = (struct class){.policy = {.late_factor = 1}};
    int result = load_run(class, options->out, error);
    load_refusals(class);
    if (result == 0)
        result = load_decisions(class, options, error);
    if (result == 0)
        result = load_results(class, options->out, error);
    if (result == 0 && find_exercises(class) == -1)
        result = no_memory(error);
    for (size_t i = 0; result == 0 && i < class->submission_count; i++)
        if (mark_submission(class, &class->submissions[i]) == -1)
            result = no_memory(error);
    if (result == 0 && class->submission_count > 0)
        qsort(class->submissions, class->submission_count, sizeof *class->submissions, by_student);
    if (result == 0 && (students_join(class) == -1 || check_submitted(class) == -1))
        result = no_memory(error);
    if (result == -1)
        class_free(class);
    return result;
}

void class_free(struct class *class)
{
    for (size_t i = 0; i < class->submission_count; i++) {
        struct class_submission *submission = &class->submissions[i];
        free(submission->name);
        free(submission->student);
        free(submission->marks);
        json_decref(submission->result);
    }
    for (size_t i = 0; i < class->exercise_count; i++) {
        free(class->exercises[i].name);
        free(class->exercises[i].title);
    }
    for (size_t i = 0; i < class->student_count; i++)
        free(class->students[i].remarks);
    for (size_t i = 0; i < class->warning_count; i++)
        free(class->warnings[i]);
    free(class->submissions);
    free(class->exercises);
    free(class->students);
    free(class->warnings);
    free(class->folder);
    refusals_free(&class->refusals);
    policy_free(&class->policy);
    roster_free(&class->roster);
    *class = (struct class){.policy = {.late_factor = 1}};
}
