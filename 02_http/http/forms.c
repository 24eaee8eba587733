#include "http/forms.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum stage {
    IDLE,
    /* urlencoded */
    NAME,
    VALUE,
    CLOSING, /* the value's end is still to be told */
    /* multipart */
    PREAMBLE,
    BEHIND,  /* a delimiter: what follows tells whether it was the last */
    DASH,    /* a first dash behind it */
    PADDING, /* blanks up to the line's end */
    LINE_FEED,
    HEAD,
    CONTENT,
    EPILOGUE,
    /* both */
    ENDED
};

static int clear(struct buffer *buffer)
{
    buffer->length = 0;
    return buffer_add(buffer, "", 0); /* which puts the NUL behind it */
}

static enum http_form_event refuse(struct http_form *form, int refusal, const char *error)
{
    form->refusal = refusal;
    form->error = error;
    return HTTP_FORM_ERROR;
}

/* Whether it may be a boundary: RFC 2046 section 5.1.1. */
static bool is_boundary(const char *text, size_t length)
{
    if (length == 0 || length > 70 || text[length - 1] == ' ')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\0' ||
            (!isalnum((unsigned char)text[i]) && strchr("'()+_,-./:=? ", text[i]) == NULL))
            return false;
    }
    return true;
}

static bool is_type(const char *value, const char *type)
{
    size_t length = strcspn(value, "; \t");

    return length == strlen(type) && strncasecmp(value, type, length) == 0;
}

int http_form_begin(struct http_form *form, const char *content_type)
{
    *form = (struct http_form){0};
    if (content_type != NULL && is_type(content_type, "application/x-www-form-urlencoded")) {
        form->stage = NAME;
        return 0;
    }
    if (content_type == NULL || !is_type(content_type, "multipart/form-data")) {
        (void)refuse(form, 415, "no form: neither urlencoded nor multipart/form-data");
        return -1;
    }
    if (buffer_add(&form->delimiter, "\r\n--", 4) == -1) {
        (void)refuse(form, 500, "out of memory");
        return -1;
    }
    int found = http_parameter(content_type, "boundary", &form->delimiter);
    if (found == -1) {
        (void)refuse(form, 500, "out of memory");
        return -1;
    }
    if (found == 0 || !is_boundary(form->delimiter.data + 4, form->delimiter.length - 4)) {
        (void)refuse(form, 400, "multipart without a proper boundary");
        return -1;
    }
    form->stage = PREAMBLE;
    form->matched = 2; /* the first delimiter may stand where the body begins, without a line end */
    return 0;
}

/* ---- application/x-www-form-urlencoded --------------------------------------------------------
 */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * The next bytes of a name or a value that mean themselves, or one that was coded: *piece, *size.
 * Returns how many bytes of data they took; *size may be 0 as long as an escape is not whole. -1
 * for an escape that is none.
 */
static int decode(struct http_form *form, const char *data, size_t length, size_t *used,
                  const char **piece, size_t *size)
{
    *size = 0;
    *used = 1;
    if (form->escape > 0) {
        int digit = hex_digit(data[0]);
        if (digit == -1)
            return -1;
        form->byte = (char)(form->escape == 2 ? digit : (unsigned char)form->byte * 16 + digit);
        *size = --form->escape == 0;
        *piece = &form->byte;
    } else if (data[0] == '%') {
        form->escape = 2;
    } else if (data[0] == '+') {
        *piece = " ";
        *size = 1;
    } else {
        size_t run = 1;
        while (run < length && strchr("%+&=", data[run]) == NULL)
            run++;
        *piece = data;
        *size = *used = run;
    }
    return 0;
}

