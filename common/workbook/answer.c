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

/* The length of the line end at text, of which LF, CR LF and CR are one to a compiler; or 0. */
static size_t line_end(const char *text, const char *end)
{
    if (text == end || (*text != '\n' && *text != '\r'))
        return 0;
    return *text == '\r' && end - text >= 2 && text[1] == '\n' ? 2 : 1;
}

/* The length of the line continuation at text, or 0: compilers let blanks stand in it. */
static size_t continuation(const char *text, const char *end)
{
    const char *at = text;

    if (at == end || *at != '\\')
        return 0;
    do {
        at++;
    } while (at < end && strchr(" \t\f\v", *at) != NULL);
    size_t length = line_end(at, end);
    return length == 0 ? 0 : (size_t)(at - text) + length;
}

/* The next character behind line continuations; '\0' at the end. */
static char strip_next(struct stripper *in)
{
    for (size_t length; (length = continuation(in->next, in->end)) > 0; in->owed++)
        in->next += length;
    size_t length = line_end(in->next, in->end);
    if (length > 0) {
        in->next += length;
        return '\n';
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

/* Whether the exercise gives this header: then it lies in its folder. */
static bool is_given(const char *given, const char *name, size_t length)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof path, "%s/%.*s", given, (int)length, name) < (int)sizeof path &&
           access(path, R_OK) == 0;
}

/* Whether it is a header of one of the workbook's modules; path is its file. */
static bool is_of_module(const struct answer_headers *headers, const char *name, size_t length,
                         char *path)
{
    return headers->libraries != NULL && libraries_own(headers->libraries, name, length, path);
}

static int check_include(const char *file, int line, const char *what,
                         const struct answer_headers *headers, struct error *error)
{
    char close = *what == '<' ? '>' : *what == '"' ? '"' : '\0';
    const char *end = close != '\0' ? strchr(what + 1, close) : NULL;
    size_t length = end != NULL ? (size_t)(end - what) + 1 : strlen(what);
    struct buffer shown = {0};
    char path[PATH_MAX];
    int result;

    bool listed = end != NULL && header_allowed(headers->allowed, what + 1, length - 2);
    if (listed && (close == '>' || is_given(headers->given, what + 1, length - 2) ||
                   is_of_module(headers, what + 1, length - 2, path)))
        return 0;
    (void)text_harmless(&shown, what, length < 80 ? length : 80);
    if (listed)
        result = error_set(error,
                           _("%s:%d includes %s. In quotes, that is a file of your own first; "
                             "write <%.*s>."),
                           file, line, buffer_text(&shown), (int)length - 2, what + 1);
    else
        result = error_set(error,
                           _("%s:%d includes %s. This exercise allows only what %s/README.md lists "
                             "below Headers: %s."),
                           file, line, buffer_text(&shown), headers->given, headers->allowed);
    buffer_free(&shown);
    return result;
}

