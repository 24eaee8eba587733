/* http and https: the handler that puts a request on the wire. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "http/client.h"
#include "urllib/internal.h"

/* What a server sees of us unless the caller's fields say otherwise. Python: "Python-urllib/3.11"
 */
#define USER_AGENT "workbook-urllib/1.0"

struct http {
    struct url_handler handler;
    bool secure;
    struct http_tls *tls; /* the caller's; NULL: the system's authorities */
};

/* ---- what went wrong ------------------------------------------------------------------------ */

/* [failures] */
static enum url_failure failure_of(enum http_client_result result)
{
    switch (result) {
    case HTTP_CLIENT_NO_CONNECTION:
        return errno == ENOENT         ? URL_NO_NAME
               : errno == ECONNREFUSED ? URL_REFUSED
                                       : URL_NO_CONNECTION;
    case HTTP_CLIENT_NO_TUNNEL:
        return URL_NO_CONNECTION;
    case HTTP_CLIENT_TLS:
        return URL_TLS;
    case HTTP_CLIENT_TIMEOUT:
        return URL_TIMEOUT_READ;
    case HTTP_CLIENT_BROKEN:
    case HTTP_CLIENT_DISCONNECTED:
        return URL_BROKEN;
    case HTTP_CLIENT_INVALID:
        return URL_BAD_URL;
    case HTTP_CLIENT_NO_MEMORY:
        return URL_NO_MEMORY;
    default:
        return URL_BAD_ANSWER;
    }
}
/* [/failures] */

static int fail(struct http_client *client, enum http_client_result result, struct url_error *error)
{
    int number = result == HTTP_CLIENT_NO_CONNECTION ? errno : 0;

    return url_error_set(error, failure_of(result),
                         result == HTTP_CLIENT_TIMEOUT ? ETIMEDOUT : number, "%s",
                         http_client_error(client));
}

/* Before there is a connection: a time-out is another one, and an end no answer's. */
static int fail_connect(struct http_client *client, enum http_client_result result,
                        struct url_error *error)
{
    (void)fail(client, result, error); /* returns -1 always */
    if (result == HTTP_CLIENT_TIMEOUT)
        error->failure = URL_TIMEOUT_CONNECT;
    return -1;
}

/* A head that was cut off is a broken connection; only a body can be too short. */
static int fail_head(struct http_client *client, enum http_client_result result,
                     struct url_error *error)
{
    (void)fail(client, result, error); /* returns -1 always */
    if (result == HTTP_CLIENT_INCOMPLETE)
        error->failure = URL_BROKEN;
    return -1;
}

/* ---- the body ------------------------------------------------------------------------------- */

static ssize_t read_http(struct url_response *response, void *data, size_t size,
                         struct url_error *error)
{
    struct http_client *client = response->source;

    ssize_t got = http_client_read(client, data, size);
    if (got >= 0)
        return got;
    (void)fail(client, (enum http_client_result)got, error); /* returns -1 always */
    if (error != NULL) {
        if (got == HTTP_CLIENT_INCOMPLETE)
            error->failure = URL_TOO_SHORT;
        error->received = http_client_received(client);
        error->expected = response->length > 0 ? (uint64_t)response->length : 0;
    }
    return -1;
}

static void close_http(struct url_response *response)
{
    http_client_free(response->source);
}

/* ---- the answer ----------------------------------------------------------------------------- */

static int64_t length_of(const struct http_head *head)
{
    if (head->framing == HTTP_LENGTH)
        return (int64_t)head->content_length;
    return head->framing == HTTP_NO_BODY ? 0 : -1;
}

/* Makes a response, which owns client, of the head. NULL, and client is the caller's, without
 * memory. */
static struct url_response *take_answer(struct http_client *client, const struct http_head *head,
                                        const struct url_request *request)
{
    struct url_response *response = url_response_new(head->status, head->reason, request->url);
    bool complete = response != NULL;

    for (size_t i = 0; complete && i < head->headers.count; i++)
        complete = http_headers_add(&response->headers, head->headers.fields[i].name,
                                    head->headers.fields[i].value) == 0;
    if (!complete) {
        url_close(response);
        return NULL;
    }
    response->length = length_of(head);
    response->source = client;
    response->read = read_http;
    response->close = close_http;
    return response;
}

