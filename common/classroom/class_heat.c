/* class.html: the heat map. A colour repeats what the cell's text says. */
#include <string.h>

#include "classroom/class_page.h"
#include "workbook/screen.h"

/*
 * From orange to blue, which colour-blind people tell apart as well, the middle nearest to the
 * page. Text keeps a contrast of 4.5 to 1 at least.
 */
const char class_heat_style[] =
    ":root{--h0:#b35806;--t0:#fff;--h1:#f1a340;--t1:#1c2128;--h2:#fee0b6;--t2:#1c2128;"
    "--h3:#d1e5f0;--t3:#1c2128;--h4:#67a9cf;--t4:#1c2128;--h5:#2166ac;--t5:#fff}\n"
    "@media (prefers-color-scheme:dark){:root{--h0:#f1a340;--t0:#11151a;--h1:#a35a10;--t1:#fff;"
    "--h2:#54350f;--t2:#fff;--h3:#16384f;--t3:#fff;--h4:#256394;--t4:#fff;--h5:#8cc4ec;"
    "--t5:#11151a}}\n"
    "@media print{:root{--h0:#b35806;--t0:#fff;--h1:#f1a340;--t1:#000;--h2:#fee0b6;--t2:#000;"
    "--h3:#d1e5f0;--t3:#000;--h4:#67a9cf;--t4:#000;--h5:#2166ac;--t5:#fff}}\n"
    ".h0{background:var(--h0);color:var(--t0)}.h1{background:var(--h1);color:var(--t1)}"
    ".h2{background:var(--h2);color:var(--t2)}.h3{background:var(--h3);color:var(--t3)}"
    ".h4{background:var(--h4);color:var(--t4)}.h5{background:var(--h5);color:var(--t5)}\n"
    "[class^=h]{-webkit-print-color-adjust:exact;print-color-adjust:exact}\n"
    ".heat{max-height:88vh;border:1px solid var(--line);border-radius:6px;width:fit-content}\n"
    ".heat table{border-collapse:separate;border-spacing:0}\n"
    ".heat th,.heat td{padding:0;border:0;border-right:1px solid var(--page);"
    "border-bottom:1px solid var(--page);white-space:nowrap}\n"
    ".heat thead th{position:sticky;top:0;z-index:1;background:var(--soft);padding:.3rem .5rem;"
    "text-align:right}\n"
    ".heat thead small{display:block;font-weight:400}\n"
    ".heat tr>:first-child{position:sticky;left:0;background:var(--soft);font-weight:400;"
    "text-align:left;max-width:18rem;overflow:hidden;text-overflow:ellipsis;"
    "padding:.2rem .6rem}\n"
    ".heat thead tr>:first-child{z-index:2;vertical-align:bottom}\n"
    ".heat td{text-align:right;padding:.2rem .5rem}\n"
    ".heat td[class]{padding:0}\n"
    ".heat td[class]:not(.says)>a{display:block;padding:.2rem "
    ".5rem;color:inherit;text-decoration:none}\n"
    ".heat td[class]:not(.says)>a:hover{text-decoration:underline}\n"
    ".heat td[class]:not(.says)>a:focus-visible{outline:3px solid "
    "currentColor;outline-offset:-3px}\n"
    ".heat td.wait{box-shadow:inset 0 0 0 2px var(--bad);font-weight:700}\n"
    ".heat td.says{text-align:left;padding:.2rem .6rem;white-space:normal}\n"
    ".legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.4rem .9rem;"
    "max-width:none}\n"
    ".legend span{display:inline-block;min-width:2rem;padding:0 .4rem;text-align:center}\n"
    "@media (max-width:40rem){.heat tr>:first-child{max-width:7.5rem}}\n"
    "@media print{@page{size:A4 landscape;margin:12mm}.heat{border:0;max-height:none}"
    ".heat th,.heat td,.heat thead th,.heat tr>:first-child{position:static;font-size:8pt}"
    ".heat td[class]>a,.heat thead th{padding:0 2pt}}\n";

