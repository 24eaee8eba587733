#include "workbook/markdown.h"

#include <md4c.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "wire/ladder.h"

enum { DEPTH_MOST = 16 };

struct list {
    bool ordered;
    unsigned number;
};

struct reader {
    struct markdown *markdown;
    const char *source;
    size_t length;
    struct list lists[DEPTH_MOST];
    int depth; /* of lists */
    int lead_due;
    int styles[DEPTH_MOST]; /* of spans, innermost last */
    int style_depth;
    bool cell; /* inside a table's cell: text goes there */
    size_t line;
    bool failed;
};

static struct block *last(struct reader *reader)
{
    return &reader->markdown->blocks[reader->markdown->count - 1];
}

static struct block *block_add(struct reader *reader, enum block_kind kind)
{
    struct markdown *m = reader->markdown;
    struct block *blocks = realloc(m->blocks, (m->count + 1) * sizeof *blocks);

    if (blocks == NULL) {
        reader->failed = true;
        return NULL;
    }
    m->blocks = blocks;
    blocks[m->count] = (struct block){.kind = kind};
    return &blocks[m->count++];
}

/* ---- places -----------------------------------------------------------------------------------
 */

/* md4c hands out pieces of the source itself, mostly: that is how a line number is found. */
static bool inside(const struct reader *reader, const char *text)
{
    return text >= reader->source && text < reader->source + reader->length;
}

static size_t line_of(const struct reader *reader, const char *text)
{
    size_t line = 1;

    for (const char *at = reader->source; at < text; at++)
        line += *at == '\n';
    return line;
}

static void locate(struct reader *reader, const char *text, size_t length)
{
    if (!inside(reader, text) || reader->markdown->count == 0)
        return;
    struct block *block = last(reader);
    size_t line = line_of(reader, text), at = (size_t)(text - reader->source);
    reader->line = line;
    if (block->kind == BLOCK_CODE && (block->line == 0 || block->offset + block->length <= at)) {
        if (block->line == 0)
            block->offset = at;
        block->length = at + length - block->offset;
    }
    if (block->line == 0)
        block->line = block->kind == BLOCK_CODE && line > 1 ? line - 1 : line; /* its fence */
}

/* ---- blocks -----------------------------------------------------------------------------------
 */

static int enter_table(struct reader *reader, const MD_BLOCK_TABLE_DETAIL *detail)
{
    struct block *block = block_add(reader, BLOCK_TABLE);

    if (block == NULL)
        return -1;
    block->columns = detail->col_count;
    block->cells =
        calloc((detail->head_row_count + detail->body_row_count) * (size_t)detail->col_count,
               sizeof *block->cells);
    reader->failed = reader->failed || block->cells == NULL;
    return reader->failed ? -1 : 0;
}

/* A row is counted when it begins; its cells then follow one by one. */
static void enter_cell(struct reader *reader)
{
    struct block *block = last(reader);

    reader->cell = true;
    block->level++; /* cells so far in this row: cleared below and when the table ends */
}

static int enter_code(struct reader *reader, const MD_BLOCK_CODE_DETAIL *detail)
{
    struct block *block = block_add(reader, BLOCK_CODE);

    if (block == NULL)
        return -1;
    if (detail->info.text != NULL && inside(reader, detail->info.text))
        block->offset = (size_t)(detail->info.text - reader->source); /* until text is found */
    block->info = strndup(detail->info.text != NULL ? detail->info.text : "", detail->info.size);
    reader->failed = reader->failed || block->info == NULL;
    return reader->failed ? -1 : 0;
}

static struct block *item_add(struct reader *reader)
{
    struct block *block = block_add(reader, BLOCK_ITEM);

    if (block == NULL)
        return NULL;
    block->level = reader->depth;
    if (reader->lead_due > 0) {
        struct list *list = &reader->lists[reader->depth - 1];
        if (list->ordered)
            (void)snprintf(block->lead, sizeof block->lead, "%u. ", list->number++ % 1000);
        else
            (void)snprintf(block->lead, sizeof block->lead, "- ");
    }
    reader->lead_due = 0;
    return block;
}

