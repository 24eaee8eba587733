/* Exercise 4.4, log in, work, log out: what is tried, and how. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum { FIELDS_MOST = 40, COOKIES_MOST = 4, SILENT_MS = 300, LARGE = 4 << 20 };

/* One run of the program, and what the server knows of it. */
struct visit {
    struct session *s;
    struct peer *server;
    struct student *student;
    struct link *link; /* that the last request came on */
    int connections;
    const char *base, *user, *password, *token;
    const char *cookies[COOKIES_MOST]; /* "name=value" that the next request is to carry */
    struct buffer lines;
};

/* ---- beginning and end ---- */

static const char *any_token(struct session *s)
{
    return session_print(s, "%08x%08x", session_random(s, 0xffffffff),
                         session_random(s, 0xffffffff));
}

/* Starts the program with a password and notes for its input, up to a NULL. */
static struct visit *begin(struct session *s, const char *password, ...)
{
    struct visit *v = session_alloc(s, sizeof *v);
    va_list notes;

    *v = (struct visit){.s = s, .server = peer_listen(s, "127.0.0.1"), .password = password};
    v->user = session_print(s, "user%u", session_random(s, 10000));
    v->token = any_token(s);
    v->base = session_print(s, "http://127.0.0.1:%s/%04x", peer_port(v->server),
                            session_random(s, 0x10000));
    session_closes_early(s); /* HTTP says by other means where an answer ends */
    v->student = student_start(s, "-t", session_print(s, "%d", 60000), v->base, v->user, NULL);
    student_input(v->student, password, strlen(password));
    student_input(v->student, "\n", 1);
    va_start(notes, password);
    for (const char *note; (note = va_arg(notes, const char *)) != NULL;) {
        student_input(v->student, note, strlen(note));
        student_input(v->student, "\n", 1);
    }
    va_end(notes);
    student_end_input(v->student);
    return v;
}

static const char *any_password(struct session *s)
{
    return session_print(s, "pw%u", session_random(s, 1000000));
}

static const char *any_note(struct session *s)
{
    return session_print(s, "note%u", session_random(s, 1000000));
}

/* The end of a visit: what was printed, the status, and no further request. */
static void end(struct visit *v, int status)
{
    session_expect_nobody(v->s, "All had been asked.");
    expect_output(v->student, buffer_text(&v->lines), v->lines.length);
    if (status == 0)
        expect_exit(v->student, 0);
    else
        expect_failure(v->student, status);
    buffer_free(&v->lines);
}

/* ---- a request ---- */

/* Waits for the first line of the next request, on whatever connection. */
static const char *first_line(struct visit *v, const char *due)
{
    while (true) {
        struct happening h = session_next(v->s, "your program to ask");
        if (h.what == HAPPENED_CALL)
            v->connections++;
        if (h.what == HAPPENED_END)
            link_close(h.link);
        if (h.what == HAPPENED_EXIT)
            session_fail(v->s, "The program ended; \"%s\" was due.", due);
        if (h.what != HAPPENED_LINE)
            continue;
        v->link = h.link;
        return session_print(v->s, "%.*s", (int)(h.length > 0 ? h.length - 1 : 0), h.line);
    }
}

/* The next line of a head, without CR LF. */
static const char *head_line(struct visit *v)
{
    size_t length;
    const char *line = link_line(v->link, &length);

    if (length == 0 || line[length - 1] != '\r')
        session_blame(v->s, "A line of the request does not end with CR LF.");
    return session_print(v->s, "%.*s", (int)length - 1, line);
}

static const char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);

    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    line += length + 1;
    return line + strspn(line, " ");
}

/* Whether a Cookie field's value holds that pair. */
static bool holds(const char *field, const char *pair)
{
    size_t length = strlen(pair);

    for (const char *at = field; at != NULL && *at != '\0'; at = strchr(at, ';')) {
        at += strspn(at, "; ");
        if (strncmp(at, pair, length) == 0 && (at[length] == ';' || at[length] == '\0'))
            return true;
    }
    return false;
}

