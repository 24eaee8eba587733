#include "workbook/transcript.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DIFF_BEFORE = 2, DIFF_MOST = 12 };

static const char any_lines[] = "...", any_text[] = "[..]";

/* ---- lines ------------------------------------------------------------------------------------
 */

/* Blanks at the end of a line are seen by nobody, and editors take them away. */
static size_t trimmed(const char *text, size_t length)
{
    while (length > 0 && text[length - 1] == ' ')
        length--;
    return length;
}

int lines_split(struct lines *lines, const char *text)
{
    *lines = (struct lines){0};
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        char **grown = realloc(lines->line, (lines->count + 1) * sizeof *grown);
        char *copy = strndup(text, trimmed(text, length));
        if (grown != NULL)
            lines->line = grown;
        if (grown == NULL || copy == NULL) {
            free(copy);
            lines_free(lines);
            return -1;
        }
        grown[lines->count++] = copy;
        text += length + (text[length] == '\n');
    }
    return 0;
}

void lines_free(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->line[i]);
    free(lines->line);
    *lines = (struct lines){0};
}

/* ---- matching ---------------------------------------------------------------------------------
 */

static bool is_any(const struct lines *lines, size_t index)
{
    return index < lines->count && strcmp(lines->line[index], any_lines) == 0;
}

/* One line against one that may hold "[..]": the usual wildcard walk, back to the last one. */
static bool line_match(const char *expected, const char *actual)
{
    const char *retry = NULL, *from = NULL;

    for (;;) {
        if (strncmp(expected, any_text, sizeof any_text - 1) == 0) {
            retry = expected += sizeof any_text - 1;
            from = actual;
        } else if (*expected == *actual) {
            if (*actual == '\0')
                return true;
            expected++;
            actual++;
        } else if (retry != NULL && *from != '\0') {
            expected = retry;
            actual = ++from;
        } else {
            return false;
        }
    }
}

bool transcript_match(const struct lines *expected, const struct lines *actual,
                      struct parting *parting)
{
    size_t e = 0, a = 0, retry = SIZE_MAX, from = 0;
    struct parting far = {0, 0};

    for (;;) {
        if (e > far.expected || (e == far.expected && a > far.actual && retry == SIZE_MAX))
            far = (struct parting){e, a};
        if (is_any(expected, e)) {
            retry = ++e;
            from = a;
        } else if (e == expected->count && a == actual->count) {
            return true;
        } else if (e < expected->count && a < actual->count &&
                   line_match(expected->line[e], actual->line[a])) {
            e++;
            a++;
        } else if (retry != SIZE_MAX && from < actual->count) {
            e = retry;
            a = ++from;
        } else {
            if (parting != NULL)
                *parting = far;
            return false;
        }
    }
}

/* ---- recording --------------------------------------------------------------------------------
 */

/*
 * Finds which expected lines to keep: the longest common run of lines in order, "..." taking what
 * lies between its neighbours. score[e][a] is the best for what follows expected e and actual a.
 */
struct alignment {
    const struct lines *expected, *actual;
    bool *dropped; /* "..." lines whose neighbours no longer fit */
    int *score;
};

static int *score_at(const struct alignment *x, size_t e, size_t a)
{
    return &x->score[e * (x->actual->count + 1) + a];
}

enum { KEPT = 10, KEPT_ANY = 5, ADDED = -1 };

static int best_of(const struct alignment *x, size_t e, size_t a)
{
    bool more_e = e < x->expected->count, more_a = a < x->actual->count;
    bool any = is_any(x->expected, e) && !x->dropped[e];
    int best = INT_MIN;

    if (!more_e && !more_a)
        return 0;
    if (more_e) /* drop the expected line, or end the "..." */
        best = *score_at(x, e + 1, a) + (any ? KEPT_ANY : 0);
    if (more_a && *score_at(x, e, a + 1) + (any ? 0 : ADDED) > best)
        best = *score_at(x, e, a + 1) + (any ? 0 : ADDED);
    if (more_e && more_a && !is_any(x->expected, e) &&
        line_match(x->expected->line[e], x->actual->line[a]) &&
        *score_at(x, e + 1, a + 1) + KEPT > best)
        best = *score_at(x, e + 1, a + 1) + KEPT;
    return best;
}

static void align(const struct alignment *x)
{
    for (size_t e = x->expected->count + 1; e-- > 0;)
        for (size_t a = x->actual->count + 1; a-- > 0;)
            *score_at(x, e, a) = best_of(x, e, a);
}

/*
 * Walks the best way and writes it. A "..." beside a dropped line says nothing any more: it is
 * marked as dropped, false is returned and all begins again.
 */
