#include "workbook/report.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/ladder.h"
#include "workbook/files.h"

enum { INDENT = 2, LABEL = 13, NARROW = 50 };

const char *points_text(int earned, int points)
{
    static char text[80];

    (void)snprintf(text, sizeof text,
                   ngettext("%d of %d point", "%d of %d points", (unsigned long)points), earned,
                   points);
    return text;
}

static void blank(const struct screen *screen)
{
    (void)fputc('\n', screen->out);
}

/* The lead keeps its own style, where screen_item() would give it the text's. */
static void put_wrapped(const struct screen *screen, enum style lead_style, const char *lead,
                        const char *text)
{
    struct screen memory = *screen;
    char *lines = NULL;
    size_t length = 0, indent = (size_t)text_columns(lead);

    memory.out = open_memstream(&lines, &length);
    if (memory.out == NULL)
        return;
    screen_wrap(&memory, STYLE_PLAIN, (int)indent, text);
    (void)fclose(memory.out); /* memory short: the end is missing */
    screen_print(screen, lead_style, "%s", lead);
    (void)fputs(indent < length ? lines + indent : "\n", screen->out);
    free(lines);
}

void screen_row(const struct screen *screen, enum style lead_style, const char *lead,
                const char *text, const char *right)
{
    int indent = text_columns(lead), room = screen->columns - indent - text_columns(text);
    int width = text_columns(right);

    if (width == 0 ? room >= 0 : room >= width + 2) {
        screen_print(screen, lead_style, "%s", lead);
        screen_marked(screen, STYLE_PLAIN, text);
        if (width > 0)
            screen_print(screen, STYLE_DIM, "%*s%s", room - width, "", right);
        blank(screen);
        return;
    }
    put_wrapped(screen, lead_style, lead, text);
    if (width > 0)
        screen_wrap(screen, STYLE_DIM, indent, right);
}

/* ---- text of the harness, made harmless ------------------------------------------------------ */

/* A fact as text for the terminal, owned by the caller's buffer. */
static const char *fact(const struct tap_case *test, const char *key, struct buffer *into)
{
    const char *text = tap_text(test, key);

    buffer_free(into);
    (void)text_harmless(into, text, strlen(text)); /* memory short: less is shown */
    return buffer_text(into);
}

static const char *member(const json_t *object, const char *key, struct buffer *into)
{
    const char *text = json_string_value(json_object_get(object, key));

    buffer_free(into);
    if (text != NULL)
        (void)text_harmless(into, text, strlen(text));
    return buffer_text(into);
}

/* ---- the parts of a failed case -------------------------------------------------------------- */

static bool narrow(const struct screen *screen)
{
    return screen->columns < NARROW;
}

/* "  Expected   ", or on a narrow screen "  Expected" on a line of its own. Returns the indent. */
static int put_label(const struct screen *screen, const char *label)
{
    if (narrow(screen)) {
        screen_print(screen, STYLE_DIM, "%*s%s\n", INDENT, "", label);
        (void)fprintf(screen->out, "%*s", 2 * INDENT, "");
        return 2 * INDENT;
    }
    int pad = LABEL - INDENT - text_columns(label);
    screen_print(screen, STYLE_DIM, "%*s%s%*s", INDENT, "", label, pad > 1 ? pad : 1, "");
    return LABEL;
}