static bool is_state(const struct mark *mark, const char *state)
{
    return strcmp(mark->state, state) == 0;
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* The colour of a mark: 0 nothing, 5 all, between them by quarters. */
static int heat_of(double earned, double points, bool passed)
{
    if (points <= 0)
        return passed ? 5 : 0;
    if (earned <= 0)
        return 0;
    return earned >= points ? 5 : 1 + (int)(earned / points * 4);
}

/* "6.5 L": the points, and a letter for what they do not tell. */
static void cell_text(const struct class_exercise *exercise, const struct mark *mark, char *text,
                      size_t size)
{
    char points[POINTS_SIZE];
    const char *letter = is_state(mark, "not-compiled") ? " C"
                         : is_state(mark, "refused")    ? " R"
                         : is_state(mark, "unusable")   ? " U"
                                                        : "";
    const char *said = exercise->points > 0 ? points_print(mark->earned, points)
                       : mark->passed       ? _("ok")
                                            : _("no");

    (void)snprintf(text, size, "%s%s%s", said, letter, mark->late ? " L" : "");
}

static void add_cell(struct markup *page, const struct class_exercise *exercise,
                     const struct class_submission *submission, const struct mark *mark)
{
    char text[64];

    if (!mark->known || is_state(mark, "grader_error")) {
        markup_add(page, "<td class=\"wait\">");
        class_link_add(page, submission->name, exercise->id, "!");
    } else if (mark->exercise == NULL || is_state(mark, "not-submitted")) {
        markup_add(page, "<td class=\"none\">");
        class_link_add(page, submission->name, exercise->id, "–");
    } else {
        html_print(page, "<td class=\"h%d\">",
                   heat_of(mark->earned, exercise->points, mark->passed));
        cell_text(exercise, mark, text, sizeof text);
        class_link_add(page, submission->name, exercise->id, text);
    }
    markup_add(page, "</td>");
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The submissions of a student for whom none counts, each a link. */
static void add_submissions(struct markup *page, const struct student *student)
{
    for (size_t i = 0; i < student->submission_count; i++) {
        markup_add(page, i > 0 ? ", " : ": ");
        class_link_add(page, student->submissions[i].name, NULL, student->submissions[i].name);
    }
}

/* A row without marks says why there are none. */
static void add_why(struct markup *page, const struct class *class, const struct student *student)
{
    html_print(page, "<td>–</td><td class=\"says\" colspan=\"%zu\">", class->exercise_count);
    switch (student->standing) {
    case STANDING_MISSING:
        html_text(page, _("nothing handed in"));
        break;
    case STANDING_EMPTY:
        html_text(page, _("nothing in it to grade"));
        break;
    case STANDING_UNDECIDED:
        html_text(page, _("several submissions, and no policy which one counts"));
        add_submissions(page, student);
        break;
    default:
        html_text(page, _("not gradable"));
    }
    markup_add(page, "</td>");
}

static void add_name(struct markup *page, const struct class *class, const struct student *student)
{
    const char *called = student_called(class, student->line, student->name);
    const char *file = student->counted != NULL ? student->counted->name : student->name;

    html_print(page, "<th scope=\"row\" title=\"%s\">", file);
    if (student->counted != NULL)
        class_link_add(page, student->counted->name, NULL, called);
    else
        html_text(page, called);
    if (strcmp(called, file) != 0)
        html_print(page, " <span class=\"dim\">%s</span>", file);
    markup_add(page, "</th>");
}

static void add_total(struct markup *page, const struct class *class, const struct student *student)
{
    char text[POINTS_SIZE];

    if (student->standing == STANDING_GRADER_ERROR)
        markup_add(page, "<td>?</td>");
    else
        html_print(page, "<td>%s <span class=\"dim\">%d %%</span></td>",
                   points_print(student->counted->earned, text),
                   class_percent(student->counted->earned, class->points));
}

static void add_row(struct markup *page, const struct class *class, const struct student *student)
{
    bool marked = student->counted != NULL && (student->standing == STANDING_GRADED ||
                                               student->standing == STANDING_GRADER_ERROR);

    markup_add(page, "<tr>");
    add_name(page, class, student);
    if (marked) {
        add_total(page, class, student);
        for (size_t i = 0; i < class->exercise_count; i++)
            add_cell(page, &class->exercises[i], student->counted, &student->counted->marks[i]);
    } else {
        add_why(page, class, student);
    }
    markup_add(page, "</tr>\n");
}

/* ---- the map --------------------------------------------------------------------------------- */

static void add_legend(struct markup *page)
{
    static const char *const colours[] = {N_("none"),       N_("under 25 %"),  N_("under 50 %"),
                                          N_("under 75 %"), N_("under 100 %"), N_("all")};
    static const char *const letters[][2] = {{"–", N_("not handed in")},
                                             {"C", N_("does not compile")},
                                             {"R", N_("more than is allowed")},
                                             {"U", N_("cannot be read")},
                                             {"L", N_("late")},
                                             {"!", N_("the grader failed: no mark yet")}};

    markup_add(page, "<ul class=\"legend\">\n");
    for (int i = 0; i < 6; i++) {
        html_print(page, "<li><span class=\"h%d\">%s</span></li>\n", i, _(colours[i]));
    }
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        html_print(page, "<li><b>%s</b> %s</li>\n", letters[i][0], _(letters[i][1]));
    markup_add(page, "</ul>\n");
}

static void add_head(struct markup *page, const struct class *class)
{
    char text[POINTS_SIZE];

    html_print(page, "<thead><tr><th scope=\"col\" data-sort=\"text\">%s</th>", _("Student"));
    html_print(page, "<th scope=\"col\" data-sort=\"number\">%s<small>", _("Total"));
    html_print(page, _("of %s"), points_print(class->points, text));
    markup_add(page, "</small></th>");
    for (size_t i = 0; i < class->exercise_count; i++) {
        const struct class_exercise *exercise = &class->exercises[i];
        html_print(page, "<th scope=\"col\" data-sort=\"number\" title=\"%s\">%s<small>",
                   exercise->title, exercise->id);
        if (exercise->points > 0)
            html_print(page, _("of %s"), points_print(exercise->points, text));
        markup_add(page, "</small></th>");
    }
    markup_add(page, "</tr></thead>\n");
}

static void add_map(struct markup *page, const struct class *class)
{
    html_print(page, "<h2 id=\"marks\">%s</h2>\n", _("Marks"));
    add_legend(page);
    html_print(page, "<p>%s</p>\n",
               _("Points of each student in each exercise; each cell leads to the feedback."));
    markup_add(page, "<div class=\"scroll heat\" role=\"region\" aria-labelledby=\"marks\" "
                     "tabindex=\"0\"><table class=\"sorts\" aria-labelledby=\"marks\">\n");
    add_head(page, class);
    markup_add(page, "<tbody>\n");
    for (size_t i = 0; i < class->student_count; i++)
        add_row(page, class, &class->students[i]);
    markup_add(page, "</tbody></table></div>\n");
}

/* ---- the exercises --------------------------------------------------------------------------- */

struct sums {
    size_t handed_in, known, passed;
    double earned;
};

static struct sums sums_of(const struct class *class, size_t exercise)
{
    struct sums sums = {0};

    for (size_t i = 0; i < class->student_count; i++) {
        const struct class_submission *counted = class->students[i].counted;
        const struct mark *mark =
            counted != NULL && counted->marks != NULL ? &counted->marks[exercise] : NULL;
        if (mark == NULL || mark->exercise == NULL || is_state(mark, "not-submitted"))
            continue;
        sums.handed_in++;
        if (!mark->known)
            continue;
        sums.known++;
        sums.passed += mark->passed;
        sums.earned += mark->earned;
    }
    return sums;
}

static void add_exercise(struct markup *page, const struct class *class, size_t index)
{
    const struct class_exercise *exercise = &class->exercises[index];
    struct sums sums = sums_of(class, index);
    char text[POINTS_SIZE];

    html_print(page,
               "<tr><th scope=\"row\">%s</th><td>%s</td><td class=\"number\">%zu</td>"
               "<td class=\"number\">%zu</td>",
               exercise->id, exercise->title, sums.handed_in, sums.passed);
    if (exercise->points > 0 && sums.known > 0)
        html_print(page, "<td class=\"number\">%s <span class=\"dim\">%d %%</span></td></tr>\n",
                   points_print(sums.earned / (double)sums.known, text),
                   class_percent(sums.earned, exercise->points * (double)sums.known));
    else
        markup_add(page, "<td class=\"number\">–</td></tr>\n");
}

static void add_exercises(struct markup *page, const struct class *class)
{
    html_print(page,
               "<h2 id=\"exercises\">%s</h2>\n<div class=\"scroll\" role=\"region\" "
               "aria-labelledby=\"exercises\" tabindex=\"0\"><table class=\"sorts\">"
               "<caption>%s</caption>\n",
               _("Exercises"), _("The mean is that of those who handed the exercise in."));
    html_print(page,
               "<thead><tr><th scope=\"col\" data-sort=\"text\">%s</th>"
               "<th scope=\"col\" data-sort=\"text\">%s</th>"
               "<th scope=\"col\" class=\"number\" data-sort=\"number\">%s</th>"
               "<th scope=\"col\" class=\"number\" data-sort=\"number\">%s</th>"
               "<th scope=\"col\" class=\"number\" data-sort=\"number\">%s</th></tr></thead>\n"
               "<tbody>\n",
               _("Exercise"), _("Title"), _("Handed in"), _("Passed"), _("Mean"));
    for (size_t i = 0; i < class->exercise_count; i++)
        add_exercise(page, class, i);
    markup_add(page, "</tbody></table></div>\n");
}

void class_heat_add(struct markup *page, const struct class *class)
{
    add_map(page, class);
    add_exercises(page, class);
}
