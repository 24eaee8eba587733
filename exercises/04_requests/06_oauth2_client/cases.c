/* Exercise 4.6, OAuth 2 client: what is tried, and how. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum { URLS = 4, NO_TOKEN = 4, LONG = 100 * 1024, SIZE = 256, FEW = 3, HOUR = 3600 };

static const char JOB[] = "grant_type=client_credentials";
static const char FIRST[] = "it had none yet";
static const char OVER[] = "the one it had was refused with 401";

/* One run of the program: a token server, a resource server, and what it has to print. */
struct site {
    struct session *s;
    struct peer *tokens, *things;
    struct student *student;
    const char *id, *secret, *proof; /* what Authorization is to be for the token server */
    const char *paths[URLS + 1], *urls[URLS + 1];
    struct buffer lines;
};

/* ---- a run ---- */

/* Letters and digits that no program can know. */
static const char *any(struct session *s)
{
    return session_print(s, "%08x%08x", session_random(s, 0xffffffff),
                         session_random(s, 0xffffffff));
}

static const char *basic(struct session *s, const char *pair)
{
    unsigned char *coded = session_alloc(s, SIZE);

    (void)EVP_EncodeBlock(coded, (const unsigned char *)pair, (int)strlen(pair)); /* it has room */
    return session_print(s, "Basic %s", (const char *)coded);
}

static struct site *plan(struct session *s)
{
    struct site *site = session_alloc(s, sizeof *site);

    *site = (struct site){.s = s, .id = any(s), .secret = any(s)};
    site->tokens = peer_listen(s, "127.0.0.1");
    site->things = peer_listen(s, "127.0.0.1");
    site->proof = basic(s, session_print(s, "%s:%s", site->id, site->secret));
    session_closes_early(s);
    for (size_t i = 0; i < URLS; i++) {
        site->paths[i] = session_print(s, "/%s?n=%zu", any(s), i);
        site->urls[i] =
            session_print(s, "http://127.0.0.1:%s%s", peer_port(site->things), site->paths[i]);
    }
    return site;
}

/* Starts the program with the first count URLs. */
static void start(struct site *site, size_t count)
{
    struct session *s = site->s;
    const char *text = session_print(s, "%s\n%s\n", site->id, site->secret);
    const char *token_url =
        session_print(s, "http://127.0.0.1:%s/token?tenant=7", peer_port(site->tokens));

    session_show_file(s, "client", text, strlen(text));
    site->urls[count] = NULL;
    site->student = student_start(s, "client", token_url, site->urls[0], site->urls[1],
                                  site->urls[2], site->urls[3], NULL);
}

static struct site *begin(struct session *s, size_t count)
{
    struct site *site = plan(s);

    start(site, count);
    return site;
}

static void add_line(struct site *site, const char *line)
{
    if (buffer_add(&site->lines, line, strlen(line)) == -1)
        session_fail(site->s, "The harness has no memory left.");
}

/* ---- requests ---- */

static void answer(const struct web_request *request, int status, const char *fields,
                   const char *body)
{
    char head[SIZE];
    int length =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %d Status\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n", status,
                 fields, strlen(body));

    link_send(request->link, head, (size_t)length);
    link_send(request->link, body, strlen(body));
    link_close(request->link);
}

static const char *field(const struct web_request *request, const char *name)
{
    const char *value = web_request_field(request, name);

    return value != NULL ? value : "";
}

/* The next request, which is due at that peer. why says what for, or why not the other. */
static struct web_request take(struct site *site, const struct peer *due, const char *why)
{
    struct web_request request;
    bool for_token = due == site->tokens;

    if (!web_next_request(site->s, &request)) {
        student_wait_end(site->student);
        if (for_token)
            session_fail(site->s, "Your program ended, and a token was due: %s.", why);
        session_fail(site->s, "Your program ended, and a request was due: %s.", why);
    }
    if (request.peer != site->tokens && request.peer != site->things)
        session_blame(site->s,
                      "Your program asked a third server for %.60s, with \"Authorization: "
                      "%.60s\": %s.",
                      request.target, field(&request, "Authorization"), why);
    if (request.peer != due && for_token)
        session_blame(site->s, "Your program asked for %.60s, and first a token was due: %s.",
                      request.target, why);
    if (request.peer != due)
        session_blame(site->s, "Your program asked for a token, and none was due: %s.", why);
    return request;
}