/* The name is whole: the field begins. */
static enum http_form_event begin_field(struct http_form *form, enum stage next)
{
    if (memchr(buffer_text(&form->text), '\0', form->text.length) != NULL)
        return refuse(form, 400, "a NUL in a field's name");
    if (++form->fields > HTTP_FORM_FIELDS)
        return refuse(form, 413, "too many fields");
    if (clear(&form->title) == -1 ||
        buffer_add(&form->title, buffer_text(&form->text), form->text.length) == -1)
        return refuse(form, 500, "out of memory");
    form->text.length = 0;
    form->name = buffer_text(&form->title);
    form->type = "text/plain";
    form->stage = (int)next;
    return HTTP_FORM_FIELD;
}

static enum http_form_event read_name(struct http_form *form, const char *data, size_t length,
                                      size_t *used)
{
    const char *piece = NULL;
    size_t size = 0;

    if (form->escape == 0 && (data[0] == '=' || data[0] == '&')) {
        bool empty = data[0] == '&' && form->text.length == 0;
        *used = 1;
        return empty ? HTTP_FORM_MORE : begin_field(form, data[0] == '=' ? VALUE : CLOSING);
    }
    if (decode(form, data, length, used, &piece, &size) == -1)
        return refuse(form, 400, "a percent sign without two digits");
    if (form->text.length + size > HTTP_FORM_HEAD)
        return refuse(form, 413, "a field's name is too long");
    if (buffer_add(&form->text, piece, size) == -1)
        return refuse(form, 500, "out of memory");
    return HTTP_FORM_MORE;
}

static enum http_form_event read_value(struct http_form *form, const char *data, size_t length,
                                       size_t *used, const char **piece, size_t *size)
{
    if (form->escape == 0 && data[0] == '&') {
        *used = 1;
        form->stage = NAME;
        return HTTP_FORM_FIELD_END;
    }
    if (decode(form, data, length, used, piece, size) == -1)
        return refuse(form, 400, "a percent sign without two digits");
    return *size > 0 ? HTTP_FORM_DATA : HTTP_FORM_MORE;
}

/* No more bytes will come: what is open is closed. */
static enum http_form_event end_urlencoded(struct http_form *form)
{
    if (form->escape > 0)
        return refuse(form, 400, "a percent sign without two digits");
    if (form->stage == NAME && form->text.length > 0)
        return begin_field(form, CLOSING);
    form->stage = form->stage == VALUE ? NAME : ENDED;
    return form->stage == NAME ? HTTP_FORM_FIELD_END : HTTP_FORM_MORE;
}

/* ---- multipart/form-data ----------------------------------------------------------------------
 */

/*
 * Content up to the next delimiter. A boundary holds no CR, so what turns out to be no delimiter
 * after all can hold the start of none: nothing is read twice, and nothing kept but how far the two
 * agreed.
 */
static enum http_form_event read_content(struct http_form *form, const char *data, size_t length,
                                         size_t *used, const char **piece, size_t *size)
{
    const struct buffer *delimiter = &form->delimiter;
    size_t i = 0;

    /* [search] */
    if (form->matched == 0 && data[0] != '\r') {
        const char *end = memchr(data, '\r', length);
        *piece = data;
        *size = *used = end != NULL ? (size_t)(end - data) : length;
        return HTTP_FORM_DATA;
    }
    while (i < length && form->matched < delimiter->length &&
           data[i] == delimiter->data[form->matched]) {
        i++;
        form->matched++;
    }
    *used = i;
    if (form->matched == delimiter->length) {
        form->stage = BEHIND;
        return HTTP_FORM_FIELD_END;
    }
    if (i == length)
        return HTTP_FORM_MORE; /* what tells did not come yet */
    /* It was content, and reads like the delimiter. */
    *piece = delimiter->data + form->borrowed;
    *size = form->matched - form->borrowed;
    form->matched = form->borrowed = 0;
    return *size > 0 ? HTTP_FORM_DATA : HTTP_FORM_MORE;
    /* [/search] */
}

/* What stands in front of the first delimiter is nobody's. */
static enum http_form_event read_preamble(struct http_form *form, const char *data, size_t length,
                                          size_t *used)
{
    const char *piece;
    size_t size;
    enum http_form_event event = read_content(form, data, length, used, &piece, &size);

    return event == HTTP_FORM_ERROR ? event : HTTP_FORM_MORE;
}