/* ---- the connection -------------------------------------------------------------------------- */

/* Trust in the system's authorities is read once for all openers, when it is needed. */
static struct http_tls *system_tls(struct error *why)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct http_tls *shared;

    (void)pthread_mutex_lock(&lock); /* can fail only if it is no mutex */
    if (shared == NULL)
        shared = http_tls_client(NULL, why);
    struct http_tls *tls = shared;
    (void)pthread_mutex_unlock(&lock);
    return tls;
}

static struct http_client *new_client(const struct url_netloc *to, int port, struct http_tls *tls,
                                      const struct url_request *request, struct error *why)
{
    struct http_client_limits limits = {.connect_ms = request->timeout_ms,
                                        .wait_ms = request->timeout_ms};
    char *host = url_part_copy(to->host);
    struct http_client *client = NULL;
    char number[8];

    if (limits.connect_ms == 0)
        limits.connect_ms = limits.wait_ms = 30000;
    (void)snprintf(number, sizeof number, "%d", port); /* it has room */
    if (host != NULL)
        client = http_client_new(host, number, tls, &limits, why);
    else
        (void)error_set(why, "out of memory"); /* returns -1 always */
    free(host);
    return client;
}

/* A client of the proxy; for https one that asks it for a way to the server. */
static struct http_client *new_proxy_client(const struct url_request *request, struct http_tls *tls,
                                            struct error *why)
{
    const char *credentials = http_headers_get(&request->once, "Proxy-Authorization");
    struct http_headers fields = {0};
    struct url_netloc to;
    struct url proxy;
    char number[8];

    if (credentials == NULL)
        credentials = http_headers_get(&request->headers, "Proxy-Authorization");
    if (url_split(request->proxy, strlen(request->proxy), &proxy, why) == -1)
        return NULL;
    url_split_netloc(proxy.netloc, &to);
    struct http_client *client = new_client(&to, url_port(&to, 80), tls, request, why);
    if (client == NULL || tls == NULL)
        return client;
    char *host = url_part_copy(request->netloc.host);
    (void)snprintf(number, sizeof number, "%d", url_request_port(request)); /* it has room */
    enum http_client_result result = HTTP_CLIENT_NO_MEMORY;
    if (host != NULL &&
        (credentials == NULL || http_headers_add(&fields, "Proxy-Authorization", credentials) == 0))
        result = http_client_set_tunnel(client, host, number, &fields);
    free(host);
    http_headers_free(&fields);
    if (result == HTTP_CLIENT_OK)
        return client;
    (void)error_set(why, "%s",
                    result == HTTP_CLIENT_NO_MEMORY ? "out of memory" : http_client_error(client));
    http_client_free(client);
    return NULL;
}

static struct http_client *make_client(const struct http *self, const struct url_request *request,
                                       struct url_error *error)
{
    struct error why = {""};
    struct http_tls *tls = self->tls;

    if (self->secure && tls == NULL)
        tls = system_tls(&why);
    if (self->secure && tls == NULL) {
        (void)url_error_set(error, URL_TLS, 0, "%s", why.text); /* returns -1 always */
        return NULL;
    }
    struct http_client *client =
        request->proxy != NULL
            ? new_proxy_client(request, tls, &why)
            : new_client(&request->netloc, url_request_port(request), tls, request, &why);
    if (client == NULL)
        (void)url_error_set(error, URL_BAD_URL, 0, "%s", why.text); /* returns -1 always */
    return client;
}

/* ---- the request ----------------------------------------------------------------------------- */

/* Whether an http URL can go on the wire as it is. Returns 0; or -1 and an error. */
static int check(const struct url_request *request, struct url_error *error)
{
    size_t end = strcspn(request->url, "#");

    for (size_t i = 0; i < end; i++)
        if (request->url[i] <= ' ' || request->url[i] > '~')
            return url_error_set(error, URL_BAD_URL, 0,
                                 "a blank, a control or a byte that is not ASCII stands in it");
    if (request->netloc.username.text != NULL)
        return url_error_set(error, URL_BAD_URL, 0,
                             "a user and password do not belong into a URL: it is shown and kept");
    if (request->netloc.host.length == 0)
        return url_error_set(error, URL_BAD_URL, 0, "no host given");
    if (url_request_port(request) < 1)
        return url_error_set(error, URL_BAD_URL, 0, "a port that is none");
    return 0;
}

