/*
 * similarity.txt and similarity.html: which answers have much in common, exercise by exercise, with
 * each other, with solutions where they are at hand, and with the workbook's own programs.
 */
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classroom/compare.h"
#include "classroom/html.h"
#include "classroom/pages.h"
#include "workbook/files.h"
#include "workbook/screen.h"

enum { ROWS_MOST = 300, LESSON_THRESHOLD = 40 };

_Static_assert(COMPARE_THRESHOLD == 60 && LESSON_THRESHOLD == 40, "the sentences below say so");

/* Two that are similar: of one's words so many stand in the other. */
struct pair {
    size_t exercise;
    const char *one; /* the name of a submission, kept there */
    char *other;     /* the name of one, or a path of the workbook; owned */
    int share, back; /* per cent; back the other way round, between answers alone */
    size_t words, back_words;
};

struct pairs {
    struct pair *list;
    size_t count;
};

struct report {
    const struct class *class;
    const char *out;
    struct compare_paths lessons;
    struct pairs answers, solutions, adapted;
    char **notes; /* sentences: what was not compared, and why */
    size_t note_count;
    bool failed; /* memory was short */
};

/* ---- which files there are ------------------------------------------------------------------- */

static void add_path(struct report *report, struct compare_paths *paths, const char *path)
{
    char **list = realloc(paths->list, (paths->count + 1) * sizeof *list);
    char *copy = strdup(path);

    if (list != NULL)
        paths->list = list;
    if (list == NULL || copy == NULL) {
        free(copy);
        report->failed = true;
        return;
    }
    list[paths->count++] = copy;
}

/* Adds the files that a pattern finds, in the order of their names. */
static void find(struct report *report, struct compare_paths *paths, const char *pattern)
{
    glob_t found = {0};

    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            add_path(report, paths, found.gl_pathv[i]);
    globfree(&found);
}

static void paths_free(struct compare_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->list[i]);
    free(paths->list);
    *paths = (struct compare_paths){0};
}

/* "01_socket/02_fetch_first/fetch_first.c", as the first result has it; "" if none has. */
static const char *file_of(const struct class *class, size_t exercise)
{
    for (size_t i = 0; i < class->submission_count; i++) {
        const struct mark *marks = class->submissions[i].marks;
        if (marks != NULL && marks[exercise].exercise != NULL)
            return result_text(marks[exercise].exercise, "file");
    }
    return "";
}

/* What the workbook has for an exercise: the starter and what is given, and solutions. */
static void find_known(struct report *report, const char *file, struct comparison *comparison)
{
    const char *slash = strrchr(file, '/');
    int length = slash != NULL ? (int)(slash - file) : 0;
    char pattern[PATH_MAX];

    (void)snprintf(pattern, sizeof pattern, "exercises/%s", file);
    find(report, &comparison->starters, pattern);
    (void)snprintf(pattern, sizeof pattern, "exercises/%.*s/*.h", length, file);
    find(report, &comparison->starters, pattern);
    (void)snprintf(pattern, sizeof pattern, "solutions/%s", file);
    find(report, &comparison->solutions, pattern);
    (void)snprintf(pattern, sizeof pattern, "solutions/%.*s/other/*.c", length, file);
    find(report, &comparison->solutions, pattern);
    (void)snprintf(pattern, sizeof pattern, "solutions/%.*s/wrong/*.c", length, file);
    find(report, &comparison->solutions, pattern);
}

/* ---- what was found -------------------------------------------------------------------------- */

static void add_note(struct report *report, const char *format, ...) PRINTF_LIKE(2, 3);
static void add_note(struct report *report, const char *format, ...)
{
    char **list = realloc(report->notes, (report->note_count + 1) * sizeof *list);
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (list != NULL)
        report->notes = list;
    if (list == NULL || vasprintf(&text, format, arguments) == -1)
        report->failed = true;
    else
        list[report->note_count++] = text;
    va_end(arguments);
}

static void add_pair(struct report *report, struct pairs *pairs, const struct pair *pair,
                     const char *other)
{
    struct pair *list = realloc(pairs->list, (pairs->count + 1) * sizeof *list);
    char *copy = other != NULL ? strdup(other) : NULL;

    if (list != NULL)
        pairs->list = list;
    if (list == NULL || copy == NULL) {
        free(copy);
        report->failed = true;
        return;
    }
    list[pairs->count] = *pair;
    list[pairs->count++].other = copy;
}

