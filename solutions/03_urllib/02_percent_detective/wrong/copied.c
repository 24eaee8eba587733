/* fails: safe-sets value nowhere needless digits reserved broken utf8 not-utf8 overlong no-characters plus nul nul-byte twice not-twice hidden layers order lines last-line longest deep generated round-trip input-unreadable usage clean endless-line */
/*
 * Program 3.02 without arguments, with the module's way to code and decode written out: it decodes
 * each line and codes what came out, for a path. The exercise begins where somebody asks what was
 * coded before.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"

static int hex(unsigned char digit)
{
    return isdigit(digit) ? digit - '0' : tolower(digit) - 'a' + 10;
}

static int unquote(const char *text, size_t length, struct buffer *out)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char *at = (const unsigned char *)text + i;
        char byte = text[i];

        if (byte == '%' && length - i > 2 && isxdigit(at[1]) && isxdigit(at[2])) {
            byte = (char)(hex(at[1]) * 16 + hex(at[2]));
            i += 2;
        }
        if (buffer_add(out, &byte, 1) == -1)
            return -1;
    }
    return 0;
}

static int quote(const char *text, size_t length, const char *safe, struct buffer *out)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool stays = isalnum(byte) || (byte != '\0' && strchr("_.-~", byte) != NULL) ||
                     (byte != '\0' && strchr(safe, byte) != NULL);

        if (buffer_print(out, stays ? "%c" : "%%%02X", byte) == -1)
            return -1;
    }
    return 0;
}

int main(void)
{
    struct buffer bytes = {0}, out = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    while ((n = getline(&line, &room, stdin)) > 0) {
        size_t length = (size_t)n - (line[n - 1] == '\n');

        bytes.length = out.length = 0;
        if (unquote(line, length, &bytes) == -1 ||
            quote(buffer_text(&bytes), bytes.length, "!$&'()*+,;=:@/", &out) == -1)
            die_errno("a line");
        (void)fwrite(buffer_text(&out), 1, out.length, stdout); /* finish() looks for errors */
        (void)putchar('\n');                                    /* likewise */
    }
    free(line);
    buffer_free(&bytes);
    buffer_free(&out);
    finish(EXIT_SUCCESS);
}
