/* Exercise 4.11, retry with a budget: what is tried, and how. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/number.h"
#include "harness/harness.h"

/* The exit statuses of the contract. */
enum { GOOD = 0, USAGE = 2, BAD_STATUS = 10, REFUSED, BROKEN, TIMEOUT };

enum {
    CLIENTS = 8, /* that fail together */
    TRIES = 5,
    BASE_MS = 80,   /* of theirs */
    SLACK_MS = 250, /* what a busy machine may add to a wait */
    DEADLINE_MS = 400,
    LATEST_MS = DEADLINE_MS * 12 / 10
};
static const char HOST[] = "127.0.0.1", AMPLE[] = "30000", SOON[] = "1";

/* One run of the program, and what it has to print. */
struct run {
    struct session *session;
    struct peer *server;
    struct student *student;
    const char *method, *target, *body;
    const char *lines; /* that are due so far */
    int tries;
    int64_t answered; /* when the last try had its answer: now_ms() */
};

/* ---- a run ---- */

static struct run *run_of(struct session *s, const char *method, const char *body)
{
    struct run *run = session_alloc(s, sizeof *run);

    *run = (struct run){.session = s, .method = method, .body = body, .lines = ""};
    run->server = peer_listen(s, HOST);
    run->target = session_print(s, "/%06x", session_random(s, 0x1000000));
    session_closes_early(s);
    return run;
}

static void start(struct run *run, const char *tries, const char *base, const char *budget)
{
    struct session *s = run->session;

    run->student = student_start(
        s, run->method, tries, base, budget,
        session_print(s, "http://%s:%s%s", HOST, peer_port(run->server), run->target), NULL);
    if (run->body != NULL)
        student_input(run->student, run->body, strlen(run->body));
    student_end_input(run->student);
}

/* A GET with many tries, hardly a wait, and much time. */
static struct run *visit(struct session *s)
{
    struct run *run = run_of(s, "GET", NULL);

    start(run, "20", SOON, AMPLE);
    return run;
}

/* The line that is due for the next try. */
static void due(struct run *run, const char *word)
{
    run->lines = session_print(run->session, "%s%d %s\n", run->lines, ++run->tries, word);
}

/* Fails if it asks once more, or says something else, or ends with another status. */
static void leave(struct run *run, int status, const char *reason)
{
    session_expect_nobody(run->session, reason);
    expect_output(run->student, run->lines, strlen(run->lines));
    if (status == GOOD)
        expect_exit(run->student, status);
    else
        expect_failure(run->student, status);
}

/* ---- tries ---- */

/* Takes the next try. */
static struct link *take(struct run *run)
{
    struct session *s = run->session;
    struct web_request request;

    if (!web_next_request(s, &request))
        session_fail(s, "Your program ended after %d tries; another one was due.", run->tries);
    if (strcmp(request.method, run->method) != 0 || strcmp(request.target, run->target) != 0)
        session_blame(s, "Try %d asks for \"%s %s\"; \"%s %s\" was due.", run->tries + 1,
                      request.method, request.target, run->method, run->target);
    if (run->body == NULL)
        return request.link;
    const char *length = web_request_field(&request, "Content-Length");
    long bytes;
    if (length == NULL || !number_parse(length, 0, 1 << 20, &bytes))
        session_blame(s, "Try %d has no Content-Length; its body has %zu bytes.", run->tries + 1,
                      strlen(run->body));
    if ((size_t)bytes != strlen(run->body))
        session_blame(s, "Try %d has a Content-Length of %ld; the body has %zu bytes.",
                      run->tries + 1, bytes, strlen(run->body));
    link_expect(request.link, run->body, strlen(run->body));
    return request.link;
}

/* Sends an answer; field is a whole line with its end, or "". */
static void send_answer(struct run *run, struct link *link, int status, const char *field)
{
    const char *body = strcmp(run->method, "HEAD") == 0 ? "" : "some body\n";
    const char *text = session_print(
        run->session, "HTTP/1.1 %d Whatever\r\nContent-Length: 10\r\nConnection: close\r\n%s\r\n%s",
        status, field, body);

    link_send(link, text, strlen(text));
    run->answered = now_ms();
}

