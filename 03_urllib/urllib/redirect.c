/* Redirects: an answer that says where to ask instead. RFC 9110 section 15.4. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "http/status.h"
#include "urllib/internal.h"

enum {
    LIMIT = 10,  /* Python: max_redirections */
    REPEATS = 4, /* Python: max_repeats */
    MOST = 100   /* whatever the caller allows: each is a call within the call before */
};

struct redirect {
    struct url_handler handler;
    unsigned limit;
    void (*seen)(void *context, int status, const char *to);
    void *context;
};

/* [method] */
const char *url_redirect_method(int status, const char *method)
{
    bool post = strcmp(method, "POST") == 0, head = strcmp(method, "HEAD") == 0;

    if (status == HTTP_SEE_OTHER && !head)
        return "GET";
    if ((status == HTTP_MOVED_PERMANENTLY || status == HTTP_FOUND) && post)
        return "GET"; /* as everybody has done since before there was a 307 */
    return method;
}
/* [/method] */

/* ---- where to ------------------------------------------------------------------------------- */

/* Appends text with what may not stand in a URL coded: blanks, controls and bytes above 126. */
static int code_location(const char *text, struct buffer *out)
{
    for (const char *c = text; *c != '\0'; c++) {
        bool bare = *c > ' ' && *c <= '~';
        if ((bare ? buffer_add(out, c, 1)
                  : buffer_print(out, "%%%02X", (unsigned)(unsigned char)*c)) == -1)
            return -1;
    }
    return 0;
}

/* Writes the "/" that a URL with a host means when it has no path. 0; or -1 with why. */
static int complete_path(struct buffer *to, struct error *why)
{
    struct url url;

    if (url_split(buffer_text(to), to->length, &url, why) == -1)
        return -1;
    if (url.netloc.length == 0 || url.path.length > 0)
        return 0;
    size_t at = (size_t)(url.path.text - to->data);
    if (buffer_add(to, "/", 1) == -1)
        return error_set(why, "out of memory");
    memmove(to->data + at + 1, to->data + at, to->length - 1 - at);
    to->data[at] = '/';
    return 0;
}

/*
 * Writes where Location leads, as seen from the request's URL; a fragment that it does not name is
 * kept: RFC 9110 section 10.2.2. Returns 0; or -1 with why.
 */
static int find_target(const struct url_request *request, const char *location, struct buffer *to,
                       struct error *why)
{
    struct buffer coded = {0};
    const char *fragment = strchr(request->url, '#');
    int result = error_set(why, "out of memory");

    if (code_location(location, &coded) == 0)
        result = url_join(request->url, strlen(request->url), buffer_text(&coded), coded.length, to,
                          why);
    buffer_free(&coded);
    if (result == 0 && fragment != NULL && strchr(buffer_text(to), '#') == NULL &&
        buffer_add(to, fragment, strlen(fragment)) == -1)
        result = error_set(why, "out of memory");
    return result == 0 ? complete_path(to, why) : -1;
}

/* How often redirects have led there. */
static int count_visits(const struct url_request *request, const char *to)
{
    const struct buffer *visited = &request->visited;
    int count = 0;

    for (size_t at = 0; at < visited->length; at += strlen(visited->data + at) + 1)
        count += strcmp(visited->data + at, to) == 0;
    return count;
}

/* Why a redirect is not to be followed, or NULL. */
/* [refuse] */
static const char *refuse(const struct redirect *self, const struct url_request *request,
                          const char *to, const struct url *target)
{
    const struct url_part *scheme = &target->scheme;

    if (!http_same_text(scheme->text, scheme->length, "http", 4) &&
        !http_same_text(scheme->text, scheme->length, "https", 5))
        return "a redirect may lead to http and https alone";
    if (request->redirects >= self->limit)
        return "too many redirects";
    if (count_visits(request, to) >= REPEATS)
        return "redirects that lead in a circle";
    return NULL;
}
/* [/refuse] */

/* ---- going there ---------------------------------------------------------------------------- */

