/*
 * Responses of a program that serves HTTP, taken apart. It stands on nothing of chapter 2, whose
 * module learners read, change and perhaps break.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/harness.h"
#include "harness/internal.h"
#include "wire/ladder.h"

enum { MOST_FIELDS = 100, MOST_BODY = 1 << 26 };

struct awaited {
    struct link *link;
    bool to_end; /* the end of the connection is what is awaited */
};

static bool has_come(void *what)
{
    const struct awaited *a = what;

    return a->link->end || a->link->error != 0 ||
           (!a->to_end && a->link->in.length >= a->link->want) || a->link->in.length > MOST_BODY;
}

/* Waits for length more bytes, whatever they are, and appends them. */
static void take(struct link *link, size_t length, struct buffer *out, const char *part)
{
    struct session *s = link->session;
    struct awaited awaited = {link, false};

    link->want = length;
    (void)pump(s, has_come, &awaited, session_print(s, "%zu bytes of %s", length, part), false);
    if (link->in.length < length)
        link_over(link,
                  session_print(s, "after %zu of %zu bytes of %s", link->in.length, length, part),
                  session_print(s, "before it sent all of %s", part));
    if (buffer_add(out, link->in.data, length) == -1)
        session_fault(s, "out of memory");
    link->in.length = link->matched = link->want = 0;
}

/* Waits for the end of the connection, and appends what comes before. */
static void take_rest(struct link *link, struct buffer *out)
{
    struct session *s = link->session;
    struct awaited awaited = {link, true};

    link->want = MOST_BODY + 1;
    (void)pump(s, has_come, &awaited,
               "your program to end the connection: its response has no length", false);
    if (link->in.length > MOST_BODY)
        session_fail(s, "A response without a length went on for more than %d MiB.",
                     MOST_BODY >> 20);
    if (link->error != 0)
        link_over(link, "within a response that ends with the connection",
                  "within a response that ends with the connection");
    if (buffer_add(out, link->in.data, link->in.length) == -1)
        session_fault(s, "out of memory");
    link->in.length = link->matched = link->want = 0;
}

static const char *shown(struct session *s, const char *bytes, size_t length)
{
    struct buffer text = {0};

    (void)bytes_show(bytes, length, 60, &text); /* memory short: the sentence does without */
    const char *quoted = session_print(s, "\"%s\"", buffer_text(&text));
    buffer_free(&text);
    return quoted;
}

/* A line without its CR LF. */
static const char *take_line(struct link *link, const char *part)
{
    struct session *s = link->session;
    size_t length;
    const char *line = link_line(link, &length);

    if (memchr(line, '\0', length) != NULL)
        session_fail(s, "%s holds a NUL: %s.", part, shown(s, line, length));
    if (length == 0 || line[length - 1] != '\r')
        session_fail(s, "%s does not end in CR LF: %s.", part, shown(s, line, length));
    return session_print(s, "%.*s", (int)length - 1, line);
}

static bool is_number(const char *text, const char *digits)
{
    return *text != '\0' && text[strspn(text, digits)] == '\0';
}

static void take_status(struct link *link, struct web_response *r)
{
    struct session *s = link->session;
    const char *line = take_line(link, "The status line");

    if ((strncmp(line, "HTTP/1.1 ", 9) != 0 && strncmp(line, "HTTP/1.0 ", 9) != 0) ||
        strspn(line + 9, "0123456789") != 3 || line[9] == '0' ||
        (line[12] != ' ' && line[12] != '\0'))
        session_fail(s, "That is no status line: %s.", shown(s, line, strlen(line)));
    r->status = (int)strtol(line + 9, NULL, 10);
    r->version = line[7] == '0' ? 10 : 11;
}

static void take_fields(struct link *link, struct web_response *r)
{
    struct session *s = link->session;
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    r->fields = session_alloc(s, (MOST_FIELDS + 1) * sizeof *r->fields);
    for (size_t count = 0;; count++) {
        const char *line = take_line(link, "A line of the head");
        size_t name = strspn(line, token);

        if (*line == '\0')
            return;
        if (name == 0 || line[name] != ':')
            session_fail(s, "That is no header field: %s.", shown(s, line, strlen(line)));
        if (count == MOST_FIELDS)
            session_fail(s, "A response with more than %d header fields.", MOST_FIELDS);
        r->fields[count] = line;
    }
}

const char *web_next(const struct web_response *response, const char *name, size_t *position)
{
    size_t length = strlen(name);

    while (response->fields[*position] != NULL) {
        const char *line = response->fields[(*position)++];

        if (strncasecmp(line, name, length) == 0 && line[length] == ':')
            return line + length + 1 + strspn(line + length + 1, " \t");
    }
    return NULL;
}

const char *web_field(const struct web_response *response, const char *name)
{
    size_t position = 0;

    return web_next(response, name, &position);
}