static bool alignment_write(const struct alignment *x, struct buffer *out, bool *short_of_memory)
{
    bool kept = true; /* the expected line before this one */

    for (size_t e = 0, a = 0; e < x->expected->count || a < x->actual->count;) {
        const char *line = NULL;
        int score = *score_at(x, e, a);
        bool any = is_any(x->expected, e) && !x->dropped[e];
        if (e < x->expected->count && a < x->actual->count && !is_any(x->expected, e) &&
            line_match(x->expected->line[e], x->actual->line[a]) &&
            score == *score_at(x, e + 1, a + 1) + KEPT) {
            line = x->expected->line[e++];
            a++;
            kept = true;
        } else if (e < x->expected->count &&
                   score == *score_at(x, e + 1, a) + (any ? KEPT_ANY : 0)) {
            if (any && !kept) {
                x->dropped[e] = true;
                return false;
            }
            line = any ? any_lines : NULL;
            kept = any;
            if (!any && e > 0 && is_any(x->expected, e - 1) && !x->dropped[e - 1]) {
                x->dropped[e - 1] = true;
                return false;
            }
            e++;
        } else {
            line = any ? NULL : x->actual->line[a];
            a++;
        }
        if (line != NULL && buffer_print(out, "%s\n", line) == -1)
            *short_of_memory = true;
    }
    return true;
}

int transcript_merge(const struct lines *expected, const struct lines *actual, struct buffer *out)
{
    size_t before = out->length;
    bool short_of_memory = false;
    struct alignment x = {expected, actual, calloc(expected->count + 1, sizeof *x.dropped),
                          calloc((expected->count + 1) * (actual->count + 1), sizeof *x.score)};

    if (x.dropped != NULL && x.score != NULL) {
        align(&x);
        while (!alignment_write(&x, out, &short_of_memory)) {
            out->length = before;
            align(&x);
        }
    } else {
        short_of_memory = true;
    }
    free(x.dropped);
    free(x.score);
    return short_of_memory ? -1 : 0;
}

/* ---- showing a difference ---------------------------------------------------------------------
 */

static size_t first_difference(const char *expected, const char *actual)
{
    size_t at = 0;

    while (expected[at] != '\0' && expected[at] == actual[at])
        at++;
    while (at > 0 && ((unsigned char)actual[at] & 0xc0) == 0x80) /* not within a character */
        at--;
    return at;
}

static void diff_line(const struct screen *screen, enum style style, char sign, const char *line)
{
    screen_print(screen, style, "    %c %s\n", sign, line);
}

/* The caret stands under the first character that differs, in what was printed. */
static void diff_caret(const struct screen *screen, const char *expected, const char *actual)
{
    char *head = strndup(actual, first_difference(expected, actual));

    if (head != NULL)
        screen_print(screen, STYLE_KEY, "      %*s^ %s\n", text_columns(head), "",
                     _("first difference"));
    free(head);
}

static void diff_side(const struct screen *screen, enum style style, char sign,
                      const struct lines *lines, size_t from, size_t to, const char *other)
{
    for (size_t i = from; i < to && i < from + DIFF_MOST; i++) {
        diff_line(screen, style, sign, lines->line[i]);
        if (i == from && other != NULL)
            diff_caret(screen, other, lines->line[i]);
    }
    if (to > from + DIFF_MOST)
        screen_print(screen, STYLE_DIM,
                     ngettext("    %c … and %zu line more\n", "    %c … and %zu lines more\n",
                              to - from - DIFF_MOST),
                     sign, to - from - DIFF_MOST);
}

/*
 * Behind the last "..." any line might be the one that should have fitted: the most telling are
 * as many from the end as are expected there.
 */
static void parting_align(const struct lines *expected, struct parting *at, size_t e_end,
                          size_t a_end)
{
    size_t tail = e_end;

    while (tail > 0 && !is_any(expected, tail - 1))
        tail--;
    if (tail > 0 && at->expected >= tail && a_end > at->actual + (e_end - at->expected))
        at->actual = a_end - (e_end - at->expected);
}

void transcript_diff(const struct screen *screen, const struct lines *expected,
                     const struct lines *actual)
{
    struct parting at = {0};
    size_t e_end = expected->count, a_end = actual->count;

    if (transcript_match(expected, actual, &at))
        return;
    while (e_end > at.expected && a_end > at.actual && !is_any(expected, e_end - 1) &&
           line_match(expected->line[e_end - 1], actual->line[a_end - 1])) {
        e_end--;
        a_end--;
    }
    parting_align(expected, &at, e_end, a_end);
    for (size_t i = at.actual < DIFF_BEFORE ? 0 : at.actual - DIFF_BEFORE; i < at.actual; i++)
        diff_line(screen, STYLE_DIM, ' ', actual->line[i]);
    bool both = e_end > at.expected && a_end > at.actual;
    diff_side(screen, STYLE_GOOD, '-', expected, at.expected, e_end, NULL);
    diff_side(screen, STYLE_BAD, '+', actual, at.actual, a_end,
              both ? expected->line[at.expected] : NULL);
    if (e_end < expected->count)
        diff_line(screen, STYLE_DIM, ' ', expected->line[e_end]);
}
