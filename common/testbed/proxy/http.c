/* The HTTP side: requests in absolute form are passed on, CONNECT makes a tunnel. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/number.h"
#include "http/status.h"
#include "testbed/proxy/proxy.h"
#include "urllib/parse.h"

enum { WHAT_SIZE = 512 };

/* Where a request goes. */
struct place {
    char host[HOST_SIZE], port[12];
    struct buffer authority, target; /* Host, and the target in origin form */
};

/* ---- refusals ------------------------------------------------------------------------------- */

/* Answers the request itself. Whether the connection may live on: nothing else came on it. */
static bool refuse(struct connection *c, const struct http_head *head, const char *what, int status,
                   const char *why)
{
    struct http_headers fields = {0};
    struct buffer out = {0};
    bool alive = head != NULL && head->keep_alive && head->version == 11 && status < 500 &&
                 head->framing == HTTP_NO_BODY && c->up.start == c->up.end;
    bool bodyless = head != NULL && head->method != NULL && strcmp(head->method, "HEAD") == 0;

    proxy_log(c->proxy, "%s: %d %s", what, status, why);
    bool good =
        http_headers_add(&fields, "Content-Type", "text/plain") == 0 &&
        http_headers_print(&fields, "Content-Length", "%zu", strlen(why) + 1) == 0 &&
        (alive || http_headers_add(&fields, "Connection", "close") == 0) &&
        (status != HTTP_PROXY_AUTHENTICATION_REQUIRED ||
         http_headers_add(&fields, "Proxy-Authenticate", "Basic realm=\"workbook\"") == 0) &&
        http_write_response(&out, status, NULL, &fields) == 0 &&
        (bodyless || buffer_print(&out, "%s\n", why) == 0) &&
        io_send_all(c, c->client, out.data, out.length);
    http_headers_free(&fields);
    buffer_free(&out);
    if (good && !alive)
        io_linger(c);
    return good && alive;
}

/* Whether the request has the user and password, if they are asked for. */
static bool may_pass(const struct proxy *proxy, const struct http_head *head)
{
    const char *value = http_headers_get(&head->headers, "Proxy-Authorization");

    if (proxy->user == NULL)
        return true;
    if (value == NULL || strncasecmp(value, "Basic ", 6) != 0)
        return false;
    value += 6 + strspn(value + 6, " ");
    return strlen(value) == proxy->credentials.length &&
           CRYPTO_memcmp(value, proxy->credentials.data, proxy->credentials.length) == 0;
}

static bool refuse_target(struct connection *c, const struct http_head *head, const char *what,
                          enum reached reached)
{
    static const struct {
        int status;
        const char *why;
    } ANSWERS[] = {
        [REACHED] = {HTTP_OK, ""},
        [FORBIDDEN] = {HTTP_FORBIDDEN, "this proxy leads to its own machine alone"},
        [NO_NAME] = {HTTP_BAD_GATEWAY, "the proxy knows no such host"},
        [REFUSED] = {HTTP_BAD_GATEWAY, "nobody listens there"},
        [UNREACHABLE] = {HTTP_BAD_GATEWAY, "there is no way to it"},
        [TOO_LATE] = {HTTP_GATEWAY_TIMEOUT, "the server takes no connection"},
        [NO_MEANS] = {HTTP_SERVICE_UNAVAILABLE, "the proxy is short of descriptors or memory"},
    };
    return refuse(c, head, what, ANSWERS[reached].status, ANSWERS[reached].why);
}

/* ---- where to ------------------------------------------------------------------------------- */

/* Host and port out of "host:port". False when it is none; fallback is for no port, 0 for none. */
static bool take_authority(struct url_part text, int fallback, struct place *place)
{
    struct url_netloc netloc;

    url_split_netloc(text, &netloc);
    int port = url_port(&netloc, fallback);
    if (netloc.username.text != NULL || netloc.host.length == 0 ||
        netloc.host.length >= HOST_SIZE || port < 1)
        return false;
    (void)snprintf(place->host, sizeof place->host, "%.*s", URL_PRINT(netloc.host));
    (void)snprintf(place->port, sizeof place->port, "%d", port); /* both have room */
    return true;
}

/* NULL, or what is wrong with the target. */
static const char *take_url(const struct http_head *head, struct place *place)
{
    struct url url;

    if (url_split(head->target, strlen(head->target), &url, NULL) == -1 || url.scheme.length == 0)
        return "a proxy is asked for a whole URL";
    if (!http_same_text(url.scheme.text, url.scheme.length, "http", 4))
        return "a proxy is asked for http; to https leads CONNECT";
    if (url.netloc.text == NULL || !take_authority(url.netloc, 80, place))
        return "the URL has no good host and port";
    /* RFC 9112 section 3.2.4: what asks of the server as a whole is "*" there. */
    bool whole =
        strcmp(head->method, "OPTIONS") == 0 && url.path.length == 0 && url.query.text == NULL;
    if (buffer_add(&place->authority, url.netloc.text, url.netloc.length) == -1 ||
        buffer_print(&place->target, "%s%.*s%s%.*s",
                     whole                  ? "*"
                     : url.path.length == 0 ? "/"
                                            : "",
                     URL_PRINT(url.path), url.query.text != NULL ? "?" : "",
                     URL_PRINT(url.query)) == -1)
        return "out of memory";
    return NULL;
}

/* ---- what is asked -------------------------------------------------------------------------- */

static void open_tunnel(struct connection *c)
{
    static const char ESTABLISHED[] = "HTTP/1.1 200 Connection established\r\n\r\n";

    if (io_send_all(c, c->client, ESTABLISHED, sizeof ESTABLISHED - 1))
        io_tunnel(c);
}

