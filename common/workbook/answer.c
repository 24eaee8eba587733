#include "workbook/answer.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workbook/files.h"
#include "workbook/screen.h"

enum { SOURCE_LIMIT = 1 << 20 };

bool answer_exists(const struct exercise_entry *exercise)
{
    struct stat status;
    return lstat(exercise->answer, &status) == 0;
}

int answer_open(const struct exercise_entry *exercise, bool *created, struct error *error)
{
    struct buffer starter = {0};

    *created = false;
    if (answer_exists(exercise))
        return 0;
    if (buffer_add_file(&starter, exercise->starter, SOURCE_LIMIT) == -1)
        return error_set_errno(error, "%s", exercise->starter);
    int result = folder_make_for(exercise->answer, error);
    if (result == 0) {
        result = file_write(exercise->answer, buffer_text(&starter), starter.length, false, error);
        *created = result == 0;
        if (result == -1 && errno == EEXIST) /* another runner opened it just now */
            result = 0;
    }
    buffer_free(&starter);
    return result;
}

/* Why path cannot be a source file, whatever is in it. */
static int look_at(const char *path, struct error *error)
{
    struct stat status;
    char target[PATH_MAX];

    if (stat(path, &status) == -1) {
        int why = errno;
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length > 0) {
            target[length] = '\0';
            return error_set(error, _("%s is a symbolic link to %s: %s."), path, target,
                             strerror(why));
        }
        errno = why;
        return error_set_errno(error, "%s", path);
    }
    if (S_ISDIR(status.st_mode))
        return error_set(error, _("%s is a folder, not a file. Move it away to go on."), path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, _("%s is not a regular file. Move it away to go on."), path);
    if (status.st_size > SOURCE_LIMIT)
        return error_set(error, _("%s is larger than 1 MiB; that cannot be a source file."), path);
    return 0;
}

int answer_read(const char *path, struct buffer *source, struct error *error)
{
    if (look_at(path, error) == -1)
        return -1;
    if (buffer_add_file(source, path, SOURCE_LIMIT) == -1)
        return error_set_errno(error, "%s", path);
    const char *nul = source->length > 0 ? memchr(source->data, '\0', source->length) : NULL;
    if (nul == NULL)
        return 0;
    int line = 1;
    for (const char *at = source->data; at < nul; at++)
        line += *at == '\n';
    if (source->length >= 2 &&
        (memcmp(source->data, "\xff\xfe", 2) == 0 || memcmp(source->data, "\xfe\xff", 2) == 0))
        return error_set(error, _("%s is UTF-16 text. Save it as UTF-8."), path);
    return error_set(error, _("%s holds a NUL byte in line %d; it is not a text file."), path,
                     line);
}

int answer_line_not_utf8(const struct buffer *source)
{
    const char *text = buffer_text(source);
    uint32_t code = 0;
    int line = 1;

    for (size_t i = 0, size; i < source->length; i += size) {
        size = text_character(text + i, source->length - i, &code);
        if (size == 0)
            return line;
        line += text[i] == '\n';
    }
    return 0;
}

/* ---- headers --------------------------------------------------------------------------------- */

/*
 * Source text as the preprocessor sees its lines: without comments and continued lines. A line
 * end that falls away is made up for behind the line, so that line numbers stay true.
 */
struct stripper {
    const char *next, *end;
    struct buffer *out;
    int owed;   /* line ends that fell away */
    bool begun; /* there is more than blanks in the line so far */
};

/* The next character behind line continuations; '\0' at the end. */
static char strip_next(struct stripper *in)
{
    while (in->end - in->next >= 2 && in->next[0] == '\\' && in->next[1] == '\n') {
        in->next += 2;
        in->owed++;
    }
    return in->next < in->end ? *in->next++ : '\0';
}

static char strip_peek(const struct stripper *in)
{
    struct stripper ahead = *in;
    return strip_next(&ahead);
}

