#include <string.h>

#include "classroom/gather.h"
#include "workbook/files.h"
#include "workbook/screen.h"

/* A control character that no C source needs. */
static bool is_control(uint32_t code)
{
    return (code < 0x20 && code != '\t' && code != '\n' && code != '\r' && code != '\f') ||
           (code >= 0x7f && code < 0xa0);
}

/* The line of the byte at offset. */
static int line_at(const struct buffer *content, size_t offset)
{
    int line = 1;

    for (size_t i = 0; i < offset; i++)
        line += content->data[i] == '\n';
    return line;
}

static const char *check_nul(const struct buffer *content, const char *shown, struct error *why)
{
    const char *text = buffer_text(content), *nul = memchr(text, '\0', content->length);

    if (nul == NULL)
        return NULL;
    if (content->length >= 2 &&
        (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        (void)error_set(why, _("%s is UTF-16 text. Save it as UTF-8."), shown);
    else
        (void)error_set(why, _("%s holds a NUL byte in line %d; it is not a text file."), shown,
                        line_at(content, (size_t)(nul - text)));
    return "nul";
}

/* Where the first byte stands that is not UTF-8; the content's length if there is none. */
static size_t first_not_utf8(const struct buffer *content)
{
    uint32_t code;
    size_t size, at = 0;

    while (at < content->length &&
           (size = text_character(content->data + at, content->length - at, &code)) > 0)
        at += size;
    return at;
}

/* As Latin-1, where a byte is a character: those from 0x80 to 0x9f are none. */
static const char *check_latin1(const struct buffer *content, const char *shown, struct error *why)
{
    size_t strange = first_not_utf8(content);

    for (size_t i = 0; i < content->length; i++) {
        unsigned char byte = (unsigned char)content->data[i];
        if (byte >= 0x80 && byte < 0xa0) {
            (void)error_set(why,
                            _("Line %d of %s is not UTF-8, and the byte \\x%02x in line %d is not "
                              "Latin-1. Save it as UTF-8."),
                            line_at(content, strange), shown, byte, line_at(content, i));
            return "encoding";
        }
    }
    return NULL;
}

static const char *check_control(const struct buffer *content, bool utf8, const char *shown,
                                 struct error *why)
{
    for (size_t i = 0, size = 1; i < content->length; i += size) {
        uint32_t code = (unsigned char)content->data[i];
        if (utf8)
            size = text_character(content->data + i, content->length - i, &code);
        if (is_control(code)) {
            (void)error_set(why, _("%s holds the control character \\x%02x in line %d."), shown,
                            (unsigned)code, line_at(content, i));
            return "control";
        }
    }
    return NULL;
}

const char *text_check(const struct buffer *content, const char *shown, struct error *why)
{
    bool utf8 = first_not_utf8(content) == content->length;
    const char *reason = check_nul(content, shown, why);

    if (reason == NULL && !utf8)
        reason = check_latin1(content, shown, why);
    if (reason == NULL)
        reason = check_control(content, utf8, shown, why);
    return reason;
}
