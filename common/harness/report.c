/* The verdict of a case, as JSON: what the runner shows and the grade book keeps. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "harness/internal.h"
#include "wire/ladder.h"

enum { LADDER_COLUMNS = 76, LADDER_LINES = 20, CONTEXT = 24, SHOWN = 56 };

static const char *const NAMES[] = {"pass",   "fail",      "crash",  "timeout",
                                    "memory", "processes", "output", "sanitizer",
                                    "leak",   "skipped",   "harness"};

static struct comparison compared;
static bool has_comparison;

const char *status_name(enum status status)
{
    return NAMES[status];
}

void report_comparison(const struct comparison *comparison)
{
    compared = *comparison;
    has_comparison = true;
}

json_t *report_text(const char *text)
{
    json_t *string = json_string(text);
    struct buffer shown = {0};

    if (string != NULL)
        return string;
    (void)bytes_show(text, strlen(text), (size_t)-1, &shown);
    string = json_string(buffer_text(&shown));
    buffer_free(&shown);
    return string;
}

const struct comparison *report_compared(void)
{
    return has_comparison ? &compared : NULL;
}

/* ---- expected beside got, with the first difference marked ---- */

static size_t first_difference(const unsigned char *a, size_t a_length, const unsigned char *b,
                               size_t b_length)
{
    size_t least = a_length < b_length ? a_length : b_length, i = 0;

    while (i < least && a[i] == b[i])
        i++;
    return i;
}

/* Columns of text as bytes_show() writes it; what it leaves of UTF-8 takes one column a character.
 */