static void check_cookies(struct visit *v, const char *field, const char *request)
{
    size_t pairs = 0, due = 0;

    for (size_t i = 0; i < COOKIES_MOST; i++) {
        if (v->cookies[i] == NULL)
            continue;
        due++;
        if (!holds(field, v->cookies[i]))
            session_blame(v->s, "\"%s\" came with \"Cookie: %s\"; %s was due in it.", request,
                          field, v->cookies[i]);
    }
    for (const char *at = field; *at != '\0'; at += strcspn(at, ";"), at += strspn(at, "; "))
        pairs++;
    if (pairs != due)
        session_blame(v->s, "\"%s\" came with \"Cookie: %s\", which holds more than was due: %zu.",
                      request, field, due);
}

/* Takes the request that is due; form is NULL for one without a body. */
static void take(struct visit *v, const char *method, const char *path, const char *form)
{
    const char *base = strchr(strstr(v->base, "://") + 3, '/');
    const char *due = session_print(v->s, "%s %s%s HTTP/1.1", method, base, path);
    const char *got = first_line(v, due), *line, *cookie = "", *length = NULL, *type = "";

    if (strcmp(got, due) != 0)
        session_blame(v->s, "The request was \"%s\"; \"%s\" was due.", got, due);
    while (*(line = head_line(v)) != '\0') {
        cookie = value_of(line, "Cookie") != NULL ? value_of(line, "Cookie") : cookie;
        type = value_of(line, "Content-Type") != NULL ? value_of(line, "Content-Type") : type;
        if (value_of(line, "Content-Length") != NULL)
            length = value_of(line, "Content-Length");
    }
    check_cookies(v, cookie, due);
    if (form == NULL)
        return;
    if (strcmp(type, "application/x-www-form-urlencoded") != 0)
        session_blame(v->s, "\"%s\" came with the Content-Type \"%s\".", due, type);
    size_t had = 0;
    if (length == NULL || sscanf(length, "%zu", &had) != 1) /* NOLINT(cert-err34-c): compared */
        session_blame(v->s, "\"%s\" came without Content-Length.", due);
    if (had < strlen(form))
        session_blame(v->s, "\"%s\" came with a form of %zu bytes; these %zu were due: %s", due,
                      had, strlen(form), form);
    link_expect(v->link, form, strlen(form));
    if (had > strlen(form))
        session_blame(v->s, "\"%s\" came with a form of %zu bytes; these %zu were due: %s", due,
                      had, strlen(form), form);
}

/* ---- an answer ---- */

/* Sends an answer; fields end with CR LF each. */
static void answer(struct visit *v, const char *status, const char *fields, const char *body)
{
    bool empty = strncmp(status, "204", 3) == 0;
    const char *text = empty ? session_print(v->s, "HTTP/1.1 %s\r\n%s\r\n", status, fields)
                             : session_print(v->s,
                                             "HTTP/1.1 %s\r\nContent-Type: application/json\r\n%s"
                                             "Content-Length: %zu\r\n\r\n%s",
                                             status, fields, strlen(body), body);

    link_send(v->link, text, strlen(text));
}

/* An answer with a new token. */
static void answer_token(struct visit *v, const char *status, const char *fields, const char *more)
{
    v->token = any_token(v->s);
    answer(v, status, fields, session_print(v->s, "{%s\"csrf\": \"%s\"}", more, v->token));
}

static void keep(struct visit *v, size_t place, const char *name)
{
    v->cookies[place] = name == NULL ? NULL : session_print(v->s, "%s=%s", name, any_token(v->s));
}

static const char *set_cookie(struct visit *v, size_t place, const char *attributes)
{
    return session_print(v->s, "Set-Cookie: %s%s\r\n", v->cookies[place], attributes);
}

/* The bytes of a form's value, as the contract has it. */
static const char *coded(struct session *s, const char *text)
{
    char *out = session_alloc(s, 3 * strlen(text) + 1);
    size_t at = 0;

    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL)
            out[at++] = *text;
        else
            at += (size_t)snprintf(out + at, 4, "%%%02X", (unsigned char)*text);
    }
    out[at] = '\0';
    return out;
}

/* ---- what a visit is made of ---- */