/* A request for a token with this body. */
static struct web_request take_token(struct site *site, const char *body, const char *why)
{
    struct session *s = site->s;
    struct web_request r = take(site, site->tokens, why);
    const char *type = field(&r, "Content-Type"), *length = field(&r, "Content-Length");

    if (strcmp(r.method, "POST") != 0 || strcmp(r.target, "/token?tenant=7") != 0)
        session_blame(s,
                      "The token server was asked \"%s %.60s\"; \"POST /token?tenant=7\" was due.",
                      r.method, r.target);
    if (strcmp(field(&r, "Authorization"), site->proof) != 0)
        session_blame(s,
                      "The token server was shown \"Authorization: %.100s\"; it should be "
                      "\"%.100s\", from \"%s\" and \"%s\".",
                      field(&r, "Authorization"), site->proof, site->id, site->secret);
    if (strcasecmp(type, "application/x-www-form-urlencoded") != 0)
        session_blame(s, "The form has the Content-Type \"%.60s\".", type);
    if (strcmp(length, session_print(s, "%zu", strlen(body))) != 0)
        session_blame(s, "The form has %.20s bytes; \"%.160s\" was due: %s.", length, body, why);
    link_expect(r.link, body, strlen(body));
    return r;
}

/* What a token server answers: refresh may be NULL, life 0 for none. */
static const char *grant(struct session *s, const char *access, const char *refresh, int life)
{
    const char *more = life != 0 ? session_print(s, ", \"expires_in\": %d", life) : "";

    if (refresh != NULL)
        more = session_print(s, "%s, \"refresh_token\": \"%s\"", more, refresh);
    return session_print(s, "{\"access_token\": \"%s\", \"token_type\": \"Bearer\"%s}", access,
                         more);
}

static const char JSON[] = "Content-Type: application/json\r\nCache-Control: no-store\r\n";

/* Gives a token for this form; returns it. */
static const char *give(struct site *site, const char *form, const char *refresh, int life,
                        const char *why)
{
    struct web_request r = take_token(site, form, why);
    const char *access = session_print(site->s, "%s-._~+/%s==", any(site->s), any(site->s));

    answer(&r, 200, JSON, grant(site->s, access, refresh, life));
    return access;
}

static const char *refresh_form(struct session *s, const char *refresh)
{
    return session_print(s, "grant_type=refresh_token&refresh_token=%s", refresh);
}

/* A request for the URL of that number, with this token. */
static struct web_request take_get(struct site *site, size_t i, const char *token, const char *why)
{
    struct web_request r = take(site, site->things, why);
    const char *due = session_print(site->s, "Bearer %s", token);

    if (strcmp(r.method, "GET") != 0 || strcmp(r.target, site->paths[i]) != 0)
        session_blame(site->s, "Your program asked \"%s %.60s\"; \"GET %s\" was due: %s.", r.method,
                      r.target, site->paths[i], why);
    if (strcmp(field(&r, "Authorization"), due) != 0)
        session_blame(site->s,
                      "The request for %s has \"Authorization: %.90s\"; \"%s\" was due: "
                      "%s.",
                      site->paths[i], field(&r, "Authorization"), due, why);
    return r;
}

/* Answers it with a status of its own; 401 that is not the last word prints nothing. */
static void serve(struct site *site, size_t i, const char *token, int status, bool last,
                  const char *why)
{
    struct web_request r = take_get(site, i, token, why);
    char body[SIZE];
    size_t length = 1 + session_random(site->s, SIZE - 1);

    session_text(site->s, body, length);
    body[length - 1] = '\0';
    answer(&r, status, status == 401 ? "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n" : "",
           body);
    const char *line = session_print(site->s, "%d %zu %s\n", status, strlen(body), site->urls[i]);
    if (last)
        add_line(site, line);
}

static void ok(struct site *site, size_t i, const char *token, const char *why)
{
    serve(site, i, token, 200, true, why);
}

static void end(struct site *site, int status, const char *why)
{
    session_expect_nobody(site->s, why);
    expect_output(site->student, buffer_text(&site->lines), site->lines.length);
    if (status == NO_TOKEN)
        expect_failure(site->student, status);
    else
        expect_exit(site->student, status);
    buffer_free(&site->lines);
}

static const char DONE[] = "Every URL was answered.";
static const char GOOD[] = "the token is good";
static const char NEW[] = "the new token is to be tried";

