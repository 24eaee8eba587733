/* class.html: the cases that most students failed, and who they are. */
#include <stdlib.h>
#include <string.h>

#include "classroom/class_page.h"
#include "workbook/screen.h"

enum { SHOWN = 25 };

static const char *const statuses[] = {"fail",      "crash",  "timeout",   "memory",
                                       "processes", "output", "sanitizer", "leak"};
enum { STATUSES = sizeof statuses / sizeof *statuses };

/* One case in the whole class. */
struct tally {
    size_t exercise, place; /* its place among the cases of the exercise */
    const json_t *test;     /* as the first student has it */
    size_t tried, failed;
    size_t by_status[STATUSES];
    size_t *students; /* those who failed; owned */
};

struct tallies {
    struct tally *list;
    size_t count;
};

/* ---- counting -------------------------------------------------------------------------------- */

/* The tally of a case, from begin on, where those of its exercise stand. NULL: memory is short. */
static struct tally *tally_of(struct tallies *tallies, size_t begin, size_t exercise,
                              const json_t *test, size_t students)
{
    const char *name = result_text(test, "case");

    for (size_t i = begin; i < tallies->count; i++)
        if (strcmp(result_text(tallies->list[i].test, "case"), name) == 0)
            return &tallies->list[i];
    struct tally *list = realloc(tallies->list, (tallies->count + 1) * sizeof *list);
    if (list == NULL)
        return NULL;
    tallies->list = list;
    struct tally *tally = &list[tallies->count];
    *tally = (struct tally){.exercise = exercise,
                            .place = tallies->count - begin,
                            .test = test,
                            .students = calloc(students, sizeof *tally->students)};
    if (tally->students == NULL)
        return NULL;
    tallies->count++;
    return tally;
}

static int count_case(struct tallies *tallies, size_t begin, size_t exercise, const json_t *test,
                      const struct class *class, size_t student)
{
    const char *status = result_text(test, "status");

    if (strcmp(status, "skipped") == 0 || strcmp(status, "grader_error") == 0)
        return 0;
    struct tally *tally = tally_of(tallies, begin, exercise, test, class->student_count);
    if (tally == NULL)
        return -1;
    tally->tried++;
    for (size_t i = 0; i < STATUSES; i++)
        if (strcmp(status, statuses[i]) == 0 && tally->failed < class->student_count) {
            tally->by_status[i]++;
            tally->students[tally->failed++] = student;
        }
    return 0;
}

/* Every case of an exercise, over all students whose program ran. */
static int count_exercise(struct tallies *tallies, const struct class *class, size_t exercise)
{
    size_t begin = tallies->count, i;
    const json_t *test;

    for (size_t s = 0; s < class->student_count; s++) {
        const struct class_submission *counted = class->students[s].counted;
        if (counted == NULL || counted->marks == NULL ||
            strcmp(counted->marks[exercise].state, "judged") != 0)
            continue;
        json_array_foreach(json_object_get(counted->marks[exercise].exercise, "cases"), i,
                           test) if (count_case(tallies, begin, exercise, test, class, s) ==
                                     -1) return -1;
    }
    return 0;
}

/* Most students first; of equals the greater share, then as they stand in the workbook. */
static int compare(const void *left, const void *right)
{
    const struct tally *a = left, *b = right;

    if (a->failed != b->failed)
        return a->failed > b->failed ? -1 : 1;
    if (a->tried != b->tried)
        return a->tried < b->tried ? -1 : 1;
    if (a->exercise != b->exercise)
        return a->exercise < b->exercise ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* ---- the table ------------------------------------------------------------------------------- */

static void add_statuses(struct markup *page, const struct tally *tally)
{
    bool first = true;

    for (size_t i = 0; i < STATUSES; i++)
        if (tally->by_status[i] > 0) {
            html_print(page, first ? "%zu %s" : ", %zu %s", tally->by_status[i], statuses[i]);
            first = false;
        }
}

static void add_students(struct markup *page, const struct class *class, const struct tally *tally)
{
    const char *id = class->exercises[tally->exercise].id;

    markup_add(page, "<details><summary>");
    html_print(page, ngettext("%zu student", "%zu students", tally->failed), tally->failed);
    markup_add(page, "</summary>");
    for (size_t i = 0; i < tally->failed; i++) {
        const struct student *student = &class->students[tally->students[i]];
        markup_add(page, i > 0 ? ", " : "");
        class_link_add(page, student->counted->name, id,
                       student_called(class, student->line, student->counted->name));
    }
    markup_add(page, "</details>");
}

static void add_row(struct markup *page, const struct class *class, const struct tally *tally)
{
    bool hidden = json_is_true(json_object_get(tally->test, "hidden"));

    html_print(page, "<tr><td>%s</td><th scope=\"row\">%s", class->exercises[tally->exercise].id,
               result_text(tally->test, "title"));
    html_print(page, " <code class=\"dim\">%s</code>%s</th>", result_text(tally->test, "case"),
               hidden ? _(" (hidden)") : "");
    html_print(page, "<td class=\"number\">%d %% <span class=\"dim\">%zu/%zu</span></td><td>",
               class_percent((double)tally->failed, (double)tally->tried), tally->failed,
               tally->tried);
    add_statuses(page, tally);
    html_print(page, "</td><td data-key=\"%zu\">", tally->failed);
    add_students(page, class, tally);
    markup_add(page, "</td></tr>\n");
}

static void add_table(struct markup *page, const struct class *class, const struct tallies *tallies,
                      size_t failed)
{
    size_t shown = failed < SHOWN ? failed : SHOWN;

    markup_add(page, "<div class=\"scroll\" role=\"region\" aria-labelledby=\"cases\" "
                     "tabindex=\"0\"><table class=\"sorts cases\"><caption>");
    html_print(page,
               _("%zu of the %zu cases that somebody failed. The share is that of those whose "
                 "program could be run."),
               shown, failed);
    html_print(page,
               "</caption>\n<thead><tr><th scope=\"col\" data-sort=\"text\">%s</th>"
               "<th scope=\"col\" data-sort=\"text\">%s</th>"
               "<th scope=\"col\" class=\"number\" data-sort=\"number\">%s</th>"
               "<th scope=\"col\">%s</th>"
               "<th scope=\"col\" data-sort=\"number\">%s</th></tr></thead>\n<tbody>\n",
               _("Exercise"), _("Case"), _("Failed"), _("How"), _("Who"));
    for (size_t i = 0; i < shown; i++)
        add_row(page, class, &tallies->list[i]);
    markup_add(page, "</tbody></table></div>\n");
}

void class_cases_add(struct markup *page, const struct class *class)
{
    struct tallies tallies = {0};
    size_t failed = 0;

    for (size_t i = 0; i < class->exercise_count && !page->failed; i++)
        page->failed = count_exercise(&tallies, class, i) == -1;
    if (tallies.count > 0)
        qsort(tallies.list, tallies.count, sizeof *tallies.list, compare);
    while (failed < tallies.count && tallies.list[failed].failed > 0)
        failed++;
    html_print(page, "<h2 id=\"cases\">%s</h2>\n", _("Cases most failed"));
    if (failed > 0)
        add_table(page, class, &tallies, failed);
    else
        html_print(page, "<p>%s</p>\n", _("No case was failed by anybody."));
    for (size_t i = 0; i < tallies.count; i++)
        free(tallies.list[i].students);
    free(tallies.list);
}