static const char *login_form(struct visit *v)
{
    return session_print(v->s, "user=%s&password=%s&csrf=%s", coded(v->s, v->user),
                         coded(v->s, v->password), coded(v->s, v->token));
}

static const char *note_form(struct visit *v, const char *text)
{
    return session_print(v->s, "text=%s&csrf=%s", coded(v->s, text), coded(v->s, v->token));
}

static void take_note(struct visit *v, const char *text)
{
    take(v, "POST", "/notes", note_form(v, text));
}

/* The log-in up to its redirect: the session's cookie is set on it. */
static void log_in(struct visit *v)
{
    take(v, "GET", "/login", NULL);
    answer_token(v, "200 OK", "", "");
    take(v, "POST", "/login", login_form(v));
    keep(v, 0, "session");
    answer(v, "303 See Other",
           session_print(v->s, "%sLocation: %s/desk\r\n", set_cookie(v, 0, "; Path=/; HttpOnly"),
                         v->base),
           "");
    take(v, "GET", "/desk", NULL);
    answer_token(v, "200 OK", "", "");
}

static void answer_note(struct visit *v, const char *text, const char *fields)
{
    unsigned id = 1 + session_random(v->s, 100000);

    answer_token(v, "201 Created", fields, session_print(v->s, "\"id\": %u, ", id));
    if (buffer_print(&v->lines, "%u %s\n", id, text) == -1)
        session_fail(v->s, "The harness has no memory left.");
}

static void note(struct visit *v, const char *text)
{
    take_note(v, text);
    answer_note(v, text, "");
}

static void log_out(struct visit *v)
{
    take(v, "POST", "/logout", session_print(v->s, "csrf=%s", coded(v->s, v->token)));
    answer(v, "204 No Content", "Set-Cookie: session=; Max-Age=0; Path=/\r\n", "");
}

/* ---- cases ---- */

static void whole(struct session *s)
{
    const char *a = any_note(s), *b = any_note(s);
    struct visit *v = begin(s, any_password(s), a, b, NULL);

    log_in(v);
    note(v, a);
    note(v, b);
    log_out(v);
    end(v, 0);
}

static void no_notes(struct session *s)
{
    struct visit *v = begin(s, any_password(s), NULL);

    log_in(v);
    log_out(v);
    end(v, 0);
}

static void cookie_kept(struct session *s)
{
    const char *a = any_note(s), *b = any_note(s);
    struct visit *v = begin(s, any_password(s), a, b, NULL);

    take(v, "GET", "/login", NULL);
    keep(v, 1, "visitor");
    answer_token(v, "200 OK", set_cookie(v, 1, ""), "");
    take(v, "POST", "/login", login_form(v));
    answer(v, "303 See Other", session_print(s, "Location: %s/desk\r\n", v->base), "");
    take(v, "GET", "/desk", NULL);
    keep(v, 0, "session");
    answer_token(v, "200 OK", set_cookie(v, 0, ""), "");
    note(v, a);
    note(v, b);
    log_out(v);
    end(v, 0);
}

static void cookie_on_redirect(struct session *s)
{
    struct visit *v = begin(s, any_password(s), NULL);

    take(v, "GET", "/login", NULL);
    answer_token(v, "200 OK", "", "");
    take(v, "POST", "/login", login_form(v));
    keep(v, 0, "session");
    keep(v, 1, "theme");
    const char *fields =
        session_print(s, "%s%sLocation: /%s/desk?first=1\r\n", set_cookie(v, 0, ""),
                      set_cookie(v, 1, "; Path=/"), strrchr(v->base, '/') + 1);
    answer(v, "303 See Other", fields, "");
    take(v, "GET", "/desk?first=1", NULL);
    answer_token(v, "200 OK", "", "");
    log_out(v);
    end(v, 0);
}

/* The server gives the session a new name at each note, as those do that fear its theft. */
static void cookie_renewed(struct session *s)
{
    const char *notes[] = {any_note(s), any_note(s), any_note(s)};
    struct visit *v = begin(s, any_password(s), notes[0], notes[1], notes[2], NULL);

    log_in(v);
    for (size_t i = 0; i < 3; i++) {
        take_note(v, notes[i]);
        keep(v, 0, "session");
        answer_note(v, notes[i], set_cookie(v, 0, "; Path=/"));
    }
    log_out(v);
    end(v, 0);
}

