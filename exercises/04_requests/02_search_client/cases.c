/* Exercise 4.2, search client: what is tried, and how. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/harness.h"

enum { MOST = 12 };

/* A parameter or a header. */
struct pair {
    const char *name, *value;
};

/* One run of the program, and what it has to send. */
struct question {
    struct session *session;
    struct peer *server;
    struct student *student;
    const char *target, *url; /* target: what stands in front of the parameters */
    const char *arguments[MOST];
    struct pair params[MOST], fields[MOST];
    size_t argument_count, param_count, field_count;
    bool accept, agent; /* the program's own */
};

/* ---- a run ---- */

/* query is what the URL has behind its path, and fragment what nobody is to see; or "". */
static struct question *question_at(struct session *s, const char *query, const char *fragment)
{
    struct question *q = session_alloc(s, sizeof *q);

    *q = (struct question){.session = s, .accept = true, .agent = true};
    q->server = peer_listen(s, "127.0.0.1");
    q->target = session_print(s, "/%06x%s", session_random(s, 0x1000000), query);
    q->url = session_print(s, "http://127.0.0.1:%s%s%s", peer_port(q->server), q->target, fragment);
    session_closes_early(s);
    return q;
}

static struct question *question(struct session *s)
{
    return question_at(s, "", "");
}

static void argument(struct question *q, const char *text)
{
    q->arguments[q->argument_count++] = text;
}

static void param(struct question *q, const char *name, const char *value)
{
    argument(q, "param");
    argument(q, name);
    argument(q, value);
    q->params[q->param_count++] = (struct pair){name, value};
}

static void own_is_gone(struct question *q, const char *name)
{
    q->accept &= strcasecmp(name, "Accept") != 0;
    q->agent &= strcasecmp(name, "User-Agent") != 0;
}

static void header(struct question *q, const char *name, const char *value)
{
    argument(q, "header");
    argument(q, name);
    argument(q, value);
    q->fields[q->field_count++] = (struct pair){name, value};
    own_is_gone(q, name);
}

static void without(struct question *q, const char *name)
{
    argument(q, "without");
    argument(q, name);
    own_is_gone(q, name);
}

static void start(struct question *q)
{
    const char *const *a = q->arguments; /* NULL behind the last one ends the list there */

    q->student = student_start(q->session, q->url, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7],
                               a[8], a[9], a[10], a[11], NULL);
}

/* ---- what it sends ---- */

/* Passes over text as it is coded at at. False when something else stands there. */
static bool pass_coded(const char **at, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool free = isalnum(byte) || strchr("-._~", byte) != NULL;
        if (**at == '%' && isxdigit((unsigned char)(*at)[1]) && isxdigit((unsigned char)(*at)[2])) {
            const char digits[] = {(*at)[1], (*at)[2], '\0'};
            if (strtoul(digits, NULL, 16) != byte)
                return false;
            *at += 3;
        } else if (free ? **at == *text : byte == ' ' && **at == '+') {
            ++*at;
        } else {
            return false;
        }
    }
    return true;
}

/* text as a report, which is UTF-8, can show it: bytes that are no printable ASCII as \xNN. */
static const char *shown(struct session *s, const char *text)
{
    char *copy = session_alloc(s, 4 * strlen(text) + 1), *end = copy;

    for (; *text != '\0'; text++)
        if (*text >= ' ' && *text < 0x7f)
            *end++ = *text;
        else
            end += snprintf(end, 5, "\\x%02x", (unsigned int)(unsigned char)*text);
    *end = '\0';
    return copy;
}

