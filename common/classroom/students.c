/* The students of a class: who handed in what, which of it counts, and what is to be said of it. */
#include "classroom/students.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "workbook/files.h"
#include "workbook/screen.h"

const char *standing_name(enum standing standing)
{
    static const char *const names[] = {[STANDING_GRADED] = "graded",
                                        [STANDING_EMPTY] = "empty",
                                        [STANDING_NOT_GRADABLE] = "not_gradable",
                                        [STANDING_GRADER_ERROR] = "grader_error",
                                        [STANDING_MISSING] = "missing",
                                        [STANDING_UNDECIDED] = "undecided"};

    return names[standing];
}

/* ---- which submission counts ----------------------------------------------------------------- */

static bool holds_something(const struct class_submission *submission)
{
    return submission->standing == STANDING_GRADED || submission->standing == STANDING_GRADER_ERROR;
}

/* True if it goes before the one that counted so far; it stands behind that in the order of names.
 */
static bool goes_before(enum several several, const struct class_submission *submission,
                        const struct class_submission *counted)
{
    bool later = submission->submitted >= counted->submitted;

    if (several == SEVERAL_LAST) {
        if (holds_something(submission) != holds_something(counted))
            return holds_something(submission);
        return later;
    }
    /* What the grader failed on has no total yet: it counts only where nothing else does. */
    static const int rank[] = {[STANDING_GRADED] = 3,
                               [STANDING_GRADER_ERROR] = 2,
                               [STANDING_EMPTY] = 1,
                               [STANDING_NOT_GRADABLE] = 1};
    if (rank[submission->standing] != rank[counted->standing])
        return rank[submission->standing] > rank[counted->standing];
    return submission->earned > counted->earned || (submission->earned >= counted->earned && later);
}

static void choose(const struct class *class, struct student *student)
{
    student->standing = STANDING_MISSING;
    if (student->submission_count == 0)
        return;
    student->standing = STANDING_UNDECIDED;
    if (student->submission_count > 1 && class->policy.several == SEVERAL_REFUSED)
        return;
    student->counted = student->submissions;
    for (size_t i = 1; i < student->submission_count; i++)
        if (goes_before(class->policy.several, &student->submissions[i], student->counted))
            student->counted = &student->submissions[i];
    student->standing = student->counted->standing;
}

/* ---- what is to be said of it ---------------------------------------------------------------- */

/* Begins a sentence behind the one before. */
static int say(struct buffer *remarks, const char *lead)
{
    return buffer_print(remarks, "%s%s", remarks->length > 0 ? " " : "", lead);
}

/* "Not compiled: 1.2, 1.4." of the marks of which is true. */
static int say_exercises(struct buffer *remarks, const struct class *class,
                         const struct class_submission *submission, const char *lead,
                         bool (*is)(const struct mark *mark))
{
    bool any = false;

    for (size_t i = 0; i < class->exercise_count; i++) {
        if (!is(&submission->marks[i]))
            continue;
        if (!any && say(remarks, lead) == -1)
            return -1;
        if (buffer_print(remarks, "%s %s", any ? "," : ":", class->exercises[i].id) == -1)
            return -1;
        any = true;
    }
    return any ? buffer_print(remarks, ".") : 0;
}

static bool is_late(const struct mark *mark)
{
    return mark->late;
}

static bool is_refused(const struct mark *mark)
{
    return strcmp(mark->state, "refused") == 0 || strcmp(mark->state, "unusable") == 0;
}

static bool is_uncompiled(const struct mark *mark)
{
    return strcmp(mark->state, "not-compiled") == 0;
}

static bool is_unknown(const struct mark *mark)
{
    return !mark->known;
}

/* The submissions of a student and what became of them, where there are several. */
static int say_several(struct buffer *remarks, const struct student *student)
{
    if (student->submission_count < 2)
        return 0;
    if (say(remarks, student->counted == NULL
                         ? _("Several submissions, and no policy says which counts:")
                         : _("Several submissions:")) == -1)
        return -1;
    for (size_t i = 0; i < student->submission_count; i++) {
        const struct class_submission *submission = &student->submissions[i];
        const char *standing =
            submission->standing == STANDING_GRADED ? "" : standing_name(submission->standing);
        if (buffer_print(remarks, "%s %s%s%s%s", i > 0 ? "," : "", submission->name,
                         *standing != '\0' ? " (" : "", standing,
                         *standing != '\0' ? ")" : "") == -1)
            return -1;
    }
    return buffer_print(remarks, ".");
}

