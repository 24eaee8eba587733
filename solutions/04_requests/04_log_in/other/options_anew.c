/*
 * The options are set anew for each request, behind a reset, and the redirect is taken apart and
 * compared part by part.
 */
#include <curl/curl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"

enum { BODY_LIMIT = 64 * 1024, LOGGED_OUT = 1, REFUSED };

struct work {
    CURL *curl;
    const char *base, *user, *password;
    char *csrf;     /* that of the last answer */
    json_t *answer; /* the last answer's object, or NULL */
    long status, limit_ms;
};

/* Appends name=value, coded, with an & in front of it if something is there. */
static void add_pair(struct buffer *form, const char *name, const char *value)
{
    char *coded = curl_easy_escape(NULL, value, (int)strlen(value));

    if (coded == NULL ||
        buffer_print(form, "%s%s=%s", form->length > 0 ? "&" : "", name, coded) == -1)
        die("out of memory");
    curl_free(coded);
}

/* Takes an answer apart, and keeps its token. */
static int take_answer(struct work *w, const struct buffer *body)
{
    json_decref(w->answer);
    w->answer = json_loadb(buffer_text(body), body->length, 0, NULL);
    const char *token = json_string_value(json_object_get(w->answer, "csrf"));
    if (token == NULL)
        return -1;
    free(w->csrf);
    w->csrf = strdup(token);
    return w->csrf != NULL ? 0 : -1;
}

/* Asks; form is NULL for GET. Returns 0 when there is an answer; or -1 and a message. */
static int ask(struct work *w, const char *url, const char *form)
{
    struct easy_body body = {.limit = BODY_LIMIT};
    CURLcode code = CURLE_OK;

    curl_easy_reset(w->curl);
    easy_set(code, w->curl, CURLOPT_COOKIELIST, ""); /* keeps cookies */
    easy_set(code, w->curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, w->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, w->curl, CURLOPT_TIMEOUT_MS, w->limit_ms);
    easy_set(code, w->curl, CURLOPT_NOSIGNAL, 1L);
    if (form != NULL)
        easy_set(code, w->curl, CURLOPT_COPYPOSTFIELDS, form);
    easy_set(code, w->curl, CURLOPT_URL, url);
    easy_set(code, w->curl, CURLOPT_WRITEDATA, &body);
    if (code == CURLE_OK)
        code = curl_easy_perform(w->curl);
    easy_get(code, w->curl, CURLINFO_RESPONSE_CODE, &w->status);
    if (code != CURLE_OK)
        report("%s: %s", url, curl_easy_strerror(code));
    else if (w->status / 100 == 2 && w->status != 204 && take_answer(w, &body.bytes) == -1) {
        report("%s: no token in the answer", url);
        code = CURLE_WEIRD_SERVER_REPLY;
    }
    buffer_free(&body.bytes);
    return code == CURLE_OK ? 0 : -1;
}

static int ask_base(struct work *w, const char *path, const char *form)
{
    struct buffer url = {0};

    if (buffer_print(&url, "%s%s", w->base, path) == -1)
        die("out of memory");
    int result = ask(w, url.data, form);
    buffer_free(&url);
    return result;
}

static int refused(const struct work *w, const char *what)
{
    report("%s: the server says %ld", what, w->status);
    return REFUSED;
}

