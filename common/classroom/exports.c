/*
 * What Gradescope, Autolab and GitHub Classroom read, a file a submission.
 *
 * Gradescope: results.json, as https://gradescope-autograders.readthedocs.io/en/latest/specs/ has
 * it ("Output format", "Controlling Test Case Visibility"). Its texts are "text" throughout: by
 * default the one on top is taken for a kind of HTML.
 *
 * Autolab: the autoresult, one line that an autograder prints last, as
 * https://docs.autolabproject.com/lab/ has it ("Writing Autograders"). The problems of the
 * assessment must be called as here: by the numbers of the exercises.
 *
 * GitHub Classroom: what one runner hands to classroom-resources/autograding-grading-reporter, in
 * base64, in the environment variable RUNNER_RESULTS. Read from the action's sources: it sums up
 * tests[].score for the points, takes them from max_score where that is not 0, calls a test passed
 * whose status is "pass", and fails the run when the whole's status is "fail" or "error". The keys
 * and their types are those that autograding-command-grader writes.
 */
#include "classroom/exports.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workbook/files.h"
#include "workbook/screen.h"

/* Points as a number: 7 and 2.92 rather than 7.0 and 2.9199999999999999. */
enum { JSON_FLAGS = JSON_REAL_PRECISION(12) };

static json_t *points_json(double points)
{
    long long whole = (long long)points;

    return (double)whole < points ? json_real(points) : json_integer(whole);
}

/* A text without what a page or a terminal would do something about. */
static json_t *text_json(const char *text)
{
    struct buffer plain = {0};
    json_t *value = NULL;

    if (text_harmless(&plain, text, strlen(text)) == 0)
        value = json_stringn(buffer_text(&plain), plain.length);
    buffer_free(&plain);
    return value;
}

/* A case that this machine cannot try: it says so, and counts for nothing. */
static bool counts_nothing(const struct item *item)
{
    return item->verdict == ITEM_SKIPPED && *item->name != '\0';
}

/* "1.2 fetch_first: reply-in-pieces" */
static json_t *name_json(const struct item *item)
{
    struct buffer name = {0};
    json_t *value = NULL;

    if (buffer_print(&name, "%s %s%s%s", item->exercise->id, item->exercise->name,
                     *item->name != '\0' ? ": " : "", item->name) == 0)
        value = text_json(buffer_text(&name));
    buffer_free(&name);
    return value;
}

/* What was tried, how it went, what the compiler said: as much of it as there is. */
static json_t *output_json(const struct item *item)
{
    const char *parts[] = {item->title, item->cause, item->details};
    struct buffer text = {0};
    json_t *value = NULL;
    int result = 0;

    for (size_t i = 0; result == 0 && i < 3; i++)
        if (*parts[i] != '\0')
            result = buffer_print(&text, "%s%s", text.length > 0 ? "\n" : "", parts[i]);
    if (result == 0)
        value = text_json(buffer_text(&text));
    buffer_free(&text);
    return value;
}

/* ---- Gradescope ------------------------------------------------------------------------------ */

static json_t *gradescope_test(const struct item *item, size_t number)
{
    char place[64];

    (void)snprintf(place, sizeof place, "%s.%zu", item->exercise->id, number);
    json_t *test =
        json_pack("{s:o, s:s, s:o, s:s}", "name", name_json(item), "number", place, "output",
                  output_json(item), "visibility", item->hidden ? "hidden" : "visible");
    if (test == NULL || counts_nothing(item))
        return test; /* neither score nor status */
    const char *status = item->verdict == ITEM_PASSED ? "passed" : "failed";
    if (json_object_set_new(test, "score", points_json(item->score)) == -1 ||
        json_object_set_new(test, "max_score", points_json(item->points)) == -1 ||
        json_object_set_new(test, "status", json_string(status)) == -1) {
        json_decref(test);
        return NULL;
    }
    return test;
}

/* The report that make check prints, where not all was well: a test that only says something. */
static json_t *gradescope_report(const struct item *item)
{
    char name[64];
    const char *report = result_text(item->mark->exercise, "report");

    (void)snprintf(name, sizeof name, _("%s: the whole report"), item->exercise->id);
    return json_pack("{s:s, s:s, s:o, s:s}", "name", name, "number", item->exercise->id, "output",
                     text_json(report), "visibility", "visible");
}

static json_t *gradescope_tests(const struct items *items)
{
    json_t *tests = json_array();
    size_t number = 0;

    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->list[i];
        bool last = i + 1 == items->count || item[1].exercise != item->exercise;
        const char *report = result_text(item->mark->exercise, "report");
        if (json_array_append_new(tests, gradescope_test(item, ++number)) == -1 ||
            (last && !item->mark->passed && *report != '\0' &&
             json_array_append_new(tests, gradescope_report(item)) == -1)) {
            json_decref(tests);
            return NULL;
        }
        number = last ? 0 : number;
    }
    return tests;
}

/* What is to be said of the submission as a whole: why it was not graded, what was not taken. */
static json_t *gradescope_output(const struct class *class,
                                 const struct class_submission *submission)
{
    struct buffer text = {0};
    char factor[POINTS_SIZE];
    json_t *value = NULL;
    size_t index;
    const json_t *refused;
    int result = buffer_print(&text, "%s", result_text(submission->result, "why"));

    json_array_foreach(json_object_get(submission->result, "refused"), index,
                       refused) if (result == 0) result =
        buffer_print(&text, "%s%s", text.length > 0 ? "\n" : "", result_text(refused, "sentence"));
    if (result == 0 && submission->late && class->policy.late_factor < 1) {
        result = buffer_print(&text, "%s", text.length > 0 ? "\n" : "");
        if (result == 0)
            result = buffer_print(&text, _("Handed in late: what is late counts times %s."),
                                  points_print(class->policy.late_factor, factor));
    }
    if (result == 0)
        value = text_json(buffer_text(&text));
    buffer_free(&text);
    return value;
}

