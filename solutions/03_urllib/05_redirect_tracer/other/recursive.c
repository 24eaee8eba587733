/*
 * Exercise 3.5 by another way: each hop is a call within the call before, so what was asked stands
 * on the stack, and what a request has lost is two flags that are handed down. The requests are
 * written and read by hand, over http/stream.h.
 */
#include <ctype.h>
#include <errno.h>
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
#include "http/message.h"
#include "http/stream.h"
#include "urllib/parse.h"

enum { PIECE = 4096, FIELDS_MOST = 20 };

static struct options {
    char *fields[FIELDS_MOST];
    size_t count;
    const char *body, *trusted;
    long limit, ms;
} options = {.limit = 10, .ms = 5000};

static struct http_tls *tls;

struct hop {
    const struct hop *before;
    const char *method;
    struct buffer url;
    bool away, bodiless; /* the secrets, and the body, were left behind */
    bool secure;
    char host[256], port[12]; /* in small letters; a number */
    struct buffer target, named;
};

static void add(struct buffer *out, const char *text, size_t length)
{
    if (buffer_add(out, text, length) == -1)
        die("out of memory");
}

static void add_text(struct buffer *out, const char *text)
{
    add(out, text, strlen(text));
}

static void free_hop(struct hop *hop)
{
    buffer_free(&hop->url);
    buffer_free(&hop->target);
    buffer_free(&hop->named);
}

/* Takes hop->url apart: NULL, or the word for what is wrong with it. */
static const char *take_apart(struct hop *hop, const char *text)
{
    struct url url;
    struct url_netloc at;
    char scheme[8] = "";

    if (url_split(text, strlen(text), &url, NULL) == -1 || url.scheme.text == NULL)
        return "location";
    (void)snprintf(scheme, sizeof scheme, "%.*s", URL_PRINT(url.scheme));
    hop->secure = strcasecmp(scheme, "https") == 0;
    if (!hop->secure && strcasecmp(scheme, "http") != 0) {
        add_text(&hop->url, text);
        return "scheme";
    }
    url_split_netloc(url.netloc, &at);
    int port = url_port(&at, hop->secure ? 443 : 80);
    if (at.host.length == 0 || at.host.length > 255 || port < 1 || at.username.text != NULL)
        return "location";
    for (size_t i = 0; i < at.host.length; i++) {
        char c = at.host.text[i];
        if (!at.is_literal && !isalnum((unsigned char)c) && c != '-' && c != '.' && c != '_')
            return "location";
        hop->host[i] = (char)tolower((unsigned char)c);
    }
    (void)snprintf(hop->port, sizeof hop->port, "%d", port);
    add(&hop->named, url.netloc.text, url.netloc.length);
    add_text(&hop->target, url.path.length == 0 ? "/" : "");
    add(&hop->target, url.path.text, url.path.length);
    if (url.query.text != NULL) {
        add_text(&hop->target, "?");
        add(&hop->target, url.query.text, url.query.length);
    }
    add_text(&hop->url, hop->secure ? "https://" : "http://");
    add(&hop->url, hop->named.data, hop->named.length);
    add(&hop->url, hop->target.data, hop->target.length);
    if (url.fragment.text != NULL) {
        add_text(&hop->url, "#");
        add(&hop->url, url.fragment.text, url.fragment.length);
    }
    return NULL;
}

static bool is_secret(const char *field)
{
    return strncasecmp(field, "Cookie:", 7) == 0 || strncasecmp(field, "Authorization:", 14) == 0 ||
           strncasecmp(field, "Proxy-Authorization:", 20) == 0;
}

static void write_request(const struct hop *hop, struct buffer *out)
{
    bool has_body = strcmp(hop->method, "POST") == 0;
    const char *body = options.body == NULL ? "" : options.body;

    if (buffer_print(out, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", hop->method,
                     hop->target.data, hop->named.data) == -1)
        die("out of memory");
    for (size_t i = 0; i < options.count; i++) {
        const char *field = options.fields[i];
        if ((hop->away && is_secret(field)) ||
            (hop->bodiless && strncasecmp(field, "Content-", 8) == 0))
            continue;
        add_text(out, field);
        add_text(out, "\r\n");
    }
    if (has_body && buffer_print(out, "Content-Length: %zu\r\n", strlen(body)) == -1)
        die("out of memory");
    add_text(out, "\r\n");
    add_text(out, has_body ? body : "");
}

