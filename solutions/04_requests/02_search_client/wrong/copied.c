/* fails: plain blanks reserved utf8 names empty-value line-end-in-value query-kept added repeated replaced removed empty-header line-end-refused bad-name bad-status cut binary bad-url output-full clean */
/*
 * Lesson 4.02, with the arguments of this exercise.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"

static const char USAGE[] = "URL [param NAME VALUE | header NAME VALUE | without NAME]...";
enum { BODY_MOST = 1 << 20 };

/* What is asked. */
struct question {
    CURLU *url;
    const char *agent;
    struct curl_slist *headers;
};

static int add_param(CURLU *url, const char *field, struct requests_error *error)
{
    unsigned int how = CURLU_APPENDQUERY | CURLU_URLENCODE;
    CURLUcode code = curl_url_set(url, CURLUPART_QUERY, field, how);

    if (code != CURLUE_OK)
        return requests_error_set(error, REQUESTS_INVALID_URL, "%s: %s", field,
                                  curl_url_strerror(code));
    return 0;
}

static int add_header(struct question *question, const char *line, struct requests_error *error)
{
    if (line[strcspn(line, ":;")] == '\0')
        return requests_error_set(error, REQUESTS_INVALID_HEADER, "%s: no colon", line);
    if (easy_append(&question->headers, line) == 0)
        return 0;
    if (errno == EINVAL)
        return requests_error_set(error, REQUESTS_INVALID_HEADER, "a header has no line end in it");
    return requests_error_set(error, REQUESTS_NO_MEMORY, "no memory for a header");
}

/* Sets up question from the command line. Returns 0, or -1 and an error. */
static int read_question(char **arguments, struct question *question, struct requests_error *error)
{
    const char *url = *arguments++;
    CURLUcode code = curl_url_set(question->url, CURLUPART_URL, url, 0);

    if (code != CURLUE_OK)
        return requests_error_set(error, REQUESTS_INVALID_URL, "%s: %s", url,
                                  curl_url_strerror(code));
    if (strpbrk(question->agent, "\r\n") != NULL) /* libcurl would send it as it is */
        return requests_error_set(error, REQUESTS_INVALID_HEADER, "line end in --agent");
    while (*arguments != NULL) {
        const char *what = *arguments++, *name = *arguments;
        char line[1024];
        int result;
        if (name == NULL || (*what != 'w' && arguments[1] == NULL))
            die_usage(USAGE);
        if (strcmp(what, "param") == 0) {
            (void)snprintf(line, sizeof line, "%s=%s", name, arguments[1]);
            result = add_param(question->url, line, error);
        } else if (strcmp(what, "header") == 0) {
            (void)snprintf(line, sizeof line, "%s: %s", name, arguments[1]);
            result = add_header(question, line, error);
        } else if (strcmp(what, "without") == 0) {
            (void)snprintf(line, sizeof line, "%s:", name);
            result = add_header(question, line, error);
        } else {
            die_usage(USAGE);
        }
        arguments += *what == 'w' ? 1 : 2;
        if (result == -1)
            return -1;
    }
    return 0;
}

/* Returns 0, or -1 and an error. */
static int ask(CURL *curl, const struct question *question, struct requests_error *error)
{
    char words[CURL_ERROR_SIZE] = "";
    struct easy_body body = {.limit = BODY_MOST};
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_CURLU, question->url); /* not copied */
    easy_set(code, curl, CURLOPT_USERAGENT, question->agent);
    easy_set(code, curl, CURLOPT_HTTPHEADER, question->headers);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, 10000L);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, &body);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        printf("%s\n", buffer_text(&body.bytes));
    buffer_free(&body.bytes);
    return code == CURLE_OK ? 0 : requests_error_from(error, code, curl, words);
}

int main(int argc, char **argv)
{
    struct question question = {.agent = "workbook/4.02"};
    struct requests_error error = {0};

    if (argc < 2)
        die_usage(USAGE);
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    CURL *curl = curl_easy_init();
    question.url = curl_url();
    if (curl == NULL || question.url == NULL)
        die("no memory for a handle");
    int result = read_question(argv + 1, &question, &error);
    if (result == 0)
        result = ask(curl, &question, &error);
    if (result == -1)
        report("%s: %s", requests_failure_name(error.failure), error.text);
    curl_easy_cleanup(curl); /* before what it points to */
    curl_slist_free_all(question.headers);
    curl_url_cleanup(question.url);
    curl_global_cleanup();
    finish(result == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