/* ---- a token ---- */

static void reused(struct session *s)
{
    struct site *site = begin(s, URLS);
    const char *token = give(site, JOB, NULL, HOUR, FIRST);

    for (size_t i = 0; i < URLS; i++)
        ok(site, i, token, GOOD);
    end(site, 0, DONE);
}

static void no_expiry(struct session *s)
{
    struct site *site = begin(s, FEW);
    const char *token = give(site, JOB, NULL, 0, FIRST);

    for (size_t i = 0; i < FEW; i++)
        ok(site, i, token, "nothing is known of its end, and it was not refused");
    end(site, 0, DONE);
}

static void coded_secret(struct session *s)
{
    struct site *site = plan(s);
    const char *name = any(s);

    site->id = session_print(s, "job:%s", name);
    site->secret = session_print(s, "%s 100%% a+b/\xc3\xa4", name);
    site->proof = basic(s, session_print(s, "job%%3A%s:%s+100%%25+a%%2Bb%%2F%%C3%%A4", name, name));
    start(site, 1);
    ok(site, 0, give(site, JOB, NULL, HOUR, FIRST), GOOD);
    end(site, 0, DONE);
}

static void lower_case(struct session *s)
{
    struct site *site = begin(s, 1);
    struct web_request r = take_token(site, JOB, FIRST);
    const char *token = any(s);

    answer(&r, 200, JSON,
           session_print(s,
                         "{\"scope\": null, \"token_type\": \"bEARER\", \"x\": [1, {}], "
                         "\"access_token\": \"%s\"}",
                         token));
    ok(site, 0, token, GOOD);
    end(site, 0, DONE);
}

/* ---- its end ---- */

static void expired(struct session *s)
{
    struct site *site = begin(s, FEW);
    const char *token = give(site, JOB, NULL, HOUR, FIRST);

    ok(site, 0, token, GOOD);
    serve(site, 1, token, 401, false, GOOD);
    token = give(site, JOB, NULL, HOUR, OVER);
    ok(site, 1, token, NEW);
    ok(site, 2, token, "the new token is good");
    end(site, 0, DONE);
}

static void once(struct session *s)
{
    struct site *site = begin(s, FEW);
    const char *token = give(site, JOB, NULL, HOUR, FIRST);

    serve(site, 0, token, 401, false, GOOD);
    token = give(site, JOB, NULL, HOUR, OVER);
    serve(site, 0, token, 401, true, NEW);
    ok(site, 1, token, "the second 401 was the answer, and the next URL's turn came");
    ok(site, 2, token, GOOD);
    end(site, 1, DONE);
}

static void due_soon(struct session *s)
{
    struct site *site = begin(s, FEW);

    for (size_t i = 0; i < FEW; i++)
        ok(site, i,
           give(site, JOB, NULL, 1 + (int)session_random(s, 4),
                i == 0 ? FIRST : "the one it had ends in less than 5 s"),
           "the token is new");
    end(site, 0, DONE);
}

static void other_errors(struct session *s)
{
    struct site *site = begin(s, FEW);
    const char *token = give(site, JOB, NULL, HOUR, FIRST);

    serve(site, 0, token, 403, true, GOOD);
    serve(site, 1, token, 500, true, "403 says nothing against the token");
    ok(site, 2, token, "500 says nothing against the token");
    end(site, 1, DONE);
}

/* ---- refresh tokens ---- */

static void rotated(struct session *s)
{
    struct site *site = begin(s, 2);
    const char *first = any(s), *second = any(s);
    const char *token = give(site, JOB, first, HOUR, FIRST);

    serve(site, 0, token, 401, false, GOOD);
    token = give(site, refresh_form(s, first), second, HOUR, OVER);
    ok(site, 0, token, NEW);
    serve(site, 1, token, 401, false, GOOD);
    token = give(site, refresh_form(s, second), NULL, HOUR, OVER);
    ok(site, 1, token, NEW);
    end(site, 0, DONE);
}

static void kept(struct session *s)
{
    struct site *site = begin(s, 2);
    const char *refresh = any(s), *token = give(site, JOB, refresh, HOUR, FIRST);

    for (size_t i = 0; i < 2; i++) {
        serve(site, i, token, 401, false, GOOD);
        token = give(site, refresh_form(s, refresh), NULL, HOUR, OVER);
        ok(site, i, token, NEW);
    }
    end(site, 0, DONE);
}