/* Removes the fields with these names, a list that ends with NULL. */
static void drop(struct url_request *request, const char *const *names)
{
    for (; *names != NULL; names++)
        (void)http_headers_remove(&request->headers, *names); /* perhaps there was none */
}

/* Makes the request one for the URL to. 0; or -1 and an error. */
/* [turn] */
static int turn(struct url_request *request, int status, const char *to, const struct url *target,
                struct url_error *error)
{
    static const char *const secrets[] = {"Authorization", "Cookie", "Proxy-Authorization", "Host",
                                          NULL};
    static const char *const of_body[] = {
        "Content-Type",     "Content-Length",    "Content-Encoding", "Content-Language",
        "Content-Location", "Transfer-Encoding", "Expect",           NULL};
    const char *method = url_redirect_method(status, request->method);

    if (!url_same_origin(&request->url_parts, target))
        drop(request, secrets);
    if (strcmp(method, request->method) != 0) {
        char *copy = strdup(method);
        if (copy == NULL)
            return url_error_memory(error);
        free(request->method);
        request->method = copy;
        request->data = NULL;
        request->length = 0;
        drop(request, of_body);
    }
    http_headers_clear(&request->once); /* they were for the other URL, and so was the way to it */
    free(request->proxy);
    request->proxy = NULL;
    request->realms.length = 0;
    request->auth_retries = 0;
    request->redirects++;
    if (buffer_add(&request->visited, to, strlen(to) + 1) == -1)
        return url_error_memory(error);
    return url_request_set_url(request, to, error);
}
/* [/turn] */

/* ---- the handler ---------------------------------------------------------------------------- */

static bool is_redirect(int status)
{
    return status == HTTP_MOVED_PERMANENTLY || status == HTTP_FOUND || status == HTTP_SEE_OTHER ||
           status == HTTP_TEMPORARY_REDIRECT || status == HTTP_PERMANENT_REDIRECT;
}

static struct url_response *follow(struct redirect *self, struct url_request *request,
                                   struct url_response *response, const char *to,
                                   struct url_error *error)
{
    struct url target;
    struct error why;
    int status = response->status;

    if (url_split(to, strlen(to), &target, &why) == -1)
        return url_error_response(error, URL_REDIRECT, response, "%d %s, to what is no URL: %s",
                                  status, response->reason, why.text);
    const char *refusal = refuse(self, request, to, &target);
    if (refusal != NULL)
        return url_error_response(error, URL_REDIRECT, response, "%d %s: %s (%.200s)", status,
                                  response->reason, refusal, to);
    url_close(response);
    if (turn(request, status, to, &target, error) == -1)
        return NULL;
    if (self->seen != NULL)
        self->seen(self->context, status, to);
    return url_opener_again(request, error);
}

static struct url_response *after_redirect(struct url_handler *self, struct url_request *request,
                                           struct url_response *response, struct url_error *error)
{
    const char *location = http_headers_get(&response->headers, "Location");
    struct buffer to = {0};
    struct error why;

    if (!is_redirect(response->status) || location == NULL)
        return response;
    if (find_target(request, location, &to, &why) == 0)
        response = follow((struct redirect *)self, request, response, buffer_text(&to), error);
    else
        response = url_error_response(error, URL_REDIRECT, response, "%d %s, to what is no URL: %s",
                                      response->status, response->reason, why.text);
    buffer_free(&to);
    return response;
}

struct url_handler *url_redirect_handler(unsigned limit,
                                         void (*seen)(void *context, int status, const char *to),
                                         void *context)
{
    static const char *const schemes[] = {"http", "https", NULL};
    struct redirect *redirect = calloc(1, sizeof *redirect);

    if (redirect == NULL)
        return NULL;
    redirect->handler = (struct url_handler){.name = "redirect",
                                             .order = 900,
                                             .schemes = schemes,
                                             .after = after_redirect,
                                             .free = url_handler_free};
    redirect->limit = limit == 0 ? LIMIT : limit < MOST ? limit : MOST;
    redirect->seen = seen;
    redirect->context = context;
    return &redirect->handler;
}