static int on_enter_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    struct reader *reader = data;

    switch (type) {
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
        if (reader->depth < DEPTH_MOST)
            reader->lists[reader->depth++] =
                (struct list){type == MD_BLOCK_OL,
                              type == MD_BLOCK_OL ? ((MD_BLOCK_OL_DETAIL *)detail)->start : 0};
        break;
    case MD_BLOCK_LI:
        reader->lead_due = 1;
        break;
    case MD_BLOCK_HR:
        (void)block_add(reader, BLOCK_RULE);
        break;
    case MD_BLOCK_H:
        (void)block_add(reader, BLOCK_HEADING);
        if (!reader->failed)
            last(reader)->level = (int)((MD_BLOCK_H_DETAIL *)detail)->level;
        break;
    case MD_BLOCK_CODE:
        return enter_code(reader, detail);
    case MD_BLOCK_HTML:
        (void)block_add(reader, BLOCK_HTML);
        break;
    case MD_BLOCK_P:
        (void)(reader->depth > 0 ? item_add(reader) : block_add(reader, BLOCK_PARAGRAPH));
        break;
    case MD_BLOCK_TABLE:
        return enter_table(reader, detail);
    case MD_BLOCK_TR:
        last(reader)->level = 0;
        last(reader)->rows++;
        break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
        enter_cell(reader);
        break;
    default:
        break;
    }
    return reader->failed ? -1 : 0;
}

static int on_leave_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    struct reader *reader = data;

    (void)detail;
    if ((type == MD_BLOCK_UL || type == MD_BLOCK_OL) && reader->depth > 0)
        reader->depth--;
    if (type == MD_BLOCK_TH || type == MD_BLOCK_TD)
        reader->cell = false;
    if (type == MD_BLOCK_LI)
        reader->lead_due = 0;
    return 0;
}

/* ---- text -------------------------------------------------------------------------------------
 */

/* Where text goes now. A tight list has no paragraphs: its item begins with its text. */
static struct buffer *target(struct reader *reader)
{
    if (reader->lead_due > 0 && item_add(reader) == NULL)
        return NULL;
    if (reader->markdown->count == 0)
        return NULL;
    struct block *block = last(reader);
    if (!reader->cell)
        return &block->text;
    return &block->cells[(block->rows - 1) * block->columns + (size_t)block->level - 1];
}

static void style_mark(struct reader *reader)
{
    struct buffer *out = target(reader);
    int style = reader->style_depth > 0 ? reader->styles[reader->style_depth - 1] : STYLE_PLAIN;
    char mark = (char)(SCREEN_MARK + style);

    if (out == NULL || buffer_add(out, &mark, 1) == -1)
        reader->failed = true;
}

static void link_add(struct reader *reader, const MD_ATTRIBUTE *href)
{
    struct markdown *m = reader->markdown;
    struct link *links = realloc(m->links, (m->link_count + 1) * sizeof *links);
    char *copy = strndup(href->text != NULL ? href->text : "", href->size);

    if (links != NULL)
        m->links = links;
    if (links == NULL || copy == NULL) {
        free(copy);
        reader->failed = true;
        return;
    }
    size_t line = inside(reader, href->text) ? line_of(reader, href->text) : reader->line;
    links[m->link_count++] = (struct link){copy, line};
}

static int on_enter_span(MD_SPANTYPE type, void *detail, void *data)
{
    struct reader *reader = data;
    int style = type == MD_SPAN_STRONG ? STYLE_TITLE
                : type == MD_SPAN_EM   ? STYLE_SOFT
                : type == MD_SPAN_CODE ? STYLE_CODE
                                       : -1;

    if (type == MD_SPAN_A)
        link_add(reader, &((MD_SPAN_A_DETAIL *)detail)->href);
    if (type == MD_SPAN_IMG)
        link_add(reader, &((MD_SPAN_IMG_DETAIL *)detail)->src);
    if (style != -1 && reader->style_depth < DEPTH_MOST) {
        reader->styles[reader->style_depth++] = style;
        style_mark(reader);
    }
    return reader->failed ? -1 : 0;
}