static void cookie_scope(struct session *s)
{
    const char *a = any_note(s), *b = any_note(s);
    struct visit *v = begin(s, any_password(s), a, b, NULL);

    log_in(v);
    take_note(v, a);
    keep(v, 1, "once");
    answer_note(v, a,
                session_print(s,
                              "%sSet-Cookie: admin=1; Path=/admin\r\n"
                              "Set-Cookie: far=1; Domain=example.com\r\n",
                              set_cookie(v, 1, "; Path=/")));
    take_note(v, b);
    keep(v, 1, NULL);
    answer_note(v, b, "Set-Cookie: once=; Max-Age=0; Path=/\r\n");
    log_out(v);
    end(v, 0);
}

/* A token may hold what a form has to code; and the login's answer has another one. */
static void csrf(struct session *s)
{
    const char *a = any_note(s);
    struct visit *v = begin(s, any_password(s), a, NULL);

    take(v, "GET", "/login", NULL);
    v->token = session_print(s, "%s+/=&x=%%41 \\\"y", any_token(s));
    answer(v, "200 OK", "", session_print(s, "{\"title\": \"Hello\", \"csrf\": \"%s\"}", v->token));
    v->token = session_print(s, "%.16s+/=&x=%%41 \"y", v->token);
    take(v, "POST", "/login", login_form(v));
    answer(v, "303 See Other", session_print(s, "Location: %s/desk\r\n", v->base), "");
    take(v, "GET", "/desk", NULL);
    v->token = session_print(s, "%s==", any_token(s));
    answer(v, "200 OK", "", session_print(s, "{\"csrf\": \"%s\", \"notes\": []}", v->token));
    note(v, a);
    log_out(v);
    end(v, 0);
}

static void encoded(struct session *s)
{
    const char *text =
        session_print(s, "%u%% of 1+1=2 & caf\xc3\xa9; ~\"x\"", session_random(s, 100));
    struct visit *v =
        begin(s, session_print(s, "a&b=c+%%41 \xc3\xbc%u", session_random(s, 100)), text, NULL);

    log_in(v);
    note(v, text);
    log_out(v);
    end(v, 0);
}

static void logged_out(struct session *s)
{
    const char *a = any_note(s), *b = any_note(s), *c = any_note(s);
    struct visit *v = begin(s, any_password(s), a, b, c, NULL);

    log_in(v);
    note(v, a);
    take_note(v, b);
    keep(v, 0, NULL);
    answer(v, "401 Unauthorized", "Set-Cookie: session=; Max-Age=0; Path=/\r\n",
           "{\"error\": \"your session has ended\"}");
    log_in(v);
    note(v, b);
    note(v, c);
    log_out(v);
    end(v, 0);
}

static void logged_out_twice(struct session *s)
{
    const char *a = any_note(s), *b = any_note(s);
    struct visit *v = begin(s, any_password(s), a, b, NULL);

    log_in(v);
    take_note(v, a);
    answer(v, "401 Unauthorized", "", "{}");
    log_in(v);
    take_note(v, a);
    answer(v, "401 Unauthorized", "", "{}");
    end(v, 1);
}

static void one_connection(struct session *s)
{
    const char *a = any_note(s), *b = any_note(s);
    struct visit *v = begin(s, any_password(s), a, b, NULL);

    log_in(v);
    note(v, a);
    take_note(v, b);
    answer(v, "401 Unauthorized", "", "{}");
    log_in(v);
    note(v, b);
    log_out(v);
    end(v, 0);
    if (v->connections != 1)
        session_blame(s, "The program made %d connections; one was enough for all requests.",
                      v->connections);
}

static void server_closes(struct session *s)
{
    const char *a = any_note(s), *b = any_note(s);
    struct visit *v = begin(s, any_password(s), a, b, NULL);

    log_in(v);
    take_note(v, a);
    answer_note(v, a, "Connection: close\r\n");
    link_close(v->link);
    note(v, b);
    log_out(v);
    end(v, 0);
}

