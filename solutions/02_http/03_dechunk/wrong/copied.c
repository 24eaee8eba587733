/* fails: chunks large-digits leading-zeros empty binary extensions trailers no-trailers split-everywhere behind behind-trailers kept-open not-hexadecimal overflow four-gib missing-crlf bare-lf control mid-chunk too-early bad-trailers long-line many-trailers small-chunks input-unreadable output-full no-folder clean hundred-mebibytes */
/*
 * Program 2.05 with the decoder that it takes from the module: it reads all of standard input,
 * decodes what is in memory, and prints content and trailers.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"

/* The next line without its line end; *at moves behind it. NULL when it is not there whole. */
static char *next_line(char **at, const char *end)
{
    char *line = *at, *stop = memmem(line, (size_t)(end - line), "\r\n", 2);

    if (stop == NULL)
        return NULL;
    *stop = '\0';
    *at = stop + 2;
    return line;
}

static void decode(char *at, const char *end)
{
    for (char *line; (line = next_line(&at, end)) != NULL;) {
        char *behind;
        uint64_t size = strtoull(line, &behind, 16);
        if (!isxdigit((unsigned char)*line) || (*behind != '\0' && *behind != ';'))
            die("malformed chunk");
        if (size == 0)
            break;
        if (size > (uint64_t)(end - at))
            die("truncated");
        (void)fwrite(at, 1, size, stdout);
        at += size;
        if (next_line(&at, end) == NULL)
            die("malformed chunk");
    }
    for (char *line; (line = next_line(&at, end)) != NULL && *line != '\0';)
        puts(line);
}

int main(int argc, char **argv)
{
    struct buffer body = {0};
    char bytes[4096];
    size_t got;

    (void)argv;
    if (argc != 2)
        die_usage("TRAILERS");
    while ((got = fread(bytes, 1, sizeof bytes, stdin)) > 0)
        if (buffer_add(&body, bytes, got) == -1)
            die("out of memory");
    if (body.length > 0)
        decode(body.data, body.data + body.length);
    buffer_free(&body);
    finish(EXIT_SUCCESS);
}
