#include <stdlib.h>
#include <string.h>

#include "urllib/internal.h"

/* ---- making one ----------------------------------------------------------------------------- */

int url_request_set_url(struct url_request *request, const char *url, struct url_error *error)
{
    struct url_netloc netloc = {0};
    struct url parts;
    struct error why;
    char *copy = strdup(url);

    if (copy == NULL)
        return url_error_memory(error);
    if (url_split(copy, strlen(copy), &parts, &why) == -1) {
        free(copy);
        return url_error_set(error, URL_BAD_URL, 0, "%s", why.text);
    }
    if (parts.scheme.length == 0) {
        free(copy);
        return url_error_set(error, URL_BAD_URL, 0, "no URL: it begins without a scheme");
    }
    if (parts.netloc.text != NULL)
        url_split_netloc(parts.netloc, &netloc);
    free(request->url);
    request->url = copy;
    request->url_parts = parts;
    request->netloc = netloc;
    return 0;
}

static int copy_headers(struct http_headers *to, const struct http_headers *from)
{
    for (size_t i = 0; from != NULL && i < from->count; i++)
        if (http_headers_add(to, from->fields[i].name, from->fields[i].value) == -1)
            return -1;
    return 0;
}

int url_request_begin(struct url_request *request, struct url_opener *opener, const char *url,
                      const struct url_options *options, struct url_error *error)
{
    static const struct url_options none = {0};

    if (options == NULL)
        options = &none;
    *request = (struct url_request){.data = options->data,
                                    .length = options->length,
                                    .timeout_ms = options->timeout_ms,
                                    .opener = opener};
    const char *method = options->method;
    if (method == NULL)
        method = options->data != NULL ? "POST" : "GET";
    request->method = strdup(method);
    if (request->method == NULL || copy_headers(&request->headers, options->headers) == -1)
        (void)url_error_memory(error); /* returns -1 always */
    else if (url_request_set_url(request, url, error) == 0)
        return 0;
    url_request_end(request);
    return -1;
}

void url_request_end(struct url_request *request)
{
    free(request->url);
    free(request->method);
    free(request->proxy);
    http_headers_free(&request->headers);
    http_headers_free(&request->once);
    buffer_free(&request->visited);
    buffer_free(&request->realms);
}

/* ---- asking it ------------------------------------------------------------------------------ */

int url_request_port(const struct url_request *request)
{
    return url_port(&request->netloc, url_default_port(request->url_parts.scheme));
}

int url_request_target(const struct url_request *request, bool absolute, struct buffer *out)
{
    const struct url *url = &request->url_parts;
    bool empty = url->path.length == 0;

    if (absolute &&
        buffer_print(out, "%.*s://%.*s", URL_PRINT(url->scheme), URL_PRINT(url->netloc)) == -1)
        return -1;
    if (buffer_add(out, empty ? "/" : url->path.text, empty ? 1 : url->path.length) == -1)
        return -1;
    if (url->query.text == NULL)
        return 0;
    return buffer_add(out, "?", 1) == -1 ? -1 : buffer_add(out, url->query.text, url->query.length);
}

/* [origin] */
bool url_same_origin(const struct url *a, const struct url *b)
{
    struct url_netloc one, other;

    if (!http_same_text(a->scheme.text, a->scheme.length, b->scheme.text, b->scheme.length))
        return false;
    url_split_netloc(a->netloc, &one);
    url_split_netloc(b->netloc, &other);
    return http_same_text(one.host.text, one.host.length, other.host.text, other.host.length) &&
           url_port(&one, url_default_port(a->scheme)) ==
               url_port(&other, url_default_port(b->scheme));
}
/* [/origin] */