static void wrong_password(struct session *s)
{
    const char *password = any_password(s);
    struct visit *v = begin(s, password, any_note(s), NULL);

    take(v, "GET", "/login", NULL);
    answer_token(v, "200 OK", "", "");
    take(v, "POST", "/login", login_form(v));
    answer_token(v, "403 Forbidden", "", "");
    end(v, 1);
}

static void elsewhere(struct session *s)
{
    struct visit *v = begin(s, any_password(s), any_note(s), NULL);
    struct peer *thief = peer_listen(s, "127.0.0.1");

    take(v, "GET", "/login", NULL);
    answer_token(v, "200 OK", "", "");
    take(v, "POST", "/login", login_form(v));
    answer(v, "303 See Other",
           session_print(s,
                         "Set-Cookie: session=1; Path=/\r\nLocation: http://127.0.0.1:%s/desk\r\n",
                         peer_port(thief)),
           "");
    session_expect_nobody(s, "The redirect led to another port, where the cookie is for a thief.");
    end(v, 1);
}

static void note_refused(struct session *s)
{
    const char *a = any_note(s), *b = any_note(s);
    struct visit *v = begin(s, any_password(s), a, b, any_note(s), NULL);

    log_in(v);
    note(v, a);
    take_note(v, b);
    answer(v, "500 Internal Server Error", "", "{}");
    log_out(v);
    end(v, 1);
}

static void no_token(struct session *s)
{
    static const char *const BODIES[] = {"{\"csrf\": 7}", "[\"csrf\"]", "<html>csrf</html>"};
    struct visit *v = begin(s, any_password(s), any_note(s), NULL);

    take(v, "GET", "/login", NULL);
    answer(v, "200 OK", "", BODIES[session_random(s, 3)]);
    end(v, 1);
}

static void too_large(struct session *s)
{
    struct visit *v = begin(s, any_password(s), any_note(s), NULL);
    char *spaces = session_alloc(s, LARGE);
    const char *head =
        session_print(s, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE + 20);

    take(v, "GET", "/login", NULL);
    memset(spaces, ' ', LARGE);
    link_send(v->link, head, strlen(head));
    link_queue(v->link, spaces, LARGE);
    student_wait_end(v->student);
    end(v, 1);
}

static void usage(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    const char *base = session_print(s, "http://127.0.0.1:%s/a", peer_port(server));
    struct student *runs[] = {
        student_start(s, NULL),
        student_start(s, base, NULL),
        student_start(s, base, "ada", "extra", NULL),
        student_start(s, "-t", "0", base, "ada", NULL),
        student_start(s, "ftp://127.0.0.1/a", "ada", NULL),
    };

    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        student_end_input(runs[i]);
        expect_output(runs[i], "", 0);
        expect_failure(runs[i], 2);
    }
    peer_expect_nobody(server, "The command line was wrong.");
}

static void output_full(struct session *s)
{
    const char *a = any_note(s);

    session_fill_output(s);
    struct visit *v = begin(s, any_password(s), a, NULL);
    log_in(v);
    note(v, a);
    log_out(v);
    session_expect_nobody(s, "All had been asked.");
    expect_failure(v->student, 1);
    buffer_free(&v->lines);
}

static void clean(struct session *s)
{
    const char *a = any_note(s), *b = any_note(s);
    struct visit *v = begin(s, any_password(s), a, b, NULL);

    log_in(v);
    note(v, a);
    take_note(v, b);
    answer(v, "401 Unauthorized", "", "{}");
    log_in(v);
    note(v, b);
    log_out(v);
    end(v, 0);
}

static void silent(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p =
        student_start(s, "-t", session_print(s, "%d", SILENT_MS),
                      session_print(s, "http://127.0.0.1:%s/a", peer_port(server)), "ada", NULL);

    session_closes_early(s);
    student_input(p, "x\nnote\n", 7);
    student_end_input(p);
    struct link *link = peer_accept(server);
    link_wait_end(link);
    link_close(link);
    expect_output(p, "", 0);
    expect_failure(p, 1);
}