static void coded_refresh(struct session *s)
{
    struct site *site = begin(s, 1);
    const char *name = any(s);
    const char *token = give(site, JOB, session_print(s, "%s+/&a=%%41 ==", name), HOUR, FIRST);

    serve(site, 0, token, 401, false, GOOD);
    token =
        give(site, refresh_form(s, session_print(s, "%s%%2B%%2F%%26a%%3D%%2541+%%3D%%3D", name)),
             NULL, HOUR, OVER);
    ok(site, 0, token, NEW);
    end(site, 0, DONE);
}

static void refresh_refused(struct session *s)
{
    struct site *site = begin(s, 2);
    const char *refresh = any(s), *token = give(site, JOB, refresh, HOUR, FIRST);

    serve(site, 0, token, 401, false, GOOD);
    struct web_request r = take_token(site, refresh_form(s, refresh), OVER);
    answer(&r, 400, JSON, "{\"error\": \"invalid_grant\"}");
    token = give(site, JOB, NULL, HOUR, "the refresh token is no longer good");
    ok(site, 0, token, NEW);
    serve(site, 1, token, 401, false, GOOD);
    token = give(site, JOB, NULL, HOUR, "it has no good refresh token any more");
    ok(site, 1, token, NEW);
    end(site, 0, DONE);
}

/* ---- the token server says no ---- */

static const char UNFIT[] = "The answer held no token that may be sent, and without one nobody is "
                            "asked any more.";
static const char LAST[] =
    "Only invalid_grant is a reason to try the other grant, and without a token nobody is asked.";
static const char STOP[] = "Without a token nobody is asked any more.";

static void refused(struct session *s)
{
    struct site *site = begin(s, 2);
    struct web_request r = take_token(site, JOB, FIRST);

    answer(&r, 401, "WWW-Authenticate: Basic realm=\"x\"\r\nContent-Type: application/json\r\n",
           "{\"error\": \"invalid_client\"}");
    end(site, NO_TOKEN, STOP);
    expect_error(site->student, "invalid_client");
}

static void refused_later(struct session *s)
{
    struct site *site = begin(s, FEW);
    const char *token = give(site, JOB, any(s), HOUR, FIRST);

    ok(site, 0, token, GOOD);
    serve(site, 1, token, 401, false, GOOD);
    struct web_request r = take(site, site->tokens, OVER);
    answer(&r, 400, JSON, "{\"error\": \"unauthorized_client\"}");
    end(site, NO_TOKEN, LAST);
    expect_error(site->student, "unauthorized_client");
}

/* An answer that holds no good token. */
static void bad_answer(struct session *s, int status, const char *body)
{
    struct site *site = begin(s, 1);
    struct web_request r = take_token(site, JOB, FIRST);

    answer(&r, status, JSON, body);
    end(site, NO_TOKEN, UNFIT);
}

static void no_json(struct session *s)
{
    bad_answer(s, 200, "<html>Welcome to the hotel. Please log in.</html>");
    bad_answer(s, 200, "");
    bad_answer(s, 200, "[\"access_token\"]");
    bad_answer(s, 503, grant(s, any(s), NULL, HOUR));
}

static void bad_token(struct session *s)
{
    const char *t = any(s);

    bad_answer(s, 200, "{\"token_type\": \"Bearer\"}");
    bad_answer(s, 200, "{\"token_type\": \"Bearer\", \"access_token\": 17}");
    bad_answer(s, 200, grant(s, "", NULL, HOUR));
    bad_answer(s, 200, session_print(s, "{\"access_token\": \"%s\"}", t));
    bad_answer(s, 200, session_print(s, "{\"token_type\": \"mac\", \"access_token\": \"%s\"}", t));
    bad_answer(s, 200, grant(s, session_print(s, "%s\\r\\nX-Admin: yes", t), NULL, HOUR));
    bad_answer(s, 200, grant(s, session_print(s, "%s\\u00e4", t), NULL, HOUR));
}

static void too_long(struct session *s)
{
    char *padding = session_alloc(s, LONG + 1);

    memset(padding, ' ', LONG);
    bad_answer(s, 200, session_print(s, "%s%s", padding, grant(s, any(s), NULL, HOUR)));
}

/* ---- what nobody may read ---- */

