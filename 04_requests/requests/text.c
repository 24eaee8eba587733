/* Bodies as text: which charset, and how it becomes UTF-8. */
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "requests/internal.h"

/* Whether it may be given to iconv_open(): no "//TRANSLIT", no path. */
static bool is_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= 40 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") ==
               length;
}

int requests_set_encoding(struct requests_response *response, const char *encoding)
{
    char *copy = encoding == NULL ? NULL : strdup(encoding);

    if (encoding != NULL && copy == NULL)
        return -1;
    free(response->encoding);
    response->encoding = copy;
    response->encoding_is_set = true;
    buffer_free(&response->text);
    return 0;
}

const char *requests_encoding(struct requests_response *response)
{
    const char *type = requests_header(response, "Content-Type");
    struct buffer charset = {0};
    const char *found = NULL;

    if (response->encoding_is_set)
        return response->encoding;
    if (type == NULL)
        return NULL;
    size_t length = strcspn(type, ";");
    if (http_parameter(type, "charset", &charset) == 1)
        found = buffer_text(&charset);
    else if (length >= 4 && memmem(type, length, "text", 4) != NULL)
        found = "ISO-8859-1";
    else if (length >= 16 && strncasecmp(type, "application/json", 16) == 0)
        found = "utf-8";
    int result = requests_set_encoding(response, found);
    buffer_free(&charset);
    return result == 0 ? response->encoding : NULL;
}

/* The length of the UTF-8 character at text, of at most left bytes; 0 when it is none. RFC 3629. */
static size_t utf8_length(const unsigned char *text, size_t left)
{
    size_t length = text[0] < 0x80   ? 1
                    : text[0] < 0xC2 ? 0
                    : text[0] < 0xE0 ? 2
                    : text[0] < 0xF0 ? 3
                    : text[0] < 0xF5 ? 4
                                     : 0;

    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    }
    if ((text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xED && text[1] >= 0xA0) ||
        (text[0] == 0xF0 && text[1] < 0x90) || (text[0] == 0xF4 && text[1] >= 0x90))
        return 0;
    return length;
}

const char *requests_apparent_encoding(const struct requests_response *response)
{
    const unsigned char *bytes = (const unsigned char *)buffer_text(&response->body);
    size_t length = response->body.length;
    bool ascii = true;

    if (length >= 4 &&
        (memcmp(bytes, "\xFF\xFE\0\0", 4) == 0 || memcmp(bytes, "\0\0\xFE\xFF", 4) == 0))
        return "utf-32";
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        return "utf-8-sig";
    if (length >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0))
        return "utf-16";
    for (size_t i = 0; i < length;) {
        size_t step = utf8_length(bytes + i, length - i);
        if (step == 0)
            return "ISO-8859-1";
        ascii = ascii && step == 1;
        i += step;
    }
    return ascii ? "ascii" : "utf-8";
}

static int add_utf8(struct buffer *out, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t step = utf8_length(bytes + i, length - i);
        if (buffer_add(out, step == 0 ? "\xEF\xBF\xBD" : (const char *)bytes + i,
                       step == 0 ? 3 : step) == -1)
            return -1;
        i += step == 0 ? 1 : step;
    }
    return 0;
}

/* Decodes by the C library. -1 when memory is short. */
static int add_converted(struct buffer *out, iconv_t converter, const struct buffer *body)
{
    char *from = body->data;
    size_t left = body->length;

    while (left > 0) {
        if (buffer_reserve(out, left * 2 + 16) == -1)
            return -1;
        char *to = out->data + out->length;
        size_t room = out->capacity - out->length - 1;
        size_t before = room;
        size_t result = iconv(converter, &from, &left, &to, &room);
        int problem = result == (size_t)-1 ? errno : 0;
        out->length += before - room;
        out->data[out->length] = '\0';
        if (problem == EILSEQ || problem == EINVAL) { /* EINVAL: cut off at the end */
            if (buffer_add(out, "\xEF\xBF\xBD", 3) == -1)
                return -1;
            from++;
            left--;
        }
    }
    return 0;
}

static bool is_utf8(const char *name)
{
    return strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "utf8") == 0 ||
           strcasecmp(name, "utf-8-sig") == 0 || strcasecmp(name, "ascii") == 0;
}

const char *requests_text(struct requests_response *response, size_t *length)
{
    const char *name = requests_encoding(response);
    const struct buffer *body = &response->body;
    const unsigned char *bytes = (const unsigned char *)buffer_text(body);
    iconv_t converter = (iconv_t)-1;
    int result;

    if (response->text.length == 0 && body->length > 0) {
        if (name != NULL && is_name(name) && !is_utf8(name))
            converter = iconv_open("UTF-8", name);
        if (converter == (iconv_t)-1 && (name == NULL || !is_utf8(name))) {
            name = requests_apparent_encoding(response);
            if (!is_utf8(name))
                converter = iconv_open("UTF-8", name);
        }
        if (converter != (iconv_t)-1) {
            result = add_converted(&response->text, converter, body);
            (void)iconv_close(converter); /* frees memory; its errors tell nothing */
        } else {
            size_t mark = strcasecmp(name, "utf-8-sig") == 0 && body->length >= 3 ? 3 : 0;
            result = add_utf8(&response->text, bytes + mark, body->length - mark);
        }
        if (result == -1) {
            buffer_free(&response->text);
            return NULL;
        }
    }
    if (length != NULL)
        *length = response->text.length;
    return buffer_text(&response->text);
}
