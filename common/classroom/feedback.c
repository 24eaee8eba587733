/*
 * feedback/NAME.md and .html: what a student gets back. The page is made from the Markdown, part by
 * part, so that both say the same. Whatever a student wrote stands in it as text: in sentences
 * every character that Markdown knows is escaped, and what a program printed stands in a fenced
 * block whose fence is longer than any in it.
 */
#include <md4c-html.h>
#include <stdlib.h>
#include <string.h>

#include "classroom/html.h"
#include "classroom/pages.h"
#include "core/attributes.h"
#include "workbook/files.h"
#include "workbook/screen.h"

enum { NO_EXERCISE = -1 };

/* A part of the text: about one exercise, or about all. */
struct part {
    size_t begin;
    int exercise; /* its index in the class, or NO_EXERCISE */
};

struct feedback {
    const struct class *class;
    const struct class_submission *submission;
    bool page; /* made for the page: the table's entries lead to the parts */
    struct markup text;
    struct part *parts; /* owned; room for one an exercise and three more */
    size_t part_count;
};

/* ---- Markdown -------------------------------------------------------------------------------- */

/* A "_" between two of these emphasizes nothing. */
static bool is_word(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9');
}

/* Appends text that stays text, on one line. */
static void add_escaped(struct markup *markup, const char *text)
{
    struct buffer harmless = {0};

    markup->failed = markup->failed || text_harmless(&harmless, text, strlen(text)) == -1;
    const char *start = buffer_text(&harmless);
    for (const char *at = start; *at != '\0'; at++) {
        bool address = (*at == ':' && at[1] == '/') || (*at == '.' && at > start && at[-1] == 'w');
        bool inside = *at == '_' && at > start && is_word(at[-1]) && is_word(at[1]);
        if ((strchr("\\`*_[]<>&|~#!$", *at) != NULL && !inside) || address)
            markup_add(markup, "\\");
        if (*at == '\n' || *at == '\t')
            markup_add(markup, " ");
        else
            markup_add_bytes(markup, at, 1);
    }
    buffer_free(&harmless);
}