static const struct test_case CASES[] = {
    {.name = "whole",
     .title = "log in, two notes, log out",
     .points = 2,
     .teaches = "The whole way: GET /login, POST /login, where its redirect leads, the notes in "
                "order, POST /logout.",
     .run = whole},
    {.name = "no-notes",
     .title = "no notes",
     .points = 1,
     .teaches = "Nothing was to be written: it logs in, and out.",
     .run = no_notes},
    {.name = "cookie-kept",
     .title = "cookies over all requests",
     .points = 2,
     .teaches = "Two answers set a cookie each, and every later request carries them. A handle "
                "keeps cookies when its cookie engine is on, and only as long as the handle lives.",
     .run = cookie_kept},
    {.name = "cookie-on-redirect",
     .title = "cookies set on a redirect",
     .points = 2,
     .teaches = "The answer 303 set two cookies; the request that it leads to must carry them.",
     .run = cookie_on_redirect},
    {.name = "cookie-renewed",
     .title = "a new session cookie with each answer",
     .points = 1,
     .teaches = "A cookie of the same name and path replaces the one before: who copied it once "
                "sends the old one for ever.",
     .run = cookie_renewed},
    {.name = "cookie-scope",
     .title = "cookies for elsewhere, and one that is taken back",
     .points = 1,
     .teaches = "Path and Domain say where a cookie goes, and Max-Age=0 takes it back: not all "
                "that was ever set is sent.",
     .run = cookie_scope},
    {.name = "csrf",
     .title = "the token of the last answer",
     .points = 2,
     .teaches = "Each answer has a new token, and the next form must carry that one, coded like "
                "every other value.",
     .run = csrf},
    {.name = "encoded",
     .title = "password and note with & = + % and UTF-8",
     .points = 2,
     .teaches = "In a form, & and = are marks, + is a blank: what stands in a value is coded.",
     .run = encoded},
    {.name = "logged-out",
     .title = "logged out by the server",
     .points = 2,
     .teaches = "A 401 in mid-work: log in again, send this note again, and none twice.",
     .run = logged_out},
    {.name = "logged-out-twice",
     .title = "logged out again at once",
     .points = 1,
     .teaches = "A second 401 for the same note ends it: else two machines would go on for ever.",
     .run = logged_out_twice},
    {.name = "one-connection",
     .title = "one connection for all",
     .points = 2,
     .teaches = "The server counted the connections. One handle keeps its connection; a new handle "
                "has a new one.",
     .run = one_connection},
    {.name = "server-closes",
     .title = "the server closes the connection",
     .points = 1,
     .teaches = "Connection: close is no log-out: the session goes on over a new connection, with "
                "its cookies.",
     .run = server_closes},
    {.name = "wrong-password",
     .title = "a wrong password",
     .points = 1,
     .teaches = "The server said 403: nothing else is asked, and a second attempt could lock the "
                "account.",
     .run = wrong_password},
    {.name = "elsewhere",
     .title = "a redirect to another port",
     .points = 1,
     .teaches = "Who logs in does not go wherever a redirect leads: cookies do not know ports.",
     .run = elsewhere},
    {.name = "note-refused",
     .title = "a note that is refused",
     .points = 1,
     .teaches = "After 500 the work ends, and still it logs out: the session would stay open.",
     .run = note_refused},
    {.name = "no-token",
     .title = "an answer without a token",
     .points = 1,
     .teaches = "The answer was no JSON object with a text called csrf.",
     .run = no_token},
    {.name = "too-large",
     .title = "an answer of 4 MiB",
     .points = 1,
     .teaches = "An answer has at most 65536 bytes; more is refused, and not waited for.",
     .run = too_large},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "The command line was wrong: status 2 and a message, before anything is sent.",
     .run = usage},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: fflush(stdout) says whether printing worked.",
     .run = output_full},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "Handle, lists, forms and JSON are freed, also those of the second log-in.",
     .run = clean,
     .leaks = true},
    {.name = "silent",
     .title = "a server that never answers",
     .points = 1,
     .teaches = "Each request has MS milliseconds, and is given up when they are over.",
     .run = silent},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