static void check_target(struct question *q, const char *target)
{
    struct session *s = q->session;
    size_t length = strlen(q->target);

    if (strncmp(target, q->target, length) != 0)
        session_blame(s, "Your program asks for \"%s\"; what the URL holds, \"%s\", was due first.",
                      shown(s, target), q->target);
    const char *at = target + length;
    for (size_t i = 0; i < q->param_count; i++) {
        char mark = i == 0 && strchr(q->target, '?') == NULL ? '?' : '&';
        const char *here = at;
        bool fits = *at == mark;
        at += fits;
        fits = fits && pass_coded(&at, q->params[i].name) && *at == '=';
        at += fits;
        if (!fits || !pass_coded(&at, q->params[i].value) || strchr("&", *at) == NULL)
            session_blame(s,
                          "Your program asks for \"%s\". Parameter %zu, name \"%s\" and value "
                          "\"%s\", both coded, was due at \"%s\", behind a %c.",
                          shown(s, target), i + 1, shown(s, q->params[i].name),
                          shown(s, q->params[i].value), shown(s, here), mark);
    }
    if (*at != '\0')
        session_blame(s, "Your program asks for \"%s\"; \"%s\" is too much.", shown(s, target),
                      shown(s, at));
}

/* The value of the field of that name, when skip of them are passed over; or NULL. */
static const char *find_field(const struct web_request *request, const char *name, size_t skip)
{
    size_t length = strlen(name);

    for (const char *const *field = request->fields; *field != NULL; field++)
        if (strncasecmp(*field, name, length) == 0 && (*field)[length] == ':' && skip-- == 0)
            return *field + length + 1 + strspn(*field + length + 1, " \t");
    return NULL;
}

static void check_fields(struct question *q, const struct web_request *request)
{
    if (q->accept)
        q->fields[q->field_count++] = (struct pair){"Accept", "application/json"};
    if (q->agent)
        q->fields[q->field_count++] = (struct pair){"User-Agent", "search_client/1.0"};
    for (size_t i = 0; i < q->field_count; i++) {
        const struct pair *due = &q->fields[i];
        size_t before = 0;
        for (size_t j = 0; j < i; j++)
            before += strcasecmp(q->fields[j].name, due->name) == 0;
        const char *value = find_field(request, due->name, before);
        if (value == NULL)
            session_blame(q->session, "The request lacks the header \"%s: %s\".", due->name,
                          due->value);
        if (strcmp(value, due->value) != 0)
            session_blame(q->session, "The request has the header \"%s: %s\"; \"%s\" was due.",
                          due->name, value, due->value);
    }
    for (const char *const *field = request->fields; *field != NULL; field++) {
        size_t length = strcspn(*field, ":"), most = strncasecmp(*field, "Host", length) == 0;
        size_t have = 0;
        for (size_t i = 0; i < q->field_count; i++)
            most += strlen(q->fields[i].name) == length &&
                    strncasecmp(*field, q->fields[i].name, length) == 0;
        for (const char *const *other = request->fields; *other != NULL; other++)
            have += strcspn(*other, ":") == length && strncasecmp(*field, *other, length) == 0;
        if (have > most)
            session_blame(q->session, "The request has the header \"%s\" %s.", *field,
                          most == 0 ? "which nobody asked for" : "and another one of that name");
    }
    if (find_field(request, "Host", 0) == NULL)
        session_blame(q->session, "The request lacks the header Host.");
}

/* Takes the request, which must be the one that is due. */
static struct link *take(struct question *q)
{
    struct web_request request;

    if (!web_next_request(q->session, &request))
        session_fail(q->session, "Your program ended before it had asked.");
    if (strcmp(request.method, "GET") != 0)
        session_blame(q->session, "Your program sent \"%s\"; GET was due.", request.method);
    check_target(q, request.target);
    check_fields(q, &request);
    return request.link;
}

static void answer(struct question *q, struct link *link, const char *head, const void *body,
                   size_t length)
{
    link_send(link, head, strlen(head));
    link_send(link, body, length);
    link_wait_read(link);
    link_close(link);
    session_expect_nobody(q->session, "it had its answer");
}

/* Starts it, and answers with a body that it has to print as it is. */
static void converse(struct question *q)
{
    const char *body = session_print(q->session, "{\"n\": %u}", session_random(q->session, 100000));
    const char *head = session_print(
        q->session, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
        strlen(body));

    start(q);
    answer(q, take(q), head, body, strlen(body));
    expect_output(q->student, body, strlen(body));
    expect_exit(q->student, 0);
}