int answer_check_headers(const char *path, const struct buffer *source,
                         const struct answer_headers *headers, struct error *error)
{
    struct buffer text = {0};
    const char *file = strrchr(path, '/');
    int number = 1, result = 0;

    if (*headers->allowed == '\0')
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

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* ---- plain C --------------------------------------------------------------------------------- */

/* Words that stand for more than C, and what is said of them. */
static const struct outlaw {
    const char *word;
    bool prefix; /* and what begins with it */
    const char *why;
} outlaws[] = {
    {"asm", false, N_("An answer is plain C, without assembler.")},
    {"__asm", false, N_("An answer is plain C, without assembler.")},
    {"__asm__", false, N_("An answer is plain C, without assembler.")},
    {"no_sanitize", true, N_("That would hide memory errors; mend them.")},
    {"__no_sanitize", true, N_("That would hide memory errors; mend them.")},
    {"no_address_safety_analysis", false, N_("That would hide memory errors; mend them.")},
    {"__no_address_safety_analysis__", false, N_("That would hide memory errors; mend them.")},
    {"disable_sanitizer_instrumentation", false, N_("That would hide memory errors; mend them.")},
    {"__asan_", true, N_("An answer does not give orders to what watches it.")},
    {"__lsan_", true, N_("An answer does not give orders to what watches it.")},
    {"__ubsan_", true, N_("An answer does not give orders to what watches it.")},
    {"__sanitizer_", true, N_("An answer does not give orders to what watches it.")},
    {"_Pragma", false, N_("An answer gives the compiler no orders but #pragma GCC diagnostic.")},
    {"__has_include", true, N_("What an answer may include is listed in the exercise.")},
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static int not_plain(const char *file, int line, const char *what, size_t length, const char *why,
                     struct error *error)
{
    struct buffer shown = {0};

    (void)text_harmless(&shown, what, length < 80 ? length : 80);
    int result = error_set(error, _("%s:%d holds %s. %s"), file, line, buffer_text(&shown), _(why));
    buffer_free(&shown);
    return result;
}

/* The end of what is quoted at text: behind the other quote, or the line's end. */
static const char *behind_quotes(const char *text)
{
    char quote = *text++;

    for (; *text != '\0' && *text != quote; text++)
        if (*text == '\\' && text[1] != '\0')
            text++;
    return *text == quote ? text + 1 : text;
}

/* Macros that the compiler's command line defines, because what they hide gives the assembler
 * orders: whether this is one's name, to which an answer gives no other meaning. */
static bool is_guard(const char *word)
{
    static const char *const names[] = {"section",     "__section__", "weakref",
                                        "__weakref__", "symver",      "__symver__"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (begins(word, names[i]) && !is_word(word[strlen(names[i])]))
            return true;
    return false;
}

/* A line without comments, behind what makes it a directive. */
static int check_directive(const char *file, int number, const char *line, struct error *error)
{
    static const char diagnostic[] = "diagnostic";
    size_t length = strcspn(line, " \t\f\v");
    const char *whose = line + length + strspn(line + length, " \t\f\v");

    if (((length == strlen("undef") && begins(line, "undef")) ||
         (length == strlen("define") && begins(line, "define"))) &&
        is_guard(whose))
        return not_plain(file, number, line, strlen(line),
                         N_("An answer is plain C, without assembler."), error);

    if (length != strlen("pragma") || strncmp(line, "pragma", length) != 0)
        return 0;
    length = strcspn(whose, " \t\f\v");
    if (!(length == 3 && strncmp(whose, "GCC", 3) == 0) &&
        !(length == 5 && strncmp(whose, "clang", 5) == 0))
        return 0;
    const char *what = whose + length + strspn(whose + length, " \t\f\v");
    if (begins(what, diagnostic) && !is_word(what[strlen(diagnostic)]))
        return 0;
    return not_plain(file, number, line, strlen(line),
                     N_("An answer gives the compiler no orders but #pragma GCC diagnostic."),
                     error);
}

static bool begins_raw(const char *word, size_t length)
{
    static const char *const prefixes[] = {"R", "LR", "uR", "UR", "u8R"};

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (length == strlen(prefixes[i]) && strncmp(word, prefixes[i], length) == 0)
            return true;
    return false;
}

static int check_words(const char *file, int number, const char *line, struct error *error)
{
    const char *at = line + strspn(line, " \t\f\v");

    if (*at == '#' || begins(at, "%:")) {
        at += *at == '#' ? 1 : 2;
        at += strspn(at, " \t\f\v");
        if (check_directive(file, number, at, error) == -1)
            return -1;
    }
    while (*at != '\0') {
        if (*at == '"' || *at == '\'') {
            at = behind_quotes(at);
            continue;
        }
        size_t length = 0;
        while (is_word(at[length]))
            length++;
        if (at[length] == '"' && begins_raw(at, length))
            return not_plain(file, number, at, length + 1,
                             N_("An answer is plain C, which has no raw strings."), error);
        for (size_t i = 0; length > 0 && i < sizeof outlaws / sizeof outlaws[0]; i++) {
            size_t word = strlen(outlaws[i].word);
            if (strncmp(at, outlaws[i].word, word) == 0 &&
                (length == word || (length > word && outlaws[i].prefix)))
                return not_plain(file, number, at, length, outlaws[i].why, error);
        }
        at += length > 0 ? length : 1;
    }
    return 0;
}

/*
 * "# 1 "stdio.h" 1" would make the compiler believe, and tell, that it is in that file. It is
 * looked for in comments, too: what hides a line from us as a comment may be none to the compiler.
 */
static int check_marker(const char *file, int number, const char *line, struct error *error)
{
    const char *mark = strpbrk(line, "#%"), *end = mark, *at;

    if (mark == NULL || (*mark == '%' && mark[1] != ':'))
        return 0;
    while (end > line && strchr(" \t\f\v", end[-1]) != NULL)
        end--;
    if (end > line && !(end - line >= 2 && end[-1] == '/' && end[-2] == '*'))
        return 0;
    at = mark + (*mark == '#' ? 1 : 2);
    at += strspn(at, " \t\f\v");
    while (begins(at, "/*") && (end = strstr(at + 2, "*/")) != NULL)
        at = end + 2 + strspn(end + 2, " \t\f\v");
    if (!isdigit((unsigned char)*at) && !begins(at, "/*"))
        return 0;
    return not_plain(
        file, number, mark, strlen(mark),
        N_("A line that begins with # and a number pretends to stand in another file."), error);
}

/* Calls check for each line of text, until one complains. */
static int check_lines(const char *path, struct buffer *text,
                       int (*check)(const char *file, int number, const char *line,
                                    struct error *error),
                       struct error *error)
{
    const char *file = strrchr(path, '/');
    int number = 1, result = 0;

    for (char *line = text->data; line != NULL && result == 0; number++) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end = '\0';
        result = check(file != NULL ? file + 1 : path, number, line, error);
        line = end != NULL ? end + 1 : NULL;
    }
    buffer_free(text);
    return result;
}

int answer_check_plain(const char *path, const struct buffer *source, struct error *error)
{
    struct buffer text = {0}, lines = {0};
    struct stripper in = {buffer_text(source), buffer_text(source) + source->length, &lines, 0,
                          false};

    for (char c; (c = strip_next(&in)) != '\0';)
        strip_put(&in, c);
    if (check_lines(path, &lines, check_marker, error) == -1)
        return -1;
    strip_comments(source, &text);
    return check_lines(path, &text, check_words, error);
}

/* ---- the headers that the compiler took ------------------------------------------------------ */

static size_t line_length(const char *text, size_t rest)
{
    const char *end = memchr(text, '\n', rest);
    return end != NULL ? (size_t)(end - text) + 1 : rest;
}

/*
 * What -H writes of each header: a point for each level, a blank and the path; of one that was
 * compiled beforehand, a point less and then '!' or 'x'. Returns where the path begins, or 0.
 */
static size_t header_line(const char *line, size_t length, int *depth)
{
    size_t at = 0;

    while (at < length && line[at] == '.')
        at++;
    *depth = (int)at;
    if (at < length && (line[at] == '!' || line[at] == 'x')) {
        ++*depth;
        at++;
    }
    return *depth > 0 && at + 1 < length && line[at] == ' ' ? at + 1 : 0;
}

/* Whether headers of the system's own lie there: below a folder that a learner does not write to.
 */
static bool is_of_system(const char *path)
{
    static const char *const places[] = {"/usr/", "/opt/", "/nix/store/", "/gnu/store/"};
    char here[PATH_MAX];
    const char *compiler = getenv("CC");
    const char *root = compiler != NULL ? strstr(compiler, "--sysroot") : NULL;

    if (getcwd(here, sizeof here) != NULL && begins(path, here) && path[strlen(here)] == '/')
        return false;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (begins(path, places[i]))
            return true;
    if (root == NULL)
        return false;
    root += strlen("--sysroot");
    root += strspn(root, "= ");
    size_t length = strcspn(root, " \t");
    return length > 1 && strncmp(path, root, length) == 0;
}

/* /usr/include, /usr/lib/gcc/…/include, /usr/include/x86_64-linux-gnu: not /usr/include/sys. */
static bool holds_headers(const char *path, size_t length)
{
    char folder[PATH_MAX];

    if (length >= sizeof folder)
        return false;
    memcpy(folder, path, length);
    folder[length] = '\0';
    char *last = strrchr(folder, '/');
    if (last == NULL)
        return false;
    if (begins(last, "/include"))
        return true;
    if (strstr(last, "-linux-") == NULL)
        return false;
    *last = '\0';
    last = strrchr(folder, '/');
    return last != NULL && begins(last, "/include");
}

static bool is_allowed(const struct answer_headers *headers, const char *path, bool *own)
{
    size_t length = strlen(path);
    char real[PATH_MAX], module[PATH_MAX];

    if (begins(path, "./"))
        return is_allowed(headers, path + 2, own);
    bool astray = strstr(path, "/../") != NULL;
    if (astray && realpath(path, real) != NULL)
        return is_allowed(headers, real, own);
    *own = astray || !is_of_system(path);
    for (const char *at = headers->allowed; *at != '\0'; at += strspn(at, " ")) {
        size_t word = strcspn(at, " "), folder = length > word ? length - word - 1 : 0;
        bool named = folder > 0 && path[folder] == '/' && strncmp(path + folder + 1, at, word) == 0;
        if (named && !*own && holds_headers(path, folder))
            return true;
        if (named && strlen(headers->given) == folder && strncmp(path, headers->given, folder) == 0)
            return true;
        if (*own && is_of_module(headers, at, word, module) && strcmp(path, module) == 0)
            return true;
        at += word;
    }
    /* clang tells here also of what its sanitizers leave alone. */
    return !*own && strstr(path, "_ignorelist.txt") != NULL;
}

static int check_included(const char *file, const char *path, const struct answer_headers *headers,
                          struct error *error)
{
    struct buffer shown = {0};
    bool own = false;
    int result = 0;

    if (!is_allowed(headers, path, &own)) {
        (void)text_harmless(&shown, path, strlen(path) < 200 ? strlen(path) : 200);
        result = own ? error_set(
                           error,
                           _("%s includes %s, which is neither of the system nor of the "
                             "exercise. It allows only what %s/README.md lists below Headers: %s."),
                           file, buffer_text(&shown), headers->given, headers->allowed)
                     : error_set(error,
                                 _("%s includes %s. This exercise allows only what %s/README.md "
                                   "lists below Headers: %s."),
                                 file, buffer_text(&shown), headers->given, headers->allowed);
        buffer_free(&shown);
    }
    return result;
}

int answer_check_included(const char *path, struct buffer *said,
                          const struct answer_headers *headers, struct error *error)
{
    const char *text = buffer_text(said), *file = strrchr(path, '/');
    struct buffer rest = {0};
    bool guards = false; /* at its end gcc lists headers without a guard */
    int result = 0, depth;

    for (size_t i = 0, length; i < said->length; i += length) {
        const char *line = text + i;
        length = line_length(line, said->length - i);
        size_t at = header_line(line, length, &depth);
        char *name = depth == 1 && at > 0 ? strndup(line + at, length - at) : NULL;
        if (name != NULL && result == 0 && *headers->allowed != '\0') {
            name[strcspn(name, "\n")] = '\0';
            result = check_included(file != NULL ? file + 1 : path, name, headers, error);
        }
        free(name);
        guards = guards || begins(line, "Multiple include guards may be useful for:");
        if (at == 0 && !(guards && (line[0] == 'M' || memchr(line, ':', length) == NULL)))
            (void)buffer_add(&rest, line, length); /* memory short: a message less is shown */
    }
    buffer_free(said);
    *said = rest;
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

/* A line can be as long as the file is large. */
static int add_harmless(struct buffer *out, const char *line, size_t length)
{
    enum { MOST = 400 };
    static const char more[] = "…\n";
    size_t kept = MOST;

    if (length <= MOST)
        return text_harmless(out, line, length);
    while (kept > 0 && (line[kept] & 0xc0) == 0x80) /* within a character */
        kept--;
    return text_harmless(out, line, kept) == -1 ? -1 : buffer_add(out, more, sizeof more - 1);
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
    return add_harmless(out, line, length);
}

/* Macros within macros make a message of thousands of lines. */
static int add_message(struct buffer *out, const char *path, const struct message *message,
                       int most)
{
    int result = 0;

    for (size_t i = 0, length; i < message->length && result == 0; i += length) {
        length = line_length(message->text + i, message->length - i);
        if (is_noise(message->text + i, length))
            continue;
        if (most-- == 0)
            return buffer_print(out, "…\n");
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
            result = add_message(out, path, &messages[i], lines);
        }
    if (result == 0 && left > 0)
        result = buffer_print(
            out, ngettext("… and %zu more message\n", "… and %zu more messages\n", left), left);
    return result;
}
