/* fails: repeated */
/*
 * The first Location counts. Whoever looks at the last one sees another trace.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "http/client.h"
#include "urllib/parse.h"

static const char USAGE[] =
    "[-f 'NAME: VALUE']... [-b BODY] [-l LIMIT] [-t MS] [-c FILE] METHOD URL";

enum { LIMIT_MOST = 100, MS_MOST = 60000, HOST_MOST = 255 };

/* The next request, and what was asked before it. */
struct trace {
    const char *method;
    struct buffer url; /* with its fragment */
    struct http_headers fields;
    const char *body;
    long limit, ms;
    struct http_tls *tls; /* NULL until it is needed */
    const char *trusted;
    struct buffer asked; /* "METHOD URL", each ended by a NUL */
};

/* A URL taken apart. */
struct place {
    struct url url;
    struct url_netloc netloc;
    int port;
};

static void must(int result)
{
    if (result == -1)
        die("out of memory");
}

/* ---- where to ---- */

/* Whether it is a URL with a host that can be asked, and no user in front of it. */
static bool place_of(const char *text, struct place *place)
{
    if (url_split(text, strlen(text), &place->url, NULL) == -1)
        return false;
    url_split_netloc(place->url.netloc, &place->netloc);
    place->port = url_port(&place->netloc, url_default_port(place->url.scheme));
    const struct url_part *host = &place->netloc.host;
    for (size_t i = 0; i < host->length && !place->netloc.is_literal; i++)
        if (!isalnum((unsigned char)host->text[i]) && strchr("-._", host->text[i]) == NULL)
            return false;
    return host->length > 0 && host->length <= HOST_MOST && place->netloc.username.text == NULL &&
           place->port > 0;
}

static bool is_scheme(const struct url *url, const char *name)
{
    return url->scheme.text != NULL && url->scheme.length == strlen(name) &&
           strncasecmp(url->scheme.text, name, url->scheme.length) == 0;
}

static bool is_http(const struct url *url)
{
    return is_scheme(url, "http") || is_scheme(url, "https");
}

/* Adds a URL, with "/" for the path where only a host stands. */
static void add_complete(struct buffer *out, const char *text)
{
    struct url url;
    size_t front = strlen(text);
    bool bare =
        url_split(text, front, &url, NULL) == 0 && url.netloc.length > 0 && url.path.length == 0;

    if (bare)
        front = (size_t)(url.netloc.text + url.netloc.length - text);
    must(buffer_print(out, "%.*s%s%s", (int)front, text, bare ? "/" : "", text + front));
}

/* Adds where Location leads from base; a fragment is inherited. False: it is no URL. */
static bool add_target(struct buffer *out, const char *base, const char *location)
{
    const char *fragment = strchr(base, '#');
    struct buffer coded = {0}, to = {0};

    for (const char *at = location; *at != '\0'; at++)
        must(buffer_print(&coded, *at > ' ' && *at <= '~' ? "%c" : "%%%02X", (unsigned char)*at));
    bool joined = url_join(base, strlen(base), buffer_text(&coded), coded.length, &to, NULL) == 0;
    if (joined && fragment != NULL && strchr(buffer_text(&to), '#') == NULL)
        must(buffer_print(&to, "%s", fragment));
    if (joined)
        add_complete(out, buffer_text(&to));
    buffer_free(&coded);
    buffer_free(&to);
    return joined;
}

/* ---- one request ---- */

static const char *word_of(enum http_client_result result)
{
    return result == HTTP_CLIENT_NO_CONNECTION ? "unreachable"
           : result == HTTP_CLIENT_TIMEOUT     ? "timeout"
           : result == HTTP_CLIENT_TLS         ? "tls"
                                               : "broken";
}

/* What goes on the request's first line. */
static char *target_of(const struct url *url)
{
    struct buffer target = {0};

    must(buffer_print(&target, "%.*s", URL_PRINT(url->path)));
    if (url->query.text != NULL)
        must(buffer_print(&target, "?%.*s", URL_PRINT(url->query)));
    return target.data;
}

