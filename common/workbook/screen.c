#include "workbook/screen.h"

#include <limits.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "core/number.h"

enum { COLUMNS_DEFAULT = 80, COLUMNS_LEAST = 20, COLUMNS_MOST = 1000 };

/* SGR codes by enum style. */
static const char *const codes[] = {
    [STYLE_PLAIN] = "0", [STYLE_TITLE] = "1", [STYLE_DIM] = "2",  [STYLE_CODE] = "36",
    [STYLE_GOOD] = "32", [STYLE_BAD] = "31",  [STYLE_KEY] = "33", [STYLE_SOFT] = "3",
};

/* ---- characters -------------------------------------------------------------------------------
 */

/* Widths are those of Unicode whatever locale the learner has. */
static locale_t unicode(void)
{
    static locale_t locale;

    if (locale == (locale_t)0)
        locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return locale != (locale_t)0 ? locale : LC_GLOBAL_LOCALE;
}

struct glyph {
    const char *bytes;
    size_t length;
    int columns;
};

static bool is_mark(char byte)
{
    return byte >= SCREEN_MARK && byte <= SCREEN_MARK + STYLE_SOFT;
}

/* The character at text, made harmless: a control character is a blank, a broken one U+FFFD. */
static struct glyph glyph_at(const char *text)
{
    mbstate_t state = {0};
    wchar_t wide = 0;

    if (is_mark(*text))
        return (struct glyph){text, 1, 0};
    if ((unsigned char)*text < 0x20 || *text == 0x7f)
        return (struct glyph){" ", 1, 1};
    if ((unsigned char)*text < 0x80)
        return (struct glyph){text, 1, 1};
    locale_t before = uselocale(unicode());
    size_t length = mbrtowc(&wide, text, strnlen(text, MB_CUR_MAX), &state);
    int columns = wcwidth(wide);
    (void)uselocale(before); /* it was in use before, so it can be again */
    if (length == (size_t)-1 || length == (size_t)-2 || length == 0)
        return (struct glyph){"\xef\xbf\xbd", 1, 1};
    if (columns < 0) /* C1 controls and what has no width yet */
        return (struct glyph){"\xef\xbf\xbd", length, 1};
    return (struct glyph){text, length, columns};
}

/* Adds what a glyph shows; its bytes are not those of the text when it was replaced. */
static int glyph_add(struct buffer *out, struct glyph glyph, const char *text)
{
    return buffer_add(out, glyph.bytes, glyph.bytes == text ? glyph.length : strlen(glyph.bytes));
}

int text_columns(const char *text)
{
    int columns = 0;

    while (*text != '\0') {
        struct glyph glyph = glyph_at(text);
        columns += glyph.columns;
        text += glyph.length;
    }
    return columns;
}

int text_cut(const char *text, int columns, struct buffer *out)
{
    int used = 0, rc = 0;

    if (text_columns(text) <= columns)
        columns = INT_MAX;
    while (*text != '\0' && rc == 0) {
        struct glyph glyph = glyph_at(text);
        if (columns != INT_MAX && used + glyph.columns > columns - 1 && glyph.columns > 0) {
            return columns > 0 ? buffer_add(out, "…", strlen("…")) : 0;
        }
        rc = glyph_add(out, glyph, text);
        used += glyph.columns;
        text += glyph.length;
    }
    return rc;
}

/* A line of code on its way: a word is placed when it is whole. */
struct fold {
    struct buffer *out, word;
    int room, hang; /* columns of a line, and of the blanks before what is carried over */
    int used, word_columns, blanks;
    bool begun;             /* the line's own indent is known */
    char word_style, style; /* marks: where the word begins, and at this point */
    int failed;
};

static void fold_word(struct fold *f)
{
    if (f->word.length == 0)
        return;
    if (!f->begun) {
        f->blanks = f->blanks < f->room / 2 ? f->blanks : f->room / 2;
        f->hang = f->blanks + 4 < f->room / 2 ? f->blanks + 4 : f->room / 2;
    } else if (f->word_columns > 0 && f->used + f->blanks + f->word_columns > f->room) {
        f->failed |= buffer_add(f->out, "\n", 1);
        if (f->word_style != SCREEN_MARK)
            f->failed |= buffer_add(f->out, &f->word_style, 1);
        f->used = 0;
        f->blanks = f->hang;
    }
    f->failed |= buffer_print(f->out, "%*s", f->blanks, "");
    f->failed |= buffer_add(f->out, f->word.data, f->word.length);
    f->used += f->blanks + f->word_columns;
    f->begun = f->begun || f->word_columns > 0;
    f->word.length = 0;
    f->word_columns = f->blanks = 0;
    f->word_style = f->style;
}

