/*
 * 2.16  Programmatic requests
 *
 * Logs in to an API, keeps the session in a file, and copes with the errors of each call.
 *
 * Python:  urllib.request with an HTTPCookieProcessor; requests.Session (chapter 4)
 * Usage:   16_programmatic_requests HOST PORT USER JAR <calls
 *          A line of calls is METHOD PATH, and perhaps JSON; the password is in PASSWORD.
 * See:     RFC 9110 sections 10.2.3, 15.5.2 and 15.6.4; RFC 9457; http/cookiejar.h
 * Leaves out: TLS (lesson 2.07), without which a password is sent to a test server only.
 */
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "http/client.h"
#include "http/cookiejar.h"
#include "http/forms.h"
#include "http/status.h"

enum { BODY = 1 << 20, TRIES = 3, PATIENCE = 10 }; /* bytes; calls; seconds */

struct session {
    struct http_client *client;
    struct http_jar *jar;
    const char *host, *user, *password;
    const struct http_head *head; /* of the last answer */
    struct buffer body;           /* and its body */
};

/* [exchange] One request, with the cookies that belong to it, and its answer. Returns its status.
 */
static int exchange(struct session *s, const char *method, const char *path, const char *type,
                    const char *body)
{
    const struct http_jar_request request = {.host = s->host, .path = path};
    struct http_headers headers = {0};
    struct buffer cookies = {0};
    int set = http_jar_header(s->jar, &request, time(NULL), &cookies);

    if (set == -1 || (set > 0 && http_headers_add(&headers, "Cookie", cookies.data) == -1) ||
        (body != NULL && http_headers_add(&headers, "Content-Type", type) == -1) ||
        http_headers_add(&headers, "Accept", "application/json") == -1)
        die("out of memory");
    s->body.length = 0;
    enum http_client_result result = http_client_request(s->client, method, path, &headers, body,
                                                         body != NULL ? strlen(body) : 0);
    if (result == HTTP_CLIENT_OK)
        result = http_client_get_response(s->client, &s->head);
    if (result == HTTP_CLIENT_OK)
        result = http_client_read_all(s->client, &s->body, BODY);
    if (result != HTTP_CLIENT_OK)
        die("%s %s: %s: %s", method, path, http_client_exception(result),
            http_client_error(s->client));
    if (http_jar_extract(s->jar, &request, &s->head->headers, time(NULL)) == -1)
        die("out of memory");
    buffer_free(&cookies);
    http_headers_free(&headers);
    return s->head->status;
}
/* [/exchange] */

/* [log-in] */
static bool log_in(struct session *s)
{
    struct buffer form = {0};

    if (http_form_add(&form, "user", s->user) == -1 ||
        http_form_add(&form, "password", s->password) == -1)
        die("out of memory");
    int status = exchange(s, "POST", "/login", "application/x-www-form-urlencoded", form.data);
    OPENSSL_cleanse(form.data, form.length); /* it holds the password */
    buffer_free(&form);
    (void)printf("POST /login: %d\n", status);
    return http_status_class(status) == 2;
}
/* [/log-in] */

/* [pause] Waits as long as the server asks for. False when that is too long, or not said. */
static bool pause_for(const struct session *s)
{
    const char *after = http_headers_get(&s->head->headers, "Retry-After");
    long seconds;

    if (after == NULL || !number_parse(after, 0, PATIENCE, &seconds))
        return false;
    return nanosleep(&(struct timespec){.tv_sec = seconds}, NULL) == 0;
}
/* [/pause] */

/* Makes a call, and once more where the server has said that it did nothing, and why. */
static int call(struct session *s, const char *method, const char *path, const char *json)
{
    bool logged_in = false, again = true;
    int status = 0;

    /* [call] */
    for (int tries = 0; again && tries < TRIES; tries++) {
        status = exchange(s, method, path, "application/json", json);
        (void)printf("%s %s: %d\n", method, path, status);
        again = false;
        if (status == 401 && !logged_in)
            again = logged_in = log_in(s);
        else if (status == 503 || status == 429)
            again = pause_for(s);
    }
    /* [/call] */
    return status;
}

/* Prints what a stranger wrote. A control character could steer the terminal: it becomes '?'. */
static void print_line(const char *before, const char *text)
{
    (void)printf("  %s", before);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        bool second = c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f; /* U+0080 to U+009F */
        c += second;
        (void)putchar(second || *c < ' ' || *c == 0x7f ? '?' : *c);
    }
    (void)putchar('\n');
}

/* [show] What the answer says, or why there is none that counts. True for success. */
static bool show(const struct session *s, int status)
{
    const char *place = http_headers_get(&s->head->headers, "Location"), *detail = "";
    json_t *value = json_loadb(buffer_text(&s->body), s->body.length, JSON_REJECT_DUPLICATES, NULL);
    bool good = http_status_class(status) == 2;

    if (!good && json_unpack(value, "{s:s}", "detail", &detail) == -1)
        detail = s->head->reason; /* an error of somebody who does not know RFC 9457 */
    if (!good)
        print_line("", detail);
    if (place != NULL)
        print_line("at ", place);
    if (good && value != NULL) {
        char *text = json_dumps(value, JSON_COMPACT);
        print_line("", text != NULL ? text : "");
        free(text);
    }
    json_decref(value);
    return good;
}
/* [/show] */

/* Makes the call that a line says. */
static bool call_line(struct session *s, char *line)
{
    char *rest;
    const char *method = strtok_r(line, " ", &rest), *path = strtok_r(NULL, " ", &rest);
    const char *json = strtok_r(NULL, "", &rest);

    return method == NULL || path == NULL || show(s, call(s, method, path, json));
}

int main(int argc, char **argv)
{
    struct session s = {.host = argv[1], .password = getenv("PASSWORD")};
    struct error error;
    char *line = NULL;
    size_t room = 0;
    bool good = true;

    if (argc != 5 || s.password == NULL)
        die_usage("HOST PORT USER JAR <calls, with the password in the variable PASSWORD");
    s.user = argv[3];
    s.client = http_client_new(argv[1], argv[2], NULL, NULL, &error);
    s.jar = http_jar_new(NULL);
    if (s.client == NULL || s.jar == NULL)
        die("%s", s.client == NULL ? error.text : "out of memory");
    if (access(argv[4], F_OK) == 0 && /* else it is the first time */
        http_jar_load(s.jar, argv[4], HTTP_JAR_SESSION, time(NULL), &error) == -1)
        die("%s", error.text);
    while (getline(&line, &room, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        good = call_line(&s, line) && good;
    }
    if (http_jar_save(s.jar, argv[4], HTTP_JAR_SESSION, time(NULL), &error) == -1)
        die("%s", error.text);
    free(line);
    http_client_free(s.client);
    http_jar_free(s.jar);
    buffer_free(&s.body);
    finish(good ? EXIT_SUCCESS : EXIT_FAILURE);
}
