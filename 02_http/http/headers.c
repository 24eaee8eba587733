#include "http/headers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a byte may be part of: 1 a token, 2 a field's value. RFC 9110 sections 5.6.2 and 5.5. Blank
 * and tab may stand in a value, bytes from 80 on too (obs-text); controls nowhere.
 */
enum { TOKEN = 1, VALUE = 2 };
static const unsigned char CLASSES[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, /* 00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 10 */
    2, 3, 2, 3, 3, 3, 3, 3, 2, 2, 3, 3, 2, 3, 3, 2, /* 20 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, /* 30 */
    2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, /* 40 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 3, 3, /* 50 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, /* 60 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 3, 2, 3, 0, /* 70 */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
};

static bool is(char c, unsigned class)
{
    return (CLASSES[(unsigned char)c] & class) != 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool http_same_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length != b_length)
        return false;
    for (size_t i = 0; i < a_length; i++)
        if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

bool http_is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is(text[i], TOKEN))
            return false;
    return length > 0;
}

/*
 * Whether one of eight bytes is a control, with a tab and DEL among them. For each byte b: b - 0x20
 * borrows when b < 0x20, and so does (b ^ 0x7f) - 1 when b is 0x7f; the highest bit of the byte
 * tells, if it was not set before. A borrow may spoil the byte above, which is looked at again.
 */
static bool has_control(const char *eight)
{
    const uint64_t each = 0x0101010101010101U;
    uint64_t word, del;

    memcpy(&word, eight, sizeof word);
    del = word ^ (each * 0x7f);
    return ((((word - each * 0x20) & ~word) | ((del - each) & ~del)) & (each * 0x80)) != 0;
}

bool http_is_value(const char *text, size_t length)
{
    while (length >= 8 && !has_control(text)) {
        text += 8;
        length -= 8;
    }
    for (size_t i = 0; i < length; i++)
        if (!is(text[i], VALUE))
            return false;
    return true;
}

/* Why a name of that length is not followed by a colon. */
static const char *wrong_name(const char *line, size_t length, size_t name_length)
{
    if (is_blank(line[0]))
        return "a folded line";
    if (memchr(line, ':', length) == NULL)
        return "a line without a colon";
    if (name_length == 0 && line[0] == ':')
        return "a field without a name";
    if (is_blank(line[name_length]))
        return "a blank before the colon";
    return "a byte that no field name may hold";
}

static const char *wrong_value(const char *value, size_t length)
{
    if (memchr(value, '\0', length) != NULL)
        return "a NUL byte";
    if (memchr(value, '\r', length) != NULL)
        return "a bare CR";
    if (memchr(value, '\n', length) != NULL)
        return "a bare LF";
    return "a control character in a value";
}

const char *http_field_split(const char *line, size_t length, struct http_field *field)
{
    size_t colon = 0, first, end = length;

    /* [split] */
    while (colon < length && is(line[colon], TOKEN))
        colon++;
    if (length == 0)
        return "an empty line";
    if (colon == 0 || colon == length || line[colon] != ':')
        return wrong_name(line, length, colon);
    first = colon + 1;
    while (first < end && is_blank(line[first]))
        first++;
    while (end > first && is_blank(line[end - 1]))
        end--;
    if (!http_is_value(line + first, end - first))
        return wrong_value(line + first, end - first);
    field->name_at = 0;
    field->name_length = colon;
    field->value_at = first;
    field->value_length = end - first;
    field->owned = false;
    /* [/split] */
    return NULL;
}

int http_headers_append(struct http_headers *headers, const struct http_field *field)
{
    if (headers->count == headers->capacity) {
        size_t capacity = headers->capacity == 0 ? 16 : headers->capacity * 2;
        struct http_field *fields = reallocarray(headers->fields, capacity, sizeof *fields);

        if (fields == NULL)
            return -1;
        headers->fields = fields;
        headers->capacity = capacity;
    }
    headers->fields[headers->count++] = *field;
    return 0;
}

int http_headers_add(struct http_headers *headers, const char *name, const char *value)
{
    size_t name_length = strlen(name), length;

    while (is_blank(*value))
        value++;
    length = strlen(value);
    while (length > 0 && is_blank(value[length - 1]))
        length--;
    /* [add] */
    if (!http_is_token(name, name_length) || !http_is_value(value, length)) {
        errno = EINVAL;
        return -1;
    }
    char *block = malloc(name_length + length + 2);
    if (block == NULL)
        return -1;
    memcpy(block, name, name_length + 1);
    memcpy(block + name_length + 1, value, length);
    block[name_length + 1 + length] = '\0';
    /* [/add] */
    struct http_field field = {.name = block,
                               .value = block + name_length + 1,
                               .name_length = name_length,
                               .value_length = length,
                               .owned = true};
    if (http_headers_append(headers, &field) == -1) {
        free(block);
        return -1;
    }
    return 0;
}

int http_headers_print(struct http_headers *headers, const char *name, const char *format, ...)
{
    va_list arguments;
    char *value;

    va_start(arguments, format);
    int length = vasprintf(&value, format, arguments);
    va_end(arguments);
    if (length == -1) {
        errno = ENOMEM;
        return -1;
    }
    int rc = http_headers_add(headers, name, value);
    free(value);
    return rc;
}

static void field_free(struct http_field *field)
{
    if (field->owned)
        free((char *)field->name);
}