/* The URL that the last answer leads to, if it is on the server of base; else NULL. */
static char *next_url(struct work *w)
{
    static const CURLUPart PARTS[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    struct curl_header *location;
    CURLU *url = curl_url(), *home = curl_url();
    char *next = NULL;
    bool same =
        url != NULL && home != NULL &&
        curl_easy_header(w->curl, "Location", 0, CURLH_HEADER, -1, &location) == CURLHE_OK &&
        curl_url_set(url, CURLUPART_URL, w->base, 0) == CURLUE_OK &&
        curl_url_set(home, CURLUPART_URL, w->base, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_URL, location->value, 0) == CURLUE_OK;

    for (size_t i = 0; same && i < sizeof PARTS / sizeof PARTS[0]; i++) {
        char *ours = NULL, *theirs = NULL;
        same = curl_url_get(home, PARTS[i], &ours, CURLU_DEFAULT_PORT) == CURLUE_OK &&
               curl_url_get(url, PARTS[i], &theirs, CURLU_DEFAULT_PORT) == CURLUE_OK &&
               strcmp(ours, theirs) == 0;
        curl_free(ours);
        curl_free(theirs);
    }
    if (same && curl_url_get(url, CURLUPART_URL, &next, 0) != CURLUE_OK)
        next = NULL;
    curl_url_cleanup(url);
    curl_url_cleanup(home);
    return next;
}

/* Returns 0, or another number and a message. */
static int log_in(struct work *w)
{
    struct buffer form = {0};
    char *next = NULL;

    if (ask_base(w, "/login", NULL) == -1)
        return -1;
    if (w->status != 200)
        return refused(w, "log in");
    add_pair(&form, "user", w->user);
    add_pair(&form, "password", w->password);
    add_pair(&form, "csrf", w->csrf);
    int result = ask_base(w, "/login", form.data);
    buffer_free(&form);
    if (result == -1)
        return -1;
    if (w->status != 303)
        return refused(w, "log in");
    next = next_url(w);
    if (next == NULL) {
        report("log in: the server sends us elsewhere");
        return -1;
    }
    result = ask(w, next, NULL);
    curl_free(next);
    if (result == 0 && w->status != 200)
        return refused(w, "log in");
    return result;
}

/* Returns 0; LOGGED_OUT; REFUSED, or -1 for no answer, and a message. */
static int send_note(struct work *w, const char *text)
{
    struct buffer form = {0};

    add_pair(&form, "text", text);
    add_pair(&form, "csrf", w->csrf);
    int result = ask_base(w, "/notes", form.data);
    buffer_free(&form);
    if (result == -1)
        return -1;
    if (w->status == 401)
        return LOGGED_OUT;
    json_t *id = json_object_get(w->answer, "id");
    if (w->status != 201 || !json_is_integer(id))
        return refused(w, "note");
    printf("%" JSON_INTEGER_FORMAT " %s\n", json_integer_value(id), text);
    return 0;
}

static int log_out(struct work *w)
{
    struct buffer form = {0};

    add_pair(&form, "csrf", w->csrf);
    int result = ask_base(w, "/logout", form.data);
    buffer_free(&form);
    return result == 0 && w->status != 204 ? refused(w, "log out") : result;
}

/* The same, with a message for each of them. */
static int work_on(struct work *w, FILE *notes)
{
    char *line = NULL;
    size_t size = 0;
    int result = 0;

    while (result == 0 && getline(&line, &size, notes) > 0) {
        line[strcspn(line, "\n")] = '\0';
        result = send_note(w, line);
        if (result == LOGGED_OUT)
            result = log_in(w) == 0 ? send_note(w, line) : -1;
        if (result == LOGGED_OUT)
            report("note: logged out");
    }
    free(line);
    return result;
}

int main(int argc, char **argv)
{
    static const char USAGE[] = "[-t MS] BASE USER";
    struct work w = {0};
    char *password = NULL;
    size_t size = 0;
    long limit = 5000;
    int option;

    while ((option = getopt(argc, argv, "+t:")) != -1)
        if (option != 't' || !number_parse(optarg, 1, 60000, &limit))
            die_usage(USAGE);
    if (argc - optind != 2 || strncmp(argv[optind], "http", 4) != 0 ||
        strstr(argv[optind], "://") == NULL)
        die_usage(USAGE);
    if (getline(&password, &size, stdin) < 1)
        die("no password on standard input");
    password[strcspn(password, "\n")] = '\0';
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not start");
    w = (struct work){.base = argv[optind], .user = argv[optind + 1], .password = password};
    w.limit_ms = limit;
    w.curl = curl_easy_init();
    if (w.curl == NULL)
        die("out of memory");
    int result = log_in(&w);
    if (result == 0) {
        result = work_on(&w, stdin);
        if ((result == 0 || result == REFUSED) && log_out(&w) != 0)
            result = -1;
    }
    curl_easy_cleanup(w.curl);
    curl_global_cleanup();
    json_decref(w.answer);
    free(w.csrf);
    free(password);
    finish(result == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
