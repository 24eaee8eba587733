/*
 * 4.03  Methods
 *
 * Sends a request by any method, with a form or other data, and shows what goes over the wire.
 *
 * Python:  requests.post(), put(), patch(), delete(), head(), options(), request()
 * Usage:   03_methods [--data TEXT] [--type TYPE] [--expect] [--follow] [--custom] [--wait MS]
 *                     METHOD [URL [NAME=VALUE]...]
 *          The fields are sent as a form. --custom sets even GET, HEAD and POST by their name.
 * See:     CURLOPT_POSTFIELDS(3), CURLOPT_NOBODY(3), CURLOPT_CUSTOMREQUEST(3), RFC 9110 sections 9,
 *          10.1.1 and 15.4
 * Leaves out: bodies that are read from a file (lesson 4.10), redirects in full (4.14).
 */
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"
#include "requests/error.h"

static const char USAGE[] = "[--data TEXT] [--type TYPE] [--expect] [--follow] [--custom] "
                            "[--wait MS] METHOD [URL [NAME=VALUE]...]";

struct wishes {
    const char *method, *url, *data, *type; /* data, type: or NULL */
    bool expect, follow, custom;
    long wait;
};

/* Prints the lines of a head that goes out: libcurl has it in one piece. */
static void show_head(const char *bytes, size_t length)
{
    const char *end;

    while (length > 2 && (end = memchr(bytes, '\n', length)) != NULL) {
        printf("-> %.*s\n", (int)(end - bytes - 1), bytes);
        length -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
    }
}

/* Of the lines that come in only these are shown. */
static bool is_shown(const char *line, size_t length)
{
    return (length > 5 && strncmp(line, "HTTP/", 5) == 0) ||
           (length > 6 && strncasecmp(line, "Allow:", 6) == 0);
}

/* libcurl calls it with all that goes out and comes in. */
static int on_debug(CURL *curl, curl_infotype what, char *bytes, size_t length, void *context)
{
    (void)curl;
    (void)context;
    if (what == CURLINFO_HEADER_OUT)
        show_head(bytes, length);
    else if (what == CURLINFO_DATA_OUT)
        printf("-> %.*s\n", (int)length, bytes);
    else if (what == CURLINFO_HEADER_IN && is_shown(bytes, length))
        printf("<- %.*s\n", (int)strcspn(bytes, "\r\n"), bytes);
    return 0;
}

/* [form] Adds a field, coded. Returns 0, or -1: no memory. */
static int add_field(CURL *curl, struct buffer *form, const char *field)
{
    size_t name = strcspn(field, "=");
    const char *separator = form->length > 0 ? "&" : "";
    const char *value = field[name] == '=' ? field + name + 1 : "";
    char *left = curl_easy_escape(curl, field, (int)name);
    char *right = curl_easy_escape(curl, value, 0);
    int result = -1;

    if (left != NULL && right != NULL)
        result = buffer_print(form, "%s%s=%s", separator, left, right);
    curl_free(left);
    curl_free(right);
    return result;
}
/* [/form] */

/* [method] */
static CURLcode set_method(CURL *curl, const struct wishes *wishes)
{
    CURLcode code = CURLE_OK;
    const char *data = wishes->data;
    bool known = !wishes->custom;

    if (data != NULL) { /* makes it a POST, whatever it was */
        easy_set(code, curl, CURLOPT_POSTFIELDSIZE, (long)strlen(data));
        easy_set(code, curl, CURLOPT_POSTFIELDS, data); /* not copied */
    }
    if (known && strcmp(wishes->method, "POST") == 0)
        return code;
    if (known && strcmp(wishes->method, "HEAD") == 0)
        easy_set(code, curl, CURLOPT_NOBODY, 1L); /* wait for none */
    else if (!known || data != NULL || strcmp(wishes->method, "GET") != 0)
        easy_set(code, curl, CURLOPT_CUSTOMREQUEST, wishes->method);
    return code;
}
/* [/method] */

static CURLcode send_request(CURL *curl, const struct wishes *wishes, struct curl_slist *headers,
                             char *words)
{
    struct easy_body body = {.limit = 1 << 20};
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, wishes->url);
    easy_set(code, curl, CURLOPT_HTTPHEADER, headers);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_FOLLOWLOCATION, wishes->follow ? 1L : 0L);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, wishes->wait);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, &body);
    easy_set(code, curl, CURLOPT_DEBUGFUNCTION, on_debug);
    easy_set(code, curl, CURLOPT_VERBOSE, 1L);
    if (code == CURLE_OK)
        code = set_method(curl, wishes);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        printf("<- %zu bytes\n", body.bytes.length);
    buffer_free(&body.bytes);
    return code;
}

/* Returns 0, or -1 and an error. */
static int request(const struct wishes *wishes, char **fields, struct requests_error *error)
{
    char words[CURL_ERROR_SIZE] = "", type[200];
    struct wishes all = *wishes;
    struct curl_slist *headers = NULL;
    struct buffer form = {0};
    CURL *curl = curl_easy_init();

    if (curl == NULL)
        die("no memory for a handle");
    for (; *fields != NULL; fields++)
        if (add_field(curl, &form, *fields) == -1)
            die("no memory for a form");
    if (form.length > 0)
        all.data = form.data;
    else if (all.data == NULL && strcmp(all.method, "POST") == 0)
        all.data = ""; /* a POST without data has a Content-Length too: 0 */
    (void)snprintf(type, sizeof type, "Content-Type: %s", all.type != NULL ? all.type : "");
    if ((all.type != NULL && easy_append(&headers, type) == -1) ||
        (all.expect && easy_append(&headers, "Expect: 100-continue") == -1))
        die_errno("%s", type);
    CURLcode code = send_request(curl, &all, headers, words);
    int result = code == CURLE_OK ? 0 : requests_error_from(error, code, curl, words);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    buffer_free(&form);
    return result;
}

static void read_options(int argc, char **argv, struct wishes *wishes)
{
    static const struct option OPTIONS[] = {{"data", required_argument, NULL, 'd'},
                                            {"type", required_argument, NULL, 't'},
                                            {"expect", no_argument, NULL, 'e'},
                                            {"follow", no_argument, NULL, 'f'},
                                            {"custom", no_argument, NULL, 'c'},
                                            {"wait", required_argument, NULL, 'w'},
                                            {0}};
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 'd')
            wishes->data = optarg;
        else if (option == 't')
            wishes->type = optarg;
        else if (option == 'e')
            wishes->expect = true;
        else if (option == 'f')
            wishes->follow = true;
        else if (option == 'c')
            wishes->custom = true;
        else if (option != 'w' || !number_parse(optarg, 1, INT_MAX, &wishes->wait))
            die_usage(USAGE);
    }
    if (optind == argc || argv[optind][strspn(argv[optind], "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0')
        die_usage(USAGE);
}

int main(int argc, char **argv)
{
    struct wishes wishes = {.url = "http://localhost:10000/anything", .wait = 10000};
    struct requests_error error = {0};

    read_options(argc, argv, &wishes);
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* or else messages come before it, in a pipe */
    char **arguments = argv + optind;
    wishes.method = *arguments++;
    if (*arguments != NULL)
        wishes.url = *arguments++;
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    int result = request(&wishes, arguments, &error);
    if (result == -1)
        report("%s: %s", requests_failure_name(error.failure), error.text);
    curl_global_cleanup();
    finish(result == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
