/* fails: chunks large-digits leading-zeros empty binary extensions trailers no-trailers split-everywhere behind behind-trailers kept-open not-hexadecimal overflow missing-crlf bare-lf control bad-trailers long-line many-trailers small-chunks no-folder clean hundred-mebibytes */
/*
 * Program 2.05, which decodes in one block of memory, with a decoder of its own in the module's
 * place. It reads blocks through stdio, and says on standard error what the trailers are: that is
 * where the exercise begins.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

enum { BLOCK = 16384, LINE_MOST = 4096, TRAILERS_MOST = 8192 };

enum state {
    SIZE,
    BLANKS,
    EXTENSION,
    SIZE_LF,
    CONTENT,
    CR,
    LF,
    NAME,
    VALUE,
    FIELD_LF,
    LAST_LF,
    DONE
};

struct decoder {
    enum state state;
    uint64_t left; /* the size at hand, and what is left of it */
    size_t digits, line;
    char trailers[TRAILERS_MOST];
    size_t trailers_length, name;
    const char *wrong;
};

static int digit_of(int byte)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = byte == '\0' ? NULL : strchr(digits, byte);

    return at == NULL ? -1 : (int)((at - digits) % 16);
}

static bool is_name(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte != '\0' && strchr("0123456789!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_text(int byte)
{
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

static enum state refuse(struct decoder *d, const char *wrong)
{
    d->wrong = wrong;
    return DONE;
}

static enum state take_size(struct decoder *d, int byte)
{
    int digit = digit_of(byte);

    if (d->state == SIZE && digit >= 0) {
        if (d->left >> 59 != 0)
            return refuse(d, "a size is too large");
        d->left = d->left << 4 | (unsigned)digit;
        d->digits++;
        return SIZE;
    }
    if (d->digits == 0)
        return refuse(d, "a size has no digits");
    if (byte == '\r' && d->state == SIZE)
        return SIZE_LF;
    if (byte == ';')
        return EXTENSION;
    return byte == ' ' || byte == '\t' ? BLANKS : refuse(d, "a size is no number");
}

static enum state take_trailer(struct decoder *d, int byte)
{
    if (d->trailers_length == TRAILERS_MOST)
        return refuse(d, "the trailers are too long");
    d->trailers[d->trailers_length++] = (char)byte;
    if (d->state == NAME) {
        if (byte == '\r' && d->name == 0)
            return LAST_LF;
        if (byte == ':' && d->name > 0)
            return VALUE;
        d->name++;
        return is_name(byte) ? NAME : refuse(d, "a trailer has no name");
    }
    if (d->state == VALUE)
        return byte == '\r'    ? FIELD_LF
               : is_text(byte) ? VALUE
                               : refuse(d, "a trailer holds a control");
    if (byte != '\n')
        return refuse(d, "a line feed is missing");
    d->name = 0;
    return d->state == FIELD_LF ? NAME : DONE;
}

static enum state take(struct decoder *d, int byte)
{
    if (d->state <= SIZE_LF && ++d->line > LINE_MOST)
        return refuse(d, "a size line is too long");
    switch (d->state) {
    case SIZE:
    case BLANKS:
        return take_size(d, byte);
    case EXTENSION:
        return byte == '\r'    ? SIZE_LF
               : is_text(byte) ? EXTENSION
                               : refuse(d, "an extension holds a control");
    case SIZE_LF:
        d->line = d->digits = 0;
        return byte != '\n' ? refuse(d, "a line feed is missing") : d->left == 0 ? NAME : CONTENT;
    case CR:
        return byte == '\r' ? LF : refuse(d, "a chunk is too long");
    case LF:
        return byte == '\n' ? SIZE : refuse(d, "a chunk is too long");
    default:
        return take_trailer(d, byte);
    }
}

static void decode(struct decoder *d, const char *bytes, size_t length)
{
    while (length > 0 && d->state != DONE) {
        if (d->state == CONTENT) {
            size_t most = d->left < length ? (size_t)d->left : length;
            (void)fwrite(bytes, 1, most, stdout); /* main asks fflush() */
            bytes += most;
            length -= most;
            d->left -= most;
            if (d->left == 0)
                d->state = CR;
            continue;
        }
        d->state = take(d, (unsigned char)*bytes++);
        length--;
    }
}

int main(int argc, char **argv)
{
    static struct decoder d;
    static char block[BLOCK];
    size_t got = 1;

    (void)argv;
    if (argc != 2)
        die_usage("TRAILERS");
    while (d.state != DONE && got > 0) {
        got = fread(block, 1, sizeof block, stdin);
        if (got < sizeof block && ferror(stdin))
            die_errno("standard input");
        decode(&d, block, got);
    }
    if (fflush(stdout) == EOF)
        die_errno("standard output");
    if (d.wrong != NULL || d.state != DONE)
        die("%s", d.wrong != NULL ? d.wrong : "the body was cut off");
    for (char *line = d.trailers; *line != '\r'; line = strchr(line, '\n') + 1)
        report("trailer %.*s", (int)strcspn(line, "\r"), line);
    finish(EXIT_SUCCESS);
}