static void never_printed(struct session *s)
{
    struct site *site = begin(s, FEW);
    const char *refresh = any(s), *token = give(site, JOB, refresh, HOUR, FIRST);

    ok(site, 0, token, GOOD);
    serve(site, 1, token, 401, false, GOOD);
    struct web_request r = take_token(site, refresh_form(s, refresh), OVER);
    answer(&r, 400, JSON,
           session_print(s,
                         "{\"error\": \"invalid_scope\", \"error_description\": \"%s of %s with "
                         "%s: no\", \"error_uri\": \"/%s\"}",
                         refresh, site->id, site->secret, token));
    end(site, NO_TOKEN, LAST);
    expect_error(site->student, "invalid_scope");
    expect_untold(site->student, token, "the token");
    expect_untold(site->student, refresh, "the refresh token");
    expect_untold(site->student, site->secret, "the secret");
}

static void error_is_a_lie(struct session *s)
{
    struct site *site = begin(s, 1);
    struct web_request r = take_token(site, JOB, FIRST);
    const char *lie = session_print(s, "\\u001b[2J%s", site->secret);

    answer(&r, 400, JSON, session_print(s, "{\"error\": \"%s\"}", lie));
    end(site, NO_TOKEN, STOP);
    expect_untold(site->student, site->secret, "the secret");
    expect_untold(site->student, "\x1b", "an escape sequence of the server");
}

static void redirected(struct session *s)
{
    struct site *site = begin(s, 2);
    struct peer *thief = peer_listen(s, "127.0.0.1");
    const char *token = give(site, JOB, NULL, HOUR, FIRST);
    struct web_request r = take_get(site, 0, token, GOOD);
    const char *line = session_print(s, "302 0 %s\n", site->urls[0]);

    answer(&r, 302, session_print(s, "Location: http://127.0.0.1:%s/steal\r\n", peer_port(thief)),
           "");
    add_line(site, line);
    r = take(site, site->things, "a redirect is an answer like others");
    if (strcmp(r.target, site->paths[1]) != 0)
        session_blame(s, "Your program followed a redirect, to %.60s.", r.target);
    answer(&r, 200, "", "");
    line = session_print(s, "200 0 %s\n", site->urls[1]);
    add_line(site, line);
    end(site, 1, "A redirect is not followed: the token would go to a stranger.");
}

/* ---- the rest ---- */

