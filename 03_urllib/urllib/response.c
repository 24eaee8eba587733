#include <stdlib.h>
#include <string.h>

#include "urllib/internal.h"

enum { PIECE = 16384 }; /* bytes that url_read_all() reads at once */

struct url_response *url_response_new(int status, const char *reason, const char *url)
{
    size_t reason_size = strlen(reason) + 1, url_size = strlen(url) + 1;
    struct url_response *response = calloc(1, sizeof *response + reason_size + url_size);

    if (response == NULL)
        return NULL;
    char *texts = (char *)(response + 1);
    memcpy(texts, reason, reason_size);
    memcpy(texts + reason_size, url, url_size);
    response->status = status;
    response->reason = texts;
    response->url = texts + reason_size;
    response->length = -1;
    return response;
}

ssize_t url_read(struct url_response *response, void *data, size_t size, struct url_error *error)
{
    return response->read != NULL ? response->read(response, data, size, error) : 0;
}

int url_read_all(struct url_response *response, struct buffer *body, size_t limit,
                 struct url_error *error)
{
    size_t begin = body->length;

    for (;;) {
        if (buffer_reserve(body, PIECE) == -1)
            return url_error_memory(error);
        ssize_t got = url_read(response, body->data + body->length, PIECE, error);
        body->data[body->length + (got > 0 ? (size_t)got : 0)] = '\0';
        if (got <= 0)
            return (int)got;
        if ((size_t)got > limit - (body->length - begin)) {
            body->length = begin + limit;
            body->data[body->length] = '\0';
            return url_error_set(error, URL_TOO_LONG, 0, "the body has more than %zu bytes", limit);
        }
        body->length += (size_t)got;
    }
}

void url_close(struct url_response *response)
{
    if (response == NULL)
        return;
    if (response->close != NULL)
        response->close(response);
    http_headers_free(&response->headers);
    free(response);
}