/* One byte behind a delimiter: the last one has two dashes, the others the end of their line. */
static enum http_form_event read_behind(struct http_form *form, char c)
{
    static const char wrong[] = "a boundary with something behind it";

    switch (form->stage) {
    case BEHIND:
        if (c == '-') {
            form->stage = DASH;
            return HTTP_FORM_MORE;
        }
        form->stage = PADDING;
        __attribute__((fallthrough));
    case PADDING:
        if (c == '\r')
            form->stage = LINE_FEED;
        return c == '\r' || c == ' ' || c == '\t' ? HTTP_FORM_MORE : refuse(form, 400, wrong);
    case DASH:
        form->stage = EPILOGUE;
        return c == '-' ? HTTP_FORM_MORE : refuse(form, 400, wrong);
    default:
        form->stage = HEAD;
        form->text.length = 0;
        return c == '\n' ? HTTP_FORM_MORE : refuse(form, 400, wrong);
    }
}

/* One header line of a part, without its end. Returns what is wrong with it, or NULL. */
static const char *read_line(struct http_form *form, char *line, size_t length)
{
    char *colon = memchr(line, ':', length);

    if (colon == NULL || !http_is_token(line, (size_t)(colon - line)) ||
        !http_is_value(colon + 1, length - (size_t)(colon + 1 - line)))
        return "a malformed header line in a part";
    *colon = '\0';
    line[length] = '\0';
    return http_headers_add(&form->headers, line, colon + 1) == 0 ? NULL : "out of memory";
}

/* What a field is called stands in its Content-Disposition. Returns what is wrong, or NULL. */
static const char *read_disposition(struct http_form *form)
{
    const char *value = http_headers_get(&form->headers, "Content-Disposition");
    const char *coding = http_headers_get(&form->headers, "Content-Transfer-Encoding");

    if (value == NULL || !is_type(value, "form-data"))
        return "a part that is no form-data";
    if (coding != NULL && strcasecmp(coding, "binary") != 0 && strcasecmp(coding, "8bit") != 0 &&
        strcasecmp(coding, "7bit") != 0)
        return "a part in a transfer encoding"; /* RFC 7578 section 4.7: not over HTTP */
    if (clear(&form->title) == -1 || clear(&form->file) == -1)
        return "out of memory";
    int named = http_parameter(value, "name", &form->title);
    int filed = http_parameter(value, "filename", &form->file);
    if (named == -1 || filed == -1)
        return "out of memory";
    if (named == 0)
        return "a part without a name";
    form->name = buffer_text(&form->title);
    form->filename = filed == 1 ? buffer_text(&form->file) : NULL;
    form->type = http_headers_get(&form->headers, "Content-Type");
    if (form->type == NULL)
        form->type = "text/plain"; /* RFC 7578 section 4.4 */
    return NULL;
}

/* The header lines of a part are whole. */
static enum http_form_event begin_part(struct http_form *form)
{
    char *line = form->text.data, *end = form->text.data + form->text.length - 2;
    const char *wrong = NULL;

    http_headers_free(&form->headers);
    while (line < end && wrong == NULL) {
        char *stop = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
        wrong = read_line(form, line, (size_t)(stop - line));
        line = stop + 2;
    }
    if (wrong == NULL)
        wrong = read_disposition(form);
    if (wrong != NULL)
        return refuse(form, strcmp(wrong, "out of memory") == 0 ? 500 : 400, wrong);
    if (++form->fields > HTTP_FORM_FIELDS)
        return refuse(form, 413, "too many fields");
    form->stage = CONTENT;
    form->matched = form->borrowed = 2; /* an empty value may have no line end of its own */
    return HTTP_FORM_FIELD;
}