static size_t columns_of(const char *text)
{
    size_t columns = 0;

    for (; *text != '\0'; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

/* True if these bytes are shown in so few columns. */
static bool has_room(const unsigned char *bytes, size_t length, size_t columns)
{
    struct buffer shown = {0};

    (void)bytes_show(bytes, length, (size_t)-1, &shown);
    bool room = columns_of(buffer_text(&shown)) <= columns;
    buffer_free(&shown);
    return room;
}

/*
 * Some bytes before the difference: from the start of its line, or of the line before it if it
 * begins one, or not too far back. Short texts are shown from their start.
 */
static size_t window_start(const struct comparison *c, size_t difference)
{
    const unsigned char *bytes = c->expected;
    size_t start = difference;

    if (c->expected_length <= SHOWN && has_room(bytes, c->expected_length, SHOWN))
        return 0;
    while (start > 0 && (bytes[start - 1] != '\n' || start == difference) &&
           has_room(bytes + start - 1, difference - start + 1, CONTEXT))
        start--;
    return start;
}

static void show_window(const unsigned char *bytes, size_t length, size_t start,
                        struct buffer *into)
{
    if (start > 0)
        (void)buffer_print(into, "… ");
    (void)bytes_show(bytes + start, length - start, SHOWN, into);
}

static void add_comparison(json_t *verdict)
{
    const unsigned char *expected = compared.expected, *got = compared.got;
    size_t at = first_difference(expected, compared.expected_length, got, compared.got_length);
    size_t start = window_start(&compared, at);
    struct buffer wanted = {0}, shown = {0}, before = {0};
    char text[96];

    show_window(expected, compared.expected_length, start, &wanted);
    show_window(got, compared.got_length, start, &shown);
    show_window(got, at, start, &before);
    if (at == compared.got_length)
        (void)snprintf(text, sizeof text, "ends here, after %zu of %zu bytes", at,
                       compared.expected_length);
    else if (at == compared.expected_length)
        (void)snprintf(text, sizeof text, "should end here, after byte %zu", at);
    else
        (void)snprintf(text, sizeof text, "differs here, at byte %zu", at + 1);
    (void)json_object_set_new(verdict, "expected", json_string(buffer_text(&wanted)));
    (void)json_object_set_new(verdict, "got", json_string(buffer_text(&shown)));
    (void)json_object_set_new(verdict, "mark",
                              json_integer((json_int_t)columns_of(buffer_text(&before))));
    (void)json_object_set_new(verdict, "mark_text", json_string(text));
    buffer_free(&wanted);
    buffer_free(&shown);
    buffer_free(&before);
}

/* The first lines of a text, line ends shown if ends is set, and "…" where there are more. */
static void show_lines(const char *at, size_t length, unsigned most, bool ends, struct buffer *into)
{
    enum { MOST_BYTES = 200 }; /* of a line */
    const char *end = at + length;

    for (unsigned lines = 0; at < end; lines++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t line = (size_t)((stop == NULL ? end : stop) - at);
        if (lines > 0)
            (void)buffer_print(into, "\n");
        if (lines == most) {
            (void)buffer_print(into, "…");
            return;
        }
        (void)bytes_show(at, line + (ends && stop != NULL), MOST_BYTES, into);
        at += line + 1;
    }
}

/* A message that should name something: it may stand anywhere, so there is no first difference. */
static void add_named(json_t *verdict)
{
    struct buffer shown = {0};

    (void)json_object_set_new(verdict, "expected",
                              json_sprintf("a line with %s", (const char *)compared.expected));
    show_lines(compared.got, compared.got_length, 4, false, &shown);
    (void)json_object_set_new(
        verdict, "got",
        json_string(shown.length == 0 ? "nothing on standard error" : buffer_text(&shown)));
    buffer_free(&shown);
}

/* ---- the rest ---- */

static json_t *draw_ladder(const struct student *student)
{
    struct ladder_options options = {
        .columns = LADDER_COLUMNS, .lines = LADDER_LINES, .times = true};
    json_t *lines = json_array();
    struct buffer drawn = {0};

    if (student != NULL && student->log.header != NULL)
        (void)ladder_draw(&student->log, &options, &drawn); /* short of memory: no ladder */
    for (const char *at = buffer_text(&drawn); *at != '\0';) {
        size_t length = strcspn(at, "\n");
        (void)json_array_append_new(lines, json_stringn(at, length));
        at += length + (at[length] == '\n');
    }
    buffer_free(&drawn);
    return lines;
}

/* What the program itself said on standard error, its first line. */
static void add_message(json_t *verdict, const struct student *student)
{
    struct buffer shown = {0};

    if (student == NULL || student->errors.length == 0)
        return;
    size_t line = strcspn(buffer_text(&student->errors), "\n");
    (void)bytes_show(student->errors.data, line, 200, &shown);
    (void)json_object_set_new(verdict, "message", json_string(buffer_text(&shown)));
    buffer_free(&shown);
}

/* How its standard input began. */
static void add_input(json_t *verdict, const struct student *student)
{
    struct buffer shown = {0};

    show_lines(student->input.data, student->input.length, 6, true, &shown);
    (void)json_object_set_new(verdict, "input", json_string(buffer_text(&shown)));
    buffer_free(&shown);
}

/* How the files began that the case is about. */
static void add_files(json_t *verdict, const struct session *s)
{
    json_t *files = json_array();

    for (size_t i = 0; i < s->shown_count; i++) {
        struct buffer shown = {0};
        show_lines(s->shown[i].text.data, s->shown[i].text.length, 10, true, &shown);
        json_t *file = json_object();
        (void)json_object_set_new(file, "name", report_text(s->shown[i].name));
        (void)json_object_set_new(file, "text", json_string(buffer_text(&shown)));
        (void)json_array_append_new(files, file);
        buffer_free(&shown);
    }
    (void)json_object_set_new(verdict, "files", files);
}

static void add_failure(struct session *s, json_t *verdict, struct student *student,
                        enum status status, bool stopped)
{
    const struct expectation *e = &s->expected;

    (void)json_object_set_new(verdict, "steps", steps_build(s, student, status));
    if (!has_comparison && e->link != NULL && e->link->in.length > 0) {
        report_comparison(&(struct comparison){.expected = e->bytes,
                                               .got = e->link->in.data,
                                               .expected_length = e->length,
                                               .got_length = e->link->in.length,
                                               .sent = true});
    }
    if (has_comparison && compared.sent)
        (void)json_object_set_new(verdict, "sent", json_true());
    if (!stopped) { /* by a sanitizer: then its report says it all */
        if (has_comparison && compared.message)
            add_named(verdict);
        else if (has_comparison)
            add_comparison(verdict);
        if (has_comparison && compared.shaped &&
            memchr(compared.expected, '#', compared.expected_length) != NULL)
            (void)json_object_set_new(
                verdict, "key",
                json_string("# is any whole number, #.## one with so many decimals"));
        if (!has_comparison || !compared.message)
            add_message(verdict, student);
    }
    (void)json_object_set_new(verdict, "ladder", draw_ladder(student));
    if (student != NULL)
        (void)json_object_set_new(verdict, "command", report_text(student->command));
    if (student != NULL && student->input.length > 0 && !student->streamed)
        add_input(verdict, student);
    if (s->shown_count > 0)
        add_files(verdict, s);
}

static const char *sanitizer_cause(const json_t *lines, bool leak)
{
    const char *first = json_string_value(json_object_get(json_array_get(lines, 0), "text"));

    if (leak)
        return "The program ended without freeing all its memory.";
    if (first != NULL && strncmp(first, "Undefined", 9) == 0)
        return "The program did what C leaves undefined, and was stopped there.";
    if (first != NULL && strncmp(first, "Calls abort", 11) == 0)
        return "The program ended itself with abort().";
    return "The program was stopped at a memory error.";
}

json_t *report_build(struct session *s, enum status status, struct student *student,
                     const char *cause)
{
    const struct test_case *test = s->test;
    json_t *lines = NULL, *verdict;
    const char *report = NULL, *better;
    bool leak;

    if (status != STATUS_PASS && status != STATUS_HARNESS &&
        (lines = sanitizer_read(s, &leak, &report)) != NULL)
        status = leak ? STATUS_LEAK : STATUS_SANITIZER;
    better = s->certain ? NULL : steps_diagnose(s, student, status);
    if (lines != NULL)
        cause = sanitizer_cause(lines, leak);
    else if (better != NULL && status != STATUS_HARNESS)
        cause = better;
    verdict = json_pack("{s:s, s:s, s:i, s:i, s:s, s:o, s:s}", "case", test->name, "title",
                        test->title, "points", test->points, "earned",
                        status == STATUS_PASS ? test->points : 0, "status", status_name(status),
                        "cause", report_text(cause), "teaches", test->teaches);
    if (lines != NULL)
        (void)json_object_set_new(verdict, "sanitizer", lines);
    if (report != NULL)
        (void)json_object_set_new(verdict, "report", report_text(report));
    if (status != STATUS_PASS)
        add_failure(s, verdict, student, status, lines != NULL);
    if (status == STATUS_FAIL && better == NULL && (s->generic || has_comparison))
        (void)json_object_set_new(verdict, "generic", json_true());
    if (status == STATUS_TIMEOUT && s->able)
        (void)json_object_set_new(verdict, "able", json_true());
    (void)json_object_set_new(verdict, "seed", json_integer((json_int_t)s->options->seed));
    (void)json_object_set_new(verdict, "ms",
                              json_integer((json_int_t)((now_ns() - s->began_ns) / 1000000U)));
    return verdict;
}
