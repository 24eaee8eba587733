/* fails: needless digits broken not-utf8 overlong no-characters plus nul twice not-twice hidden layers order lines generated round-trip clean */
/* Counts bytes in the decoded line, and not in the line. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define UNRESERVED ALNUM "-._~"

enum { LINE_MOST = 4096 };

struct text {
    unsigned char bytes[LINE_MOST];
    size_t at[LINE_MOST + 1]; /* where each came from, and where the line ends */
    size_t length;
};

static const struct {
    const char *name, *holds; /* beside unreserved characters and triplets */
} PLACES[] = {{"userinfo", "!$&'()*+,;="},
              {"segment", "!$&'()*+,;=:@"},
              {"path", "!$&'()*+,;=:@/"},
              {"query", "!$&'()*+,;=:@/?"},
              {"value", "!$'()*,:@/?"}};

static bool is_among(const char *set, unsigned char byte)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

static bool is_triplet(const unsigned char *bytes, size_t left)
{
    return left >= 3 && bytes[0] == '%' && isxdigit(bytes[1]) && isxdigit(bytes[2]);
}

static int hex(unsigned char digit)
{
    return isdigit(digit) ? digit - '0' : toupper(digit) - 'A' + 10;
}

/* Decodes length bytes once; out may begin where they do. Returns how many triplets there were. */
static size_t decode(const unsigned char *bytes, size_t length, struct text *out)
{
    size_t triplets = 0;

    out->length = 0;
    for (size_t i = 0; i < length; out->length++) {
        out->at[out->length] = i;
        if (is_triplet(bytes + i, length - i)) {
            out->bytes[out->length] = (unsigned char)(hex(bytes[i + 1]) * 16 + hex(bytes[i + 2]));
            triplets++;
            i += 3;
        } else
            out->bytes[out->length] = bytes[i++];
    }
    out->at[out->length] = length;
    return triplets;
}

/* What is wrong with the sequence that begins here, or NULL; *length is how many bytes it takes. */
static const char *check_sequence(const unsigned char *bytes, size_t left, size_t *length)
{
    static const unsigned least[] = {0, 0x80, 0x800, 0x10000};
    size_t more = 0;

    if (bytes[0] >= 0xc0 && bytes[0] < 0xf8)
        more = bytes[0] < 0xe0 ? 1 : bytes[0] < 0xf0 ? 2 : 3;
    *length = 1;
    if (bytes[0] < 0x80)
        return NULL;
    unsigned value = bytes[0] & (0x3fU >> more);
    for (size_t i = 1; i <= more; i++) {
        if (i >= left || (bytes[i] & 0xc0) != 0x80)
            return "not-utf8";
        value = value << 6 | (bytes[i] & 0x3fU);
    }
    if (more == 0)
        return "not-utf8";
    *length = more + 1;
    if (value < least[more])
        return "overlong";
    if (value >= 0xd800 && value < 0xe000)
        return "surrogate";
    return value > 0x10ffff ? "too-large" : NULL;
}

static void say(unsigned long number, size_t at, const char *finding)
{
    printf("%lu:%zu: %s\n", number, at + 1, finding);
}

static void print_findings(unsigned long number, const struct text *text)
{
    size_t behind = 0, length; /* behind: where the UTF-8 sequence ends */

    for (size_t i = 0; i < text->length; i++) {
        const unsigned char *byte = text->bytes + i;
        size_t at = i;
        bool coded = text->at[i + 1] - text->at[i] == 3;

        if (*byte == '%' && !coded)
            say(number, at, "broken");
        if (coded && is_among(UNRESERVED, *byte))
            say(number, at, "needless");
        if (*byte == '+' && !coded)
            say(number, at, "plus");
        if (*byte == '\0')
            say(number, at, "nul");
        if (i >= behind) {
            const char *wrong = check_sequence(byte, text->length - i, &length);
            if (wrong != NULL)
                say(number, at, wrong);
            behind = i + length;
        }
        if (is_triplet(byte, text->length - i))
            say(number, at, "twice");
    }
}

static void print_places(const struct text *text)
{
    bool anywhere = false;

    for (size_t k = 0; k < sizeof PLACES / sizeof PLACES[0]; k++) {
        size_t i = 0;
        while (i < text->length &&
               (text->at[i + 1] - text->at[i] == 3 || is_among(UNRESERVED, text->bytes[i]) ||
                is_among(PLACES[k].holds, text->bytes[i])))
            i++;
        if (i == text->length) {
            printf(" %s", PLACES[k].name);
            anywhere = true;
        }
    }
    if (!anywhere)
        printf(" nowhere");
}

static void print_canonical(const struct text *text)
{
    for (size_t i = 0; i < text->length; i++) {
        bool coded = text->at[i + 1] - text->at[i] == 3;

        if (is_among(UNRESERVED, text->bytes[i]) ||
            (!coded && is_among(":/?#[]@!$&'()*+,;=", text->bytes[i])))
            putchar(text->bytes[i]);
        else
            printf("%%%02X", text->bytes[i]);
    }
}

static void report_line(unsigned long number, const unsigned char *line, size_t length)
{
    static struct text once, text;
    size_t coded = decode(line, length, &once), left = coded, layers = 0;

    print_findings(number, &once);
    for (text = once; left > 0; layers++)
        left = decode(text.bytes, text.length, &text);
    printf("%lu: coded %zu, layers %zu, fits", number, coded, layers);
    print_places(&once);
    printf(", <");
    print_canonical(&once);
    printf(">\n");
}

/* Reads a line, without its line end; of a longer one LINE_MOST + 1 bytes are counted. */
static bool read_line(unsigned char *line, size_t *length)
{
    int c;

    *length = 0;
    while ((c = getchar()) != EOF && c != '\n')
        if (*length <= LINE_MOST)
            line[(*length)++] = (unsigned char)c;
    return c != EOF || *length > 0;
}

int main(int argc, char **argv)
{
    static unsigned char line[LINE_MOST + 1];
    size_t length;
    int status = 0;

    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "usage: percent_detective <LINES\n");
        return 2;
    }
    for (unsigned long number = 1; read_line(line, &length); number++)
        if (length > LINE_MOST)
            say(number, LINE_MOST, "too-long");
        else
            report_line(number, line, length);
    if (ferror(stdin)) {
        perror("percent_detective: standard input");
        status = 1;
    }
    if (fflush(stdout) == EOF || ferror(stdout)) {
        perror("percent_detective: standard output");
        status = 1;
    }
    return status;
}
