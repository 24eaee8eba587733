/* Sends the cookies of a jar and keeps what the responses set, on every step of a redirect. */
#include <stdlib.h>
#include <time.h>

#include "urllib/internal.h"

struct cookies {
    struct url_handler handler;
    struct http_jar *jar; /* the caller's */
};

/* What the jar wants to know of a request. host is to be freed; NULL when memory is short. */
static struct http_jar_request about(const struct url_request *request, char **host)
{
    const struct url_part *scheme = &request->url_parts.scheme;

    *host = url_part_copy(request->netloc.host);
    return (struct http_jar_request){
        .host = *host,
        .path = request->url_parts.path.length > 0 ? request->url_parts.path.text : "/",
        .secure = http_same_text(scheme->text, scheme->length, "https", 5)};
}

/* [before] */
static int before_cookies(struct url_handler *self, struct url_request *request,
                          struct url_error *error)
{
    char *host;
    const struct http_jar_request asked = about(request, &host);
    struct http_jar *jar = ((struct cookies *)self)->jar;
    struct buffer value = {0};
    int result = host != NULL ? 0 : -1;

    /* One that is sent again has those of the time before. */
    (void)http_headers_remove(&request->once, "Cookie"); /* perhaps there was none */
    if (result == 0 && http_headers_get(&request->headers, "Cookie") == NULL)
        result = http_jar_header(jar, &asked, time(NULL), &value);
    if (result > 0)
        result = http_headers_add(&request->once, "Cookie", value.data);
    buffer_free(&value);
    free(host);
    return result == -1 ? url_error_memory(error) : 0;
}
/* [/before] */

/* [after] */
static struct url_response *after_cookies(struct url_handler *self, struct url_request *request,
                                          struct url_response *response, struct url_error *error)
{
    char *host;
    const struct http_jar_request asked = about(request, &host);
    struct http_jar *jar = ((struct cookies *)self)->jar;

    if (host != NULL && http_jar_extract(jar, &asked, &response->headers, time(NULL)) >= 0) {
        free(host);
        return response;
    }
    free(host);
    url_close(response);
    (void)url_error_memory(error); /* returns -1 always */
    return NULL;
}
/* [/after] */

struct url_handler *url_cookie_handler(struct http_jar *jar)
{
    static const char *const schemes[] = {"http", "https", NULL};
    struct cookies *cookies = calloc(1, sizeof *cookies);

    if (cookies == NULL)
        return NULL;
    cookies->handler = (struct url_handler){.name = "cookies",
                                            .order = 500,
                                            .schemes = schemes,
                                            .before = before_cookies,
                                            .after = after_cookies,
                                            .free = url_handler_free};
    cookies->jar = jar;
    return &cookies->handler;
}
