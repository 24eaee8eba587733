/*
 * Exercise 2.3  De-chunk a stream, a few calls for each chunk
 *
 * A state machine knows at each byte how many must still come in any body that is whole: behind a
 * size of 5 for instance two of a line end, five of content, two of a line end and five of a last
 * chunk. So many can be read at once, and all of them are the body's. Nothing is read byte by byte.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 16, LINE_MOST = 4096, TRAILERS_MOST = 8192 };

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

/* How many bytes must still come, if the body is to be whole. */
static uint64_t least_to_come(const struct decoder *d)
{
    uint64_t behind =
        d->left == 0 ? 2 : d->left + 7; /* an empty line, or a chunk and 0 CR LF CR LF */

    switch (d->state) {
    case SIZE:
    case BLANKS:
        return d->digits == 0 ? 5 : d->state == BLANKS ? 2 : 1; /* another digit may change it */
    case EXTENSION:
        return 2 + behind;
    case SIZE_LF:
        return 1 + behind;
    case CONTENT:
        return d->left + 7;
    case CR:
        return 7;
    case LF:
        return 6;
    case NAME:
        return d->name == 0 ? 2 : 5;
    case VALUE:
        return 4;
    case FIELD_LF:
        return 3;
    case LAST_LF:
        return 1;
    case DONE:
        break;
    }
    return 0;
}

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
            (void)fwrite(bytes, 1, most, stdout); /* main asks ferror() */
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

static bool complain(const char *what, const char *why)
{
    fprintf(stderr, "dechunk: %s: %s\n", what, why);
    return false;
}

static bool save(const struct decoder *d, const char *path)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return complain(path, strerror(errno));
    size_t length = d->trailers_length - 2; /* without the empty line */
    bool good = fwrite(d->trailers, 1, length, file) == length;
    return (fclose(file) == 0 && good) || complain(path, strerror(errno));
}

int main(int argc, char **argv)
{
    static struct decoder d;
    static char bytes[PIECE];
    bool good = true;

    if (argc != 2) {
        complain("usage", "dechunk TRAILERS");
        return 2;
    }
    while (d.state != DONE && good) {
        uint64_t least = least_to_come(&d);
        ssize_t got = read(STDIN_FILENO, bytes, least < PIECE ? (size_t)least : PIECE);
        if (got > 0)
            decode(&d, bytes, (size_t)got);
        else if (got == 0 || errno != EINTR)
            good = complain("standard input", got == 0 ? "it breaks off" : strerror(errno));
    }
    if (d.wrong != NULL)
        good = complain("standard input", d.wrong);
    if (fflush(stdout) == EOF || ferror(stdout))
        good = complain("standard output", "it cannot be written");
    return good && save(&d, argv[1]) ? 0 : 1;
}
