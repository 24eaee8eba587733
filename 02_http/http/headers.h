/*
 * Header fields: the lines between the first line of a message and the empty line.
 *
 * Python: http.client.HTTPMessage. Source: RFC 9110 section 5, RFC 9112 section 5.
 */
#ifndef HTTP_HEADERS_H
#define HTTP_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"

/* One field. Neither text holds a NUL, CR or LF; the value has no blanks at its ends. */
struct http_field {
    union {
        const char *name; /* as it was sent: compare names without regard to case */
        size_t name_at;   /* the parser's own, while a head is not complete: where it begins */
    };
    union {
        const char *value; /* "" when there is none */
        size_t value_at;
    };
    size_t name_length, value_length;
    bool owned; /* the two texts are one block of memory, freed with the field */
};

/*
 * Fields in the order in which they were sent or added. All zero is an empty list. A field that was
 * parsed points into the buffer that it was parsed from, which must live as long; one that was
 * added is a copy.
 */
struct http_headers {
    struct http_field *fields;
    size_t count;
    size_t capacity;
};

/* Whether it is a token: one or more letters, digits and !#$%&'*+-.^_`|~ . RFC 9110 5.6.2. */
bool http_is_token(const char *text, size_t length);

/*
 * Whether it may be a field's value: no CR, LF or NUL, and no other control but the tab. RFC 9110
 * section 5.5.
 */
bool http_is_value(const char *text, size_t length);

/*
 * Adds a field behind the others. Returns 0, or -1 with errno: EINVAL when the name is no token or
 * the value may not be sent, so that nobody adds a line of his own through a value; ENOMEM. Blanks
 * at the ends of the value are left out. Python: HTTPMessage.add_header().
 */
int http_headers_add(struct http_headers *headers, const char *name, const char *value);

/* The same with a value made as by printf(). */
int http_headers_print(struct http_headers *headers, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Removes all fields of that name, then adds one. Returns as http_headers_add(), nothing removed
 * when it fails. Python: HTTPMessage.replace_header(). */
int http_headers_set(struct http_headers *headers, const char *name, const char *value);

/* Removes all fields of that name; returns how many there were. */
size_t http_headers_remove(struct http_headers *headers, const char *name);

/* The value of the first field of that name, or NULL. Python: HTTPMessage.get(). */
const char *http_headers_get(const struct http_headers *headers, const char *name);

/*
 * The next value of that name: *position is 0 at first, and counts on. NULL when there are no more.
 * Python: HTTPMessage.get_all().
 */
const char *http_headers_next(const struct http_headers *headers, const char *name,
                              size_t *position);

/* How many fields have that name. */
size_t http_headers_count(const struct http_headers *headers, const char *name);

/*
 * The members of a list value such as "gzip, br;q=0.5": sets *member and *length to the next that
 * is not empty, blanks cut off; commas in "quoted strings" separate nothing. *at is the rest of the
 * value, and moves on. False at the end. Source: RFC 9110 section 5.6.1.
 */
bool http_list_next(const char **at, const char **member, size_t *length);

/*
 * Whether a list, over all fields of that name, has the member, without regard to case: "close" in
 * Connection. Parameters behind a semicolon do not count.
 */
bool http_headers_has(const struct http_headers *headers, const char *name, const char *member);

/*
 * A parameter of a value such as "text/html; charset=utf-8" or "form-data; name=\"a\\\"b\"":
 * appends it to out, quotes and backslashes taken off. Returns 1, 0 when it is not there (or the
 * value breaks off), -1 when memory is short. Source: RFC 9110 section 5.6.6.
 */
int http_parameter(const char *value, const char *name, struct buffer *out);

/*
 * What a parser does with one line of fields, its end taken off: sets *field to where in the line
 * name and value are (name_at, value_at and their lengths). Returns NULL, or what is wrong with the
 * line, a phrase. Strict where RFC 9112 section 5 is: no blank before the colon, no line that
 * begins with a blank (obs-fold), no control but the tab. Nothing is allocated.
 */
const char *http_field_split(const char *line, size_t length, struct http_field *field);

/*
 * Adds a field as it is, without a check or a copy: what a parser found. Returns 0, or -1 with
 * ENOMEM.
 */
int http_headers_append(struct http_headers *headers, const struct http_field *field);

/* Whether two texts are the same but for the case of their letters, A to Z alone. */
bool http_same_text(const char *a, size_t a_length, const char *b, size_t b_length);

/* Appends every field as "Name: value\r\n". Returns 0, or -1 when memory is short. */
int http_headers_write(const struct http_headers *headers, struct buffer *out);

/* Makes it empty and keeps the memory of the list for the next fields. */
void http_headers_clear(struct http_headers *headers);

/* Frees what it holds and makes it empty. */
void http_headers_free(struct http_headers *headers);

#endif
