/* Feeds the reader and the painter of lessons, which a contributor's half-written file goes through
 * at every look, and the comparison of transcripts, which sees whatever a program prints. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workbook/markdown.h"
#include "workbook/transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Shows all of it at a width that the text itself decides, to nobody. */
static void show(const struct markdown *markdown, int columns)
{
    static FILE *nowhere;
    struct screen screen;

    if (nowhere == NULL && (nowhere = fopen("/dev/null", "we")) == NULL)
        abort();
    screen_init(&screen, nowhere);
    screen.columns = columns;
    for (size_t i = 0; i < markdown->count; i++)
        markdown_show(&screen, &markdown->blocks[i],
                      i + 1 < markdown->count ? &markdown->blocks[i + 1] : NULL);
}

/* The first half of the text is what was expected, the second what was printed. */
static void compare(char *text, size_t size)
{
    struct lines expected = {0}, actual = {0};
    struct buffer merged = {0};
    char *half = text + size / 2;
    char kept = *half;

    if (lines_split(&actual, half) == -1)
        abort();
    *half = '\0';
    if (lines_split(&expected, text) == -1)
        abort();
    *half = kept;
    (void)transcript_match(&expected, &actual, NULL); /* either answer is right */
    if (transcript_merge(&expected, &actual, &merged) == -1)
        abort();
    buffer_free(&merged);
    lines_free(&expected);
    lines_free(&actual);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct markdown markdown;
    struct error error = {0};
    char *text = malloc(size + 1);

    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (markdown_parse(&markdown, text, size, &error) == 0) {
        show(&markdown, size > 0 ? 20 + data[0] % 100 : 80);
        markdown_free(&markdown);
    }
    compare(text, size);
    free(text);
    return 0;
}