static const char *word_of(ssize_t result)
{
    if (result == HTTP_STREAM_TIMEOUT)
        return "timeout";
    return result == HTTP_STREAM_ERROR && (errno == EKEYREJECTED || errno == EPROTO) ? "tls"
                                                                                     : "broken";
}

/* Reads up to the head that counts. in holds what head points into. */
static const char *read_head(struct http_stream *stream, int64_t deadline, struct http_head *head,
                             struct buffer *in)
{
    for (;;) {
        enum http_result got =
            in->length == 0 ? HTTP_PARTIAL : http_head_parse(head, in->data, in->length);
        if (got == HTTP_ERROR)
            return "broken";
        if (got == HTTP_COMPLETE && head->status >= 200)
            return NULL;
        if (got == HTTP_COMPLETE) {
            in->length -= head->length;
            memmove(in->data, in->data + head->length, in->length);
            http_head_reset(head);
            continue;
        }
        if (buffer_reserve(in, PIECE) == -1)
            die("out of memory");
        ssize_t n = http_stream_read(stream, in->data + in->length, PIECE, deadline);
        if (n <= 0)
            return word_of(n);
        in->length += (size_t)n;
    }
}

/* Asks. NULL when the head is there. */
static const char *ask(const struct hop *hop, struct http_head *head, struct buffer *in)
{
    int64_t deadline = now_ms() + options.ms;
    struct buffer out = {0};
    struct error error;

    if (hop->secure && tls == NULL && (tls = http_tls_client(options.trusted, &error)) == NULL)
        die("%s", error.text);
    int fd = http_connect(hop->host, hop->port, deadline, &error);
    if (fd == -1)
        return errno == ETIMEDOUT ? "timeout" : "unreachable";
    struct http_stream *stream = http_stream_open(fd, hop->secure ? tls : NULL, hop->host, &error);
    if (stream == NULL)
        die("%s", error.text);
    write_request(hop, &out);
    int sent = http_stream_write(stream, out.data, out.length, deadline);
    /* Who closes early may have answered all the same. */
    const char *word = sent == 1 || (sent == HTTP_STREAM_ERROR && !hop->secure)
                           ? read_head(stream, deadline, head, in)
                           : word_of(sent);
    http_stream_close(stream);
    buffer_free(&out);
    return word;
}

/* Writes what Location means into next. */
static const char *resolve(const struct hop *from, const char *location, struct hop *next)
{
    static const char digits[] = "0123456789ABCDEF";
    struct buffer coded = {0}, joined = {0};
    const char *fragment = strchr(from->url.data, '#');
    const char *word = "location";

    for (; *location != '\0'; location++) {
        unsigned char c = (unsigned char)*location;
        char three[3] = {'%', digits[c >> 4], digits[c & 15]};
        if (c > 32 && c < 127)
            add(&coded, location, 1);
        else
            add(&coded, three, sizeof three);
    }
    if (url_join(from->url.data, from->url.length, buffer_text(&coded), coded.length, &joined,
                 NULL) == 0) {
        if (fragment != NULL && strchr(joined.data, '#') == NULL)
            add_text(&joined, fragment);
        word = take_apart(next, joined.data);
    }
    buffer_free(&coded);
    buffer_free(&joined);
    return word;
}

static bool was_asked(const struct hop *hop, const struct hop *next)
{
    size_t length = strcspn(next->url.data, "#");

    for (; hop != NULL; hop = hop->before)
        if (strcmp(hop->method, next->method) == 0 && strcspn(hop->url.data, "#") == length &&
            memcmp(hop->url.data, next->url.data, length) == 0)
            return true;
    return false;
}

static void choose_method(const struct hop *hop, int status, struct hop *next)
{
    bool post = strcmp(hop->method, "POST") == 0;

    next->method = hop->method;
    if (post && status < 304) {
        next->method = "GET";
        next->bodiless = true;
    }
}

