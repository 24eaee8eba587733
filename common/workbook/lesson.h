/*
 * A lesson: Markdown beside its program, read into the parts that the tour walks through and the
 * tests execute. Reading is lenient; lesson_lint() says what is not as it should be.
 */
#ifndef WORKBOOK_LESSON_H
#define WORKBOOK_LESSON_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"
#include "workbook/markdown.h"
#include "workbook/transcript.h"

enum part_kind {
    PART_TEXT, /* prose, tables, ladders */
    PART_PREDICT,
    PART_CONSOLE,
    PART_INVESTIGATE,
    PART_MODIFY,
    PART_PITFALLS
};

/* Some blocks in a row; a console part is one block and holds commands. */
struct part {
    enum part_kind kind;
    size_t first, count;      /* of the blocks */
    size_t command, commands; /* PART_CONSOLE: of the lesson's commands */
};

/* One command of a console block and what it prints. */
struct command {
    char *text;            /* several lines where the block goes on with "> " */
    size_t line;           /* of its "$ " in the file */
    struct lines expected; /* "[exit 1]" and patterns among them */
};

/* A Predict question. Blocks: question_first up to choice_first ask, those up to the end explain.
 */
struct predict {
    bool there;
    size_t question, choices, reason, end; /* blocks where each begins; end is the one behind */
    char answer;                           /* 'a' …; 0 if none is given */
    size_t answer_line;
};

struct lesson {
    char *path;
    struct buffer source;
    struct markdown markdown;
    char id[8];  /* "1.03"; "" if the title has none */
    char *title; /* "TCP client" */
    bool core;
    int minutes; /* 0 if the second paragraph is not "Core · 20 minutes · needs 1.02" */
    char *needs; /* "1.02"; "" for nothing */
    struct part *parts;
    size_t part_count;
    struct command *commands;
    size_t command_count;
    struct predict predict;
    char *python; /* the server of the Python column; "" if it needs none, NULL if not said */
    size_t python_line;
};

/* Reads the file. Returns 0, or -1 and fills error when it cannot be read. */
int lesson_read(struct lesson *lesson, const char *path, struct error *error);
void lesson_free(struct lesson *lesson);

/*
 * Appends the path to read instead of path: X.zh-CN.md beside X.md when the learner's language is
 * Chinese and it is there, else path itself. Returns 0, or -1 when memory is short.
 */
int lesson_localised(const char *path, struct buffer *out);

/* The choice a) … of a Predict question that stands at block index, or 0. */
char lesson_choice(const struct lesson *lesson, size_t index);

/* Where a console or code block's own lines begin and end in the source, without the fences. */
void lesson_block_range(const struct lesson *lesson, const struct block *block, size_t *begin,
                        size_t *end);

/*
 * Prints a sentence for everything in the files that is not as a lesson should be; without files,
 * all lessons in the current directory. Returns 0, or 1 if there was any, or 2.
 */
int lesson_lint(const struct screen *screen, size_t count, char *const *paths);

/* Refreshes the regions quoted from programs. Returns 0, or -1 and fills error. */
int lesson_quotes_record(const char *path, struct error *error);

#endif