static json_t *gradescope(const struct class *class, const struct class_submission *submission,
                          const struct items *items)
{
    /* The seconds of grading are whole here: the format's example has 136. */
    long long seconds = (long long)(result_number(submission->result, "seconds") + 0.5);

    return json_pack("{s:o, s:I, s:o, s:s, s:s, s:s, s:s, s:s, s:o}", "score",
                     points_json(submission->earned), "execution_time", (json_int_t)seconds,
                     "output", gradescope_output(class, submission), "output_format", "text",
                     "test_output_format", "text", "test_name_format", "text", "visibility",
                     "visible", "stdout_visibility", "hidden", "tests", gradescope_tests(items));
}

/* ---- Autolab --------------------------------------------------------------------------------- */

static json_t *autolab(const struct class *class, const struct class_submission *submission,
                       const struct items *items)
{
    json_t *scores = json_object();

    (void)items; /* it wants the sums alone */
    for (size_t i = 0; i < class->exercise_count; i++)
        if (json_object_set_new(scores, class->exercises[i].id,
                                points_json(submission->marks[i].earned)) == -1) {
            json_decref(scores);
            return NULL;
        }
    return json_pack("{s:o}", "scores", scores);
}

/* ---- GitHub Classroom ------------------------------------------------------------------------ */

/* Students read these: of a hidden case they learn its name and whether it passed. */
static json_t *github_test(const struct item *item)
{
    const char *file = result_text(item->mark->exercise, "file");
    bool passed = item->verdict == ITEM_PASSED || counts_nothing(item);

    return json_pack("{s:o, s:s, s:o, s:o, s:s, s:o, s:i, s:i}", "name", name_json(item), "status",
                     passed ? "pass" : "fail", "score", points_json(item->score), "message",
                     item->hidden ? json_string("") : output_json(item), "test_code", "",
                     "filename", text_json(file), "line_no", 0, "duration", 0);
}

static json_t *github(const struct class *class, const struct class_submission *submission,
                      const struct items *items)
{
    json_t *tests = json_array();
    bool passed = submission->standing == STANDING_GRADED;

    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->list[i];
        passed = passed && (item->verdict == ITEM_PASSED || counts_nothing(item));
        if (json_array_append_new(tests, github_test(item)) == -1) {
            json_decref(tests);
            return NULL;
        }
    }
    return json_pack("{s:i, s:s, s:o, s:o}", "version", 1, "status", passed ? "pass" : "fail",
                     "max_score", points_json(class->points), "tests", tests);
}

/* ---- the files ------------------------------------------------------------------------------- */

static const struct {
    const char *folder;
    size_t flags;
    json_t *(*make)(const struct class *class, const struct class_submission *submission,
                    const struct items *items);
} formats[] = {
    {"gradescope", JSON_FLAGS | JSON_INDENT(1), gradescope},
    {"autolab", JSON_FLAGS, autolab},
    {"github", JSON_FLAGS | JSON_INDENT(1), github},
};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

/* What was written when there was a mark is not left to be taken for one. */
static int remove_old(const char *out, const char *folder, const char *name, struct error *error)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s/%s", out, folder, name) >= (int)sizeof path)
        return 0; /* no such file can be */
    return unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR
               ? 0
               : error_set_errno(error, "%s", path);
}

static int write_json(const char *out, const char *folder, const char *name, json_t *root,
                      size_t flags, struct error *error)
{
    struct buffer text = {0};
    char *dumped = root != NULL ? json_dumps(root, flags) : NULL;
    int result = dumped != NULL ? buffer_print(&text, "%s\n", dumped) : -1;

    if (result == -1)
        (void)error_set(error, "%s", _("There is no memory left."));
    else
        result = report_write(out, folder, name, &text, error);
    free(dumped);
    json_decref(root);
    buffer_free(&text);
    return result;
}

static int export_submission(const struct class *class, const struct class_submission *submission,
                             const char *out, struct error *error)
{
    char name[NAME_MAX + 1];
    struct items items = {0};
    bool failed = submission->standing == STANDING_GRADER_ERROR;
    int result = 0;

    if (snprintf(name, sizeof name, "%s.json", submission->name) >= (int)sizeof name)
        return error_set(error, "%.100s: %s", submission->name, strerror(ENAMETOOLONG));
    if (!failed && items_of(class, submission, &items) == -1)
        return error_set(error, "%s", _("There is no memory left."));
    for (size_t i = 0; result == 0 && i < FORMAT_COUNT; i++)
        result = failed ? remove_old(out, formats[i].folder, name, error)
                        : write_json(out, formats[i].folder, name,
                                     formats[i].make(class, submission, &items), formats[i].flags,
                                     error);
    items_free(&items);
    return result;
}

int exports_write(const struct class *class, const char *out, struct error *error)
{
    for (size_t i = 0; i < class->submission_count; i++)
        if (export_submission(class, &class->submissions[i], out, error) == -1)
            return -1;
    return 0;
}
