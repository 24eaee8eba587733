/* Output with numbers that nobody knows beforehand: times that the program measured, for instance.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "harness/internal.h"

/* What a "#" or "#.###" of the shape is: its length, and how many decimals it has. */
struct blank {
    size_t length, decimals;
};

static struct blank read_blank(const char *shape)
{
    struct blank blank = {.length = 1};

    if (shape[1] == '.' && shape[2] == '#') {
        blank.decimals = strspn(shape + 2, "#");
        blank.length = 2 + blank.decimals;
    }
    return blank;
}

/* The length of a number like this at the beginning of text, or 0; no zeros before it, no sign. */
static size_t number_length(const char *text, const struct blank *blank)
{
    enum { MOST = 15 }; /* digits that surely fit */
    static const char digits[] = "0123456789";
    size_t whole = strspn(text, digits), length = whole;

    if (whole == 0 || whole > MOST - blank->decimals || (whole > 1 && text[0] == '0'))
        return 0;
    if (blank->decimals > 0) {
        if (text[whole] != '.' || strspn(text + whole + 1, digits) != blank->decimals)
            return 0;
        length += 1 + blank->decimals;
    }
    return length;
}

static long long number_value(const char *text, size_t length)
{
    long long value = 0;

    for (size_t i = 0; i < length; i++)
        if (isdigit((unsigned char)text[i]))
            value = 10 * value + (text[i] - '0');
    return value;
}

/* The shape with the program's own numbers in it, as far as they stand where they should. */
static struct buffer fill_shape(const char *shape, const char *got, long long *numbers, size_t most,
                                size_t *count)
{
    struct buffer filled = {0};
    bool same = true;

    *count = 0;
    while (*shape != '\0') {
        struct blank blank = {.length = 1};
        size_t length = 1;
        if (*shape == '#')
            blank = read_blank(shape);
        if (*shape == '#' && same && (length = number_length(got, &blank)) > 0) {
            (void)buffer_add(&filled, got, length);
            if (*count < most)
                numbers[*count] = number_value(got, length);
            (*count)++;
        } else { /* behind the first difference the report shows the blanks as they are */
            same = same && *shape != '#' && *got == *shape;
            (void)buffer_add(&filled, shape, blank.length);
        }
        shape += blank.length;
        got += same ? length : 0;
    }
    return filled;
}

static bool fits(const struct student *p, const struct buffer *filled)
{
    return p->output.length == filled->length &&
           memcmp(buffer_text(&p->output), buffer_text(filled), filled->length) == 0;
}

bool student_fits(struct student *p, const char *shape)
{
    size_t count;

    if (p->session->options->play)
        return true;
    student_wait_end(p);
    struct buffer filled = fill_shape(shape, buffer_text(&p->output), NULL, 0, &count);
    bool same = fits(p, &filled);
    buffer_free(&filled);
    return same;
}

size_t expect_shape(struct student *p, const char *shape, long long *numbers, size_t most)
{
    struct session *s = p->session;
    size_t count;

    if (s->options->play) {
        play_expect(s, "your program should print, with numbers for #: %s",
                    play_show(s, shape, strlen(shape)));
        return 0;
    }
    student_wait_end(p);
    struct buffer filled = fill_shape(shape, buffer_text(&p->output), numbers, most, &count);
    if (!fits(p, &filled)) {
        struct comparison differs = {.expected = buffer_text(&filled),
                                     .got = buffer_text(&p->output),
                                     .expected_length = filled.length,
                                     .got_length = p->output.length,
                                     .shaped = true};
        report_comparison(&differs);
        session_end(s, STATUS_FAIL, p, difference_say(s, &differs));
    }
    output_fits(p);
    transcript_add(s, "standard output, with # for numbers", shape, strlen(shape));
    buffer_free(&filled);
    return count;
}
