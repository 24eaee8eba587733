/* class.html: how the totals of those who were graded are spread, ten columns of ten per cent. */
#include <stdlib.h>

#include "classroom/class_page.h"
#include "workbook/screen.h"

enum { COLUMNS = 10, STEP = 60, HEIGHT = 140, TOP = 24, WIDTH = STEP * COLUMNS };

const char class_totals_style[] =
    ".totals{display:block;width:100%;max-width:38rem;height:auto}\n"
    ".totals rect{fill:var(--link)}\n"
    ".totals text{fill:var(--text);font:15px system-ui,sans-serif;text-anchor:middle}\n"
    ".totals line{stroke:var(--dim)}\n"
    "@media print{.totals rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

static int compare(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

/* The totals, sorted; the caller frees them. NULL: memory is short. */
static double *totals_of(const struct class *class, size_t *count)
{
    double *totals = calloc(class->student_count + 1, sizeof *totals);

    *count = 0;
    for (size_t i = 0; totals != NULL && i < class->student_count; i++)
        if (class->students[i].standing == STANDING_GRADED)
            totals[(*count)++] = class->students[i].counted->earned;
    if (totals != NULL)
        qsort(totals, *count, sizeof *totals, compare);
    return totals;
}

/* Mean, median and the ends, in a sentence. */
static void add_sentence(struct markup *page, const struct class *class, const double *totals,
                         size_t count)
{
    char text[5][POINTS_SIZE];
    double sum = 0, median = (totals[count / 2] + totals[(count - 1) / 2]) / 2;

    for (size_t i = 0; i < count; i++)
        sum += totals[i];
    (void)points_print(class->points, text[0]);
    (void)points_print(median, text[1]);
    (void)points_print(sum / (double)count, text[2]);
    (void)points_print(totals[0], text[3]);
    (void)points_print(totals[count - 1], text[4]);
    markup_add(page, "<p>");
    html_print(page,
               ngettext("%zu student was graded. Of %s points the median is %s, the mean %s, the "
                        "lowest total %s and the highest %s.",
                        "%zu students were graded. Of %s points the median is %s, the mean %s, the "
                        "lowest total %s and the highest %s.",
                        count),
               count, text[0], text[1], text[2], text[3], text[4]);
    markup_add(page, "</p>\n");
}

static void add_column(struct markup *page, int index, size_t students, size_t most)
{
    int height = (int)((double)students / (double)most * HEIGHT + 0.5);

    if (students > 0) {
        html_print(page, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", index * STEP + 4,
                   TOP + HEIGHT - height, STEP - 8, height);
        html_print(page, "<text x=\"%d\" y=\"%d\">%zu</text>", index * STEP + STEP / 2,
                   TOP + HEIGHT - height - 6, students);
    }
    html_print(page, "<text x=\"%d\" y=\"%d\">%d–%d</text>\n", index * STEP + STEP / 2,
               TOP + HEIGHT + 20, index * 10, index * 10 + 10);
}

/* The chart for those who see it; the same in words for those who do not. */
static void add_chart(struct markup *page, const size_t *columns, size_t most)
{
    html_print(page,
               "<svg class=\"totals\" viewBox=\"0 0 %d %d\" role=\"img\" "
               "aria-label=\"",
               WIDTH, TOP + HEIGHT + 46);
    for (int i = 0; i < COLUMNS; i++)
        html_print(page, i > 0 ? "; %d–%d %%: %zu" : "%d–%d %%: %zu", i * 10, i * 10 + 10,
                   columns[i]);
    markup_add(page, "\">\n");
    for (int i = 0; i < COLUMNS; i++)
        add_column(page, i, columns[i], most);
    html_print(page, "<line x1=\"0\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", TOP + HEIGHT, WIDTH,
               TOP + HEIGHT);
    html_print(page, "<text x=\"%d\" y=\"%d\">%s</text></svg>\n", WIDTH / 2, TOP + HEIGHT + 42,
               _("students by per cent of all points"));
}

void class_totals_add(struct markup *page, const struct class *class)
{
    size_t count, columns[COLUMNS] = {0}, most = 1;
    double *totals = totals_of(class, &count);

    html_print(page, "<h2 id=\"totals\">%s</h2>\n", _("Totals"));
    if (totals == NULL) {
        page->failed = true;
    } else if (count == 0 || class->points <= 0) {
        html_print(page, "<p>%s</p>\n", _("Nobody was graded."));
    } else {
        for (size_t i = 0; i < count; i++) {
            int column = (int)(totals[i] / class->points * COLUMNS);
            column = column < COLUMNS ? column : COLUMNS - 1;
            most = ++columns[column] > most ? columns[column] : most;
        }
        add_sentence(page, class, totals, count);
        add_chart(page, columns, most);
    }
    free(totals);
}