int text_fold(const char *text, int columns, struct buffer *out)
{
    struct fold f = {.out = out,
                     .room = columns < 2 ? 2 : columns,
                     .word_style = SCREEN_MARK,
                     .style = SCREEN_MARK};

    while (*text != '\0') {
        struct glyph glyph = glyph_at(text);
        int rest = f.room - (f.begun ? f.hang : f.blanks < f.room / 2 ? f.blanks : f.room / 2);
        if (is_mark(*text)) {
            f.style = *text;
            f.failed |= buffer_add(&f.word, text, 1);
        } else if (glyph.bytes[0] == ' ') {
            fold_word(&f);
            f.blanks++;
        } else {
            if (f.word_columns + glyph.columns > rest) /* longer than a line: cut */
                fold_word(&f);
            f.failed |= glyph_add(&f.word, glyph, text);
            f.word_columns += glyph.columns;
        }
        text += glyph.length;
    }
    fold_word(&f);
    if (f.used + f.blanks <= f.room)
        f.failed |= buffer_print(out, "%*s", f.blanks, "");
    buffer_free(&f.word);
    return f.failed != 0 ? -1 : 0;
}

/* ---- wrapping ---------------------------------------------------------------------------------
 */

struct wrapper {
    struct buffer *out;
    struct buffer word; /* not yet placed: no break inside it */
    int room;           /* columns of a line */
    int used;           /* columns of the line so far */
    int word_columns;
    bool blank;             /* a blank stands between the line and the word */
    bool begun;             /* something other than a blank has come */
    char word_style, style; /* marks: of the pending word's start, and at this point */
    int failed;
};

static void wrap_line_end(struct wrapper *w, char style)
{
    w->failed |= buffer_add(w->out, "\n", 1);
    if (style != SCREEN_MARK)
        w->failed |= buffer_add(w->out, &style, 1);
    w->used = 0;
    w->blank = false;
}

/* Puts the pending word on this line, or on the next if there is no room. */
static void wrap_word(struct wrapper *w)
{
    if (w->word.length == 0)
        return;
    if (w->used > 0 && w->word_columns > 0 && w->used + w->blank + w->word_columns > w->room)
        wrap_line_end(w, w->word_style);
    if (w->blank && w->used > 0) {
        w->failed |= buffer_add(w->out, " ", 1);
        w->used++;
    }
    w->failed |= buffer_add(w->out, w->word.data, w->word.length);
    w->used += w->word_columns;
    w->word.length = 0;
    w->word_columns = 0;
    w->blank = false;
    w->word_style = w->style;
}

/* Closing punctuation of Chinese text never begins a line. */
static bool clings(const char *text)
{
    static const char *const closers[] = {"，", "。", "、", "；", "：", "？", "！",
                                          "）", "」", "』", "》", "”",  "’"};

    for (size_t i = 0; i < sizeof closers / sizeof *closers; i++)
        if (strncmp(text, closers[i], strlen(closers[i])) == 0)
            return true;
    return false;
}

static void wrap_glyph(struct wrapper *w, struct glyph glyph, const char *text)
{
    bool wide = glyph.columns == 2 && !clings(text);

    if (wide) /* between ideographs any place will do */
        wrap_word(w);
    if (w->word_columns + glyph.columns > w->room) { /* longer than a line: cut */
        wrap_word(w);
        wrap_line_end(w, w->style);
    }
    w->failed |= glyph_add(&w->word, glyph, text);
    w->word_columns += glyph.columns;
    if (glyph.columns == 2 && !clings(text + glyph.length))
        wrap_word(w);
}

int text_wrap(const char *text, int columns, struct buffer *out)
{
    struct wrapper w = {.out = out,
                        .room = columns < 1 ? 1 : columns,
                        .word_style = SCREEN_MARK,
                        .style = SCREEN_MARK};

    while (*text != '\0') {
        struct glyph glyph = glyph_at(text);
        if (is_mark(*text)) {
            w.style = *text;
            w.failed |= buffer_add(&w.word, text, 1);
        } else if (*text == SCREEN_BREAK) {
            wrap_word(&w);
            wrap_line_end(&w, w.style);
        } else if (glyph.bytes[0] == ' ' && !w.begun && w.style == SCREEN_MARK + STYLE_CODE) {
            wrap_word(&w); /* the mark, and no word */
            int room = w.used < w.room / 2;
            w.failed |= buffer_add(w.out, " ", (size_t)room);
            w.used += room;
        } else if (glyph.bytes[0] == ' ') {
            wrap_word(&w);
            w.blank = true;
        } else {
            w.begun = true;
            wrap_glyph(&w, glyph, text);
        }
        text += glyph.length;
    }
    wrap_word(&w);
    buffer_free(&w.word);
    return w.failed != 0 ? -1 : 0;
}

/* ---- the screen -------------------------------------------------------------------------------
 */

