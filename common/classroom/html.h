/*
 * Pages for people: text that grows, escaped by the one function that knows how, and the look that
 * all pages share. What anybody wrote reaches a page through html_text() or html_print() alone.
 */
#ifndef CLASSROOM_HTML_H
#define CLASSROOM_HTML_H

#include <stdarg.h>
#include <stdbool.h>

#include "classroom/marks.h"
#include "core/buffer.h"
#include "core/error.h"

/* Markup that grows. When memory is short it stops growing, and markup_write() says so. */
struct markup {
    struct buffer text; /* freed by markup_write() or markup_free() */
    bool failed;
};

/* Appends as it is: only what the program itself says. */
void markup_add(struct markup *markup, const char *trusted);
void markup_add_bytes(struct markup *markup, const char *trusted, size_t length);

/*
 * Appends a format whose own text is markup, and what stands for %s goes through escape. %d, %zu
 * and %% are the only others.
 */
void markup_print(struct markup *markup, void (*escape)(struct markup *markup, const char *text),
                  const char *format, va_list arguments);

/*
 * Writes out/name, whole or not at all, and frees the markup. Returns 0, or -1 with
 * error filled.
 */
int markup_write(struct markup *markup, const char *out, const char *name, struct error *error);
void markup_free(struct markup *markup);

/* Appends text, fit for a page and for an attribute in double quotes; control characters shown. */
void html_text(struct markup *markup, const char *text);

/* markup_print() with html_text(). */
void html_print(struct markup *markup, const char *format, ...) PRINTF_LIKE(2, 3);

/* Appends a name as a part of an address: "alice%402". */
void html_url(struct markup *markup, const char *name);

/*
 * Begins a page, up to <main>, with the look that all share and style behind it. digest is that of
 * the page's script, as Content-Security-Policy has it: no other is run, and nothing is fetched.
 * NULL: no script at all.
 */
void html_begin(struct markup *markup, const char *title, const char *style, const char *digest);
void html_end(struct markup *markup);

/* "2026-11-23 10:00 UTC"; text has MOMENT_SIZE bytes. Returns it. */
enum { MOMENT_SIZE = 32 };
const char *moment_text(long long moment, char *text);

/* What a student is called: by the roster's column "name", else as the submission is. */
const char *student_called(const struct class *class, const struct roster_line *line,
                           const char *name);

#endif