static const char *raw_member(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* Where places begin: behind the widest text that leaves room for one. */
static int places_column(const struct screen *screen, const json_t *list, int indent)
{
    int places = 0, column = indent;
    size_t i;
    const json_t *step;

    json_array_foreach(list, i, step)
    {
        int width = text_columns(raw_member(step, "where"));
        places = width > places ? width : places;
    }
    json_array_foreach(list, i, step)
    {
        int end = indent + text_columns(raw_member(step, "text")) + 4;
        if (*raw_member(step, "where") != '\0' && end > column && end + places <= screen->columns)
            column = end;
    }
    if (column == indent && places < screen->columns - indent) /* nothing has room beside it */
        column = screen->columns - places;
    return column;
}

/* A text and the place in the source beside it, or below it when there is no room. */
static void put_placed(const struct screen *screen, const char *lead, const char *text,
                       const char *where, int column)
{
    int used = text_columns(lead) + text_columns(text);

    if (*where == '\0') {
        screen_item(screen, STYLE_PLAIN, text_columns(lead), lead, text);
    } else if (used + 2 <= column) {
        (void)fprintf(screen->out, "%s%s%*s", lead, text, column - used, "");
        screen_print(screen, STYLE_CODE, "%s\n", where);
    } else {
        screen_item(screen, STYLE_PLAIN, text_columns(lead), lead, text);
        screen_wrap(screen, STYLE_CODE, column, where);
    }
}

/* The part of a line around the marked column that fits, "…" where something was left out. */
static void put_window(const struct screen *screen, int indent, const char *line, int from)
{
    struct buffer part = {0};
    int room = screen->columns - indent;
    const char *at = line;

    if (from > 0) {
        for (int column = 0; *at != '\0' && column <= from; column++)
            do
                at++;
            while (((unsigned char)*at & 0xc0) == 0x80);
        (void)fputs("…", screen->out);
        room--;
    }
    if (text_cut(at, room, &part) == 0)
        (void)fprintf(screen->out, "%s\n", buffer_text(&part));
    buffer_free(&part);
}

/* Text of one or more lines behind a label; from is the first column shown. */
static void put_lines(const struct screen *screen, const char *label, const char *text, int from)
{
    int indent = put_label(screen, label);

    for (;;) {
        size_t length = strcspn(text, "\n");
        char *line = strndup(text, length);
        if (line != NULL)
            put_window(screen, indent, line, from);
        free(line);
        if (text[length] == '\0' || text[length + 1] == '\0')
            return;
        text += length + 1;
        (void)fprintf(screen->out, "%*s", indent, "");
    }
}

/* The command line, the first lines of its input and of files, cut where the screen ends. */
static void put_started(const struct screen *screen, const struct tap_case *test)
{
    const json_t *file;
    struct buffer text = {0}, name = {0};
    size_t i;

    if (*fact(test, "command", &text) != '\0') {
        blank(screen);
        put_lines(screen, _("Started"), buffer_text(&text), 0);
    }
    if (*fact(test, "input", &text) != '\0')
        put_lines(screen, _("Input"), buffer_text(&text), 0);
    json_array_foreach(json_object_get(test->facts, "files"), i, file)
    {
        (void)member(file, "name", &name);
        (void)member(file, "text", &text);
        put_lines(screen, buffer_text(&name), buffer_text(&text), 0);
    }
    buffer_free(&name);
    buffer_free(&text);
}

static void put_steps(const struct screen *screen, const struct tap_case *test)
{
    const json_t *list = json_object_get(test->facts, "steps"), *step;
    struct buffer text = {0}, where = {0};
    size_t i;

    if (json_array_size(list) == 0)
        return;
    if (*tap_text(test, "command") == '\0') /* else it stands over the steps */
        blank(screen);
    int indent = narrow(screen) ? 2 * INDENT : LABEL;
    if (narrow(screen))
        screen_print(screen, STYLE_DIM, "%*s%s\n", INDENT, "", _("Steps"));
    int column = places_column(screen, list, indent + 3);
    json_array_foreach(list, i, step)
    {
        char lead[80];
        const char *label = i == 0 && !narrow(screen) ? _("Steps") : "";
        int pad = indent - INDENT - text_columns(label);
        (void)snprintf(lead, sizeof lead, "%*s%s%*s%-3zu", INDENT, "", label, pad > 0 ? pad : 0, "",
                       i + 1);
        put_placed(screen, lead, member(step, "text", &text), member(step, "where", &where),
                   column);
    }
    buffer_free(&text);
    buffer_free(&where);
}

/* Where the two texts begin to differ: mark is the column, behind indent. */
static void put_mark(const struct screen *screen, const struct tap_case *test, int mark, int indent)
{
    struct buffer text = {0};
    const char *words = fact(test, "mark_text", &text);
    int width = text_columns(words);

    mark += indent;
    if (*words == '\0') { /* nothing to mark: what is looked for may stand anywhere */
        buffer_free(&text);
        return;
    }
    if (mark + 2 + width <= screen->columns) {
        screen_print(screen, STYLE_BAD, "%*s^ %s\n", mark, "", words);
    } else if (indent + width < mark) {
        screen_print(screen, STYLE_BAD, "%*s%s ^\n", mark - width - 1, "", words);
    } else {
        screen_print(screen, STYLE_BAD, "%*s^\n", mark, "");
        screen_wrap(screen, STYLE_BAD, indent, words);
    }
    buffer_free(&text);
}

static void put_comparison(const struct screen *screen, const struct tap_case *test)
{
    struct buffer text = {0};

    if (json_object_get(test->facts, "expected") == NULL ||
        json_object_get(test->facts, "got") == NULL)
        return;
    int indent = narrow(screen) ? 2 * INDENT : LABEL, mark = tap_number(test, "mark");
    int room = screen->columns - indent, from = 0;
    if (mark >= room - 2) /* the difference would lie off the screen: bring it to the middle */
        from = mark - room / 2;
    blank(screen);
    put_lines(screen, _("Expected"), fact(test, "expected", &text), from);
    const char *label = json_is_true(json_object_get(test->facts, "sent")) ? _("Sent") : _("Got");
    bool empty = *fact(test, "got", &text) == '\0';
    put_lines(screen, label, empty ? _("(nothing)") : buffer_text(&text), empty ? 0 : from);
    put_mark(screen, test, mark - from, indent);
    if (*fact(test, "key", &text) != '\0')
        screen_wrap(screen, STYLE_DIM, indent, buffer_text(&text));
    buffer_free(&text);
}
/* A path below the current folder without that folder. */
static const char *from_here(const char *path)
{
    char here[PATH_MAX];
    size_t length = getcwd(here, sizeof here) != NULL ? strlen(here) : 0;

    return length > 1 && strncmp(path, here, length) == 0 && path[length] == '/' ? path + length + 1
                                                                                 : path;
}

static void put_sanitizer(const struct screen *screen, const struct tap_case *test)
{
    const json_t *list = json_object_get(test->facts, "sanitizer"), *line;
    struct buffer text = {0}, where = {0};
    size_t i;

    if (json_array_size(list) == 0)
        return;
    blank(screen);
    int column = places_column(screen, list, INDENT);
    json_array_foreach(list, i, line) put_placed(screen, "  ", member(line, "text", &text),
                                                 member(line, "where", &where), column);
    const char *report = from_here(fact(test, "report", &text));
    if (*report != '\0')
        screen_item(screen, STYLE_PLAIN, INDENT, "  ", _("Full report:"));
    if (*report != '\0')
        screen_wrap(screen, STYLE_CODE, 2 * INDENT, report);
    buffer_free(&text);
    buffer_free(&where);
}

/* The harness's lines as one text in our width. Returns 0, or -1 when memory is short. */
static int fit_ladder(const struct screen *screen, const json_t *list, struct buffer *fits)
{
    struct buffer all = {0};
    const json_t *line;
    size_t i;
    int rc = 0;

    json_array_foreach(list, i, line)
    {
        const char *raw = json_string_value(line);
        if (raw != NULL && rc == 0)
            rc = text_harmless(&all, raw, strlen(raw));
        if (raw != NULL && rc == 0)
            rc = buffer_add(&all, "\n", 1);
    }
    if (rc == 0)
        rc = ladder_fit(buffer_text(&all), screen->columns - INDENT, fits);
    buffer_free(&all);
    return rc;
}

static void put_ladder(const struct screen *screen, const struct tap_case *test)
{
    enum { GAP = 3 }; /* between the label and the names, which it must not seem to belong to */
    const json_t *list = json_object_get(test->facts, "ladder");
    struct buffer fits = {0};
    const char *label = _("Wire");

    if (json_array_size(list) == 0 || fit_ladder(screen, list, &fits) == -1)
        return; /* memory short: no ladder */
    blank(screen);
    screen_print(screen, STYLE_DIM, "%*s%s", INDENT, "", label);
    const char *at = buffer_text(&fits);
    size_t wide = (size_t)text_columns(label);
    if (strspn(at, " ") >= wide + GAP)
        at += wide;
    else
        (void)fprintf(screen->out, "\n%*s", INDENT, "");
    while (*at != '\0') {
        size_t length = strcspn(at, "\n");
        struct buffer line = {0}, cut = {0};
        if (buffer_add(&line, at, length) == 0 &&
            text_cut(buffer_text(&line), screen->columns - INDENT, &cut) == 0)
            (void)fprintf(screen->out, "%s\n", buffer_text(&cut));
        buffer_free(&line);
        buffer_free(&cut);
        at += length + (at[length] == '\n');
        if (*at != '\0')
            (void)fprintf(screen->out, "%*s", INDENT, "");
    }
    buffer_free(&fits);
}

static void put_command(const struct screen *screen, const char *label, const char *command)
{
    char lead[64];
    int width = narrow(screen) ? 0 : LABEL - INDENT - text_columns(label);

    (void)snprintf(lead, sizeof lead, "%*s%s%*s", INDENT, "", label, width > 1 ? width : 1, "");
    if (narrow(screen)) {
        screen_print(screen, STYLE_DIM, "%*s%s\n", INDENT, "", label);
        screen_wrap(screen, STYLE_CODE, 2 * INDENT, command);
        return;
    }
    screen_row(screen, STYLE_DIM, lead, command, "");
}

static void put_commands(const struct screen *screen, const struct verdict *verdict,
                         const struct tap_case *test)
{
    char command[200];
    const char *id = verdict->exercise->id;

    blank(screen);
    (void)snprintf(command, sizeof command, "make check E=%s CASE=%.80s SEED=%d", id, test->name,
                   tap_number(test, "seed"));
    put_command(screen, _("again"), command);
    (void)snprintf(command, sizeof command, "make play  E=%s CASE=%.80s", id, test->name);
    put_command(screen, _("by hand"), command);
}

static const char *title_of(const struct tap_case *test, struct buffer *into)
{
    const char *title = fact(test, "title", into);
    return *title != '\0' ? title : test->name;
}

/*
 * What the case tries, which holds for every program that fails it: under a label of its own, since
 * the cause above may be another one.
 */
static void put_teaches(const struct screen *screen, const struct tap_case *test)
{
    struct buffer text = {0};
    const char *teaches = fact(test, "teaches", &text), *label = _("This case");
    char lead[64];

    if (*teaches != '\0' && strcmp(teaches, tap_text(test, "cause")) != 0) {
        blank(screen);
        int pad = narrow(screen) ? 0 : LABEL - INDENT - text_columns(label);
        (void)snprintf(lead, sizeof lead, "%*s%s%*s", INDENT, "", label, pad, "");
        if (narrow(screen)) {
            screen_print(screen, STYLE_DIM, "%s\n", lead);
            screen_wrap(screen, STYLE_PLAIN, 2 * INDENT, teaches);
        } else {
            put_wrapped(screen, STYLE_DIM, lead, teaches);
        }
    }
    buffer_free(&text);
}

static void put_story(const struct screen *screen, const struct verdict *verdict,
                      const struct tap_case *test, int brevity)
{
    struct buffer text = {0};
    const char *cause = fact(test, "cause", &text);

    if (*cause != '\0') {
        blank(screen);
        screen_wrap(screen, STYLE_PLAIN, INDENT, cause);
    }
    if (brevity < BREVITY_MOST)
        put_sanitizer(screen, test);
    if (brevity < BREVITY_TEACHES)
        put_teaches(screen, test);
    if (brevity < BREVITY_STEPS) {
        put_started(screen, test);
        put_steps(screen, test);
    }
    if (brevity < BREVITY_MOST)
        put_comparison(screen, test);
    if (brevity < BREVITY_STEPS && *fact(test, "message", &text) != '\0') {
        blank(screen);
        put_lines(screen, _("It said"), buffer_text(&text), 0);
    }
    if (brevity < BREVITY_LADDER)
        put_ladder(screen, test);
    if (brevity < BREVITY_COMMANDS)
        put_commands(screen, verdict, test);
    buffer_free(&text);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool is_harness(const struct tap_case *test)
{
    return strcmp(tap_text(test, "status"), "harness") == 0;
}

static void put_case(const struct screen *screen, const struct tap_case *test)
{
    struct buffer text = {0};
    const char *title = title_of(test, &text), *right = "";
    int points = tap_number(test, "points");

    if (test->skip != NULL) {
        struct buffer why = {0};
        (void)text_harmless(&why, test->skip, strlen(test->skip));
        screen_row(screen, STYLE_KEY, _("  skip  "), title, buffer_text(&why));
        buffer_free(&why);
    } else if (test->ok) {
        screen_row(screen, STYLE_GOOD, _("  ok    "), title, "");
    } else {
        if (is_harness(test))
            right = _("could not be judged");
        else if (points > 0)
            right = points_text(0, points);
        screen_row(screen, STYLE_BAD, is_harness(test) ? _("  ?     ") : _("  FAIL  "), title,
                   right);
    }
    buffer_free(&text);
}

size_t report_failures(const struct verdict *verdict)
{
    size_t failures = 0;

    for (size_t i = 0; i < verdict->tap.count; i++)
        failures += !verdict->tap.cases[i].ok;
    return failures;
}

const struct tap_case *report_focus(const struct verdict *verdict, size_t focus)
{
    size_t failures = report_failures(verdict);

    for (size_t i = 0; i < verdict->tap.count; i++)
        if (!verdict->tap.cases[i].ok && focus-- % failures == 0)
            return &verdict->tap.cases[i];
    return NULL;
}

/* "  ok    9 cases" */
static void put_count(const struct screen *screen, enum style style, const char *lead, size_t count)
{
    char text[80];

    if (count == 0)
        return;
    (void)snprintf(text, sizeof text, ngettext("%zu case", "%zu cases", count), count);
    screen_row(screen, style, lead, text, "");
}

/* What passes stands together, so that the stories follow one another. */
static void put_passed(const struct screen *screen, const struct tap *tap, int brevity)
{
    size_t passed = 0;

    for (size_t i = 0; i < tap->count; i++)
        if (tap->cases[i].ok && brevity >= BREVITY_PASSED && tap->cases[i].skip == NULL)
            passed++;
        else if (tap->cases[i].ok)
            put_case(screen, &tap->cases[i]);
    put_count(screen, STYLE_GOOD, _("  ok    "), passed);
}

/* A text in which only the places in the source keep their numbers: sizes and ports may differ. */
static void add_key(struct buffer *key, const char *text, size_t length)
{
    const char *end = text + length;

    for (const char *at = text; at < end;) {
        size_t digits = strspn(at, "0123456789"), plain = strcspn(at, "0123456789");
        if (digits > 0 && at - text >= 3 && memcmp(at - 3, ".c:", 3) == 0)
            (void)buffer_add(key, at, digits); /* memory short: fewer cases are told at once */
        at += digits;
        if (digits == 0) {
            plain = at + plain > end ? (size_t)(end - at) : plain;
            (void)buffer_add(key, at, plain);
            at += plain;
        }
    }
    (void)buffer_add(key, "\n", 1);
}

static void add_text(struct buffer *key, const char *text)
{
    add_key(key, text, strlen(text));
}

/*
 * What a failed case is told by: its diagnosis, the place that the diagnosis or the memory error
 * names, or where a program stood whose time was over, and what it said itself. "" if the words
 * say only that something differs, which may hide two mistakes: each case then tells its own story.
 */
static void case_key(const struct tap_case *test, struct buffer *key)
{
    const json_t *lines = json_object_get(test->facts, "sanitizer");
    const json_t *steps = json_object_get(test->facts, "steps");
    const json_t *first = json_array_get(lines, 0);
    size_t count = json_array_size(steps);

    buffer_free(key);
    if (json_is_true(json_object_get(test->facts, "generic")) || *tap_text(test, "cause") == '\0')
        return;
    const char *cause = tap_text(test, "cause"), *stop = NULL;
    if (strcmp(tap_text(test, "status"), "timeout") == 0) { /* behind that: what was waited for */
        stop = strstr(cause, ": ");
        stop = stop != NULL ? stop : strstr(cause, ". ");
        add_text(key, raw_member(json_array_get(steps, count - 1), "where"));
    }
    add_key(key, cause, stop != NULL ? (size_t)(stop - cause) : strlen(cause));
    add_text(key, raw_member(first, "text"));
    add_text(key, raw_member(first, "where"));
    if (stop == NULL) /* what a program says that goes on is no reason to end */
        add_text(key, tap_text(test, "message"));
}

static bool same_cause(const struct tap_case *a, const struct tap_case *b)
{
    struct buffer one = {0}, other = {0};

    case_key(a, &one);
    case_key(b, &other);
    bool same = one.length > 0 && one.length == other.length &&
                memcmp(one.data, other.data, one.length) == 0;
    buffer_free(&one);
    buffer_free(&other);
    return same;
}

/* True if a failed case before this one has told its cause. */
static bool told_before(const struct tap *tap, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (!tap->cases[i].ok && same_cause(&tap->cases[i], &tap->cases[index]))
            return true;
    return false;
}

/* Failed cases that one story tells: the first of them, and how many. */
struct story {
    size_t first, cases;
    int rank; /* 0 tells the most */
};

/* What names a place and a reason is mended first; a leak only counts when all the rest is right.
 */
static int rank_of(const struct tap_case *test)
{
    const char *status = tap_text(test, "status");

    if (strcmp(status, "sanitizer") == 0 || strcmp(status, "crash") == 0)
        return 0;
    if (strcmp(status, "leak") == 0)
        return 3;
    return json_is_true(json_object_get(test->facts, "generic")) ? 2 : 1;
}

static int compare_stories(const void *left, const void *right)
{
    const struct story *a = left, *b = right;

    if (a->rank != b->rank)
        return a->rank - b->rank;
    if (a->cases != b->cases)
        return a->cases > b->cases ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

/* All stories, the most telling first; the caller frees them. */
static struct story *find_stories(const struct tap *tap, size_t *count)
{
    struct story *stories = calloc(tap->count + 1, sizeof *stories);

    *count = 0;
    for (size_t i = 0; stories != NULL && i < tap->count; i++) {
        if (tap->cases[i].ok || told_before(tap, i))
            continue;
        struct story *story = &stories[(*count)++];
        *story = (struct story){.first = i, .rank = rank_of(&tap->cases[i])};
        for (size_t j = i; j < tap->count; j++)
            story->cases +=
                !tap->cases[j].ok && (j == i || same_cause(&tap->cases[i], &tap->cases[j]));
    }
    return stories;
}

/*
 * The most stories that are told, in front: the most telling ones, and that of the first failed
 * case, which is the simplest task.
 */
static void choose_stories(struct story *stories, size_t count, size_t most)
{
    if (count <= most)
        return; /* all of them, in the order of the cases */
    struct story simplest = stories[0];
    qsort(stories, count, sizeof *stories, compare_stories);
    for (size_t i = most; i < count; i++)
        if (stories[i].first == simplest.first) {
            memmove(stories + most, stories + most - 1, (i - most + 1) * sizeof *stories);
            stories[most - 1] = simplest;
        }
}

/* A failed case in one line that also says its name, for CASE=. */
static void put_named(const struct screen *screen, const struct tap_case *test)
{
    struct buffer title = {0}, text = {0};
    int points = tap_number(test, "points");

    (void)buffer_print(&text, "%s (%s)", title_of(test, &title), test->name);
    screen_row(screen, STYLE_BAD, is_harness(test) ? _("  ?     ") : _("  FAIL  "),
               buffer_text(&text), points > 0 ? points_text(0, points) : "");
    buffer_free(&title);
    buffer_free(&text);
}

static void put_group(const struct screen *screen, const struct verdict *verdict,
                      const struct story *story)
{
    const struct tap *tap = &verdict->tap;
    const struct tap_case *first = &tap->cases[story->first];

    put_case(screen, first);
    put_story(screen, verdict, first, BREVITY_NONE);
    if (story->cases < 2)
        return;
    blank(screen);
    screen_wrap(screen, STYLE_PLAIN, INDENT, _("With the same diagnosis:"));
    for (size_t i = story->first + 1; i < tap->count; i++)
        if (!tap->cases[i].ok && same_cause(first, &tap->cases[i]))
            put_named(screen, &tap->cases[i]);
}

/* The cases whose stories were not told, and how to see them. */
static void put_rest(const struct screen *screen, const struct verdict *verdict,
                     const struct story *stories, size_t told)
{
    const struct tap *tap = &verdict->tap;

    blank(screen);
    for (size_t i = 0; i < tap->count; i++) {
        bool shown = tap->cases[i].ok;
        for (size_t j = 0; j < told && !shown; j++)
            shown =
                stories[j].first == i || same_cause(&tap->cases[stories[j].first], &tap->cases[i]);
        if (!shown)
            put_named(screen, &tap->cases[i]);
    }
    char text[300];
    (void)snprintf(text, sizeof text,
                   _("Mend the ones above first. One of these is shown by its name in brackets, "
                     "make check E=%s CASE=name, and all by make check E=%s ALL=1."),
                   verdict->exercise->id, verdict->exercise->id);
    blank(screen);
    screen_wrap(screen, STYLE_PLAIN, INDENT, text);
    blank(screen);
}

static void put_stories(const struct screen *screen, const struct verdict *verdict, size_t most)
{
    size_t count;
    struct story *stories = find_stories(&verdict->tap, &count);

    if (most == 0)
        most = count;
    if (stories == NULL)
        return; /* memory short: the heading has to do */
    choose_stories(stories, count, most);
    for (size_t i = 0; i < count && i < most; i++) {
        if (i > 0 || verdict->tap.count > report_failures(verdict))
            blank(screen);
        put_group(screen, verdict, &stories[i]);
    }
    if (count > most)
        put_rest(screen, verdict, stories, most);
    else if (count > 0 && stories[count - 1].cases > 1)
        blank(screen);
    free(stories);
}

static void put_one_story(const struct screen *screen, const struct verdict *verdict,
                          const struct report_view *view)
{
    const struct tap_case *told = report_focus(verdict, view->focus);
    size_t others = 0;

    for (size_t i = 0; i < verdict->tap.count; i++)
        if (!verdict->tap.cases[i].ok && &verdict->tap.cases[i] != told) {
            if (view->brevity < BREVITY_FAILED)
                put_case(screen, &verdict->tap.cases[i]);
            others++;
        }
    if (view->brevity >= BREVITY_FAILED)
        put_count(screen, STYLE_BAD, _("  FAIL  "), others);
    if (told == NULL)
        return;
    if (verdict->tap.count > 1)
        blank(screen);
    put_case(screen, told);
    put_story(screen, verdict, told, view->brevity);
}

static void put_cases(const struct screen *screen, const struct verdict *verdict,
                      const struct report_view *view)
{
    put_passed(screen, &verdict->tap, view->brevity);
    if (view->one)
        put_one_story(screen, verdict, view);
    else
        put_stories(screen, verdict, view->most);
}

static void put_messages(const struct screen *screen, const struct verdict *verdict)
{
    const char *line = buffer_text(&verdict->messages);

    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        (void)fprintf(screen->out, "  %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

/* What stands at the right of the first line. */
static const char *summary(const struct verdict *verdict)
{
    switch (verdict->outcome) {
    case OUTCOME_JUDGED:
        if (verdict->points > 0)
            return points_text(verdict->earned, verdict->points);
        return verdict->passed ? _("passed") : _("not passed");
    case OUTCOME_REFUSED:
        return verdict->not_plain ? _("not plain C") : _("a header that is not allowed");
    case OUTCOME_UNCOMPILED:
        return _("does not compile");
    case OUTCOME_UNUSABLE:
        return _("cannot be read");
    case OUTCOME_CANCELLED:
        return _("cancelled");
    default:
        return _("could not be judged");
    }
}

static void put_heading(const struct screen *screen, const struct verdict *verdict)
{
    char left[300];
    const char *right = summary(verdict);

    (void)snprintf(left, sizeof left, "%s  %s", verdict->exercise->id, verdict->exercise->title);
    if (text_columns(left) + 2 + text_columns(right) <= screen->columns) {
        screen_title(screen, left, right);
    } else {
        screen_wrap(screen, STYLE_TITLE, 0, left);
        screen_item(screen, STYLE_DIM, 0, "", right);
    }
}

static void put_fault(const struct screen *screen, const struct verdict *verdict)
{
    struct buffer text = {0}, sentence = {0};

    (void)text_harmless(&text, verdict->why.text, strlen(verdict->why.text));
    (void)buffer_print(&sentence, _("The harness could not judge your program: %s."),
                       buffer_text(&text));
    blank(screen);
    screen_wrap(screen, STYLE_BAD, INDENT, buffer_text(&sentence));
    screen_wrap(
        screen, STYLE_PLAIN, INDENT,
        _("That is not your program's fault, and nothing was counted. make doctor looks for "
          "the cause."));
    buffer_free(&text);
    buffer_free(&sentence);
}

static void put_judged(const struct screen *screen, const struct verdict *verdict,
                       const struct report_view *view)
{
    char command[80];

    if (verdict->messages.length > 0) {
        screen_wrap(screen, STYLE_KEY, INDENT, _("It compiles; the compiler warns:"));
        put_messages(screen, verdict);
        blank(screen);
    }
    put_cases(screen, verdict, view);
    if (verdict->passed || view->brevity >= BREVITY_COMMANDS)
        return;
    (void)snprintf(command, sizeof command, "make hint  E=%s", verdict->exercise->id);
    put_command(screen, _("hint"), command);
}

void report_print(const struct screen *screen, const struct verdict *verdict,
                  const struct report_view *view)
{
    put_heading(screen, verdict);
    if (verdict->note.text[0] != '\0')
        screen_wrap(screen, STYLE_KEY, INDENT, verdict->note.text);
    switch (verdict->outcome) {
    case OUTCOME_JUDGED:
        put_judged(screen, verdict, view);
        break;
    case OUTCOME_UNCOMPILED:
        blank(screen);
        put_messages(screen, verdict);
        break;
    case OUTCOME_REFUSED:
    case OUTCOME_UNUSABLE:
        blank(screen);
        screen_wrap(screen, STYLE_BAD, INDENT, verdict->why.text);
        break;
    case OUTCOME_CANCELLED:
        break;
    case OUTCOME_FAULT:
        put_cases(screen, verdict, &(struct report_view){.one = true});
        put_fault(screen, verdict);
        break;
    }
}

void report_line(const struct screen *screen, const struct verdict *verdict)
{
    char lead[32];
    enum style style =
        verdict->outcome == OUTCOME_JUDGED && verdict->passed ? STYLE_GOOD : STYLE_BAD;
    struct buffer text = {0};

    (void)snprintf(lead, sizeof lead, "%-6s", verdict->exercise->id);
    screen_row(screen, style, lead, verdict->exercise->title, summary(verdict));
    if (verdict->outcome == OUTCOME_JUDGED)
        for (size_t i = 0; i < verdict->tap.count; i++)
            if (!verdict->tap.cases[i].ok)
                screen_row(screen, STYLE_BAD, _("      FAIL  "),
                           title_of(&verdict->tap.cases[i], &text), "");
    if (verdict->outcome == OUTCOME_FAULT || verdict->outcome == OUTCOME_REFUSED ||
        verdict->outcome == OUTCOME_UNUSABLE) {
        (void)text_harmless(&text, verdict->why.text, strlen(verdict->why.text));
        screen_wrap(screen, STYLE_BAD, 6, buffer_text(&text));
    }
    buffer_free(&text);
}

int report_status(const struct verdict *verdict)
{
    switch (verdict->outcome) {
    case OUTCOME_JUDGED:
        return verdict->passed ? 0 : 1;
    case OUTCOME_REFUSED:
    case OUTCOME_UNCOMPILED:
        return 1;
    default:
        return 2;
    }
}
