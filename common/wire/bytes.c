#include "wire/ladder.h"

#include <stdio.h>
#include <string.h>

/* How many bytes the UTF-8 character at text has, and its number; 0 if there is none. */
static size_t read_character(const unsigned char *text, size_t length, unsigned *number)
{
    static const struct {
        unsigned char mask, lead;
        unsigned least;
    } FORMS[] = {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t form = 0; form < 3; form++) {
        if ((text[0] & FORMS[form].mask) != FORMS[form].lead || length < form + 2)
            continue;
        *number = text[0] & (unsigned char)~FORMS[form].mask;
        for (size_t i = 1; i < form + 2; i++) {
            if ((text[i] & 0xc0) != 0x80)
                return 0;
            *number = *number << 6 | (text[i] & 0x3fU);
        }
        if (*number < FORMS[form].least || *number > 0x10ffff ||
            (*number >= 0xd800 && *number <= 0xdfff))
            return 0;
        return form + 2;
    }
    return 0;
}

/* Characters that would move the cursor, turn the writing round or show nothing. */
static bool is_invisible(unsigned c)
{
    return c < 0xa0 || c == 0xad || (c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff ||
           c >= 0xe0000;
}

/* Characters that take two columns on a terminal. */
static bool is_wide(unsigned c)
{
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
           (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
           (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
           (c >= 0x20000 && c <= 0x3fffd);
}

/* Shows what stands at text: its form into shown, its columns; returns how many bytes it was. */
static size_t show_one(const unsigned char *text, size_t length, char shown[8], size_t *columns)
{
    static const char ESCAPED[] = "\n\r\t\\", LETTERS[] = "nrt\\";
    const char *escape = text[0] != 0 ? strchr(ESCAPED, text[0]) : NULL;
    unsigned number;
    size_t used = text[0] >= 0x80 ? read_character(text, length, &number) : 0;

    if (used > 0 && !is_invisible(number)) {
        memcpy(shown, text, used);
        shown[used] = '\0';
        *columns = is_wide(number) ? 2 : 1;
        return used;
    }
    if (text[0] == 0)
        (void)snprintf(shown, 8, "\\0"); /* these four fit */
    else if (escape != NULL)
        (void)snprintf(shown, 8, "\\%c", LETTERS[escape - ESCAPED]);
    else if (text[0] >= 0x20 && text[0] < 0x7f)
        (void)snprintf(shown, 8, "%c", text[0]);
    else
        (void)snprintf(shown, 8, "\\x%02x", text[0]);
    *columns = strlen(shown);
    return 1;
}

int bytes_show(const void *bytes, size_t length, size_t columns, struct buffer *out)
{
    const unsigned char *text = bytes;
    size_t before = out->length, used = 0, mark = out->length;
    char shown[8];
    size_t wide;

    if (buffer_add(out, "", 0) == -1) /* from here on there is a text */
        return -1;
    /* mark stands behind the last character that leaves a column for "…". */
    for (size_t at = 0; at < length;) {
        size_t taken = show_one(text + at, length - at, shown, &wide);
        if (used + wide > columns) {
            out->length = mark;
            out->data[out->length] = '\0';
            return columns > 0 ? buffer_add(out, "…", strlen("…")) : 0;
        }
        if (buffer_add(out, shown, strlen(shown)) == -1) {
            out->length = before;
            return -1;
        }
        used += wide;
        at += taken;
        if (used < columns)
            mark = out->length;
    }
    return 0;
}

size_t bytes_columns(const char *text)
{
    size_t length = strlen(text), columns = 0, wide;
    char shown[8];

    for (size_t at = 0; at < length; columns += text[at - 1] == '\\' ? 1 : wide)
        at += show_one((const unsigned char *)text + at, length - at, shown, &wide);
    return columns; /* a backslash is one: the text is shown already */
}

bool bytes_are_text(const void *bytes, size_t length)
{
    const unsigned char *text = bytes;
    size_t strange = 0, wide, at = 0;
    char shown[8];

    while (at < length) {
        size_t taken = show_one(text + at, length - at, shown, &wide);
        strange += wide == 4 ? 1 : 0;
        /* A character that the end cuts in two is no sign of anything. */
        if (wide == 4 && text[at] >= 0xc0 && length - at < 4)
            strange--;
        at += taken;
    }
    return strange * 4 <= length;
}
