/* Responses: what is asked of them. */
#include <stdlib.h>
#include <string.h>

#include "http/status.h"
#include "requests/internal.h"

static void free_links(struct requests_response *response)
{
    for (size_t i = 0; i < response->link_count; i++) {
        free(response->links[i].url);
        free(response->links[i].absolute);
        http_headers_free(&response->links[i].params);
    }
    free(response->links);
}

void requests_response_free(struct requests_response *response)
{
    if (response == NULL)
        return;
    for (size_t i = 0; i < response->history_count; i++)
        requests_response_free(response->history[i]); /* one deep: they have no history */
    free(response->history);
    free_links(response);
    free(response->reason);
    free(response->url);
    free(response->encoding);
    http_headers_free(&response->headers);
    buffer_free(&response->body);
    buffer_free(&response->text);
    http_jar_free(response->cookies);
    requests_prepared_free(response->request);
    free(response);
}

bool requests_ok(const struct requests_response *response)
{
    return response->status < 400;
}

const char *requests_header(const struct requests_response *response, const char *name)
{
    return http_headers_get(&response->headers, name);
}

bool requests_is_redirect(const struct requests_response *response)
{
    static const int STATUSES[] = {301, 302, 303, 307, 308};

    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        if (response->status == STATUSES[i])
            return requests_header(response, "Location") != NULL;
    }
    return false;
}

bool requests_is_permanent_redirect(const struct requests_response *response)
{
    return requests_is_redirect(response) && (response->status == 301 || response->status == 308);
}

int requests_raise_for_status(const struct requests_response *response,
                              struct requests_error *error)
{
    if (requests_ok(response))
        return 0;
    (void)requests_error_set(error, REQUESTS_HTTP, "%d %s Error: %.100s for url: %.300s",
                             response->status, response->status < 500 ? "Client" : "Server",
                             response->reason, response->url);
    if (error != NULL)
        error->status = response->status;
    return -1;
}

json_t *requests_json(struct requests_response *response, struct requests_error *error)
{
    json_error_t problem;
    size_t length = 0;
    const char *text;

    /* JSON is UTF-8, whatever Content-Type says: RFC 8259 section 8.1. Older services send UTF-16,
     * and a mark in front; both show in the bytes. */
    char *said = response->encoding;
    bool was_set = response->encoding_is_set;
    response->encoding = NULL;
    response->encoding_is_set = true;
    text = requests_text(response, &length);
    response->encoding = said;
    response->encoding_is_set = was_set;
    if (text == NULL) {
        (void)requests_error_memory(error);
        return NULL;
    }
    json_t *json = json_loadb(text, length, JSON_DECODE_ANY, &problem);
    if (json == NULL) {
        (void)requests_error_set(error, REQUESTS_JSON, "%s: line %d, column %d", problem.text,
                                 problem.line, problem.column);
    }
    buffer_free(&response->text); /* decoded for this alone */
    return json;
}

int requests_each_line(const struct requests_response *response,
                       int (*line)(void *context, const char *text, size_t length), void *context)
{
    const char *at = buffer_text(&response->body), *end = at + response->body.length;

    while (at < end) {
        const char *stop = at;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        int result = line(context, at, (size_t)(stop - at));
        if (result != 0)
            return result;
        if (end - stop >= 2 && stop[0] == '\r' && stop[1] == '\n')
            stop++;
        at = stop < end ? stop + 1 : end;
    }
    return 0;
}

const char *requests_cookie(const struct http_jar *jar, const char *name)
{
    const struct http_jar_cookie *cookie = NULL;

    while ((cookie = http_jar_next(jar, cookie)) != NULL) {
        if (strcmp(cookie->name, name) == 0)
            return cookie->value;
    }
    return NULL;
}