/*
 * Starts it, and expects that it says no and sends nothing. What refuses everything would do so,
 * too: behind a conversation that must succeed it earns nothing by it.
 */
static void refuse(struct question *q, int status, const char *reason)
{
    start(q);
    session_expect_nobody(q->session, reason);
    expect_output(q->student, "", 0);
    expect_failure(q->student, status);
}

/* ---- parameters ---- */

static void plain(struct session *s)
{
    struct question *q = question(s);

    converse(q);
    q = question(s);
    param(q, "q", session_print(s, "word%u", session_random(s, 10000)));
    param(q, "page", "2");
    param(q, "q", "other-word_1.0~");
    converse(q);
}

static void blanks(struct session *s)
{
    struct question *q = question(s);

    param(q, "q", session_print(s, "no %u road", session_random(s, 10000)));
    param(q, "title", " two  blanks ");
    converse(q);
}

static void reserved(struct session *s)
{
    struct question *q = question(s);

    param(q, "q", session_print(s, "salt&pepper=%u", session_random(s, 10000)));
    param(q, "sum", "1+1=2");
    param(q, "mark", "C#?/;%20%");
    param(q, "sure", "100%");
    converse(q);
}

static void utf8(struct session *s)
{
    struct question *q = question(s);

    param(q, "author", session_print(s, "Zoë Müller %u", session_random(s, 10000)));
    param(q, "größe", "日本");
    param(q, "raw", "\xff\xfe");
    converse(q);
}

static void names(struct session *s)
{
    struct question *q = question(s);

    param(q, "a=b", session_print(s, "%u", session_random(s, 10000)));
    param(q, "this & that", "x=y");
    converse(q);
}

static void empty_value(struct session *s)
{
    struct question *q = question(s);

    param(q, "first", "");
    param(q, "last", "");
    converse(q);
}

static void line_end_in_value(struct session *s)
{
    struct question *q = question(s);

    param(q, "q", session_print(s, "one\r\nX-Admin: %u", session_random(s, 10000)));
    param(q, "tab", "\t\n");
    converse(q);
}

static void query_kept(struct session *s)
{
    struct question *q = question_at(s, "?lang=de%20at&x=%C3%AB+1", "#results");

    param(q, "q", session_print(s, "a&%u", session_random(s, 10000)));
    converse(q);
    converse(question_at(s, "?key=a%26b", ""));
}

/* ---- headers ---- */

static void added(struct session *s)
{
    struct question *q = question(s);

    header(q, "X-Token", session_print(s, "a: b; c=%u", session_random(s, 10000)));
    header(q, "Accept-Language", "de, en;q=0.5");
    converse(q);
}

static void repeated(struct session *s)
{
    struct question *q = question(s);

    header(q, "X-Shelf", session_print(s, "%u", session_random(s, 10000)));
    header(q, "X-Other", "1");
    header(q, "x-shelf", "second");
    header(q, "X-Shelf", "third");
    converse(q);
}

static void replaced(struct session *s)
{
    struct question *q = question(s);

    header(q, "Accept", session_print(s, "text/csv;v=%u", session_random(s, 10000)));
    converse(q);
    q = question(s);
    header(q, "accept", "text/html");
    header(q, "user-agent", "Librarian/2");
    converse(q);
}

static void removed(struct session *s)
{
    struct question *q = question(s);

    without(q, "User-Agent");
    header(q, "X-One", session_print(s, "%u", session_random(s, 10000)));
    converse(q);
    q = question(s);
    without(q, "ACCEPT");
    without(q, "X-Nobody");
    converse(q);
}

static void empty_header(struct session *s)
{
    struct question *q = question(s);

    header(q, "X-Empty", "");
    header(q, "Accept", "");
    converse(q);
}