static void broken(struct session *s)
{
    struct site *site = plan(s);
    const char *gone =
        session_print(s, "http://127.0.0.1:%s/", peer_port(peer_refuse(s, "127.0.0.1")));

    site->urls[1] = gone;
    start(site, FEW);
    const char *token = give(site, JOB, NULL, HOUR, FIRST);
    struct web_request r = take_get(site, 0, token, GOOD);
    static const char HALF[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    link_send(r.link, HALF, strlen(HALF));
    link_close(r.link);
    const char *lines = session_print(s, "- - %s\n- - %s\n", site->urls[0], gone);
    add_line(site, lines);
    ok(site, 2, token, "one that fails does not stop the rest");
    end(site, 1, DONE);
    expect_error(site->student, gone);
}

static void token_server_gone(struct session *s)
{
    struct site *site = plan(s);

    site->tokens = peer_refuse(s, "127.0.0.1");
    start(site, 1);
    end(site, NO_TOKEN, STOP);
}

static void no_file(struct session *s)
{
    struct student *p =
        student_start(s, "nowhere", "http://127.0.0.1:1/", "http://127.0.0.1:1/", NULL);

    expect_output(p, "", 0);
    expect_failure(p, 2);
}

static void leaks(struct session *s)
{
    struct site *site = begin(s, 2);
    const char *refresh = any(s), *token = give(site, JOB, refresh, HOUR, FIRST);

    serve(site, 0, token, 401, false, GOOD);
    token = give(site, refresh_form(s, refresh), any(s), HOUR, OVER);
    ok(site, 0, token, NEW);
    ok(site, 1, token, GOOD);
    end(site, 0, DONE);
}

static const struct test_case cases[] = {
    {.name = "token-reused",
     .title = "one token for all URLs",
     .points = 2,
     .teaches = "A token is good until it ends. Whoever fetches one for each request doubles the "
                "work of everybody.",
     .run = reused},
    {.name = "no-expiry",
     .title = "a token of which no end is known",
     .points = 1,
     .teaches = "expires_in may be missing. A time of 0 is then not known, and not past.",
     .run = no_expiry},
    {.name = "coded-secret",
     .title = "an id and a secret with all kinds of bytes",
     .points = 2,
     .teaches = "Both are coded as in a form before they are coded as Basic: else the colon in the "
                "id would end it.",
     .run = coded_secret},
    {.name = "lower-case",
     .title = "token_type in other letters, fields that nobody knows",
     .points = 1,
     .teaches = "The case of token_type does not count, and unknown fields are to be ignored.",
     .run = lower_case},
    {.name = "expired",
     .title = "a token that expires in mid-run",
     .points = 2,
     .teaches = "It was refused with 401 long before its time. A new one, and the same request "
                "again: nobody should notice.",
     .run = expired},
    {.name = "once",
     .title = "renews once for a request",
     .points = 2,
     .teaches =
         "The new token was refused too. Renewing again would go on for ever: the second 401 "
         "is the answer.",
     .run = once},
    {.name = "due-soon",
     .title = "a token that is about to end",
     .points = 1,
     .teaches = "With less than 5 seconds left it might end on the way. It is renewed before the "
                "next request.",
     .run = due_soon},
    {.name = "other-errors",
     .title = "403 and 500 are not about the token",
     .points = 1,
     .teaches = "Only 401 says that the token is no good.",
     .run = other_errors},
    {.name = "rotated",
     .title = "a new refresh token each time",
     .points = 2,
     .teaches =
         "The answer brought another refresh token. The old one, used again, would look like "
         "a thief's.",
     .run = rotated},
    {.name = "kept",
     .title = "a refresh token that stays",
     .points = 1,
     .teaches = "The answer had no refresh token. Then the old one stays good.",
     .run = kept},
    {.name = "coded-refresh",
     .title = "a refresh token with all kinds of bytes",
     .points = 1,
     .teaches = "It goes into a form: what is not a letter or a digit has to be coded.",
     .run = coded_refresh},
    {.name = "refresh-refused",
     .title = "a refresh token that is no longer good",
     .points = 2,
     .teaches = "invalid_grant means that the refresh token has ended. The client's own secret is "
                "still there.",
     .run = refresh_refused},
    {.name = "refused",
     .title = "the token server says no",
     .points = 1,
     .teaches = "Its error is JSON: the word in it says whose fault it is.",
     .run = refused},
    {.name = "refused-later",
     .title = "it says no in mid-run",
     .points = 1,
     .teaches = "Other errors than invalid_grant are not mended by trying another grant. What was "
                "fetched before stays printed.",
     .run = refused_later},
    {.name = "no-json",
     .title = "answers that are no token",
     .points = 1,
     .teaches = "A page of HTML with 200, nothing at all, a list, a token with 503.",
     .run = no_json},
    {.name = "bad-token",
     .title = "tokens that may not be sent",
     .points = 2,
     .teaches = "Missing, a number, empty, of another type, or with a CR LF in it that would write "
                "a header of its own.",
     .run = bad_token},
    {.name = "too-long",
     .title = "100 KiB of an answer",
     .points = 1,
     .teaches = "An answer that is kept in memory has a limit.",
     .run = too_long},
    {.name = "never-printed",
     .title = "what nobody may read",
     .points = 2,
     .teaches = "The error's description held the token, the refresh token and the secret. What is "
                "printed ends up in logs.",
     .run = never_printed},
    {.name = "error-is-a-lie",
     .title = "an error with an escape sequence and the secret",
     .points = 1,
     .teaches = "The name of an error is letters and \"_\". Anything else is not repeated.",
     .run = error_is_a_lie},
    {.name = "redirected",
     .title = "a redirect to a stranger",
     .points = 1,
     .teaches = "Whoever is handed the token can use it. It goes to the URLs that were given.",
     .run = redirected},
    {.name = "broken",
     .title = "one that breaks off, one that is not there",
     .points = 1,
     .teaches = "They have no status. The others are asked for all the same.",
     .run = broken},
    {.name = "token-server-gone",
     .title = "nobody at the token server",
     .points = 1,
     .teaches = "No token, no request.",
     .run = token_server_gone},
    {.name = "no-file",
     .title = "no file of the client",
     .points = 1,
     .teaches = "It is not there: nobody can be asked.",
     .run = no_file},
    {.name = "leaks",
     .title = "all memory is freed",
     .points = 1,
     .teaches = "Handles, answers and tokens of both rounds.",
     .run = leaks,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, cases);
}