static enum http_form_event read_head(struct http_form *form, const char *data, size_t length,
                                      size_t *used)
{
    const char *feed = memchr(data, '\n', length);

    *used = feed != NULL ? (size_t)(feed - data) + 1 : length;
    if (form->text.length + *used > HTTP_FORM_HEAD)
        return refuse(form, 413, "the header lines of a part are too long");
    if (buffer_add(&form->text, data, *used) == -1)
        return refuse(form, 500, "out of memory");
    const char *end = form->text.data + form->text.length;
    if (form->text.length == 2 && memcmp(end - 2, "\r\n", 2) == 0)
        return refuse(form, 400, "a part without header lines");
    if (form->text.length < 4 || memcmp(end - 4, "\r\n\r\n", 4) != 0)
        return HTTP_FORM_MORE;
    return begin_part(form);
}

/* ---- both -------------------------------------------------------------------------------------
 */

static enum http_form_event step(struct http_form *form, const char *data, size_t length,
                                 size_t *used, const char **piece, size_t *size)
{
    switch (form->stage) {
    case NAME:
        return read_name(form, data, length, used);
    case VALUE:
        return read_value(form, data, length, used, piece, size);
    case PREAMBLE:
        return read_preamble(form, data, length, used);
    case BEHIND:
    case DASH:
    case PADDING:
    case LINE_FEED:
        *used = 1;
        return read_behind(form, data[0]);
    case HEAD:
        return read_head(form, data, length, used);
    case CONTENT:
        return read_content(form, data, length, used, piece, size);
    default: /* EPILOGUE: what stands behind the last delimiter is nobody's either */
        *used = length;
        return HTTP_FORM_MORE;
    }
}

static enum http_form_event end_form(struct http_form *form)
{
    if (form->stage == NAME || form->stage == VALUE)
        return end_urlencoded(form);
    if (form->stage != EPILOGUE)
        return refuse(form, 400, "the body ends before its last boundary");
    form->stage = ENDED;
    return HTTP_FORM_MORE;
}

enum http_form_event http_form_read(struct http_form *form, const char *data, size_t length,
                                    bool last, size_t *used, const char **piece, size_t *size)
{
    enum http_form_event event = HTTP_FORM_MORE;

    *used = 0;
    *size = 0;
    *piece = "";
    while (event == HTTP_FORM_MORE) {
        size_t taken = 0;
        if (form->error != NULL)
            return HTTP_FORM_ERROR;
        if (form->stage == ENDED)
            return HTTP_FORM_END;
        if (form->stage == CLOSING) {
            form->stage = NAME;
            return HTTP_FORM_FIELD_END;
        }
        if (*used < length)
            event = step(form, data + *used, length - *used, &taken, piece, size);
        else if (last)
            event = end_form(form);
        else
            return HTTP_FORM_MORE;
        *used += taken;
    }
    return event;
}

void http_form_free(struct http_form *form)
{
    http_headers_free(&form->headers);
    buffer_free(&form->text);
    buffer_free(&form->title);
    buffer_free(&form->file);
    buffer_free(&form->delimiter);
    *form = (struct http_form){0};
}

static int add_encoded(struct buffer *out, const char *text)
{
    int failed = 0;

    for (; *text != '\0' && failed == 0; text++) {
        if (isalnum((unsigned char)*text) || strchr("*-._", *text) != NULL)
            failed = buffer_add(out, text, 1);
        else if (*text == ' ')
            failed = buffer_add(out, "+", 1);
        else
            failed = buffer_print(out, "%%%02X", (unsigned char)*text);
    }
    return failed;
}

int http_form_add(struct buffer *out, const char *name, const char *value)
{
    size_t before = out->length;

    if ((before > 0 && buffer_add(out, "&", 1) == -1) || add_encoded(out, name) == -1 ||
        buffer_add(out, "=", 1) == -1 || add_encoded(out, value) == -1) {
        out->length = before;
        if (out->data != NULL)
            out->data[before] = '\0';
        return -1;
    }
    return 0;
}