static bool serve_connect(struct connection *c, const struct http_head *head, const char *what)
{
    struct place place = {.host = ""};

    if (!take_authority(url_part_of(head->target), 0, &place))
        return refuse(c, head, what, HTTP_BAD_REQUEST, "CONNECT takes host:port");
    enum reached reached = target_connect(c, place.host, place.port);
    if (reached != REACHED)
        return refuse_target(c, head, what, reached);
    proxy_log(c->proxy, "%s: 200", what);
    open_tunnel(c);
    return false;
}

/* The head as the server gets it. 0, or -1 when memory is short. */
static int write_head(const struct http_head *head, const struct place *place, long forwards,
                      struct buffer *out)
{
    struct http_headers fields = {0};
    int result = -1;

    /* What the client says of the host does not count: the URL does. RFC 9112 section 3.2.2. */
    if (relay_fields(head, &fields) == 0 &&
        http_headers_set(&fields, "Host", buffer_text(&place->authority)) == 0 &&
        (forwards < 0 || http_headers_print(&fields, "Max-Forwards", "%ld", forwards) == 0) &&
        (head->framing != HTTP_CHUNKED ||
         http_headers_add(&fields, "Transfer-Encoding", "chunked") == 0) &&
        http_headers_add(&fields, "Connection", "close") == 0)
        result = http_write_request(out, head->method, buffer_text(&place->target), &fields);
    http_headers_free(&fields);
    return result;
}

/* Passes it on to the place. */
static bool forward(struct connection *c, struct http_head *head, const char *what,
                    const struct place *place)
{
    const char *text = http_headers_get(&head->headers, "Max-Forwards");
    struct buffer out = {0};
    long forwards = -1;

    if (strcmp(head->method, "OPTIONS") == 0 && text != NULL &&
        number_parse(text, 0, INT32_MAX, &forwards)) {
        if (forwards-- == 0)
            return refuse(c, head, what, HTTP_OK, "this far and no further");
        (void)http_headers_remove(&head->headers, "Max-Forwards");
    }
    if (write_head(head, place, forwards, &out) == -1) {
        buffer_free(&out);
        return refuse(c, head, what, HTTP_BAD_REQUEST, "it cannot be passed on");
    }
    enum reached reached = target_connect(c, place->host, place->port);
    if (reached != REACHED) {
        buffer_free(&out);
        return refuse_target(c, head, what, reached);
    }
    enum relayed relayed = relay(c, head, &out, what);
    buffer_free(&out);
    if (relayed == RELAY_BROKEN) {
        io_break(c->client);
        io_break(c->server);
    }
    if (relayed == RELAY_CLOSE)
        io_linger(c);
    if (relayed == RELAY_NONE)
        (void)refuse(c, NULL, what, HTTP_BAD_GATEWAY, "the server gave no good answer");
    if (relayed == RELAY_LATE)
        (void)refuse(c, NULL, what, HTTP_GATEWAY_TIMEOUT, "the server gave no answer in time");
    if (relayed == RELAY_BAD)
        (void)refuse(c, NULL, what, HTTP_BAD_REQUEST, "malformed chunks");
    if (relayed == RELAY_SLOW)
        (void)refuse(c, NULL, what, HTTP_REQUEST_TIMEOUT, "the body did not come in time");
    return relayed == RELAY_DONE;
}

/* Serves one request. Whether the connection lives on. */
static bool serve(struct connection *c, struct http_head *head)
{
    struct place place = {.host = ""};
    char what[WHAT_SIZE]; /* the texts of head lie where its body is received */

    (void)snprintf(what, sizeof what, "%s %s", head->method, head->target); /* cut for the log */
    if (!may_pass(c->proxy, head))
        return refuse(c, head, what, HTTP_PROXY_AUTHENTICATION_REQUIRED,
                      "this proxy wants user and password");
    if (strcmp(head->method, "CONNECT") == 0)
        return serve_connect(c, head, what);
    if (strcmp(head->method, "TRACE") == 0) /* it would show what the proxy adds and hides */
        return refuse(c, head, what, HTTP_METHOD_NOT_ALLOWED, "no TRACE here");
    const char *wrong = take_url(head, &place);
    bool alive = wrong != NULL ? refuse(c, head, what, HTTP_BAD_REQUEST, wrong)
                               : forward(c, head, what, &place);
    buffer_free(&place.authority);
    buffer_free(&place.target);
    return alive;
}

/* Waits for a request. 1, or 0 when there is none to be served. */
static int take_request(struct connection *c, struct http_head *head)
{
    int64_t deadline = now_ms() + c->proxy->wait_ms;
    enum http_result result;

    io_pack(&c->up);
    while ((result = http_head_parse(head, c->up.data, c->up.end)) == HTTP_PARTIAL) {
        size_t had = c->up.end;
        int ready = io_need(c, had + 1, deadline);
        if (ready == IO_TIMEOUT && had > 0)
            (void)refuse(c, NULL, "?", HTTP_REQUEST_TIMEOUT, "no request in time");
        if (ready != 1)
            return 0;
    }
    if (result == HTTP_ERROR) {
        (void)refuse(c, NULL, "?", head->refusal, head->error);
        return 0;
    }
    c->up.start = c->up.ready = head->length;
    return 1;
}

void http_run(struct connection *c)
{
    bool alive = true;

    while (alive) {
        struct http_head head;
        http_head_request(&head, NULL);
        alive = take_request(c, &head) == 1 && serve(c, &head);
        http_head_free(&head);
        if (c->server != -1)
            (void)close(c->server); /* all that counts was sent */
        c->server = -1;
    }
}