static bool has_name(const struct http_field *field, const char *name, size_t length)
{
    return http_same_text(field->name, field->name_length, name, length);
}

/* Removes the fields of that name among the first count. */
static size_t remove_among(struct http_headers *headers, const char *name, size_t count)
{
    size_t kept = 0, length = strlen(name);

    for (size_t i = 0; i < headers->count; i++) {
        if (i < count && has_name(&headers->fields[i], name, length))
            field_free(&headers->fields[i]);
        else
            headers->fields[kept++] = headers->fields[i];
    }
    size_t removed = headers->count - kept;
    headers->count = kept;
    return removed;
}

int http_headers_set(struct http_headers *headers, const char *name, const char *value)
{
    size_t before = headers->count;

    if (http_headers_add(headers, name, value) == -1)
        return -1;
    /* The name may be that of a field which goes now: the new one's is the same. */
    (void)remove_among(headers, headers->fields[before].name, before);
    return 0;
}

size_t http_headers_remove(struct http_headers *headers, const char *name)
{
    return remove_among(headers, name, headers->count);
}

const char *http_headers_next(const struct http_headers *headers, const char *name,
                              size_t *position)
{
    size_t length = strlen(name);

    while (*position < headers->count) {
        const struct http_field *field = &headers->fields[(*position)++];

        if (has_name(field, name, length))
            return field->value;
    }
    return NULL;
}

const char *http_headers_get(const struct http_headers *headers, const char *name)
{
    size_t position = 0;

    return http_headers_next(headers, name, &position);
}

size_t http_headers_count(const struct http_headers *headers, const char *name)
{
    size_t count = 0, position = 0;

    while (http_headers_next(headers, name, &position) != NULL)
        count++;
    return count;
}

/* Behind the quoted string that begins at text; its end where the quote is never closed. */
static const char *skip_quoted(const char *text)
{
    for (text++; *text != '\0' && *text != '"'; text++)
        if (*text == '\\' && text[1] != '\0')
            text++;
    return *text == '"' ? text + 1 : text;
}

/* The first mark in text that stands in no quoted string, or the end. */
static const char *find_unquoted(const char *text, char mark)
{
    while (*text != '\0' && *text != mark)
        text = *text == '"' ? skip_quoted(text) : text + 1;
    return text;
}

bool http_list_next(const char **at, const char **member, size_t *length)
{
    while (**at != '\0') {
        const char *first = *at, *end = find_unquoted(first, ',');

        *at = *end == ',' ? end + 1 : end;
        while (first < end && is_blank(*first))
            first++;
        while (end > first && is_blank(end[-1]))
            end--;
        if (end > first) { /* a list may have empty members, which mean nothing */
            *member = first;
            *length = (size_t)(end - first);
            return true;
        }
    }
    return false;
}

bool http_headers_has(const struct http_headers *headers, const char *name, const char *member)
{
    size_t position = 0, length, wanted = strlen(member);
    const char *value, *found;

    while ((value = http_headers_next(headers, name, &position)) != NULL) {
        while (http_list_next(&value, &found, &length)) {
            const char *end = memchr(found, ';', length);

            if (end != NULL)
                length = (size_t)(end - found);
            while (length > 0 && is_blank(found[length - 1]))
                length--;
            if (http_same_text(found, length, member, wanted))
                return true;
        }
    }
    return false;
}

/* Appends what a parameter's value says, which begins at text. Returns as http_parameter(). */
static int parameter_value(const char *text, struct buffer *out)
{
    size_t before = out->length, length = 0;

    if (*text != '"') {
        while (is(text[length], TOKEN))
            length++;
        return buffer_add(out, text, length) == -1 ? -1 : 1;
    }
    for (text++; *text != '"'; text++) {
        if (*text == '\\')
            text++;
        if (*text == '\0') { /* it breaks off */
            out->length = before;
            if (out->data != NULL)
                out->data[before] = '\0';
            return 0;
        }
        if (buffer_add(out, text, 1) == -1)
            return -1;
    }
    return buffer_add(out, "", 0) == -1 ? -1 : 1; /* there is a text then, be it empty */
}

int http_parameter(const char *value, const char *name, struct buffer *out)
{
    size_t wanted = strlen(name), length;

    for (value = find_unquoted(value, ';'); *value == ';'; value = find_unquoted(value, ';')) {
        value++;
        while (is_blank(*value))
            value++;
        for (length = 0; is(value[length], TOKEN);)
            length++;
        if (value[length] == '=' && http_same_text(value, length, name, wanted))
            return parameter_value(value + length + 1, out);
    }
    return 0;
}

int http_headers_write(const struct http_headers *headers, struct buffer *out)
{
    for (size_t i = 0; i < headers->count; i++) {
        const struct http_field *field = &headers->fields[i];

        if (buffer_add(out, field->name, field->name_length) == -1 ||
            buffer_add(out, ": ", 2) == -1 ||
            buffer_add(out, field->value, field->value_length) == -1 ||
            buffer_add(out, "\r\n", 2) == -1)
            return -1;
    }
    return 0;
}

void http_headers_clear(struct http_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        field_free(&headers->fields[i]);
    headers->count = 0;
}

void http_headers_free(struct http_headers *headers)
{
    http_headers_clear(headers);
    free(headers->fields);
    *headers = (struct http_headers){0};
}