static void strip_put(struct stripper *in, char c)
{
    (void)buffer_add(in->out, &c, 1); /* memory short: a header less is seen, gcc will say so */
    in->begun = c != '\n' && (in->begun || !isspace((unsigned char)c));
    for (; !in->begun && in->owed > 0; in->owed--)
        (void)buffer_add(in->out, "\n", 1);
}

static void strip_comment(struct stripper *in, bool line)
{
    char before = '\0', c;

    while ((c = strip_next(in)) != '\0') {
        if (line && c == '\n')
            break;
        if (!line && before == '*' && c == '/')
            break;
        in->owed += c == '\n';
        before = c;
    }
    strip_put(in, line ? '\n' : ' ');
}

static void strip_quoted(struct stripper *in, char quote)
{
    char c;

    strip_put(in, quote);
    while ((c = strip_next(in)) != '\0') {
        strip_put(in, c);
        if (c == quote || c == '\n')
            return;
        if (c == '\\')
            strip_put(in, strip_next(in));
    }
}

static void strip_comments(const struct buffer *source, struct buffer *out)
{
    struct stripper in = {buffer_text(source), buffer_text(source) + source->length, out, 0, false};
    char c;

    while ((c = strip_next(&in)) != '\0') {
        if (c == '/' && strip_peek(&in) == '*') {
            (void)strip_next(&in);
            strip_comment(&in, false);
        } else if (c == '/' && strip_peek(&in) == '/') {
            strip_comment(&in, true);
        } else if (c == '"' || c == '\'') {
            strip_quoted(&in, c);
        } else {
            strip_put(&in, c);
        }
    }
}

/* What stands behind #include in line, or NULL if that is no such line. */
static const char *include_in(const char *line)
{
    static const char *const words[] = {"include_next", "include", "import"};

    line += strspn(line, " \t\f\v\r");
    if (*line == '#')
        line++;
    else if (strncmp(line, "%:", 2) == 0)
        line += 2;
    else
        return NULL;
    line += strspn(line, " \t\f\v");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);
        if (strncmp(line, words[i], length) == 0 && !isalnum((unsigned char)line[length]) &&
            line[length] != '_')
            return line + length + strspn(line + length, " \t\f\v");
    }
    return NULL;
}

static bool header_allowed(const char *headers, const char *name, size_t length)
{
    for (const char *at = headers; *at != '\0';) {
        size_t word = strcspn(at, " ");
        if (word == length && memcmp(at, name, length) == 0)
            return true;
        at += word;
        at += strspn(at, " ");
    }
    return false;
}

static int check_include(const char *file, int line, const char *what, const char *headers,
                         struct error *error)
{
    char close = *what == '<' ? '>' : *what == '"' ? '"' : '\0';
    const char *end = close != '\0' ? strchr(what + 1, close) : NULL;
    struct buffer shown = {0};

    if (end != NULL && header_allowed(headers, what + 1, (size_t)(end - what) - 1))
        return 0;
    size_t length = end != NULL ? (size_t)(end - what) + 1 : strlen(what);
    (void)text_harmless(&shown, what, length < 80 ? length : 80);
    int result =
        error_set(error, _("%s:%d includes %s. This exercise allows only these headers: %s."), file,
                  line, buffer_text(&shown), headers);
    buffer_free(&shown);
    return result;
}

int answer_check_headers(const char *path, const struct buffer *source, const char *headers,
                         struct error *error)
{
    struct buffer text = {0};
    const char *file = strrchr(path, '/');
    int number = 1, result = 0;

    if (*headers == '\0')
        return 0;
    strip_comments(source, &text);
    for (char *line = text.data; line != NULL && result == 0; number++) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end = '\0';
        const char *what = include_in(line);
        if (what != NULL)
            result = check_include(file != NULL ? file + 1 : path, number, what, headers, error);
        line = end != NULL ? end + 1 : NULL;
    }
    buffer_free(&text);
    return result;
}

/* ---- what the compiler said ------------------------------------------------------------------ */

/* A message and the lines that belong to it. */
struct message {
    const char *text;
    size_t length;
    bool error;
    int lines;
};

