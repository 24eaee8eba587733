/* Sends the cookies of a jar and keeps what the responses set, on every step of a redirect. */
#include <stdlib.h>
#include <time.h>

#include "urllib/internal.h"

struct cookies {
    struct url_handler handler;
    struct http_jar *jar; /* the caller's */
};

/* What the jar wants to know of a request, its texts copied. 0, or -1 when memory is short. */
static int ask(const struct url_request *request, struct http_jar_request *asked, char *texts[2])
{
    const struct url_part *scheme = &request->url_parts.scheme;

    texts[0] = url_part_copy(request->netloc.host);
    texts[1] = url_part_copy(request->url_parts.path); /* an empty one is "/" to the jar */
    *asked = (struct http_jar_request){
        .host = texts[0],
        .path = texts[1],
        .secure = http_same_text(scheme->text, scheme->length, "https", 5)};
    return texts[0] != NULL && texts[1] != NULL ? 0 : -1;
}

static void forget(char *texts[2])
{
    free(texts[0]);
    free(texts[1]);
}

/* [before] */
static int before_cookies(struct url_handler *self, struct url_request *request,
                          struct url_error *error)
{
    struct http_jar *jar = ((struct cookies *)self)->jar;
    struct http_jar_request asked;
    struct buffer value = {0};
    char *texts[2];
    int result = ask(request, &asked, texts);

    /* One that is sent again has those of the time before. */
    (void)http_headers_remove(&request->once, "Cookie"); /* perhaps there was none */
    if (result == 0 && http_headers_get(&request->headers, "Cookie") == NULL)
        result = http_jar_header(jar, &asked, time(NULL), &value);
    if (result > 0)
        result = http_headers_add(&request->once, "Cookie", value.data);
    buffer_free(&value);
    forget(texts);
    return result == -1 ? url_error_memory(error) : 0;
}
/* [/before] */

/* [after] */
static struct url_response *after_cookies(struct url_handler *self, struct url_request *request,
                                          struct url_response *response, struct url_error *error)
{
    struct http_jar *jar = ((struct cookies *)self)->jar;
    struct http_jar_request asked;
    char *texts[2];
    int result = ask(request, &asked, texts);

    if (result == 0)
        result = http_jar_extract(jar, &asked, &response->headers, time(NULL));
    forget(texts);
    if (result >= 0)
        return response;
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