/* The answers of an exercise, side by side with whose they are. */
struct answers {
    struct compared *list;
    const char **names;
    char **paths;
    size_t count;
};

/* Pairs of answers; the one that has more of the other stands first. */
static void add_answers(struct report *report, size_t exercise, const struct comparison *comparison,
                        const struct answers *answers)
{
    size_t count = comparison->count;

    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++) {
            int share = comparison->shared[a * count + b], back = comparison->shared[b * count + a];
            size_t one = share >= back ? a : b, other = share >= back ? b : a;
            if ((share == 0 && back == 0) || answers->list[a].state != COMPARED ||
                answers->list[b].state != COMPARED)
                continue;
            add_pair(report, &report->answers,
                     &(struct pair){.exercise = exercise,
                                    .one = answers->names[one],
                                    .share = share >= back ? share : back,
                                    .back = share >= back ? back : share,
                                    .words = answers->list[one].own,
                                    .back_words = answers->list[other].own},
                     answers->names[other]);
        }
}

/* What each answer has of the workbook: a solution, or a program of a lesson. */
static void add_known(struct report *report, size_t exercise, const struct comparison *comparison,
                      const struct answers *answers)
{
    for (size_t i = 0; i < comparison->count; i++) {
        const struct compared *answer = &answers->list[i];
        struct pair pair = {.exercise = exercise, .one = answers->names[i]};
        if (answer->state == COMPARED && answer->solution > 0) {
            pair.share = answer->solution;
            pair.words = answer->own;
            add_pair(report, &report->solutions, &pair,
                     comparison->solutions.list[answer->solution_index]);
        }
        if ((answer->state == COMPARED || answer->state == COMPARE_TOO_SHORT) &&
            answer->words >= COMPARE_LEAST && answer->lesson >= LESSON_THRESHOLD) {
            pair.share = answer->lesson;
            pair.words = answer->words;
            add_pair(report, &report->adapted, &pair,
                     comparison->lessons.list[answer->lesson_index]);
        }
    }
}

static void note_left_out(struct report *report, const char *id, const struct answers *answers)
{
    size_t short_ones = 0, gone = 0;

    for (size_t i = 0; i < answers->count; i++)
        switch (answers->list[i].state) {
        case COMPARED:
            break;
        case COMPARE_TOO_SHORT:
            short_ones++;
            break;
        case COMPARE_UNREADABLE:
            gone++;
            break;
        case COMPARE_TOO_LARGE:
            add_note(report, _("%s, %s: more than %d KiB, not compared."), id, answers->names[i],
                     COMPARE_BYTES / 1024);
            break;
        case COMPARE_TOO_REGULAR:
            add_note(report,
                     _("%s, %s: it repeats itself so often that comparing would take hours; not "
                       "compared. Look at it."),
                     id, answers->names[i]);
            break;
        }
    if (gone > 0)
        add_note(report,
                 ngettext("%s: the file of %zu answer is no longer among the results.",
                          "%s: the files of %zu answers are no longer among the results.", gone),
                 id, gone);
    if (short_ones > 0)
        add_note(report,
                 ngettext("%s: %zu answer has fewer than %d words of its own, too few to compare.",
                          "%s: %zu answers have fewer than %d words of their own, too few to "
                          "compare.",
                          short_ones),
                 id, short_ones, COMPARE_LEAST);
}

/* ---- one exercise after the other ------------------------------------------------------------ */