static size_t line_length(const char *text, size_t rest)
{
    const char *end = memchr(text, '\n', rest);
    return end != NULL ? (size_t)(end - text) + 1 : rest;
}

static bool contains(const char *text, size_t length, const char *what)
{
    return memmem(text, length, what, strlen(what)) != NULL;
}

/* A line that only repeats what the next one says, or what the build said to itself. */
static bool is_noise(const char *line, size_t length)
{
    return contains(line, length, ": In function ") || contains(line, length, ": At top level:") ||
           contains(line, length, ": in function `") || contains(line, length, "collect2: ") ||
           contains(line, length, "compilation terminated");
}

/* 2 an error, 1 a warning, 0 a line of the message before it. */
static int begins_message(const char *line, size_t length)
{
    if (line[0] == ' ' || is_noise(line, length))
        return 0;
    if (contains(line, length, " error: ") || contains(line, length, "undefined reference") ||
        contains(line, length, "multiple definition"))
        return 2;
    return contains(line, length, " warning: ") ? 1 : 0;
}

static int add_line(struct buffer *out, const char *path, const char *line, size_t length)
{
    size_t folder = strrchr(path, '/') != NULL ? (size_t)(strrchr(path, '/') - path) + 1 : 0;

    /* Up to the file's own name: "/home/me/workbook/answers/…/" and the linker's "/tmp/ccX.o:" too.
     */
    const char *at = memmem(line, length, path, strlen(path));
    if (at != NULL && memchr(line, ' ', (size_t)(at - line)) == NULL) {
        length -= (size_t)(at - line) + folder;
        line = at + folder;
    }
    if (length > 9 && memcmp(line, "/usr/bin/", 9) == 0 && contains(line, length, "ld")) {
        const char *colon = memmem(line, length, ": ", 2);
        length -= colon != NULL ? (size_t)(colon - line) + 2 : 0;
        line = colon != NULL ? colon + 2 : line;
    }
    return text_harmless(out, line, length);
}

static int add_message(struct buffer *out, const char *path, const struct message *message)
{
    int result = 0;

    for (size_t i = 0, length; i < message->length && result == 0; i += length) {
        length = line_length(message->text + i, message->length - i);
        if (!is_noise(message->text + i, length))
            result = add_line(out, path, message->text + i, length);
    }
    return result;
}

/* Cuts what was said into messages; a heading such as "In file included from" goes with the next.
 */
static size_t cut_messages(const char *said, size_t length, struct message *messages, size_t most)
{
    size_t count = 0;
    const char *heading = NULL;

    for (size_t i = 0, size; i < length; i += size) {
        const char *line = said + i;
        size = line_length(line, length - i);
        int kind = begins_message(line, size);
        if (kind == 0 && line[0] != ' ' &&
            (contains(line, size, "In file included from") || is_noise(line, size))) {
            heading = heading == NULL ? line : heading;
            continue;
        }
        if ((kind > 0 || count == 0) && count < most) {
            messages[count++] =
                (struct message){.text = heading != NULL ? heading : line, .error = kind == 2};
            heading = NULL;
        }
        messages[count - 1].length = (size_t)(line + size - messages[count - 1].text);
        messages[count - 1].lines++;
    }
    return count;
}

int compiler_messages(const char *path, const char *said, size_t length, int lines,
                      struct buffer *out)
{
    enum { MOST = 200 };
    struct message messages[MOST];
    size_t count = cut_messages(said, length, messages, MOST), left = 0;
    int result = 0, used = 0;

    for (int errors = 1; errors >= 0; errors--)
        for (size_t i = 0; i < count && result == 0; i++) {
            if (messages[i].error != (errors == 1))
                continue;
            if (used > 0 && used + messages[i].lines > lines) {
                left++;
                continue;
            }
            used += messages[i].lines;
            result = add_message(out, path, &messages[i]);
        }
    if (result == 0 && left > 0)
        result = buffer_print(
            out, ngettext("… and %zu more message\n", "… and %zu more messages\n", left), left);
    return result;
}
