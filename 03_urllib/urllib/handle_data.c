/* data: URLs: what is to be read stands in the URL itself. RFC 2397. */
#include <stdlib.h>
#include <string.h>

#include "urllib/internal.h"

/* ---- base64 --------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * Decodes it in its own place: what comes out is never longer. Returns NULL, or what is wrong.
 * Blanks count for nothing. RFC 4648 section 4.
 */
/* [base64] */
static const char *decode_base64(struct buffer *data)
{
    size_t out = 0, digits = 0, padding = 0;
    unsigned long bits = 0;

    for (size_t i = 0; i < data->length; i++) {
        char c = data->data[i];
        if (is_blank(c))
            continue;
        padding += c == '=';
        if (c == '=')
            continue;
        int digit = digit_of(c);
        if (digit == -1)
            return "a character that is not of base64";
        if (padding > 0)
            return "base64 that goes on behind its end";
        bits = bits << 6 | (unsigned long)digit;
        if (++digits % 4 == 0)
            for (int shift = 16; shift >= 0; shift -= 8)
                data->data[out++] = (char)(bits >> shift & 0xff);
    }
    size_t rest = digits % 4;
    if (rest == 1 || padding != (rest == 0 ? 0 : 4 - rest))
        return "base64 whose length is no multiple of four";
    if (rest >= 2) /* 12 bits make one byte, 18 make two */
        data->data[out++] = (char)(bits >> (rest == 2 ? 4 : 10) & 0xff);
    if (rest == 3)
        data->data[out++] = (char)(bits >> 2 & 0xff);
    data->length = out;
    if (data->data != NULL)
        data->data[out] = '\0';
    return NULL;
}
/* [/base64] */

/* ---- the URL -------------------------------------------------------------------------------- */

/* Cuts ";base64" off the end of the media type; whether it was there. */
static bool cut_base64(struct url_part *type)
{
    static const char word[] = ";base64";
    size_t length = sizeof word - 1;

    if (type->length < length ||
        !http_same_text(type->text + type->length - length, length, word, length))
        return false;
    type->length -= length;
    return true;
}

/* The type, with what RFC 2397 section 3 says of one that is left out in part. */
static int write_type(const struct url_part *type, struct buffer *out)
{
    if (type->length == 0)
        return buffer_print(out, "text/plain;charset=US-ASCII");
    return buffer_print(out, "%s%.*s", type->text[0] == ';' ? "text/plain" : "", URL_PRINT(*type));
}

int url_data_decode(struct url_part url, struct buffer *type, struct buffer *body,
                    struct url_error *error)
{
    struct url_part head, fragment;
    struct buffer decoded = {0};

    url_defrag(url.text, url.length, &url, &fragment);
    const char *end = url.text + url.length;
    const char *colon = memchr(url.text, ':', url.length);
    const char *comma = colon != NULL ? memchr(colon, ',', (size_t)(end - colon)) : NULL;
    if (comma == NULL)
        return url_error_set(error, URL_BAD_URL, 0, "no comma before the data");
    head = (struct url_part){colon + 1, (size_t)(comma - colon - 1)};
    bool base64 = cut_base64(&head);
    if (!http_is_value(head.text, head.length))
        return url_error_set(error, URL_BAD_URL, 0, "a control character in the media type");
    if (url_unquote_to_bytes(comma + 1, (size_t)(end - comma - 1), &decoded) == -1) {
        buffer_free(&decoded);
        return url_error_memory(error);
    }
    const char *wrong = base64 ? decode_base64(&decoded) : NULL;
    int result = 0;
    if (wrong != NULL)
        result = url_error_set(error, URL_BAD_URL, 0, "%s", wrong);
    else if (write_type(&head, type) == -1 || buffer_add(body, decoded.data, decoded.length) == -1)
        result = url_error_memory(error);
    buffer_free(&decoded);
    return result;
}

/* ---- the handler ---------------------------------------------------------------------------- */

struct text {
    struct buffer body;
    size_t at;
};

static ssize_t read_data(struct url_response *response, void *data, size_t size,
                         struct url_error *error)
{
    struct text *text = response->source;
    size_t rest = text->body.length - text->at;

    (void)error;
    if (size > rest)
        size = rest;
    if (size > 0)
        memcpy(data, text->body.data + text->at, size);
    text->at += size;
    return (ssize_t)size;
}

static void close_data(struct url_response *response)
{
    struct text *text = response->source;

    buffer_free(&text->body);
    free(text);
}

/* A response that will own text, or NULL when memory is short. */
static struct url_response *make_response(struct text *text, const char *type, const char *url)
{
    struct url_response *response = url_response_new(200, "OK", url);

    if (response == NULL)
        return NULL;
    if (http_headers_add(&response->headers, "Content-Type", type) == -1 ||
        http_headers_print(&response->headers, "Content-Length", "%zu", text->body.length) == -1) {
        url_close(response);
        return NULL;
    }
    response->length = (int64_t)text->body.length;
    response->source = text;
    response->read = read_data;
    response->close = close_data;
    return response;
}

static struct url_response *open_data(struct url_handler *self, struct url_request *request,
                                      struct url_error *error)
{
    struct text *text = calloc(1, sizeof *text);
    struct url_response *response = NULL;
    struct buffer type = {0};

    (void)self;
    if (text == NULL) {
        (void)url_error_memory(error); /* returns -1 always */
        return NULL;
    }
    if (url_data_decode(url_part_of(request->url), &type, &text->body, error) == 0) {
        response = make_response(text, type.data, request->url);
        if (response == NULL)
            (void)url_error_memory(error); /* as above */
    }
    buffer_free(&type);
    if (response == NULL) {
        buffer_free(&text->body);
        free(text);
    }
    return response;
}

struct url_handler *url_data_handler(void)
{
    static const char *const schemes[] = {"data", NULL};
    struct url_handler *handler = calloc(1, sizeof *handler);

    if (handler != NULL)
        *handler = (struct url_handler){.name = "data",
                                        .order = 500,
                                        .schemes = schemes,
                                        .open = open_data,
                                        .free = url_handler_free};
    return handler;
}
