#include "workbook/patched.h"

#include <string.h>

enum { FILE_MOST = 1 << 20 };

/* The hunk that is being read: what it replaces, and by what. */
struct hunk {
    struct buffer old, new;
    int number;
    int line; /* of its "@@" in the patch */
};

bool patched_is(const char *path)
{
    size_t length = strlen(path);
    return length > 6 && strcmp(path + length - 6, ".patch") == 0;
}

/* Where lines stand in text, at from or behind it; NULL if they do not. */
static const char *find_lines(const char *text, const char *from, const char *lines)
{
    const char *found = strstr(from, lines);

    while (found != NULL && found != text && found[-1] != '\n')
        found = strstr(found + 1, lines);
    return found;
}

/* Adds the text from *from to the hunk, and what stands there instead; *from goes behind it. */
static int put_hunk(const struct hunk *hunk, const char *text, const char **from,
                    struct buffer *program, struct error *error)
{
    const char *place = hunk->old.length > 0 ? find_lines(text, text, hunk->old.data) : NULL;
    const char *why = NULL;

    if (place == NULL)
        why = "the lines that it replaces do not stand in the solution";
    else if (find_lines(text, place + 1, hunk->old.data) != NULL)
        why = "the lines that it replaces stand twice in the solution; it takes more lines around";
    else if (place < *from)
        why = "it stands behind a hunk of later lines";
    if (why != NULL)
        return error_set(error,
                         "hunk %d, in line %d, does not apply: %s. Mend it by hand, or by "
                         "\"make patches\" if the solution has changed",
                         hunk->number, hunk->line, why);
    if (buffer_add(program, *from, (size_t)(place - *from)) == -1 ||
        buffer_add(program, buffer_text(&hunk->new), hunk->new.length) == -1)
        return error_set(error, "There is no memory left");
    *from = place + hunk->old.length;
    return 0;
}

/* Adds a line of a hunk, with its end, to what it belongs to. */
static int take_line(struct hunk *hunk, const char *line, size_t length, int number,
                     struct error *error)
{
    char kind = *line == '\n' ? ' ' : *line;
    size_t mark = *line == '\n' ? 0 : 1;

    if (kind != ' ' && kind != '-' && kind != '+')
        return error_set(error, "line %d begins with none of blank, - and +", number);
    if ((kind != '+' && buffer_add(&hunk->old, line + mark, length - mark) == -1) ||
        (kind != '-' && buffer_add(&hunk->new, line + mark, length - mark) == -1))
        return error_set(error, "There is no memory left");
    return 0;
}

/* Applies every hunk of patch to text. */
static int apply(const char *patch, const char *text, struct hunk *hunk, struct buffer *program,
                 struct error *error)
{
    const char *from = text;
    int number = 0;
    bool headed = false;

    for (const char *line = patch, *next; *line != '\0'; line = next) {
        const char *end = strchr(line, '\n');
        if (end == NULL)
            return error_set(error, "it does not end in a newline");
        next = end + 1;
        number++;
        if (hunk->number == 0 && strncmp(line, "+++ ", 4) == 0)
            headed = true;
        if (headed && strncmp(line, "@@ ", 3) == 0) {
            if (hunk->number > 0 && put_hunk(hunk, text, &from, program, error) == -1)
                return -1;
            hunk->old.length = hunk->new.length = 0;
            hunk->line = number;
            hunk->number++;
        } else if (hunk->number > 0 &&
                   take_line(hunk, line, (size_t)(next - line), number, error) == -1) {
            return -1;
        }
    }
    if (hunk->number == 0)
        return error_set(error, "it has no \"--- FILE\", \"+++ FILE\" and \"@@ … @@\" with lines "
                                "that change the solution");
    if (put_hunk(hunk, text, &from, program, error) == -1)
        return -1;
    return buffer_add(program, from, strlen(from)) == -1
               ? error_set(error, "There is no memory left")
               : 0;
}

int patched_read(const char *path, const char *solution, struct buffer *program,
                 struct error *error)
{
    struct buffer patch = {0}, text = {0};
    struct hunk hunk = {.number = 0};
    int result;

    if (buffer_add_file(&patch, path, FILE_MOST) == -1)
        result = error_set_errno(error, "it cannot be read");
    else if (buffer_add_file(&text, solution, FILE_MOST) == -1)
        result = error_set_errno(error, "its solution cannot be read");
    else
        result = apply(buffer_text(&patch), buffer_text(&text), &hunk, program, error);
    buffer_free(&patch);
    buffer_free(&text);
    buffer_free(&hunk.old);
    buffer_free(&hunk.new);
    return result;
}