static int on_leave_span(MD_SPANTYPE type, void *detail, void *data)
{
    struct reader *reader = data;

    (void)detail;
    if ((type == MD_SPAN_STRONG || type == MD_SPAN_EM || type == MD_SPAN_CODE) &&
        reader->style_depth > 0) {
        reader->style_depth--;
        style_mark(reader);
    }
    return reader->failed ? -1 : 0;
}

/* Prose holds no control characters: some of them are marks. */
static int prose_add(struct buffer *out, const char *text, size_t length)
{
    int rc = 0;

    for (size_t i = 0; i < length && rc == 0; i++)
        rc = buffer_add(out, (unsigned char)text[i] < 0x20 ? " " : &text[i], 1);
    return rc;
}

static int utf8_add(struct buffer *out, unsigned long code)
{
    char bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    if (code < 0x20 || code > 0x10ffff)
        return buffer_print(out, "?");
    static const unsigned first[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i-- > 1; code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)(first[length] | code);
    return buffer_add(out, bytes, length);
}

static int entity_add(struct buffer *out, const char *text, size_t length)
{
    static const struct {
        const char *name, *text;
    } names[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&nbsp;", " "}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == length && memcmp(names[i].name, text, length) == 0)
            return buffer_print(out, "%s", names[i].text);
    if (length > 3 && text[1] == '#') {
        bool hex = text[2] == 'x' || text[2] == 'X';
        return utf8_add(out, strtoul(text + 2 + hex, NULL, hex ? 16 : 10));
    }
    return prose_add(out, text, length);
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *data)
{
    struct reader *reader = data;
    struct buffer *out = target(reader);
    int rc = 0;

    if (out == NULL)
        return reader->failed ? -1 : 0;
    locate(reader, text, size);
    bool verbatim = last(reader)->kind == BLOCK_CODE || last(reader)->kind == BLOCK_HTML;
    bool line_break = type == MD_TEXT_BR || (type == MD_TEXT_HTML && !verbatim && size >= 3 &&
                                             strncmp(text, "<br", 3) == 0);
    if (line_break)
        rc = buffer_add(out, &(char){SCREEN_BREAK}, 1);
    else if (type == MD_TEXT_SOFTBR)
        rc = buffer_add(out, " ", 1);
    else if (type == MD_TEXT_NULLCHAR)
        rc = buffer_add(out, "\xef\xbf\xbd", 3);
    else if (type == MD_TEXT_ENTITY)
        rc = entity_add(out, text, size);
    else if (verbatim)
        rc = buffer_add(out, text, size);
    else if (type != MD_TEXT_HTML)
        rc = prose_add(out, text, size);
    reader->failed = reader->failed || rc == -1;
    return reader->failed ? -1 : 0;
}

int markdown_parse(struct markdown *markdown, const char *text, size_t length, struct error *error)
{
    static const MD_PARSER parser = {.flags = MD_FLAG_TABLES | MD_FLAG_PERMISSIVEURLAUTOLINKS,
                                     .enter_block = on_enter_block,
                                     .leave_block = on_leave_block,
                                     .enter_span = on_enter_span,
                                     .leave_span = on_leave_span,
                                     .text = on_text};
    struct reader reader = {.markdown = markdown, .source = text, .length = length, .line = 1};

    *markdown = (struct markdown){0};
    if (md_parse(text, (MD_SIZE)length, &parser, &reader) != 0 || reader.failed) {
        markdown_free(markdown);
        return error_set(error, _("there is not enough memory to read a text"));
    }
    for (size_t i = 0, line = 1; i < markdown->count; i++) { /* what holds no text has no place */
        struct block *block = &markdown->blocks[i];
        if (block->line == 0 && block->kind == BLOCK_CODE && block->offset > 0)
            line = line_of(&reader, text + block->offset); /* but for the word at its fence */
        if (block->line == 0)
            block->line = line;
        line = block->line;
    }
    return 0;
}

void markdown_free(struct markdown *markdown)
{
    for (size_t i = 0; i < markdown->count; i++) {
        struct block *block = &markdown->blocks[i];
        buffer_free(&block->text);
        free(block->info);
        for (size_t c = 0; block->cells != NULL && c < block->rows * block->columns; c++)
            buffer_free(&block->cells[c]);
        free(block->cells);
    }
    for (size_t i = 0; i < markdown->link_count; i++)
        free(markdown->links[i].target);
    free(markdown->blocks);
    free(markdown->links);
    *markdown = (struct markdown){0};
}

/* ---- showing ----------------------------------------------------------------------------------
 */

static void line_end(const struct screen *screen)
{
    (void)fputc('\n', screen->out); /* as everywhere on the screen: it cannot be said elsewhere */
}

/* Without colour code is told from prose by its backticks, as in the source. */
static int backticks(const struct screen *screen, const char *text, struct buffer *out)
{
    bool code = false;
    int rc = 0;

    for (; *text != '\0' && rc == 0; text++) {
        bool mark = *text >= SCREEN_MARK && *text <= SCREEN_MARK + STYLE_SOFT;
        if (mark && !screen->colour && code != (*text == SCREEN_MARK + STYLE_CODE)) {
            code = !code;
            rc = buffer_add(out, "`", 1);
        }
        if (rc == 0)
            rc = buffer_add(out, text, 1);
    }
    return rc;
}

static void prose_show(const struct screen *screen, enum style style, int indent, const char *lead,
                       const struct buffer *text)
{
    struct buffer plain = {0};

    if (backticks(screen, buffer_text(text), &plain) == 0)
        screen_item(screen, style, indent, lead, buffer_text(&plain));
    buffer_free(&plain);
}

/* Code goes on in the next line. A ladder gets narrower as a whole. */
static void code_show(const struct screen *screen, const struct block *block)
{
    int indent = screen->columns >= 60 ? 2 : 0, room = screen->columns - indent;
    bool drawing = *block->info == '\0';
    struct buffer narrow = {0};

    if (drawing && ladder_fit(buffer_text(&block->text), room, &narrow) == -1)
        buffer_free(&narrow); /* memory short: nothing is shown */
    const char *line = buffer_text(drawing ? &narrow : &block->text);
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        struct buffer copy = {0}, fits = {0};
        int rc = buffer_add(&copy, line, length);
        if (rc == 0 && drawing)
            rc = text_cut(buffer_text(&copy), room, &fits);
        if (rc == 0)
            (void)screen_code(screen, STYLE_CODE, indent, buffer_text(drawing ? &fits : &copy));
        buffer_free(&copy);
        buffer_free(&fits);
        line += length + (line[length] == '\n');
    }
    buffer_free(&narrow);
}