/* The answers that count, as they were graded. */
static int find_answers(const struct report *report, size_t exercise, struct answers *answers)
{
    const struct class *class = report->class;
    size_t most = class->student_count + 1;

    answers->list = calloc(most, sizeof *answers->list);
    answers->names = calloc(most, sizeof *answers->names);
    answers->paths = calloc(most, sizeof *answers->paths);
    if (answers->list == NULL || answers->names == NULL || answers->paths == NULL)
        return -1;
    for (size_t i = 0; i < class->student_count; i++) {
        const struct class_submission *counted = class->students[i].counted;
        const json_t *result =
            counted != NULL && counted->marks != NULL ? counted->marks[exercise].exercise : NULL;
        if (result == NULL || *result_text(result, "sha256") == '\0')
            continue;
        if (asprintf(&answers->paths[answers->count], "%s/results/%s/files/%s", report->out,
                     counted->name, result_text(result, "file")) == -1) {
            answers->paths[answers->count] = NULL; /* asprintf() leaves it undefined */
            return -1;
        }
        answers->names[answers->count] = counted->name;
        answers->list[answers->count].path = answers->paths[answers->count];
        answers->count++;
    }
    return 0;
}

static void answers_free(struct answers *answers)
{
    for (size_t i = 0; answers->paths != NULL && i < answers->count; i++)
        free(answers->paths[i]);
    free(answers->list);
    free(answers->names);
    free(answers->paths);
}

static void compare_exercise(struct report *report, size_t exercise)
{
    const char *id = report->class->exercises[exercise].id;
    struct answers answers = {0};
    struct error error = {0};

    if (find_answers(report, exercise, &answers) == -1)
        report->failed = true;
    struct comparison comparison = {
        .answers = answers.list, .count = answers.count, .lessons = report->lessons};
    if (!report->failed && answers.count > 0) {
        find_known(report, file_of(report->class, exercise), &comparison);
        if (compare(&comparison, &error) == 0) {
            add_answers(report, exercise, &comparison, &answers);
            add_known(report, exercise, &comparison, &answers);
            note_left_out(report, id, &answers);
        } else {
            add_note(report, _("%s was not compared: %s."), id, error.text);
        }
    }
    compare_free(&comparison);
    paths_free(&comparison.starters);
    paths_free(&comparison.solutions);
    answers_free(&answers);
}

/* Most first; of equals the one that has more back, then as exercises and names are ordered. */
static int compare_pairs(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;

    if (a->share != b->share)
        return a->share > b->share ? -1 : 1;
    if (a->back != b->back)
        return a->back > b->back ? -1 : 1;
    if (a->exercise != b->exercise)
        return a->exercise < b->exercise ? -1 : 1;
    int names = strcmp(a->one, b->one);
    return names != 0 ? names : strcmp(a->other, b->other);
}

static void pairs_sort(struct pairs *pairs)
{
    if (pairs->count > 0)
        qsort(pairs->list, pairs->count, sizeof *pairs->list, compare_pairs);
}

static void pairs_free(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        free(pairs->list[i].other);
    free(pairs->list);
}

static void compare_everything(struct report *report)
{
    find(report, &report->lessons, "0[1-5]_*/*.c");
    find(report, &report->lessons, "0[1-5]_*/*/*.c");
    find(report, &report->lessons, "common/core/*.c");
    for (size_t i = 0; i < report->class->exercise_count && !report->failed; i++)
        compare_exercise(report, i);
    pairs_sort(&report->answers);
    pairs_sort(&report->solutions);
    pairs_sort(&report->adapted);
}

/* ---- what is said of them -------------------------------------------------------------------- */

/* A table of the report: what it is called, what it says of itself, and its rows. */
struct table {
    const char *title, *sentence, *none, *other;
    const struct pairs *pairs;
    bool both; /* rows say how much it is the other way round, too */
};

static void tables_of(const struct report *report, struct table tables[3])
{
    tables[0] = (struct table){
        _("Answers of the class"), "",  _("No two answers are that similar."), _("Also in"),
        &report->answers,          true};
    tables[1] = (struct table){
        _("Solutions"),
        _("Answers of which 60 % or more of what is their own stands in a solution, in another "
          "right answer or in a wrong one that the workbook has."),
        _("No answer is that similar to a solution at hand."),
        _("Stands in"),
        &report->solutions,
        false};
    tables[2] = (struct table){
        _("The workbook's programs"),
        _("Answers of which 40 % or more of what goes beyond the starter stands in one program of "
          "a lesson. Everybody may take from those; so much of one is an example adapted."),
        _("No answer has that much of one program."),
        _("Stands in"),
        &report->adapted,
        false};
}