/* A sentence in Markdown; what stands for %s is text. */
static void say(struct feedback *feedback, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(struct feedback *feedback, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    markup_print(&feedback->text, add_escaped, format, arguments);
    va_end(arguments);
}

static size_t longest_fence(const char *text)
{
    size_t longest = 2;

    for (size_t run; *text != '\0'; text += run > 0 ? run : 1) {
        run = strspn(text, "`");
        longest = run > longest ? run : longest;
    }
    return longest + 1;
}

/* Text as it is, in a block of its own. */
static void add_block(struct feedback *feedback, const char *text)
{
    struct buffer harmless = {0};
    struct markup *markup = &feedback->text;

    markup->failed = markup->failed || text_harmless(&harmless, text, strlen(text)) == -1;
    const char *shown = buffer_text(&harmless);
    size_t fence = longest_fence(shown), length = harmless.length;
    while (length > 0 && shown[length - 1] == '\n')
        length--;
    for (size_t i = 0; i < fence; i++)
        markup_add(markup, "`");
    markup_add(markup, "text\n");
    markup_add_bytes(markup, shown, length);
    markup_add(markup, "\n");
    for (size_t i = 0; i < fence; i++)
        markup_add(markup, "`");
    markup_add(markup, "\n\n");
    buffer_free(&harmless);
}

static void begin_part(struct feedback *feedback, int exercise)
{
    feedback->parts[feedback->part_count++] =
        (struct part){.begin = feedback->text.text.length, .exercise = exercise};
}

/* ---- the table ------------------------------------------------------------------------------- */

/* Cases of an exercise: how many there are, and how many of them failed. */
static size_t count_failed(const json_t *exercise, size_t *count)
{
    const json_t *cases = json_object_get(exercise, "cases"), *test;
    size_t i, failed = 0;

    json_array_foreach(cases, i, test)
    {
        const char *status = result_text(test, "status");
        failed += strcmp(status, "pass") != 0 && strcmp(status, "skipped") != 0;
    }
    *count = json_array_size(cases);
    return failed;
}

static bool is_state(const struct mark *mark, const char *state)
{
    return strcmp(mark->state, state) == 0;
}

/* How it stands with an exercise, in a few words. */
static void add_state(struct feedback *feedback, const struct mark *mark)
{
    size_t count = 0;

    if (!mark->known || is_state(mark, "grader_error")) {
        say(feedback, "%s", _("not graded yet"));
    } else if (is_state(mark, "judged") && mark->passed) {
        say(feedback, "%s", _("passed"));
    } else if (is_state(mark, "judged")) {
        size_t failed = count_failed(mark->exercise, &count);
        say(feedback, ngettext("%zu of %zu case failed", "%zu of %zu cases failed", count), failed,
            count);
    } else if (is_state(mark, "refused")) {
        say(feedback, "%s", _("more than is allowed"));
    } else if (is_state(mark, "not-compiled")) {
        say(feedback, "%s", _("does not compile"));
    } else if (is_state(mark, "unusable")) {
        say(feedback, "%s", _("cannot be read"));
    } else {
        say(feedback, "%s", _("not handed in"));
    }
    if (mark->late)
        say(feedback, ", %s", _("late"));
}

static void add_points(struct feedback *feedback, const struct mark *mark, double points)
{
    char earned[POINTS_SIZE], all[POINTS_SIZE];

    if (points <= 0)
        say(feedback, "–");
    else if (mark->known)
        say(feedback, _("%s of %s"), points_print(mark->earned, earned), points_print(points, all));
    else
        say(feedback, _("? of %s"), points_print(points, all));
}

static void add_table(struct feedback *feedback)
{
    const struct class *class = feedback->class;

    say(feedback, _("| Exercise | Title | Points | State |\n"));
    say(feedback, "| --- | --- | ---: | --- |\n");
    for (size_t i = 0; i < class->exercise_count; i++) {
        const struct class_exercise *exercise = &class->exercises[i];
        if (feedback->page)
            say(feedback, "| [%s](#%s) | %s | ", exercise->id, exercise->id, exercise->title);
        else
            say(feedback, "| %s | %s | ", exercise->id, exercise->title);
        add_points(feedback, &feedback->submission->marks[i], exercise->points);
        say(feedback, " | ");
        add_state(feedback, &feedback->submission->marks[i]);
        say(feedback, " |\n");
    }
    say(feedback, "\n");
}

/* ---- what stands in front -------------------------------------------------------------------- */

static void add_total(struct feedback *feedback)
{
    const struct class_submission *submission = feedback->submission;
    const char *why = result_text(submission->result, "why");
    char earned[POINTS_SIZE], all[POINTS_SIZE];

    switch (submission->standing) {
    case STANDING_EMPTY:
        say(feedback, *why != '\0' ? "**%s** %s\n\n" : "**%s**%s\n\n",
            _("Nothing was found to grade."), why);
        return;
    case STANDING_NOT_GRADABLE:
        say(feedback, "**%s** %s\n\n", _("What you handed in could not be graded."), why);
        return;
    case STANDING_GRADER_ERROR:
        say(feedback, "**%s** %s\n\n%s\n\n", _("Not everything could be graded yet."),
            _("That is the grader's fault and not yours: it costs no points, and what is missing "
              "is going to be graded again. There is no total before that."),
            why);
        return;
    default:
        say(feedback, _("**%s of %s points**\n\n"), points_print(submission->earned, earned),
            points_print(feedback->class->points, all));
    }
}

/* Once for all that is late; when each exercise was due is said where it stands. */
static void add_late(struct feedback *feedback)
{
    double factor = feedback->class->policy.late_factor;
    char text[POINTS_SIZE];

    if (!feedback->submission->late)
        return;
    if (factor < 1)
        say(feedback,
            _("What is marked as late was handed in after it was due: its points were "
              "multiplied by %s.\n\n"),
            points_print(factor, text));
    else
        say(feedback, _("What is marked as late was handed in after it was due. That was noted, "
                        "and cost no points.\n\n"));
}

static void add_refused(struct feedback *feedback)
{
    const json_t *list = json_object_get(feedback->submission->result, "refused"), *refused;
    size_t i;

    if (json_array_size(list) == 0)
        return;
    begin_part(feedback, NO_EXERCISE);
    say(feedback, "## %s\n\n", _("What was not taken"));
    json_array_foreach(list, i, refused) say(feedback, "- %s\n", result_text(refused, "sentence"));
    say(feedback, "\n");
}

static void add_front(struct feedback *feedback)
{
    const struct class *class = feedback->class;
    const struct class_submission *submission = feedback->submission;
    const struct roster_line *line = NULL;
    char moment[MOMENT_SIZE];

    for (size_t i = 0; i < class->student_count && line == NULL; i++)
        if (strcmp(class->students[i].name, submission->student) == 0)
            line = class->students[i].line;
    begin_part(feedback, NO_EXERCISE);
    say(feedback, _("# Feedback for %s\n\n"), student_called(class, line, submission->student));
    say(feedback, _("%s, handed in %s.\n\n"), submission->name,
        moment_text(submission->submitted, moment));
    add_total(feedback);
    add_late(feedback);
    if (submission->standing == STANDING_GRADED || submission->standing == STANDING_GRADER_ERROR)
        add_table(feedback);
    add_refused(feedback);
}

/* ---- one exercise ---------------------------------------------------------------------------- */

/* What the compiler said, unless the report says it already. */
static void add_messages(struct feedback *feedback, const json_t *exercise)
{
    const char *messages = result_text(exercise, "messages");
    size_t length = strcspn(messages, "\n");
    struct buffer first = {0};

    if (*messages == '\0')
        return;
    bool said = buffer_add(&first, messages, length) == 0 &&
                strstr(result_text(exercise, "report"), buffer_text(&first)) != NULL;
    buffer_free(&first);
    if (said)
        return;
    say(feedback, "%s\n\n", _("The compiler says:"));
    add_block(feedback, messages);
}

static void add_hidden(struct feedback *feedback, const json_t *exercise)
{
    const json_t *cases = json_object_get(exercise, "cases"), *test;
    size_t i;
    bool first = true;

    json_array_foreach(cases, i, test)
    {
        if (!json_is_true(json_object_get(test, "hidden")))
            continue;
        if (first)
            say(feedback, "%s\n\n",
                _("Cases that only your teacher has; what they try is not shown:"));
        first = false;
        say(feedback, _("- %s: %s, %d of %d points\n"), result_text(test, "case"),
            result_text(test, "status"), (int)result_number(test, "earned"),
            (int)result_number(test, "points"));
    }
    if (!first)
        say(feedback, "\n");
}

/* The points, when they are not just those of the cases; and being late. */
static void add_mark(struct feedback *feedback, const struct class_exercise *exercise,
                     const struct mark *mark)
{
    double earned = result_number(mark->exercise, "earned");
    double points = result_number(mark->exercise, "points");
    char text[4][POINTS_SIZE], moment[MOMENT_SIZE];

    if (!mark->known || points <= 0)
        return;
    (void)points_print(earned, text[0]);
    (void)points_print(points, text[1]);
    (void)points_print(mark->earned, text[2]);
    (void)points_print(exercise->points, text[3]);
    bool alike = strcmp(text[0], text[2]) == 0 && strcmp(text[1], text[3]) == 0;
    if (alike && !mark->late)
        return; /* the report says it */
    if (alike)
        say(feedback, _("%s of %s points."), text[0], text[1]);
    else
        say(feedback, _("%s of %s points of its cases, which counts as %s of %s."), text[0],
            text[1], text[2], text[3]);
    if (mark->late && exercise->has_due)
        say(feedback, _(" It was due %s, and handed in late."), moment_text(exercise->due, moment));
    say(feedback, "\n\n");
}

static void add_seed(struct feedback *feedback, const struct class_exercise *exercise)
{
    char seed[32];

    (void)snprintf(seed, sizeof seed, "%" JSON_INTEGER_FORMAT,
                   json_integer_value(json_object_get(feedback->submission->result, "seed")));
    say(feedback, _("The same run again: `make check E=%s SEED=%s`\n\n"), exercise->id, seed);
}

static void add_exercise(struct feedback *feedback, size_t index)
{
    const struct class_exercise *exercise = &feedback->class->exercises[index];
    const struct mark *mark = &feedback->submission->marks[index];
    const char *report = result_text(mark->exercise, "report");
    const char *why = result_text(mark->exercise, "why");

    begin_part(feedback, (int)index);
    say(feedback, "## %s %s\n\n", exercise->id, exercise->title);
    if (!mark->known || is_state(mark, "grader_error"))
        say(feedback, "%s %s\n\n",
            _("The grader failed here. That is not your program's fault, and "
              "costs no points: it is going to be graded again."),
            why);
    add_mark(feedback, exercise, mark);
    add_messages(feedback, mark->exercise);
    if (*report != '\0')
        add_block(feedback, report);
    else if (mark->known && *why != '\0')
        say(feedback, "%s\n\n", why);
    add_hidden(feedback, mark->exercise);
    if (is_state(mark, "judged"))
        add_seed(feedback, exercise);
}

static bool is_missing(const struct mark *mark)
{
    return mark->exercise == NULL || is_state(mark, "not-submitted");
}

/* The table says of the others that they were not handed in. */
static void add_exercises(struct feedback *feedback)
{
    for (size_t i = 0; i < feedback->class->exercise_count; i++)
        if (!is_missing(&feedback->submission->marks[i]))
            add_exercise(feedback, i);
}

/* ---- how it was graded ----------------------------------------------------------------------- */

static void add_foot(struct feedback *feedback)
{
    const json_t *result = feedback->submission->result;
    const json_t *isolation = json_object_get(result, "isolation");
    const json_t *build = json_object_get(result, "build");

    const char *graded = result_text(result, "graded");
    long long when;
    char moment[MOMENT_SIZE];

    begin_part(feedback, NO_EXERCISE);
    say(feedback, "## %s\n\n", _("How it was graded"));
    say(feedback, _("%s, isolation level %s (%s), workbook %s.\n"),
        moment_parse(graded, &when) == 0 ? moment_text(when, moment) : graded,
        result_text(isolation, "level"), result_text(isolation, "sentence"),
        result_text(build, "workbook"));
    if (*result_text(build, "compiler") != '\0')
        say(feedback, _("Compiled with %s: %s\n"), result_text(build, "compiler"),
            result_text(build, "flags"));
}

static void add_all(struct feedback *feedback)
{
    const struct class_submission *submission = feedback->submission;

    add_front(feedback);
    if (submission->standing == STANDING_GRADED || submission->standing == STANDING_GRADER_ERROR)
        add_exercises(feedback);
    add_foot(feedback);
}

/* ---- the page -------------------------------------------------------------------------------- */

static const char style[] = "main{max-width:62rem;margin:0 auto}\n"
                            "section{scroll-margin-top:1rem}\n"
                            "h1~p>strong:first-child{font-size:1.15rem}\n"
                            "section:target>h2{text-decoration:underline;"
                            "text-decoration-color:var(--link);text-underline-offset:.25em}\n"
                            "td:first-child{white-space:nowrap}\n"
                            "@media (max-width:30rem){th,td{padding:.3rem .4rem}}\n";

static void on_html(const MD_CHAR *text, MD_SIZE size, void *data)
{
    markup_add_bytes(data, text, size);
}

/* The anchors of exercises that were not handed in: a link to one leads to the table in front. */
static void add_anchors(struct markup *page, const struct feedback *feedback)
{
    const struct mark *marks = feedback->submission->marks;

    for (size_t i = 0; i < feedback->class->exercise_count; i++)
        if (marks == NULL || is_missing(&marks[i]))
            html_print(page, "<span id=\"%s\"></span>\n", feedback->class->exercises[i].id);
}

static void add_part(struct markup *page, const struct feedback *feedback, size_t index)
{
    const struct part *part = &feedback->parts[index];
    const struct buffer *text = &feedback->text.text;
    size_t end = index + 1 < feedback->part_count ? part[1].begin : text->length;

    if (part->exercise >= 0)
        html_print(page, "<section id=\"%s\">\n", feedback->class->exercises[part->exercise].id);
    else
        markup_add(page, "<section>\n");
    if (index == 0)
        add_anchors(page, feedback);
    if (md_html(text->data + part->begin, (MD_SIZE)(end - part->begin), on_html, page,
                MD_FLAG_TABLES | MD_FLAG_NOHTML | MD_FLAG_NOINDENTEDCODEBLOCKS, 0) != 0)
        page->failed = true;
    markup_add(page, "</section>\n");
}

static void make_page(struct markup *page, const struct feedback *feedback)
{
    char title[200];

    (void)snprintf(title, sizeof title, _("Feedback for %s"), feedback->submission->name);
    html_begin(page, title, style, NULL);
    for (size_t i = 0; i < feedback->part_count && !feedback->text.failed; i++)
        add_part(page, feedback, i);
    page->failed = page->failed || feedback->text.failed;
    html_end(page);
}

/* ---- both files ------------------------------------------------------------------------------ */

static int write_one(const struct class *class, const struct class_submission *submission,
                     const char *out, struct error *error)
{
    struct feedback feedback = {.class = class, .submission = submission};
    struct markup page = {0};
    char name[300];

    feedback.parts = calloc(class->exercise_count + 4, sizeof *feedback.parts);
    if (feedback.parts == NULL)
        return error_set(error, "%s", _("There is no memory left."));
    add_all(&feedback);
    (void)snprintf(name, sizeof name, "feedback/%s.md", submission->name);
    int result = markup_write(&feedback.text, out, name, error);
    if (result == 0) {
        feedback.part_count = 0;
        feedback.page = true;
        add_all(&feedback);
        make_page(&page, &feedback);
        (void)snprintf(name, sizeof name, "feedback/%s.html", submission->name);
        result = markup_write(&page, out, name, error);
    }
    markup_free(&feedback.text);
    free(feedback.parts);
    return result;
}

int feedback_write(const struct class *class, const char *out, struct error *error)
{
    for (size_t i = 0; i < class->submission_count; i++)
        if (write_one(class, &class->submissions[i], out, error) == -1)
            return -1;
    return 0;
}