static void line_end_refused(struct session *s)
{
    static const struct pair BAD[] = {{"X-Colour", "blue\r\nX-Admin: yes"},
                                      {"X-Colour", "blue\nX-Admin: yes"},
                                      {"User-Agent", "me\r"},
                                      {"X-One: 1\r\nX-Two", "2"}};

    struct question *good = question(s);
    header(good, "X-Colour", "blue; X-Admin: no");
    converse(good);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct question *q = question(s);
        header(q, "X-Good", "1");
        header(q, BAD[i].name, BAD[i].value);
        refuse(q, 1, "a header holds a line end");
    }
}

static void bad_name(struct session *s)
{
    static const char *const BAD[] = {"X One", "", "X-One: 1, X-Two", "Größe", "X;"};

    struct question *good = question(s);
    header(good, "X-!#$%&'*+.^_`|~1", "1");
    converse(good);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct question *q = question(s);
        header(q, BAD[i], "1");
        refuse(q, 1, "that is no name of a header");
    }
    struct question *q = question(s);
    without(q, "X One");
    refuse(q, 1, "that is no name of a header");
}

/* ---- answers and command lines ---- */

static void bad_status(struct session *s)
{
    static const char *const HEADS[] = {"HTTP/1.1 404 Not Found\r\n",
                                        "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"};

    for (size_t i = 0; i < 2; i++) {
        struct question *q = question(s);
        param(q, "q", session_print(s, "%u", session_random(s, 10000)));
        start(q);
        const char *head =
            session_print(s, "%sContent-Length: 5\r\nConnection: close\r\n\r\n", HEADS[i]);
        answer(q, take(q), head, "none\n", 5);
        expect_output(q->student, "", 0);
        expect_failure(q->student, 1);
        expect_error(q->student, i == 0 ? "404" : "302");
    }
}

static void cut(struct session *s)
{
    struct question *q = question(s);

    start(q);
    answer(q, take(q), "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", "{\"found\": [", 11);
    expect_output(q->student, "", 0);
    expect_failure(q->student, 1);
}

static void binary(struct session *s)
{
    unsigned char bytes[300];
    struct question *q = question(s);

    session_bytes(s, bytes, sizeof bytes);
    bytes[100] = '\0';
    start(q);
    answer(q, take(q), "HTTP/1.1 200 OK\r\nContent-Length: 300\r\nConnection: close\r\n\r\n", bytes,
           sizeof bytes);
    expect_output(q->student, bytes, sizeof bytes);
    expect_exit(q->student, 0);
}

static void bad_url(struct session *s)
{
    static const char *const BAD[] = {"file:///etc/passwd", "127.0.0.1/", "http://127.0.0.1:x/"};

    struct question *good = question(s);
    param(good, "q", "1");
    converse(good);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct question *q = question(s);
        q->url = BAD[i];
        param(q, "q", "1");
        refuse(q, 1, "the URL is none that can be asked for");
    }
}

static void usage(struct session *s)
{
    static const char *const BAD[][2] = {
        {"param", "q"}, {"header", "X-One"}, {"without", NULL}, {"query", "q"}};

    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct question *q = question(s);
        param(q, "page", "1");
        argument(q, BAD[i][0]);
        argument(q, BAD[i][1]);
        refuse(q, 2, "the command line is wrong");
    }
    struct question *q = question(s);
    q->url = NULL;
    refuse(q, 2, "there is no URL");
}

static void output_full(struct session *s)
{
    struct question *q = question(s);

    session_fill_output(s);
    start(q);
    answer(q, take(q), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n", "{}",
           2);
    expect_failure(q->student, 1);
}

static void clean(struct session *s)
{
    struct question *q = question(s);

    param(q, "q", session_print(s, "a b %u", session_random(s, 10000)));
    header(q, "X-One", "1");
    header(q, "X-Two", "2");
    converse(q);
    q = question(s);
    param(q, "q", "1");
    header(q, "X-One", "1");
    header(q, "X-Two", "2\r\n");
    refuse(q, 1, "a header holds a line end");
}