static bool end(const char *word, const struct hop *next)
{
    printf(next == NULL ? "end %s\n" : "end %s %s\n", word, next == NULL ? "" : next->url.data);
    return strcmp(word, "arrived") == 0;
}

static bool visit(const struct hop *hop, long left);

/* Goes where the answer leads. Returns whether the trace arrived in the end. */
static bool go_on(const struct hop *hop, const struct http_head *head, long left)
{
    struct hop next = {.before = hop, .away = hop->away, .bodiless = hop->bodiless};
    const char *word = "location";
    bool arrived = false;

    if (http_headers_count(&head->headers, "Location") == 1)
        word = resolve(hop, http_headers_get(&head->headers, "Location"), &next);
    choose_method(hop, head->status, &next);
    if (word == NULL && was_asked(hop, &next))
        word = "loop";
    if (word == NULL && left == 0)
        word = "limit";
    if (hop->secure != next.secure || strcmp(hop->port, next.port) != 0 ||
        strcmp(hop->host, next.host) != 0)
        next.away = true;
    if (word != NULL)
        (void)end(word, strcmp(word, "location") == 0 ? NULL : &next);
    else
        arrived = visit(&next, left - 1);
    free_hop(&next);
    return arrived;
}

static bool visit(const struct hop *hop, long left)
{
    static const int kinds[] = {301, 302, 303, 307, 308};
    struct http_head head;
    struct buffer in = {0};
    bool arrived = false, leads = false;

    http_head_response(&head, hop->method, NULL);
    const char *word = ask(hop, &head, &in);
    if (word != NULL)
        printf("%s - %s\n", hop->method, hop->url.data);
    else
        printf("%s %d %s\n", hop->method, head.status, hop->url.data);
    for (size_t i = 0; word == NULL && i < sizeof kinds / sizeof *kinds; i++)
        leads = leads || head.status == kinds[i];
    if (word != NULL)
        (void)end(word, NULL);
    else if (leads && http_headers_get(&head.headers, "Location") != NULL)
        arrived = go_on(hop, &head, left);
    else
        arrived = end(head.status / 100 == 2 ? "arrived" : "status", NULL);
    http_head_free(&head);
    buffer_free(&in);
    return arrived;
}

static bool is_field(const char *text)
{
    static const char *const ours[] = {"Host", "Connection", "Content-Length", "Transfer-Encoding",
                                       "Expect"};
    size_t name = strcspn(text, ":");
    bool is_ours = false;

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        is_ours = is_ours || (strncasecmp(text, ours[i], name) == 0 && ours[i][name] == '\0');
    return !is_ours && text[name] == ':' && http_is_token(text, name) &&
           http_is_value(text + name + 1, strlen(text + name + 1));
}

static bool take_option(int option)
{
    if (option == 'f' && options.count < FIELDS_MOST && is_field(optarg))
        options.fields[options.count++] = optarg;
    else if (option == 'b')
        options.body = optarg;
    else if (option == 'c')
        options.trusted = optarg;
    else
        return (option == 'l' && number_parse(optarg, 0, 100, &options.limit)) ||
               (option == 't' && number_parse(optarg, 1, 60000, &options.ms));
    return true;
}

int main(int argc, char **argv)
{
    static const char usage[] = "[-f FIELD]... [-b BODY] [-l LIMIT] [-t MS] [-c FILE] METHOD URL";
    struct hop first = {0};
    int option;

    while ((option = getopt(argc, argv, "+f:b:l:t:c:")) != -1)
        if (!take_option(option))
            die_usage(usage);
    if (argc - optind != 2)
        die_usage(usage);
    first.method = argv[optind];
    for (const char *at = argv[optind + 1]; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            die_usage(usage);
    if (strcmp(first.method, "POST") != 0 &&
        ((strcmp(first.method, "GET") != 0 && strcmp(first.method, "HEAD") != 0) ||
         options.body != NULL))
        die_usage(usage);
    const char *word = take_apart(&first, argv[optind + 1]);
    if (word != NULL)
        free_hop(&first);
    if (word != NULL)
        die_usage(usage);
    bool arrived = visit(&first, options.limit);
    free_hop(&first);
    http_tls_free(tls);
    finish(arrived ? EXIT_SUCCESS : EXIT_FAILURE);
}
