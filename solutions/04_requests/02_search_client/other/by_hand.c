/*
 * Exercise 4.2, with the URL put together as text: each byte is coded by hand, and libcurl's own
 * parser sees the whole at last.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"

static const char USAGE[] = "URL [param NAME VALUE | header NAME VALUE | without NAME]...";
static const char TOKEN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "!#$%&'*+-.^_`|~"; /* RFC 9110, section 5.6.2 */
static const char FREE[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                           "-._~"; /* RFC 3986, section 2.3 */
enum { BODY_MOST = 1 << 20, TIME_MS = 10000 };

struct question {
    struct buffer url;
    struct curl_slist *headers;
};

/* The command line is right, or the program ends. */
static void check_usage(char **arguments)
{
    if (*arguments == NULL)
        die_usage(USAGE);
    for (arguments++; *arguments != NULL;) {
        int values = strcmp(*arguments, "without") == 0  ? 1
                     : strcmp(*arguments, "param") == 0  ? 2
                     : strcmp(*arguments, "header") == 0 ? 2
                                                         : 0;
        if (values == 0)
            die_usage(USAGE);
        for (arguments++; values > 0; values--)
            if (*arguments++ == NULL)
                die_usage(USAGE);
    }
}

static int add_coded(struct buffer *url, const char *text)
{
    int result = 0;

    for (; *text != '\0' && result == 0; text++) {
        if (strchr(FREE, *text) != NULL)
            result = buffer_add(url, text, 1);
        else if (*text == ' ')
            result = buffer_add(url, "+", 1);
        else
            result = buffer_print(url, "%%%02x", (unsigned int)(unsigned char)*text);
    }
    return result;
}

static int add_param(struct buffer *url, const char *name, const char *value,
                     struct requests_error *error)
{
    const char *mark = strchr(buffer_text(url), '?') == NULL ? "?" : "&";

    if (buffer_add(url, mark, 1) == 0 && add_coded(url, name) == 0 &&
        buffer_add(url, "=", 1) == 0 && add_coded(url, value) == 0)
        return 0;
    return requests_error_set(error, REQUESTS_NO_MEMORY, "no memory for a parameter");
}

/* value is NULL for a header that is not to be sent. */
static int add_header(struct curl_slist **list, const char *name, const char *value,
                      struct requests_error *error)
{
    struct buffer line = {0};
    int result = -1;

    if (*name == '\0' || name[strspn(name, TOKEN)] != '\0')
        return requests_error_set(error, REQUESTS_INVALID_HEADER, "no name of a header");
    if (value == NULL)
        result = buffer_print(&line, "%s:", name);
    else if (*value == '\0')
        result = buffer_print(&line, "%s;", name); /* libcurl's way to send it empty */
    else
        result = buffer_print(&line, "%s: %s", name, value);
    errno = result == 0 ? errno : ENOMEM;
    if (result == 0)
        result = easy_append(list, buffer_text(&line));
    if (result == -1)
        (void)requests_error_set(error, REQUESTS_INVALID_HEADER, "%s: %s", name,
                                 errno == EINVAL ? "line end in its value" : "no memory");
    buffer_free(&line);
    return result;
}

/* Appends a header of this program's, unless the list says something about that name. */
static int add_own(struct curl_slist **list, const char *name, const char *value,
                   struct requests_error *error)
{
    size_t length = strlen(name);

    for (const struct curl_slist *line = *list; line != NULL; line = line->next)
        if (strncasecmp(line->data, name, length) == 0 && strchr(":;", line->data[length]) != NULL)
            return 0;
    return add_header(list, name, value, error);
}

/* Sets up question from the command line. Returns 0, or -1 and an error. */
static int read_question(char **arguments, struct question *question, struct requests_error *error)
{
    const char *url = *arguments;
    int result = 0;

    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
        return requests_error_set(error, REQUESTS_INVALID_URL, "%s: neither http: nor https:", url);
    if (buffer_add(&question->url, url, strcspn(url, "#")) == -1)
        return requests_error_set(error, REQUESTS_NO_MEMORY, "no memory for the URL");
    for (char **at = arguments + 1; *at != NULL && result == 0;) {
        if (strcmp(*at, "param") == 0)
            result = add_param(&question->url, at[1], at[2], error);
        else
            result = add_header(&question->headers, at[1], **at == 'h' ? at[2] : NULL, error);
        at += **at == 'w' ? 2 : 3;
    }
    if (result == 0)
        result = add_own(&question->headers, "Accept", "application/json", error);
    if (result == 0)
        result = add_own(&question->headers, "User-Agent", "search_client/1.0", error);
    return result;
}

/* Returns 0, or -1 and an error. */
static int ask(CURL *curl, const struct question *question, struct requests_error *error)
{
    char words[CURL_ERROR_SIZE] = "";
    struct easy_body body = {.limit = BODY_MOST};
    long status = 0;
    CURLcode code = CURLE_OK;
    int result = 0;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, buffer_text(&question->url));
    easy_set(code, curl, CURLOPT_HTTPHEADER, question->headers);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, (long)TIME_MS);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, &body);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK)
        result = requests_error_from(error, code, curl, words);
    else if (status < 200 || status > 299)
        result = requests_error_set(error, REQUESTS_HTTP, "status %ld", status);
    else if (fwrite(body.bytes.data, 1, body.bytes.length, stdout) != body.bytes.length)
        result = requests_error_set(error, REQUESTS_FILE, "standard output");
    buffer_free(&body.bytes);
    return result;
}

int main(int argc, char **argv)
{
    struct question question = {0};
    struct requests_error error = {0};

    (void)argc; /* argv ends with NULL */
    check_usage(argv + 1);
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        die("no memory for a handle");
    int result = read_question(argv + 1, &question, &error);
    if (result == 0)
        result = ask(curl, &question, &error);
    if (result == -1)
        report("%s: %s", requests_failure_name(error.failure), error.text);
    curl_easy_cleanup(curl); /* before what it points to */
    curl_slist_free_all(question.headers);
    buffer_free(&question.url);
    curl_global_cleanup();
    finish(result == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