/* Answers the next try with a status. */
static void answer(struct run *run, int status, const char *field)
{
    struct link *link = take(run);

    send_answer(run, link, status, field);
    link_wait_end(link);
    link_close(link);
    due(run, session_print(run->session, "%d", status));
}

/* Breaks the connection of the next try behind this text; with a reset, or in order. */
static void break_off(struct run *run, const char *text, bool reset)
{
    struct link *link = take(run);

    link_send(link, text, strlen(text));
    link_wait_read(link);
    if (reset)
        link_reset(link);
    else
        link_close(link);
    due(run, "broken");
}

/* ---- answers ---- */

static void first_try(struct session *s)
{
    struct run *run = visit(s);

    answer(run, 200, "");
    leave(run, GOOD, "the answer was good");
    run = run_of(s, "GET", NULL);
    start(run, "1", SOON, AMPLE);
    answer(run, 302, "Location: /elsewhere\r\n");
    leave(run, GOOD, "a redirect is an answer, and is not followed");
}

static void fails_at_first(struct session *s)
{
    static const int PASSING[] = {503, 429, 502, 504};
    struct run *run = visit(s);
    int count = 3 + (int)session_random(s, 5);

    for (int i = 0; i < count; i++)
        answer(run, PASSING[i % 4], "");
    answer(run, 200, "");
    leave(run, GOOD, "the answer was good");
}

static void final_statuses(struct session *s)
{
    static const int FINAL[] = {400, 404, 409, 500, 501};

    for (size_t i = 0; i < sizeof FINAL / sizeof FINAL[0]; i++) {
        struct run *run = visit(s);
        answer(run, FINAL[i], "");
        leave(run, BAD_STATUS,
              session_print(s, "%d will be %d again: there is no sense in a second try", FINAL[i],
                            FINAL[i]));
    }
}

static void other_methods(struct session *s)
{
    static const char *const METHODS[] = {"PUT", "DELETE", "HEAD"};

    for (size_t i = 0; i < 3; i++) {
        const char *body = session_print(s, "value %u\n", session_random(s, 1000000));
        struct run *run = run_of(s, METHODS[i], i == 0 ? body : NULL);
        start(run, "4", SOON, AMPLE);
        answer(run, 503, "");
        break_off(run, "", false);
        answer(run, 200, "");
        leave(run, GOOD, "the answer was good");
    }
}

static void number_of_tries(struct session *s)
{
    int count = 2 + (int)session_random(s, 4);
    struct run *run = run_of(s, "GET", NULL);

    start(run, session_print(s, "%d", count), SOON, AMPLE);
    for (int i = 0; i < count - 1; i++)
        answer(run, 503, "");
    answer(run, 502, "");
    leave(run, BAD_STATUS, session_print(s, "%d tries were allowed", count));
}

/* ---- connections ---- */

static void reset(struct session *s)
{
    struct run *run = visit(s);

    break_off(run, "", true);
    break_off(run, "HTTP/1.1 200 OK\r\nContent-Le", true);
    answer(run, 200, "");
    leave(run, GOOD, "the answer was good");
}

