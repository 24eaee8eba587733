/* fails: leading-zeros long-line */
/* Refuses more than 16 digits, so that zeros in front count. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"

enum { LINE_MOST = 4096, TRAILERS_MOST = 8192, PIECE = 65536 };

/* Reads some bytes, at most size. There must be some: the end comes too early here. */
static size_t read_some(char *bytes, size_t size)
{
    ssize_t got;

    do
        got = read(STDIN_FILENO, bytes, size);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        die_errno("standard input");
    if (got == 0)
        die("the body breaks off");
    return (size_t)got;
}

/* Reads a line of at most so many bytes, and returns its length without the line end. */
static size_t read_line(char *line, size_t most)
{
    size_t length = 0;

    do {
        if (length == most)
            die("a line is too long, or does not end where it should");
        length += read_some(line + length, 1);
    } while (line[length - 1] != '\n');
    if (length < 2 || line[length - 2] != '\r')
        die("a line does not end in CR LF");
    length -= 2;
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
            die("a line holds a control character");
    return length;
}

static uint64_t parse_size(const char *line, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t size = 0;
    size_t i = 0;

    for (; i < length && isxdigit((unsigned char)line[i]); i++) {
        if (i == 16 || size > INT64_MAX >> 4)
            die("a chunk size is too large");
        size = size << 4 | (uint64_t)(strchr(digits, tolower((unsigned char)line[i])) - digits);
    }
    if (i == 0)
        die("a chunk size has no digits");
    if (i == length)
        return size;
    while (i < length && (line[i] == ' ' || line[i] == '\t'))
        i++;
    if (i == length || line[i] != ';')
        die("a chunk size is no hexadecimal number");
    return size;
}

static void copy_content(uint64_t left)
{
    static char bytes[PIECE];

    while (left > 0) {
        size_t got = read_some(bytes, left < PIECE ? (size_t)left : PIECE);
        if (fwrite(bytes, 1, got, stdout) != got)
            die_errno("standard output");
        left -= got;
    }
}

static void check_trailer(const char *line, size_t length)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    size_t name = 0;

    while (name < length &&
           (isalnum((unsigned char)line[name]) || strchr(others, line[name]) != NULL))
        name++;
    if (name == 0 || name == length || line[name] != ':')
        die("a trailer line is no field");
}

static void read_trailers(struct buffer *trailers)
{
    char line[TRAILERS_MOST];
    size_t length;

    while ((length = read_line(line, TRAILERS_MOST - trailers->length)) > 0) {
        check_trailer(line, length);
        if (buffer_add(trailers, line, length + 2) == -1)
            die("out of memory");
    }
}

static void write_trailers(const char *path, const struct buffer *trailers)
{
    FILE *file = fopen(path, "w");

    if (file == NULL ||
        fwrite(buffer_text(trailers), 1, trailers->length, file) != trailers->length ||
        fclose(file) == EOF)
        die_errno("%s", path);
}

int main(int argc, char **argv)
{
    struct buffer trailers = {0};
    char line[LINE_MOST];
    uint64_t size;

    if (argc != 2)
        die_usage("TRAILERS");
    while ((size = parse_size(line, read_line(line, LINE_MOST))) > 0) {
        copy_content(size);
        if (read_line(line, 2) != 0)
            die("a chunk does not end in CR LF");
    }
    read_trailers(&trailers);
    write_trailers(argv[1], &trailers);
    buffer_free(&trailers);
    finish(EXIT_SUCCESS);
}
