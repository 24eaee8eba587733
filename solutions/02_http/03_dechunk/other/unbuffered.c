/*
 * Exercise 2.3 by another way: standard input has no buffer (setvbuf), so that getchar() takes one
 * byte and fread() as many as it is asked for, and nothing that is another's is ever read ahead.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"

enum { LINE_MOST = 4096, TRAILERS_MOST = 8192, SIZE_DIGITS = 16, PIECE = 32768 };

static const char HEXADECIMAL[] = "0123456789abcdefABCDEF";
static const char TOKEN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                            "!#$%&'*+-.^_`|~";

static _Noreturn void broken_off(void)
{
    if (ferror(stdin))
        die_errno("standard input");
    die("the body breaks off");
}

/* Reads a line of at most so many bytes; returns its length without the \r\n. */
static size_t read_line(char *line, size_t most)
{
    size_t length = 0;

    do {
        int c = length == most ? '\0' : getchar();
        if (length == most)
            die("a line is too long");
        if (c == EOF)
            broken_off();
        line[length++] = (char)c;
    } while (line[length - 1] != '\n');
    if (length < 2 || line[length - 2] != '\r')
        die("a line does not end in \\r\\n");
    length -= 2;
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 127)
            die("a line holds a control character");
    line[length] = '\0';
    return length;
}

/* The size that a size line begins with. */
static uint64_t read_size(void)
{
    char line[LINE_MOST];

    read_line(line, sizeof line);
    size_t digits = strspn(line, HEXADECIMAL), zeros = strspn(line, "0");
    const char *behind = line + digits;
    if (digits == 0 || digits - zeros > SIZE_DIGITS ||
        (*behind != '\0' && behind[strspn(behind, " \t")] != ';'))
        die("a size line is malformed");
    uint64_t size = strtoull(line, NULL, 16); /* it begins with a digit, and 16 of them fit */
    if (size > INT64_MAX)
        die("a chunk is too large");
    return size;
}

static void copy(uint64_t left)
{
    static char bytes[PIECE];

    while (left > 0) {
        size_t want = left < sizeof bytes ? (size_t)left : sizeof bytes;
        size_t got = fread(bytes, 1, want, stdin);
        if (fwrite(bytes, 1, got, stdout) < got)
            die_errno("standard output");
        if (got < want)
            broken_off();
        left -= got;
    }
}

/* Reads the trailer lines, up to the empty line. */
static void read_trailers(struct buffer *trailers)
{
    char line[TRAILERS_MOST];

    while (read_line(line, TRAILERS_MOST - trailers->length) > 0) {
        size_t name = strspn(line, TOKEN);
        if (name == 0 || line[name] != ':')
            die("a trailer is no field");
        if (buffer_print(trailers, "%s\r\n", line) == -1)
            die_errno("trailers");
    }
}

int main(int argc, char **argv)
{
    struct buffer trailers = {0};
    uint64_t size;
    char line[2];

    if (argc != 2)
        die_usage("TRAILERS");
    if (setvbuf(stdin, NULL, _IONBF, 0) != 0)
        die("standard input keeps its buffer");
    while ((size = read_size()) > 0) {
        copy(size);
        (void)read_line(line, sizeof line); /* what is not \r\n is refused there */
    }
    read_trailers(&trailers);
    if (fflush(stdout) == EOF)
        die_errno("standard output");
    FILE *file = fopen(argv[1], "w");
    if (file == NULL)
        die_errno("%s", argv[1]);
    if (fputs(buffer_text(&trailers), file) == EOF)
        die_errno("%s", argv[1]);
    if (fclose(file) == EOF)
        die_errno("%s", argv[1]);
    buffer_free(&trailers);
    finish(EXIT_SUCCESS);
}