static struct http_client *connect_to(struct trace *t, const struct place *p)
{
    struct http_client_limits limits = {.connect_ms = (int)t->ms, .wait_ms = (int)t->ms};
    bool secure = is_scheme(&p->url, "https");
    struct error error;
    char host[HOST_MOST + 1], port[8];

    if (secure && t->tls == NULL && (t->tls = http_tls_client(t->trusted, &error)) == NULL)
        die("%s", error.text);
    (void)snprintf(host, sizeof host, "%.*s", URL_PRINT(p->netloc.host)); /* both have room */
    (void)snprintf(port, sizeof port, "%d", p->port);
    struct http_client *client =
        http_client_new(host, port, secure ? t->tls : NULL, &limits, &error);
    if (client == NULL)
        die("%s", error.text);
    http_client_set_deadline(client, now_ms() + t->ms);
    return client;
}

/*
 * Asks, and prints a line. Returns why the trace ends here; or NULL for a redirect, and then its
 * status, and where it leads: "" for what is no URL, or for two of them.
 */
static const char *ask(struct trace *t, const struct place *p, int *status, struct buffer *to)
{
    struct http_client *client = connect_to(t, p);
    const struct http_head *head;
    size_t locations = 0;
    char *target = target_of(&p->url);
    enum http_client_result result = http_client_request(
        client, t->method, target, &t->fields, t->body, t->body == NULL ? 0 : strlen(t->body));

    free(target);
    if (result == HTTP_CLIENT_OK)
        result = http_client_get_response(client, &head);
    if (result != HTTP_CLIENT_OK) {
        printf("%s - %s\n", t->method, t->url.data);
        http_client_free(client);
        return word_of(result);
    }
    *status = head->status;
    printf("%s %d %s\n", t->method, *status, t->url.data);
    if ((*status >= 301 && *status <= 303) || *status == 307 || *status == 308)
        locations = http_headers_count(&head->headers, "Location");
    if (locations > 0) /* what is no URL adds nothing */
        (void)add_target(to, buffer_text(&t->url), http_headers_get(&head->headers, "Location"));
    http_client_free(client); /* whatever there is of a body */
    if (locations > 0)
        return NULL;
    return *status >= 200 && *status <= 299 ? "arrived" : "status";
}

/* ---- the next one ---- */

static bool same_origin(const struct place *a, const struct place *b)
{
    return is_scheme(&a->url, "https") == is_scheme(&b->url, "https") && a->port == b->port &&
           a->netloc.host.length == b->netloc.host.length &&
           strncasecmp(a->netloc.host.text, b->netloc.host.text, a->netloc.host.length) == 0;
}

/* Whether that was asked before, whatever its fragment; else it is noted. */
static bool was_asked(struct trace *t, const char *method, const char *url)
{
    struct buffer request = {0};
    bool found = false;

    must(buffer_print(&request, "%s %.*s", method, (int)strcspn(url, "#"), url));
    for (size_t at = 0; at < t->asked.length && !found; at += strlen(t->asked.data + at) + 1)
        found = strcmp(t->asked.data + at, request.data) == 0;
    if (!found)
        must(buffer_add(&t->asked, request.data, request.length + 1));
    buffer_free(&request);
    return found;
}

static const char *method_after(int status, const char *method)
{
    bool get = (status == 303 && strcmp(method, "HEAD") != 0) ||
               ((status == 301 || status == 302) && strcmp(method, "POST") == 0);

    return get ? "GET" : method;
}