static const char *means(void)
{
    return _("Two answers stand here when sim_c finds 60 % or more of what is one's own in the "
             "other, whatever its names, layout and comments; what stands in the starter or in the "
             "workbook's own programs was taken out before.");
}

static const char *means_not(void)
{
    return _("That is a reason to read both, and no proof of anything: a short task has few "
             "solutions, and two who learned together write alike.");
}

static const char *absent(void)
{
    return _("Nothing was compared: sim_c is not here. On Debian and Ubuntu this installs it: "
             "apt-get install similarity-tester");
}

static size_t rows_of(const struct pairs *pairs)
{
    return pairs->count < ROWS_MOST ? pairs->count : ROWS_MOST;
}

/* ---- as text --------------------------------------------------------------------------------- */

/* Text wrapped to 80 columns. */
static void text_paragraph(struct markup *text, const char *sentence)
{
    struct buffer lines = {0};

    if (*sentence == '\0')
        return;
    text->failed = text->failed || text_wrap(sentence, 80, &lines) == -1;
    markup_add(text, buffer_text(&lines));
    markup_add(text, lines.length > 0 && lines.data[lines.length - 1] == '\n' ? "\n" : "\n\n");
    buffer_free(&lines);
}

static void text_name(struct markup *text, const char *name)
{
    struct buffer harmless = {0};

    text->failed = text->failed || text_harmless(&harmless, name, strlen(name)) == -1;
    markup_add(text, buffer_text(&harmless));
    buffer_free(&harmless);
}

static void text_row(struct markup *text, const struct class *class, const struct pair *pair,
                     bool both)
{
    char figures[80];

    (void)snprintf(figures, sizeof figures, "%-6s %3d %% of %5zu  ",
                   class->exercises[pair->exercise].id, pair->share, pair->words);
    markup_add(text, figures);
    text_name(text, pair->one);
    markup_add(text, "  →  ");
    text_name(text, pair->other);
    if (both && pair->back > 0) {
        (void)snprintf(figures, sizeof figures, "  (%d %% of %zu)", pair->back, pair->back_words);
        markup_add(text, figures);
    }
    markup_add(text, "\n");
}

static void text_more(struct markup *text, const struct pairs *pairs)
{
    char line[80];

    if (pairs->count <= ROWS_MOST)
        return;
    (void)snprintf(line, sizeof line, _("… and %zu more\n"), pairs->count - ROWS_MOST);
    markup_add(text, line);
}

static int write_text(const struct report *report, bool possible, struct error *error)
{
    struct markup text = {0};
    struct table tables[3];

    markup_add(&text, _("Similarity\n\n"));
    if (!possible) {
        text_paragraph(&text, absent());
        return markup_write(&text, report->out, "similarity.txt", error);
    }
    text_paragraph(&text, means());
    text_paragraph(&text, means_not());
    tables_of(report, tables);
    for (size_t i = 0; i < 3; i++) {
        markup_add(&text, tables[i].title);
        markup_add(&text, "\n\n");
        text_paragraph(&text, tables[i].pairs->count > 0 ? tables[i].sentence : tables[i].none);
        for (size_t j = 0; j < rows_of(tables[i].pairs); j++)
            text_row(&text, report->class, &tables[i].pairs->list[j], tables[i].both);
        text_more(&text, tables[i].pairs);
        markup_add(&text, tables[i].pairs->count > 0 ? "\n" : "");
    }
    for (size_t i = 0; i < report->note_count; i++)
        text_paragraph(&text, report->notes[i]);
    return markup_write(&text, report->out, "similarity.txt", error);
}

/* ---- as a page ------------------------------------------------------------------------------- */

static const char style[] = "td{overflow-wrap:anywhere}td:nth-child(even){min-width:8rem}\n"
                            "td:first-child,.number{white-space:nowrap}\n"
                            "@media (max-width:40rem){th,td{padding:.3rem .4rem}}\n";

/* The name of a submission leads to the file that was graded. */
static void html_file(struct markup *page, const char *name, const char *file)
{
    markup_add(page, "<a href=\"results/");
    html_url(page, name);
    html_print(page, "/files/%s\">%s</a>", file, name);
}