static int say_counted(struct buffer *remarks, const struct class *class,
                       const struct class_submission *submission)
{
    const json_t *refused = json_object_get(submission->result, "refused");
    const char *why = result_text(submission->result, "why");

    if (*why != '\0' && say(remarks, why) == -1)
        return -1;
    if (say_exercises(remarks, class, submission, _("Late"), is_late) == -1 ||
        say_exercises(remarks, class, submission, _("Does not compile"), is_uncompiled) == -1 ||
        say_exercises(remarks, class, submission, _("Refused"), is_refused) == -1 ||
        say_exercises(remarks, class, submission, _("Not judged, by a fault of the grader"),
                      is_unknown) == -1)
        return -1;
    size_t count = json_array_size(refused);
    if (count == 0)
        return 0;
    if (say(remarks, "") == -1 ||
        buffer_print(remarks,
                     ngettext("%zu file was not taken: ", "%zu files were not taken. The first: ",
                              (unsigned long)count),
                     count) == -1)
        return -1;
    return buffer_print(remarks, "%s", result_text(json_array_get(refused, 0), "sentence"));
}

/* One line that a terminal and a cell take as text. */
static char *harmless_line(const struct buffer *text)
{
    struct buffer line = {0};

    if (text_harmless(&line, buffer_text(text), text->length) == -1 ||
        buffer_add(&line, "", 0) == -1) {
        buffer_free(&line);
        return NULL;
    }
    for (char *at = line.data; (at = strpbrk(at, "\n\t")) != NULL;)
        *at = ' ';
    return line.data;
}

/* Of somebody who is missing: what lies there under that name and is no submission, lena.7z. */
static int say_refused(struct buffer *remarks, const struct class *class, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < class->refusals.count; i++) {
        const struct refusal *refusal = &class->refusals.list[i];
        if (strncmp(refusal->path, name, length) == 0 &&
            strchr("._@-", refusal->path[length]) != NULL && say(remarks, refusal->sentence) == -1)
            return -1;
    }
    return 0;
}

static int remark(const struct class *class, struct student *student)
{
    struct buffer remarks = {0};
    int result = say_several(&remarks, student);

    if (result == 0 && student->standing == STANDING_MISSING)
        result = say_refused(&remarks, class, student->name);

    if (result == 0 && student->counted != NULL)
        result = say_counted(&remarks, class, student->counted);
    if (result == 0)
        student->remarks = harmless_line(&remarks);
    buffer_free(&remarks);
    return result == -1 || student->remarks == NULL ? -1 : 0;
}

/* ---- joining --------------------------------------------------------------------------------- */

/* The place of the first submission of a student; their number if there is none. */
static size_t find_submissions(const struct class *class, const char *student, size_t *count)
{
    size_t first = 0;

    while (first < class->submission_count &&
           strcmp(class->submissions[first].student, student) != 0)
        first++;
    *count = 0;
    while (first + *count < class->submission_count &&
           strcmp(class->submissions[first + *count].student, student) == 0)
        ++*count;
    return first;
}

static bool on_roster(const struct class *class, const char *name)
{
    for (size_t i = 0; i < class->roster.line_count; i++)
        if (strcmp(class->roster.lines[i].student, name) == 0)
            return true;
    return false;
}

static void add_student(struct class *class, const char *name, const struct roster_line *line)
{
    struct student *student = &class->students[class->student_count++];
    size_t count, first = find_submissions(class, name, &count);

    *student = (struct student){.name = name,
                                .line = line,
                                .submissions = count > 0 ? &class->submissions[first] : NULL,
                                .submission_count = count};
    choose(class, student);
}

/* Kim on the roster and a folder kim are one person, most likely, and nobody would be told. */
static int warn_of_case(struct class *class)
{
    for (size_t i = 0; i < class->student_count; i++)
        for (size_t j = 0; j < class->student_count; j++) {
            const struct student *missing = &class->students[i], *other = &class->students[j];
            if (missing->standing == STANDING_MISSING && other->line == NULL &&
                strcasecmp(missing->name, other->name) == 0 &&
                class_warn(class,
                           _("%.100s is on the roster, and %.100s handed in: if they are one "
                             "person, write both alike."),
                           missing->name, other->name) == -1)
                return -1;
        }
    return 0;
}

int students_join(struct class *class)
{
    size_t most = class->roster.line_count + class->submission_count;

    class->students = calloc(most + 1, sizeof *class->students);
    if (class->students == NULL)
        return -1;
    for (size_t i = 0; i < class->roster.line_count; i++)
        add_student(class, class->roster.lines[i].student, &class->roster.lines[i]);
    for (size_t i = 0; i < class->submission_count; i++) {
        const char *name = class->submissions[i].student;
        bool again = i > 0 && strcmp(class->submissions[i - 1].student, name) == 0;
        if (!again && !on_roster(class, name))
            add_student(class, name, NULL);
    }
    for (size_t i = 0; i < class->student_count; i++) {
        const struct student *student = &class->students[i];
        if (remark(class, &class->students[i]) == -1)
            return -1;
        if (student->standing == STANDING_UNDECIDED &&
            class_warn(class,
                       _("%.100s handed in several times, and no policy says which counts: %.100s, "
                         "%.100s"),
                       student->name, student->submissions[0].name,
                       student->submissions[1].name) == -1)
            return -1;
    }
    return class->roster.line_count > 0 ? warn_of_case(class) : 0;
}