static const struct test_case CASES[] = {
    {.name = "plain",
     .title = "no parameter, and three",
     .points = 1,
     .teaches = "The parameters are sent in their order, each name as often as it was given, with "
                "this program's two headers.",
     .run = plain},
    {.name = "blanks",
     .title = "blanks in values",
     .points = 1,
     .teaches = "A blank would end the target: in a query it is written + or %20.",
     .run = blanks},
    {.name = "reserved",
     .title = "&, =, +, # and % in values",
     .points = 2,
     .teaches = "A & in a value begins another parameter, a # ends the URL, a + is a blank, a % is "
                "half a code: each has to be coded.",
     .run = reserved},
    {.name = "utf8",
     .title = "UTF-8 in names and values",
     .points = 1,
     .teaches = "Each byte is coded by itself, whatever it means: UTF-8 needs no care.",
     .run = utf8},
    {.name = "names",
     .title = "= and & in names",
     .points = 2,
     .teaches = "A name is coded as its value is. CURLU_URLENCODE leaves the first = as it is, "
                "although it may be part of the name.",
     .run = names},
    {.name = "empty-value",
     .title = "parameters without a value",
     .points = 1,
     .teaches = "An empty value is one: the name is sent with its =.",
     .run = empty_value},
    {.name = "line-end-in-value",
     .title = "a line end in a parameter",
     .points = 1,
     .teaches = "In a query a line end can be coded, %0D%0A, and so it is no danger there.",
     .run = line_end_in_value},
    {.name = "query-kept",
     .title = "a URL that has a query",
     .points = 2,
     .teaches = "What the URL holds stays as it is, not coded again; the parameters stand behind "
                "it, in front of the fragment, which is not sent.",
     .run = query_kept},
    {.name = "added",
     .title = "headers added",
     .points = 1,
     .teaches = "Each header is a line of its own, and its value is sent as it is.",
     .run = added},
    {.name = "repeated",
     .title = "three headers of one name",
     .points = 2,
     .teaches = "A header that is given three times is sent three times, in this order.",
     .run = repeated},
    {.name = "replaced",
     .title = "the program's own headers replaced",
     .points = 2,
     .teaches = "Who gives a header replaces this program's own. Names of headers have no case.",
     .run = replaced},
    {.name = "removed",
     .title = "the program's own headers removed",
     .points = 2,
     .teaches = "\"Name:\" in libcurl's list takes out a header that would be sent.",
     .run = removed},
    {.name = "empty-header",
     .title = "a header with an empty value",
     .points = 1,
     .teaches = "\"Name:\" would take it out; \"Name;\" sends it empty.",
     .run = empty_header},
    {.name = "line-end-refused",
     .title = "CR or LF in a header",
     .points = 3,
     .teaches = "What stands behind a line end is a header of its own, from whoever wrote the "
                "value: nothing is sent then.",
     .run = line_end_refused},
    {.name = "bad-name",
     .title = "names that no header can have",
     .points = 1,
     .teaches = "A header's name is a token: letters, digits and a few signs, no blank, no colon.",
     .run = bad_name},
    {.name = "bad-status",
     .title = "404, and a redirect",
     .points = 1,
     .teaches = "Status 404 or 302 came whole, so libcurl calls it good: it is for the program to "
                "look at the status.",
     .run = bad_status},
    {.name = "cut",
     .title = "an answer that is cut off",
     .points = 1,
     .teaches = "Half a body is none: it is printed when all of it is there.",
     .run = cut},
    {.name = "binary",
     .title = "an answer with NUL bytes",
     .points = 1,
     .teaches = "A body has a length and is no string: it is printed as it came.",
     .run = binary},
    {.name = "bad-url",
     .title = "URLs that cannot be asked for",
     .points = 1,
     .teaches = "It is no URL, or one of another scheme: libcurl would read files, too.",
     .run = bad_url},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "The command line was wrong: status 2 and a message, and nothing is sent.",
     .run = usage},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: only fflush(stdout) says that it was not written.",
     .run = output_full},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 2,
     .teaches = "All memory is freed, the list and the URL as well, and when a header is refused.",
     .run = clean,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