static bool begins(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

/* Keeps the fields that do not speak of the body. */
static void drop_content(struct http_headers *fields)
{
    struct http_headers kept = {0};

    for (size_t i = 0; i < fields->count; i++)
        if (!begins(fields->fields[i].name, "Content-"))
            must(http_headers_add(&kept, fields->fields[i].name, fields->fields[i].value));
    http_headers_free(fields);
    *fields = kept;
}

/* Turns the request into the next one. Returns why there is none, or NULL. */
static const char *turn(struct trace *t, const struct place *from, int status, struct buffer *to)
{
    const char *method = method_after(status, t->method);
    struct place next;
    bool right = place_of(buffer_text(to), &next);

    if (next.url.scheme.text != NULL && !is_http(&next.url))
        return "scheme";
    if (!right)
        return "location";
    if (was_asked(t, method, buffer_text(to)))
        return "loop";
    if (t->limit-- == 0)
        return "limit";
    if (!same_origin(from, &next)) {
        (void)http_headers_remove(&t->fields, "Authorization"); /* there may be none */
        (void)http_headers_remove(&t->fields, "Proxy-Authorization");
        (void)http_headers_remove(&t->fields, "Cookie");
    }
    if (strcmp(method, t->method) != 0) {
        t->body = NULL;
        drop_content(&t->fields);
    }
    t->method = method;
    buffer_free(&t->url);
    t->url = *to;
    *to = (struct buffer){0};
    return NULL;
}

/* ---- the trace ---- */

/* Prints the trace. Returns whether it arrived. */
static bool follow(struct trace *t)
{
    struct buffer to = {0};
    const char *word;
    int status;

    (void)was_asked(t, t->method, buffer_text(&t->url)); /* nothing was */
    do {
        struct place here;
        (void)place_of(buffer_text(&t->url), &here); /* it was looked at before */
        word = ask(t, &here, &status, &to);
        if (word == NULL)
            word = turn(t, &here, status, &to);
    } while (word == NULL);
    bool told = to.length > 0 && strcmp(word, "location") != 0;
    printf("end %s%s%s\n", word, told ? " " : "", told ? to.data : "");
    buffer_free(&to);
    return strcmp(word, "arrived") == 0;
}

/* Takes "Name: value" from the command line. */
static bool add_field(struct http_headers *fields, char *text)
{
    static const char *const OURS[] = {"Host", "Connection", "Content-Length", "Transfer-Encoding",
                                       "Expect"};
    char *colon = strchr(text, ':');

    if (colon == NULL)
        return false;
    *colon = '\0';
    for (size_t i = 0; i < sizeof OURS / sizeof *OURS; i++)
        if (strcasecmp(text, OURS[i]) == 0)
            return false;
    return http_headers_add(fields, text, colon + 1) == 0;
}

static bool read_arguments(struct trace *t, int argc, char **argv)
{
    struct place place;
    bool right = true;
    int option;

    while ((option = getopt(argc, argv, "+f:b:l:t:c:")) != -1) {
        if (option == 'f')
            right = add_field(&t->fields, optarg) && right;
        else if (option == 'b')
            t->body = optarg;
        else if (option == 'c')
            t->trusted = optarg;
        else if (option == 'l')
            right = number_parse(optarg, 0, LIMIT_MOST, &t->limit) && right;
        else
            right = option == 't' && number_parse(optarg, 1, MS_MOST, &t->ms) && right;
    }
    if (!right || argc - optind != 2)
        return false;
    t->method = argv[optind];
    const char *url = argv[optind + 1];
    for (const char *at = url; *at != '\0'; at++)
        right = right && *at > ' ' && *at <= '~';
    bool is_post = strcmp(t->method, "POST") == 0;
    right = right && (is_post || strcmp(t->method, "GET") == 0 || strcmp(t->method, "HEAD") == 0) &&
            (is_post || t->body == NULL) && place_of(url, &place) && is_http(&place.url);
    if (right)
        add_complete(&t->url, url);
    return right;
}

int main(int argc, char **argv)
{
    struct trace trace = {.limit = 10, .ms = 5000};
    bool right = read_arguments(&trace, argc, argv);
    bool arrived = right && follow(&trace);

    http_tls_free(trace.tls);
    http_headers_free(&trace.fields);
    buffer_free(&trace.url);
    buffer_free(&trace.asked);
    if (!right)
        die_usage(USAGE);
    finish(arrived ? EXIT_SUCCESS : EXIT_FAILURE);
}