static void cut_body(struct session *s)
{
    struct run *run = visit(s);

    break_off(run, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsome", false);
    break_off(run, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n", false);
    break_off(run, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsome", true);
    answer(run, 200, "");
    leave(run, GOOD, "the answer was good");
}

static void nobody_listens(struct session *s)
{
    static const char *const METHODS[] = {"GET", "POST"};
    static const char LINES[] = "1 refused\n2 refused\n3 refused\n";
    struct peer *peer = peer_refuse(s, HOST);

    for (size_t i = 0; i < 2; i++) {
        struct student *p =
            student_start(s, METHODS[i], "3", SOON, AMPLE,
                          session_print(s, "http://%s:%s/", HOST, peer_port(peer)), NULL);
        student_end_input(p);
        expect_output(p, LINES, strlen(LINES));
        expect_failure(p, REFUSED);
    }
}

/* ---- what may not be done twice ---- */

static struct run *post(struct session *s)
{
    struct run *run = run_of(s, "POST", session_print(s, "order %u\n", session_random(s, 1000000)));

    start(run, "5", SOON, AMPLE);
    return run;
}

static void post_status(struct session *s)
{
    struct run *run = post(s);

    answer(run, 201, "");
    leave(run, GOOD, "the answer was good");
    run = post(s);
    answer(run, 503, "");
    leave(run, BAD_STATUS, "a POST that was sent may have been done: it is not sent again");
}

static void post_broken(struct session *s)
{
    for (int i = 0; i < 2; i++) {
        struct run *run = post(s);
        break_off(run, i == 0 ? "" : "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsome", i == 0);
        leave(run, BROKEN, "a POST that was sent may have been done: it is not sent again");
    }
}

/* ---- Retry-After ---- */

static void retry_after_seconds(struct session *s)
{
    struct run *run = visit(s);

    answer(run, 503, "Retry-After: 1\r\n");
    struct link *link = take(run);
    int64_t waited = now_ms() - run->answered;
    if (waited < 995)
        session_blame(s, "The answer had \"Retry-After: 1\"; the next try came after %d ms.",
                      (int)waited);
    send_answer(run, link, 200, "");
    link_wait_end(link);
    due(run, "200");
    leave(run, GOOD, "the answer was good");
}

static void retry_after_date(struct session *s)
{
    struct run *run = visit(s);
    time_t when = time(NULL) + 2;
    struct tm parts;
    char date[64];

    if (gmtime_r(&when, &parts) == NULL ||
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts) == 0)
        session_fail(s, "The harness has no date.");
    answer(run, 429, session_print(s, "Retry-After: %s\r\n", date));
    struct link *link = take(run);
    if (time(NULL) < when)
        session_blame(s, "The answer had \"Retry-After: %s\"; the next try came before that.",
                      date);
    send_answer(run, link, 200, "");
    link_wait_end(link);
    due(run, "200");
    leave(run, GOOD, "the answer was good");
}

static void retry_after_nonsense(struct session *s)
{
    struct run *run = visit(s);

    answer(run, 503, "Retry-After: soon\r\n");
    answer(run, 503, "Retry-After: Thu, 01 Jan 1998 00:00:00 GMT\r\n");
    answer(run, 503, "Retry-After: 0\r\n");
    answer(run, 200, "");
    leave(run, GOOD, "the answer was good");
}

static void retry_after_final(struct session *s)
{
    struct run *run = visit(s);

    answer(run, 404, "Retry-After: 1\r\n");
    leave(run, BAD_STATUS, "404 will be 404 again, whatever Retry-After says");
    run = post(s);
    answer(run, 503, "Retry-After: 1\r\n");
    leave(run, BAD_STATUS, "Retry-After makes no POST safe");
}

/* ---- the budget ---- */

static void beyond_budget(struct session *s)
{
    struct run *run;

    do {
        run = run_of(s, "GET", NULL);
        start(run, "20", SOON, session_print(s, "%d", 2 * DEADLINE_MS));
        answer(run, 503, "Retry-After: 3600\r\n");
        session_expect_nobody(s, "the wait is longer than the budget");
    } while (student_ran_ms(run->student) > DEADLINE_MS && session_again(s));
    leave(run, BAD_STATUS, "the wait is longer than the budget");
    expect_ran(run->student, 0, DEADLINE_MS); /* it does not wait before it gives up */
}

static void budget_is_spent(struct session *s)
{
    struct web_request request;
    struct run *run;

    session_unrecorded(s); /* how many tries there are is drawn */
    do {
        run = run_of(s, "GET", NULL);
        start(run, "20", "100", session_print(s, "%d", DEADLINE_MS));
        answer(run, 503, "");
        while (web_next_request(s, &request)) {
            send_answer(run, request.link, 503, "");
            link_wait_end(request.link);
            link_close(request.link);
            due(run, "503");
        }
    } while (student_ran_ms(run->student) > LATEST_MS && session_again(s));
    if (run->tries < 2)
        session_blame(s, "There was one try. The first wait is 100 ms at most, the budget %d ms.",
                      DEADLINE_MS);
    leave(run, BAD_STATUS, "the budget is spent");
    expect_ran(run->student, 0, LATEST_MS);
}

static void no_answer(struct session *s)
{
    static const char *const BEGUN[] = {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsome"};

    for (int i = 0; i < 2; i++) {
        struct run *run;
        do {
            run = run_of(s, "GET", NULL);
            start(run, "20", SOON, session_print(s, "%d", DEADLINE_MS));
            struct link *link = take(run);
            link_send(link, BEGUN[i], strlen(BEGUN[i]));
            link_wait_end(link);
            link_close(link);
            due(run, "timeout");
            session_expect_nobody(s, "the budget is spent");
        } while (student_ran_ms(run->student) > LATEST_MS && session_again(s));
        leave(run, TIMEOUT, "the budget is spent");
        expect_ran(run->student, DEADLINE_MS * 9 / 10, LATEST_MS);
    }
}

/* ---- the waits of many ---- */

struct crowd {
    struct session *s;
    struct student *students[CLIENTS];
    int64_t answered[CLIENTS];
    int tries[CLIENTS];
    int waits[CLIENTS][TRIES]; /* in ms, before try 2, 3 … */
};

/* All ask at once, and again and again: every try fails. */
static void fail_together(struct crowd *crowd)
{
    struct session *s = crowd->s;
    struct peer *peer = peer_listen(s, HOST);
    struct run run = {.session = s, .method = "GET"};
    struct web_request request;
    long i;

    for (i = 0; i < CLIENTS; i++) {
        crowd->tries[i] = 0;
        crowd->students[i] = student_start(
            s, "GET", session_print(s, "%d", TRIES), session_print(s, "%d", BASE_MS), AMPLE,
            session_print(s, "http://%s:%s/%ld", HOST, peer_port(peer), i), NULL);
        student_end_input(crowd->students[i]);
    }
    while (web_next_request(s, &request)) {
        if (!number_parse(request.target + 1, 0, CLIENTS - 1, &i) || crowd->tries[i] == TRIES)
            session_blame(s, "There is a request for \"%s\" that was not due.", request.target);
        if (crowd->tries[i] > 0)
            crowd->waits[i][crowd->tries[i] - 1] = (int)(now_ms() - crowd->answered[i]);
        crowd->tries[i]++;
        send_answer(&run, request.link, 503, "");
        crowd->answered[i] = now_ms();
    }
}

/* The longest wait allowed before the try behind n tries. */
static int most_of(int n)
{
    return BASE_MS << (n - 1);
}

/* The first wait that is too long: its client, or -1; *n is behind which try. */
static int find_long(const struct crowd *crowd, int *n)
{
    for (int i = 0; i < CLIENTS; i++)
        for (*n = 1; *n < crowd->tries[i]; (*n)++)
            if (crowd->waits[i][*n - 1] > most_of(*n) + SLACK_MS)
                return i;
    return -1;
}

/* Shortest and longest wait of all clients behind try n. */
static void find_range(const struct crowd *crowd, int n, int *shortest, int *longest)
{
    *shortest = *longest = crowd->waits[0][n - 1];
    for (int i = 1; i < CLIENTS; i++) {
        int wait = crowd->waits[i][n - 1];
        *shortest = wait < *shortest ? wait : *shortest;
        *longest = wait > *longest ? wait : *longest;
    }
}

/* What a fair draw gives but once in ten million times fails. */
static void judge_draws(const struct crowd *crowd)
{
    struct session *s = crowd->s;
    int shortest[TRIES], longest[TRIES], low = 0, apart = 0;

    for (int n = 1; n < TRIES; n++) {
        find_range(crowd, n, &shortest[n], &longest[n]);
        low += shortest[n] < most_of(n) / 2;
        apart += n >= 3 && longest[n] - shortest[n] >= most_of(n) / 4;
    }
    if (longest[3] < 2 * BASE_MS && longest[4] < 2 * BASE_MS)
        session_blame(s,
                      "%d clients waited at most %d ms behind their fourth try. The most doubles "
                      "with each try, and was %d ms there.",
                      CLIENTS, longest[4], most_of(4));
    if (low == 0)
        session_blame(s,
                      "Of %d waits none was in the lower half. A wait is drawn from 0 to the "
                      "most, all of that.",
                      CLIENTS * (TRIES - 1));
    if (apart == 0)
        session_blame(s,
                      "%d clients that failed together came back together: behind the fourth "
                      "try all of them between %d and %d ms later.",
                      CLIENTS, shortest[4], longest[4]);
}

static void fail_and_wait(struct session *s)
{
    static const char LINES[] = "1 503\n2 503\n3 503\n4 503\n5 503\n";
    struct crowd *crowd = session_alloc(s, sizeof *crowd);
    int n, late;

    crowd->s = s;
    session_closes_early(s);
    do
        fail_together(crowd);
    while ((late = find_long(crowd, &n)) != -1 && session_again(s));
    for (int i = 0; i < CLIENTS; i++) {
        expect_output(crowd->students[i], LINES, strlen(LINES));
        expect_failure(crowd->students[i], BAD_STATUS);
    }
    if (late != -1)
        session_blame(s, "Behind try %d a client waited %d ms; %d ms are the most.", n,
                      crowd->waits[late][n - 1], most_of(n));
    for (int i = 0; i < CLIENTS; i++)
        if (crowd->tries[i] != TRIES)
            session_blame(s, "A client was to try %d times, and tried %d times.", TRIES,
                          crowd->tries[i]);
    judge_draws(crowd);
}

/* ---- the rest ---- */

static void usage(struct session *s)
{
    static const char *const WRONG[][5] = {
        {"GET", "0", "1", "1", "http://127.0.0.1/"},   {"GET", "21", "1", "1", "http://127.0.0.1/"},
        {"GET", "3", "0", "1", "http://127.0.0.1/"},   {"GET", "3", "1", "x", "http://127.0.0.1/"},
        {"PATCH", "3", "1", "1", "http://127.0.0.1/"}, {"GET", "3", "1", "1", "ftp://127.0.0.1/"}};

    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        struct student *p =
            student_start(s, WRONG[i][0], WRONG[i][1], WRONG[i][2], WRONG[i][3], WRONG[i][4], NULL);
        expect_output(p, "", 0);
        expect_failure(p, USAGE);
    }
    first_try(s);
}

static void full_disk(struct session *s)
{
    session_fill_output(s);
    struct run *run = visit(s);
    struct link *link = take(run);
    send_answer(run, link, 200, "");
    expect_failure(run->student, 1);
}

static const struct test_case cases[] = {
    {.name = "first-try",
     .title = "a good answer at once",
     .points = 2,
     .teaches = "An answer below 400 is the end: a line, and status 0.",
     .run = first_try},
    {.name = "fails-at-first",
     .title = "429, 502, 503, 504, and then it works",
     .points = 3,
     .teaches = "These four pass: the same request may be answered well a moment later.",
     .run = fails_at_first},
    {.name = "final-statuses",
     .title = "400, 404, 409, 500, 501",
     .points = 2,
     .teaches = "The request is wrong, or the server is: asking again changes neither.",
     .run = final_statuses},
    {.name = "other-methods",
     .title = "PUT, DELETE and HEAD",
     .points = 2,
     .teaches = "They are idempotent: done twice is as good as done once. The body of a PUT goes "
                "along each time, whole.",
     .run = other_methods},
    {.name = "number-of-tries",
     .title = "a number of tries, no more",
     .points = 2,
     .teaches = "TRIES counts all tries, the first one too; what is reported is the last.",
     .run = number_of_tries},
    {.name = "reset",
     .title = "the connection is reset",
     .points = 2,
     .teaches = "A connection that breaks before the answer is there, or in its head, passes.",
     .run = reset},
    {.name = "cut-body",
     .title = "the answer is cut off in its body",
     .points = 2,
     .teaches = "200 is no good answer until its body is whole: by Content-Length, by chunks.",
     .run = cut_body},
    {.name = "nobody-listens",
     .title = "the connection is refused",
     .points = 2,
     .teaches = "Nothing was sent, so nothing can be done twice: a POST may be tried again, too.",
     .run = nobody_listens},
    {.name = "post-status",
     .title = "POST, answered with 503",
     .points = 2,
     .teaches = "A POST may have been done though the answer says 503: RFC 9110 section 9.2.2.",
     .run = post_status},
    {.name = "post-broken",
     .title = "POST, and the connection breaks",
     .points = 2,
     .teaches = "Nobody knows whether the order was placed. Sending it again may place it twice.",
     .run = post_broken},
    {.name = "beyond-budget",
     .title = "Retry-After is longer than the budget",
     .points = 2,
     .teaches = "There is no sense in waiting for what cannot be waited for to the end.",
     .run = beyond_budget,
     .limit_ms = 4000},
    {.name = "budget",
     .title = "it never works: the budget is spent",
     .points = 3,
     .teaches = "No try begins behind the budget, and nothing is waited for there.",
     .run = budget_is_spent,
     .limit_ms = 4000},
    {.name = "no-answer",
     .title = "the server does not answer, or stops in the middle",
     .points = 3,
     .teaches = "A try ends with the budget, too: a limit of time for it is what is left.",
     .run = no_answer,
     .limit_ms = 4000},
    {.name = "retry-after-nonsense",
     .title = "Retry-After that asks for nothing",
     .points = 1,
     .teaches = "0, a date that has passed and what is neither are no wait of the server's: then "
                "the wait is drawn.",
     .run = retry_after_nonsense},
    {.name = "retry-after-final",
     .title = "Retry-After where no try is allowed",
     .points = 1,
     .teaches = "Retry-After says when, not whether.",
     .run = retry_after_final},
    {.name = "usage",
     .title = "a wrong command line",
     .points = 1,
     .teaches = "Status 2 and a message, and nothing is sent.",
     .run = usage},
    {.name = "full-disk",
     .title = "what it prints cannot be written",
     .points = 1,
     .teaches = "printf() succeeds as long as there is room in its buffer: fflush() tells.",
     .run = full_disk},
    {.name = "nothing-left-behind",
     .title = "all memory is freed",
     .points = 1,
     .teaches = "curl_easy_cleanup(), curl_global_cleanup(), and what the body was kept in.",
     .run = other_methods,
     .leaks = true},
    {.name = "retry-after-seconds",
     .title = "Retry-After: 1",
     .points = 2,
     .teaches = "The server says how long it needs: asking earlier is one more 503.",
     .run = retry_after_seconds,
     .limit_ms = 4000},
    {.name = "jitter",
     .title = "eight clients that failed together",
     .points = 4,
     .teaches = "The longest wait doubles with each try, and the wait is drawn from 0 up to it: so "
                "clients that failed together come back one by one.",
     .run = fail_and_wait,
     .limit_ms = 5000},
    {.name = "retry-after-date",
     .title = "Retry-After is a date",
     .points = 2,
     .teaches = "The second form: an HTTP date. The wait lasts until then by this clock.",
     .run = retry_after_date,
     .limit_ms = 5000},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, cases);
}
