/*
 * Markdown as blocks: md4c reads it, the screen shows it. Inline styles stand in the text as
 * marks (screen.h); line numbers and places in the source are kept for reports and for recording.
 */
#ifndef WORKBOOK_MARKDOWN_H
#define WORKBOOK_MARKDOWN_H

#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"
#include "workbook/screen.h"

enum block_kind {
    BLOCK_HEADING,   /* text; level */
    BLOCK_PARAGRAPH, /* text */
    BLOCK_ITEM,      /* text; lead "- " or "1. ", level 1 for the outermost list */
    BLOCK_TABLE,     /* cells, the first row is the head */
    BLOCK_CODE,      /* text verbatim; info, what stands behind the opening fence */
    BLOCK_HTML,      /* text as it is */
    BLOCK_RULE
};

struct block {
    enum block_kind kind;
    int level;
    char lead[8];
    struct buffer text;   /* with marks, but for code and HTML */
    char *info;           /* code only; "" if there is none */
    size_t line;          /* where it begins, from 1 */
    size_t offset;        /* code: where its text begins in the source, … */
    size_t length;        /* … and how long it is there */
    struct buffer *cells; /* tables: rows * columns of them */
    size_t rows, columns;
};

struct link {
    char *target;
    size_t line;
};

struct markdown {
    struct block *blocks;
    size_t count;
    struct link *links;
    size_t link_count;
};

/*
 * Reads Markdown text; it is not kept. The caller frees markdown with markdown_free(). Returns 0,
 * or -1 and fills error when memory is short.
 */
int markdown_parse(struct markdown *markdown, const char *text, size_t length, struct error *error);
void markdown_free(struct markdown *markdown);

/*
 * Prints one block and a blank line behind it; between items of a list there is none, so next,
 * which may be NULL, is looked at.
 */
void markdown_show(const struct screen *screen, const struct block *block,
                   const struct block *next);

#endif
