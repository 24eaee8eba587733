/* fails: whole no-notes cookie-kept cookie-on-redirect cookie-renewed cookie-scope csrf encoded logged-out logged-out-twice one-connection server-closes wrong-password elsewhere note-refused no-token too-large usage output-full clean silent */
/* Program 4.05, with the paths of the service in place of URLs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"

enum { BODY_LIMIT = 1 << 20, CONNECT_MS = 3000, WHOLE_MS = 10000, REDIRECTS = 5 };
static const char USAGE[] = "[-t MS] BASE USER";

/* What every request of a session carries, unless it has a line of that name itself. */
static const char *const DEFAULTS[] = {"User-Agent: workbook/4.05", "Accept: application/json"};

/* A request as the command line has it: the words behind its URL. */
struct request {
    const char *url, *form;
    char **lines;
    int count;
};

static void append(struct curl_slist **list, const char *line)
{
    if (easy_append(list, line) == -1)
        die_errno("%s", line);
}

/* [merge] */
/* The request's own lines, and each default that they do not name. */
static struct curl_slist *merge(const struct request *request)
{
    struct curl_slist *list = NULL;

    for (int i = 0; i < request->count; i++)
        append(&list, request->lines[i]);
    for (size_t d = 0; d < sizeof DEFAULTS / sizeof DEFAULTS[0]; d++) {
        const char *line = DEFAULTS[d];
        size_t name = strcspn(line, ":") + 1;
        int i = 0;
        char **own = request->lines;
        while (i < request->count && strncasecmp(own[i], line, name) != 0)
            i++;
        if (i == request->count)
            append(&list, line);
    }
    return list;
}
/* [/merge] */

/* An option stays in the handle until it is set anew, or all are by a reset. */
static CURLcode set_options(CURL *curl, const struct request *request, struct easy_body *body,
                            const struct curl_slist *lines)
{
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_COOKIELIST, ""); /* adds none, and has them kept from here on */
    easy_set(code, curl, CURLOPT_URL, request->url);
    easy_set(code, curl, CURLOPT_HTTPHEADER, lines);
    if (request->form != NULL)
        easy_set(code, curl, CURLOPT_POSTFIELDS, request->form);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, body);
    easy_set(code, curl, CURLOPT_FOLLOWLOCATION, 1L);
    easy_set(code, curl, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
    easy_set(code, curl, CURLOPT_NOSIGNAL, 1L);
    return code;
}

/* Makes a request, and prints what came and how many connections it took. 0; -1 and a message. */
static int perform(CURL *curl, const struct request *request)
{
    struct easy_body body = {.limit = BODY_LIMIT};
    struct requests_error error = {0};
    struct curl_slist *lines = merge(request);
    char words[CURL_ERROR_SIZE] = "";
    char *url = NULL; /* the handle's */
    long status = 0, connections = 0, redirects = 0;

    CURLcode code = set_options(curl, request, &body, lines);
    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
    easy_get(code, curl, CURLINFO_EFFECTIVE_URL, &url);
    easy_get(code, curl, CURLINFO_REDIRECT_COUNT, &redirects);
    easy_get(code, curl, CURLINFO_NUM_CONNECTS, &connections);
    if (code == CURLE_OK) {
        printf("%ld %s (connections: %ld, redirects: %ld)\n", status, url, connections, redirects);
        printf("%s", buffer_text(&body.bytes));
    } else {
        (void)requests_error_from(&error, code, curl, words);
        report("%s: %s: %s", request->url, requests_failure_name(error.failure), error.text);
    }
    buffer_free(&body.bytes);
    /* [reset] */
    curl_easy_reset(curl); /* connections and cookies stay */
    curl_slist_free_all(lines);
    /* [/reset] */
    return code == CURLE_OK ? 0 : -1;
}

int main(int argc, char **argv)
{
    static char *paths[] = {"login", "login", "notes", "logout"};
    char line[2000] = "", url[2000], form[5000];
    int failed = 0;

    if (argc < 3)
        die_usage(USAGE);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not start");
    CURL *session = curl_easy_init();
    if (session == NULL)
        die("out of memory");
    for (int i = 0; i < 4; i++) {
        struct request request = {.url = url, .form = i == 0 ? NULL : form};
        if ((i == 1 || i == 2) && fgets(line, sizeof line, stdin) == NULL)
            continue;
        line[strcspn(line, "\n")] = '\0';
        (void)snprintf(url, sizeof url, "%s/%s", argv[argc - 2], paths[i]);
        if (i == 1)
            (void)snprintf(form, sizeof form, "user=%s&password=%s", argv[argc - 1], line);
        else
            (void)snprintf(form, sizeof form, "text=%s", line);
        failed |= perform(session, &request);
    }
    curl_easy_cleanup(session); /* closes the connections */
    curl_global_cleanup();
    finish(failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
