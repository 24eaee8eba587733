/* fails: names blanks repeats set-cookie list-values quoted empty-value behind in-pieces obs-fold blank-before-colon bare-lf bare-cr nul control no-colon bad-name repeated equal-lengths unequal-lengths bad-length length-overflow length-and-coding coding first-wrong at-once incomplete too-many largest endless-line usage clean */
/*
 * Program 2.03 without arguments, with the module's way to split a line written out: it reads all
 * of its input, refuses what is no field, and prints the others as they came. The exercise begins
 * where two fields are one, and where the verdict is due before the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"

enum { MOST = 65536 };

static const char *split(char *line, char **value)
{
    static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "!#$%&'*+-.^_`|~";
    char *colon = strchr(line, ':'), *end = strchr(line, '\0');

    if (*line == ' ' || *line == '\t')
        return "a folded line";
    if (colon == NULL)
        return "no colon";
    if (colon > line && (colon[-1] == ' ' || colon[-1] == '\t'))
        return "a blank before the colon";
    if (colon == line || strspn(line, token) < (size_t)(colon - line))
        return "a name that is no token";
    *colon = '\0';
    for (const char *at = colon + 1; *at != '\0'; at++)
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f)
            return "a control character in the value";
    *value = colon + 1 + strspn(colon + 1, " \t");
    while (end > *value && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    return NULL;
}

/* Reads lines up to an empty one or the end, and prints what they say to out. */
static void read_fields(char *text, struct buffer *out)
{
    char *end, *value;

    for (int number = 1; (end = strchr(text, '\n')) != NULL; number++, text = end + 1) {
        if (end == text || end[-1] != '\r')
            die("line %d: it does not end in CR LF", number);
        end[-1] = '\0';
        if (*text == '\0')
            return;
        const char *wrong = split(text, &value);
        if (wrong != NULL)
            die("line %d: %s", number, wrong);
        if (buffer_print(out, "%s: %s\r\n", text, value) == -1)
            die("out of memory");
    }
}

int main(void)
{
    struct buffer text = {0}, out = {0};

    if (buffer_add_file(&text, "/dev/stdin", MOST) == -1)
        die_errno("standard input");
    if (strlen(buffer_text(&text)) != text.length)
        die("a NUL byte");
    if (text.length > 0)
        read_fields(text.data, &out);
    printf("%s\r\n", buffer_text(&out));
    buffer_free(&text);
    buffer_free(&out);
    finish(EXIT_SUCCESS);
}