/* ---- tables -----------------------------------------------------------------------------------
 */

enum { GAP = 2, CELL_LEAST = 14, COLUMNS_MOST = 8 };

static const char *cell(const struct block *table, size_t row, size_t column)
{
    return buffer_text(&table->cells[row * table->columns + column]);
}

/* The columns of the longest word: a narrower cell would break it. */
static int longest_word(const char *text)
{
    int longest = CELL_LEAST;

    while (*text != '\0') {
        size_t length = strcspn(text, " \v");
        char *word = strndup(text, length);
        int columns = word != NULL ? text_columns(word) : 0;
        longest = columns > longest ? columns : longest;
        free(word);
        text += length + (text[length] != '\0');
    }
    return longest;
}

/* Column widths that fit into room; false if words would have to be broken for that. */
static bool table_fit(const struct block *table, int room, int *widths)
{
    int total = 0, least[COLUMNS_MOST] = {0};

    for (size_t c = 0; c < table->columns; c++) {
        widths[c] = least[c] = 1;
        for (size_t r = 0; r < table->rows; r++) {
            int columns = text_columns(cell(table, r, c)), word = longest_word(cell(table, r, c));
            widths[c] = columns > widths[c] ? columns : widths[c];
            least[c] = word > least[c] ? word : least[c];
        }
        total += widths[c] + (c > 0 ? GAP : 0);
    }
    while (total > room) { /* the one with most to spare gives way first */
        size_t widest = 0;
        for (size_t c = 1; c < table->columns; c++)
            widest = widths[c] - least[c] > widths[widest] - least[widest] ? c : widest;
        if (widths[widest] <= least[widest])
            return false;
        widths[widest]--;
        total--;
    }
    return true;
}

