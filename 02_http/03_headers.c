/*
 * 2.03  Header fields
 *
 * Reads fields, tells what a name says, changes them, and refuses what would be two lines.
 *
 * Python:  http.client.parse_headers(), http.client.HTTPMessage, its get_all(), add_header()
 * Usage:   03_headers [NAME | NAME=VALUE | +NAME=VALUE | -NAME]... <fields
 * See:     RFC 9110 section 5; RFC 9112 section 5
 * Leaves out: fields in words of other alphabets (RFC 8187), and the head as a whole (lesson 2.04).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "http/headers.h"

enum { MOST = 65536 }; /* bytes of fields that are read */

/* Reads lines up to an empty one or the end. text is changed, and pointed into. */
static void read_fields(char *text, struct http_headers *headers)
{
    char *end;

    for (int number = 1; (end = strchr(text, '\n')) != NULL; number++, text = end + 1) {
        struct http_field field;
        size_t length = (size_t)(end - text);

        if (length == 0 || text[length - 1] != '\r')
            die("line %d: it does not end in CR LF", number);
        if (length == 1) /* an empty line: what follows would be the body */
            return;
        const char *wrong = http_field_split(text, length - 1, &field);
        if (wrong != NULL)
            die("line %d: %s", number, wrong);
        text[field.name_at + field.name_length] = '\0'; /* where the colon was */
        text[field.value_at + field.value_length] = '\0';
        field.name = text + field.name_at;
        field.value = text + field.value_at;
        if (http_headers_append(headers, &field) == -1)
            die_errno("fields");
    }
    if (*text != '\0')
        die("the last line has no end");
}

/* All that a name says: the value of each field, then the members of all of them. */
static void tell(const struct http_headers *headers, const char *name)
{
    const char *value, *member;
    size_t position = 0, length;

    printf("fields named %s: %zu\n", name, http_headers_count(headers, name));
    while ((value = http_headers_next(headers, name, &position)) != NULL) {
        printf("  value [%s]\n  members", value);
        while (http_list_next(&value, &member, &length))
            printf(" [%.*s]", (int)length, member);
        printf("\n");
    }
}

/* NAME=VALUE, which takes the place of others, or +NAME=VALUE, which stands beside them. */
static void change(struct http_headers *headers, char *argument)
{
    char *name = argument + (*argument == '+'), *value = strchr(name, '=');

    *value++ = '\0';
    if ((*argument == '+' ? http_headers_add : http_headers_set)(headers, name, value) == -1)
        die_errno("%s", name);
}

int main(int argc, char **argv)
{
    struct http_headers headers = {0};
    struct buffer text = {0}, out = {0};
    bool asked = false;

    if (buffer_add_file(&text, "/dev/stdin", MOST) == -1)
        die_errno("standard input");
    if (strlen(buffer_text(&text)) != text.length)
        die("a NUL byte");
    if (text.length > 0)
        read_fields(text.data, &headers);
    for (int i = 1; i < argc; i++) {
        if (strchr(argv[i], '=') != NULL) {
            change(&headers, argv[i]);
        } else if (argv[i][0] == '-') {
            (void)http_headers_remove(&headers, argv[i] + 1); /* there may have been none */
        } else {
            tell(&headers, argv[i]);
            asked = true;
        }
    }
    if (!asked && http_headers_write(&headers, &out) == -1)
        die_errno("fields");
    printf("%s", buffer_text(&out));
    http_headers_free(&headers);
    buffer_free(&text);
    buffer_free(&out);
    finish(EXIT_SUCCESS);
}