static int terminal_columns(FILE *out)
{
    struct winsize size;
    long columns;

    if (number_parse(getenv("COLUMNS"), 1, COLUMNS_MOST, &columns))
        return (int)columns;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col < COLUMNS_MOST ? size.ws_col : COLUMNS_MOST;
    return COLUMNS_DEFAULT;
}

void screen_init(struct screen *screen, FILE *out)
{
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    int columns = terminal_columns(out);

    screen->out = out;
    screen->columns = columns < COLUMNS_LEAST ? COLUMNS_LEAST : columns;
    screen->terminal =
        isatty(fileno(out)) == 1 && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
    screen->colour = screen->terminal && (no_colour == NULL || *no_colour == '\0');
}

/* What cannot be written to the screen cannot be said there either: results are dropped here. */
static void style_begin(const struct screen *screen, enum style style)
{
    if (screen->colour && style != STYLE_PLAIN)
        (void)fprintf(screen->out, "\033[%sm", codes[style]);
}

static void style_end(const struct screen *screen, enum style style)
{
    if (screen->colour && style != STYLE_PLAIN)
        (void)fputs("\033[0m", screen->out);
}

void screen_print(const struct screen *screen, enum style style, const char *format, ...)
{
    va_list arguments;

    style_begin(screen, style);
    va_start(arguments, format);
    (void)vfprintf(screen->out, format, arguments);
    va_end(arguments);
    style_end(screen, style);
}

static void print_marked(const struct screen *screen, enum style base, const char *text,
                         size_t length)
{
    enum style style = base;

    style_begin(screen, style);
    for (size_t i = 0; i < length; i++) {
        if (!is_mark(text[i])) {
            (void)fputc(text[i], screen->out);
            continue;
        }
        style_end(screen, style);
        style = (enum style)(text[i] - SCREEN_MARK);
        if (style == STYLE_PLAIN)
            style = base;
        style_begin(screen, style);
    }
    style_end(screen, style);
}

void screen_marked(const struct screen *screen, enum style style, const char *text)
{
    print_marked(screen, style, text, strlen(text));
}

void screen_item(const struct screen *screen, enum style style, int indent, const char *lead,
                 const char *text)
{
    struct buffer lines = {0};
    int room = screen->columns - indent;

    if (room < COLUMNS_LEAST / 2) { /* a deep indent on a narrow screen gives way */
        indent = text_columns(lead);
        room = screen->columns - indent;
    }
    if (text_wrap(text, room, &lines) == 0) {
        const char *line = buffer_text(&lines);
        int before = indent - text_columns(lead);
        (void)fprintf(screen->out, "%*s%s", before > 0 ? before : 0, "", lead);
        for (;;) {
            size_t length = strcspn(line, "\n");
            print_marked(screen, style, line, length);
            (void)fputc('\n', screen->out);
            if (line[length] == '\0')
                break;
            line += length + 1;
            (void)fprintf(screen->out, "%*s", indent, "");
        }
    }
    buffer_free(&lines);
}

void screen_wrap(const struct screen *screen, enum style style, int indent, const char *text)
{
    screen_item(screen, style, indent, "", text);
}

size_t screen_code(const struct screen *screen, enum style style, int indent, const char *line)
{
    struct buffer folded = {0};
    size_t rows = 1;

    if (text_fold(line, screen->columns - indent, &folded) == -1) {
        buffer_free(&folded);
        return 0;
    }
    for (const char *text = buffer_text(&folded);; rows++) {
        size_t length = strcspn(text, "\n");
        (void)fprintf(screen->out, "%*s", length > 0 ? indent : 0, "");
        print_marked(screen, style, text, length);
        (void)fputc('\n', screen->out);
        if (text[length] == '\0')
            break;
        text += length + 1;
    }
    buffer_free(&folded);
    return rows;
}

void screen_title(const struct screen *screen, const char *left, const char *right)
{
    struct buffer cut = {0};
    int room = screen->columns - text_columns(right) - 2;

    if (text_columns(left) > room) { /* right goes first */
        right = "";
        room = screen->columns;
    }
    if (text_cut(left, room, &cut) == 0) {
        int gap = screen->columns - text_columns(buffer_text(&cut)) - text_columns(right);
        screen_marked(screen, STYLE_TITLE, buffer_text(&cut));
        if (*right != '\0')
            screen_print(screen, STYLE_DIM, "%*s%s", gap, "", right);
        (void)fputc('\n', screen->out);
    }
    buffer_free(&cut);
}

void screen_rule(const struct screen *screen)
{
    style_begin(screen, STYLE_DIM);
    for (int i = 0; i < screen->columns; i++)
        (void)fputs("─", screen->out);
    style_end(screen, STYLE_DIM);
    (void)fputc('\n', screen->out);
}
