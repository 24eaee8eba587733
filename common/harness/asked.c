/* Requests of a program that asks over HTTP, one after another, whichever peer it turns to. */
#include <string.h>
#include <strings.h>

#include "harness/internal.h"

enum { MOST_FIELDS = 100 };

/* A line of the head without its CR LF. */
static const char *take_line(struct link *link)
{
    struct session *s = link->session;
    size_t length;
    const char *line = link_line(link, &length);

    if (length == 0 || line[length - 1] != '\r' || memchr(line, '\0', length) != NULL)
        session_fail(s, "A line of the request does not end in CR LF, or holds a NUL: \"%s\".",
                     line);
    return session_print(s, "%.*s", (int)length - 1, line);
}

static void take_head(struct session *s, struct web_request *request)
{
    const char *line = take_line(request->link);
    size_t method = strcspn(line, " ");
    size_t target = line[method] == ' ' ? strcspn(line + method + 1, " ") : 0;

    if (method == 0 || target == 0 || strcmp(line + method + 1 + target, " HTTP/1.1") != 0)
        session_fail(s, "That is no request line: \"%s\".", line);
    request->method = session_print(s, "%.*s", (int)method, line);
    request->target = session_print(s, "%.*s", (int)target, line + method + 1);
    const char **fields = session_alloc(s, (MOST_FIELDS + 1) * sizeof *fields);
    for (size_t count = 0; *(line = take_line(request->link)) != '\0'; count++) {
        if (count == MOST_FIELDS)
            session_fail(s, "A request with more than %d header fields.", MOST_FIELDS);
        if (strchr(line, ':') == NULL)
            session_fail(s, "That is no header field: \"%s\".", line);
        fields[count] = line;
    }
    request->fields = fields;
}

bool web_next_request(struct session *session, struct web_request *request)
{
    struct happening news;

    do { /* what comes on a link that was answered, and its end, is of no account */
        news = session_next(session, "your program to ask, or to end");
        if (news.what == HAPPENED_EXIT)
            return false;
    } while (news.what != HAPPENED_CALL);
    *request = (struct web_request){.peer = news.peer, .link = news.link};
    take_head(session, request);
    return true;
}

const char *web_request_field(const struct web_request *request, const char *name)
{
    size_t length = strlen(name);

    for (const char *const *field = request->fields; *field != NULL; field++)
        if (strncasecmp(*field, name, length) == 0 && (*field)[length] == ':')
            return *field + length + 1 + strspn(*field + length + 1, " \t");
    return NULL;
}