/* Whether a list such as Connection's has the word. */
static bool has_word(const struct web_response *r, const char *name, const char *word)
{
    size_t position = 0, length = strlen(word);

    for (const char *at; (at = web_next(r, name, &position)) != NULL;)
        for (at += strspn(at, " \t,"); *at != '\0'; at += strspn(at, " \t,")) {
            size_t size = strcspn(at, " \t,");
            if (size == length && strncasecmp(at, word, length) == 0)
                return true;
            at += size;
        }
    return false;
}

static void take_chunks(struct link *link, struct buffer *body)
{
    struct session *s = link->session;
    static const char hexadecimal[] = "0123456789abcdefABCDEF";

    for (;;) {
        const char *line = take_line(link, "The size of a chunk");
        size_t digits = strspn(line, hexadecimal);
        if (digits == 0 || digits > 8 || (line[digits] != '\0' && line[digits] != ';'))
            session_fail(s, "That is no size of a chunk: %s.", shown(s, line, strlen(line)));
        size_t size = strtoul(line, NULL, 16);
        if (size == 0)
            break;
        if (body->length + size > MOST_BODY)
            session_fail(s, "A response of more than %d MiB.", MOST_BODY >> 20);
        take(link, size, body, "a chunk");
        if (*take_line(link, "A chunk") != '\0')
            session_fail(s, "A chunk goes on behind the %zu bytes that its size says.", size);
    }
    while (*take_line(link, "A trailer field") != '\0')
        continue;
}

static void take_body(struct link *link, struct web_response *r, struct buffer *body)
{
    struct session *s = link->session;
    const char *length = web_field(r, "Content-Length");
    bool chunked = has_word(r, "Transfer-Encoding", "chunked");

    if (web_field(r, "Transfer-Encoding") != NULL && !chunked)
        session_fail(s, "The response has a Transfer-Encoding that was not asked for: %s.",
                     web_field(r, "Transfer-Encoding"));
    if (chunked && length != NULL)
        session_fail(s, "The response has both Content-Length and Transfer-Encoding.");
    if (chunked) {
        take_chunks(link, body);
        return;
    }
    if (length == NULL) {
        take_rest(link, body);
        return;
    }
    if (!is_number(length, "0123456789") || strlen(length) > 9)
        session_fail(s, "That is no Content-Length: %s.", shown(s, length, strlen(length)));
    size_t size = strtoul(length, NULL, 10);
    if (size > 0)
        take(link, size, body, "the body that Content-Length promises");
}

struct web_response link_response(struct link *link, const char *method)
{
    struct session *s = link->session;
    struct web_response r = {.method = method};
    struct buffer body = {0};

    take_status(link, &r);
    take_fields(link, &r);
    bool bodyless = r.status < 200 || r.status == 204 || r.status == 304;
    if (r.status == 204 && web_field(&r, "Content-Length") != NULL)
        session_fail(s, "The response 204 has a Content-Length, which RFC 9110 8.6 forbids.");
    if (!bodyless && strcmp(method, "HEAD") != 0)
        take_body(link, &r, &body);
    char *kept = session_alloc(s, body.length + 1);
    memcpy(kept, buffer_text(&body), body.length);
    r.body = kept;
    r.length = body.length;
    r.closes = has_word(&r, "Connection", "close") ||
               (r.version == 10 && !has_word(&r, "Connection", "keep-alive"));
    buffer_free(&body);
    play_say_of(link, "received a response, status %d", r.status);
    return r;
}

struct web_response link_expect_status(struct link *link, const char *method, int status,
                                       const char *why)
{
    struct session *s = link->session;
    struct web_response r = link_response(link, method);

    if (r.status != status)
        session_fail(s, "Your program answered with status %d; %d was due: %s.", r.status, status,
                     why);
    transcript_add(s, "answered", session_print(s, "%d\n", status), 4);
    return r;
}

struct web_response link_expect_response(struct link *link, const char *method, int status,
                                         const void *body, size_t length, const char *why)
{
    struct session *s = link->session;
    struct web_response r = link_expect_status(link, method, status, why);

    if (r.length != length || memcmp(r.body, body, length) != 0)
        session_fail(s, "%s",
                     difference_say(s, &(struct comparison){.expected = body,
                                                            .got = r.body,
                                                            .expected_length = length,
                                                            .got_length = r.length,
                                                            .sent = true}));
    transcript_add(s, "with the body", body, length);
    return r;
}

void web_expect_field(struct link *link, const struct web_response *response, const char *name,
                      const char *value, const char *why)
{
    const char *got = web_field(response, name);

    if (got == NULL && value != NULL)
        session_fail(link->session, "The response %d to %s has no %s: %s.", response->status,
                     response->method, name, why);
    if (got != NULL && (value == NULL || strcmp(got, value) != 0))
        session_fail(link->session, "The response %d to %s has \"%s: %s\"; %s: %s.",
                     response->status, response->method, name, got,
                     value == NULL ? "none was due"
                                   : session_print(link->session, "\"%s\" was due", value),
                     why);
}