/* Prints the next line of a cell, padded to width; moves text on. True if there is more of it. */
static bool cell_line(const struct screen *screen, enum style style, const char **text, int width)
{
    struct buffer line = {0};
    size_t length = strcspn(*text, "\n");

    if (buffer_add(&line, *text, length) == 0) {
        screen_marked(screen, style, buffer_text(&line));
        if (width > 0)
            (void)fprintf(screen->out, "%*s", width - text_columns(buffer_text(&line)), "");
    }
    *text += length + ((*text)[length] == '\n');
    buffer_free(&line);
    return **text != '\0';
}

static void row_show(const struct screen *screen, const struct block *table, size_t row,
                     const int *widths, int indent)
{
    struct buffer wrapped[COLUMNS_MOST] = {0};
    const char *text[COLUMNS_MOST];
    enum style style = row == 0 ? STYLE_DIM : STYLE_PLAIN;

    for (size_t c = 0; c < table->columns; c++) {
        (void)text_wrap(cell(table, row, c), widths[c], &wrapped[c]); /* short of memory: less */
        text[c] = buffer_text(&wrapped[c]);
    }
    for (bool more = true; more;) {
        more = false;
        (void)fprintf(screen->out, "%*s", indent, "");
        for (size_t c = 0; c < table->columns; c++) {
            bool final = c + 1 == table->columns;
            more |= cell_line(screen, style, &text[c], final ? 0 : widths[c] + GAP);
        }
        line_end(screen);
    }
    for (size_t c = 0; c < table->columns; c++)
        buffer_free(&wrapped[c]);
}

static void table_stack(const struct screen *screen, const struct block *table)
{
    for (size_t r = 1; r < table->rows; r++) {
        for (size_t c = 0; c < table->columns; c++) {
            if (*cell(table, r, c) == '\0')
                continue;
            screen_wrap(screen, STYLE_DIM, 0, cell(table, 0, c));
            screen_wrap(screen, STYLE_PLAIN, 2, cell(table, r, c));
        }
        if (r + 1 < table->rows)
            line_end(screen);
    }
}

static void table_show(const struct screen *screen, const struct block *table)
{
    int widths[COLUMNS_MOST] = {0}, indent = screen->columns >= 60 ? 2 : 0;

    if (table->columns > COLUMNS_MOST || !table_fit(table, screen->columns - indent, widths)) {
        table_stack(screen, table);
        return;
    }
    for (size_t r = 0; r < table->rows; r++)
        row_show(screen, table, r, widths, indent);
}

void markdown_show(const struct screen *screen, const struct block *block, const struct block *next)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        prose_show(screen, STYLE_TITLE, 0, "", &block->text);
        break;
    case BLOCK_PARAGRAPH:
        prose_show(screen, STYLE_PLAIN, 0, "", &block->text);
        break;
    case BLOCK_ITEM:
        prose_show(screen, STYLE_PLAIN,
                   (block->level - 1) * 2 + (int)(block->lead[0] ? strlen(block->lead) : 2),
                   block->lead, &block->text);
        if (next != NULL && next->kind == BLOCK_ITEM)
            return;
        break;
    case BLOCK_CODE:
        code_show(screen, block);
        break;
    case BLOCK_TABLE:
        table_show(screen, block);
        break;
    case BLOCK_RULE:
        screen_rule(screen);
        break;
    case BLOCK_HTML:
        return;
    }
    line_end(screen);
}