static bool has(const struct url_request *request, const char *name)
{
    return http_headers_get(&request->headers, name) != NULL ||
           http_headers_get(&request->once, name) != NULL;
}

/* Adds what a request needs beside Host and Content-Length, which the client knows of itself. */
static int before_http(struct url_handler *self, struct url_request *request,
                       struct url_error *error)
{
    int result = 0;

    (void)self;
    if (request->data != NULL && !has(request, "Content-Type"))
        result =
            http_headers_add(&request->once, "Content-Type", "application/x-www-form-urlencoded");
    if (result == 0 && !has(request, "User-Agent"))
        result = http_headers_add(&request->once, "User-Agent", USER_AGENT);
    return result == 0 ? 0 : url_error_memory(error);
}

/* All fields of the request, those of this time first. Returns 0, or -1 when memory is short. */
static int gather(const struct url_request *request, bool tunnel, struct http_headers *out)
{
    const struct http_headers *lists[] = {&request->once, &request->headers};

    for (int l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->count; i++) {
            const struct http_field *field = &lists[l]->fields[i];
            if (l == 1 && http_headers_get(lists[0], field->name) != NULL)
                continue;
            if (http_headers_add(out, field->name, field->value) == -1)
                return -1;
        }
    if (tunnel) /* what the proxy may know, the server may not */
        (void)http_headers_remove(out, "Proxy-Authorization"); /* perhaps there was none */
    return http_headers_set(out, "Connection", "close");
}

/* Connects, sends and awaits the head. Returns 0; or -1 and an error. */
static int ask(struct http_client *client, const struct url_request *request, const char *target,
               const struct http_headers *fields, const struct http_head **head,
               struct url_error *error)
{
    enum http_client_result result = http_client_connect(client);

    if (result != HTTP_CLIENT_OK)
        return fail_connect(client, result, error);
    result = http_client_request(client, request->method, target, fields, request->data,
                                 request->data != NULL ? request->length : 0);
    if (result == HTTP_CLIENT_OK)
        result = http_client_get_response(client, head);
    return result == HTTP_CLIENT_OK ? 0 : fail_head(client, result, error);
}

/* [open] */
static struct url_response *open_http(struct url_handler *self, struct url_request *request,
                                      struct url_error *error)
{
    const struct http *http = (const struct http *)self;
    bool tunnel = http->secure && request->proxy != NULL;
    struct url_response *response = NULL;
    struct http_headers fields = {0};
    struct buffer target = {0};
    const struct http_head *head;

    if (check(request, error) == -1)
        return NULL;
    struct http_client *client = make_client(http, request, error);
    if (client == NULL)
        return NULL;
    if (url_request_target(request, request->proxy != NULL && !tunnel, &target) == -1 ||
        gather(request, tunnel, &fields) == -1)
        (void)url_error_memory(error); /* returns -1 always */
    else if (ask(client, request, target.data, &fields, &head, error) == 0) {
        response = take_answer(client, head, request);
        if (response == NULL)
            (void)url_error_memory(error); /* as above */
    }
    if (response == NULL)
        http_client_free(client);
    buffer_free(&target);
    http_headers_free(&fields);
    return response;
}
/* [/open] */

/* ---- the two -------------------------------------------------------------------------------- */

static struct url_handler *make(const char *name, const char *const *schemes, bool secure,
                                struct http_tls *tls)
{
    struct http *http = calloc(1, sizeof *http);

    if (http == NULL)
        return NULL;
    http->handler = (struct url_handler){.name = name,
                                         .order = 500,
                                         .schemes = schemes,
                                         .before = before_http,
                                         .open = open_http,
                                         .free = url_handler_free};
    http->secure = secure;
    http->tls = tls;
    return &http->handler;
}

struct url_handler *url_http_handler(void)
{
    static const char *const schemes[] = {"http", NULL};

    return make("http", schemes, false, NULL);
}

struct url_handler *url_https_handler(struct http_tls *tls)
{
    static const char *const schemes[] = {"https", NULL};

    return make("https", schemes, true, tls);
}