static void html_row(struct markup *page, const struct class *class, const struct pair *pair,
                     bool both)
{
    const char *file = file_of(class, pair->exercise);

    html_print(page, "<tr><td>%s</td><td>", class->exercises[pair->exercise].id);
    html_file(page, pair->one, file);
    html_print(page, "</td><td class=\"number\">%d %% <span class=\"dim\">", pair->share);
    html_print(page, _("of %zu"), pair->words);
    markup_add(page, "</span></td><td>");
    if (both)
        html_file(page, pair->other, file);
    else
        html_text(page, pair->other);
    markup_add(page, "</td>");
    if (both && pair->back > 0) {
        html_print(page, "<td class=\"number\">%d %% <span class=\"dim\">", pair->back);
        html_print(page, _("of %zu"), pair->back_words);
        markup_add(page, "</span></td>");
    } else if (both) {
        markup_add(page, "<td class=\"number\">–</td>");
    }
    markup_add(page, "</tr>\n");
}

static void html_head(struct markup *page, const struct table *table, int number)
{
    html_print(page,
               "<div class=\"scroll\" role=\"region\" aria-labelledby=\"t%d\" tabindex=\"0\">"
               "<table aria-labelledby=\"t%d\">\n<thead><tr><th scope=\"col\">%s</th>"
               "<th scope=\"col\">%s</th><th scope=\"col\" class=\"number\">%s</th>"
               "<th scope=\"col\">%s</th>",
               number, number, _("Exercise"), _("Submission"), _("Of its words"), table->other);
    if (table->both)
        html_print(page, "<th scope=\"col\" class=\"number\">%s</th>", _("Of the other's"));
    markup_add(page, "</tr></thead>\n<tbody>\n");
}

static void html_table(struct markup *page, const struct class *class, const struct table *table,
                       int number)
{
    const struct pairs *pairs = table->pairs;

    html_print(page, "<h2 id=\"t%d\">%s</h2>\n", number, table->title);
    const char *sentence = pairs->count > 0 ? table->sentence : table->none;
    if (*sentence != '\0')
        html_print(page, "<p>%s</p>\n", sentence);
    if (pairs->count == 0)
        return;
    html_head(page, table, number);
    for (size_t i = 0; i < rows_of(pairs); i++)
        html_row(page, class, &pairs->list[i], table->both);
    markup_add(page, "</tbody></table></div>\n");
    if (pairs->count > ROWS_MOST) {
        markup_add(page, "<p>");
        html_print(page, _("… and %zu more"), pairs->count - ROWS_MOST);
        markup_add(page, "</p>\n");
    }
}

static void html_notes(struct markup *page, const struct report *report)
{
    if (report->note_count == 0)
        return;
    html_print(page, "<h2>%s</h2>\n<ul>\n", _("Not compared"));
    for (size_t i = 0; i < report->note_count; i++)
        html_print(page, "<li>%s</li>\n", report->notes[i]);
    markup_add(page, "</ul>\n");
}

static int write_page(const struct report *report, bool possible, struct error *error)
{
    struct markup page = {0};
    struct table tables[3];

    html_begin(&page, _("Similarity"), style, NULL);
    html_print(&page, "<h1>%s</h1>\n", _("Similarity"));
    if (possible) {
        html_print(&page, "<p>%s</p>\n<p>%s</p>\n", means(), means_not());
        tables_of(report, tables);
        for (int i = 0; i < 3; i++)
            html_table(&page, report->class, &tables[i], i);
        html_notes(&page, report);
    } else {
        html_print(&page, "<p>%s</p>\n", absent());
    }
    html_end(&page);
    return markup_write(&page, report->out, "similarity.html", error);
}

int similarity_write(const struct class *class, const char *out, struct error *error)
{
    struct report report = {.class = class, .out = out};
    bool possible = compare_possible();
    int result = -1;

    if (possible)
        compare_everything(&report);
    if (report.failed)
        (void)error_set(error, "%s", _("There is no memory left."));
    else if (write_text(&report, possible, error) == 0)
        result = write_page(&report, possible, error);
    pairs_free(&report.answers);
    pairs_free(&report.solutions);
    pairs_free(&report.adapted);
    paths_free(&report.lessons);
    for (size_t i = 0; i < report.note_count; i++)
        free(report.notes[i]);
    free(report.notes);
    return result;
}
