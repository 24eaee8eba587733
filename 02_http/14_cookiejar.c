/*
 * 2.14  Cookie jar
 *
 * Keeps in a file what servers set, and prints which of it goes with a request.
 *
 * Python:  http.cookiejar.CookieJar, DefaultCookiePolicy, MozillaCookieJar
 * Usage:   14_cookiejar [--later SECONDS] FILE URL             the Cookie field of a request
 *          14_cookiejar [--later SECONDS] FILE URL SET-COOKIE...   what its response sets
 *          FILE is a cookies.txt, made if it is not there; --later sets the clock forward.
 * See:     RFC 6265 sections 5.1 to 5.4; publicsuffix.org
 * Leaves out: the requests themselves (lesson 2.16), and URLs in all their forms (lesson 3.01).
 */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "http/cookiejar.h"

/* [read-url] Cuts "https://host:port/path" up: host is a copy, path lies in url. */
static void read_url(const char *url, char host[256], struct http_jar_request *request)
{
    size_t scheme = strcspn(url, ":");
    const char *start = url + scheme + 3;

    if (strncmp(url + scheme, "://", 3) != 0)
        die("%s: not a URL", url);
    *request = (struct http_jar_request){.host = host, .path = start + strcspn(start, "/?#")};
    request->secure = scheme == 5 && strncmp(url, "https", 5) == 0;
    /* A port has no say: cookies are for a host, whatever listens there. */
    size_t length = start[0] == '[' ? strcspn(start, "]") + 1 : strcspn(start, ":/?#");
    if (length >= 256 || length > strlen(start))
        die("%s: not a host", url);
    memcpy(host, start, length);
    host[length] = '\0';
}
/* [/read-url] */

/* [take] Puts what a response sets into the jar, and says what became of it. */
static void take(struct http_jar *jar, const struct http_jar_request *request, const char *field,
                 time_t now)
{
    static const char *const RESULTS[] = {"stored", "replaced", "removed", "refused"};
    struct error error;
    enum http_jar_result result = http_jar_set(jar, request, field, now, &error);

    if (result == HTTP_JAR_FAILED)
        die("%s", error.text);
    (void)printf("%s%s%s\n", RESULTS[result], result == HTTP_JAR_REFUSED ? ": " : "",
                 result == HTTP_JAR_REFUSED ? error.text : "");
}
/* [/take] */

/* [send] Prints the field that goes with a request. */
static void send_cookies(struct http_jar *jar, const struct http_jar_request *request, time_t now)
{
    struct buffer field = {0};
    int count = http_jar_header(jar, request, now, &field);

    if (count == -1)
        die("out of memory");
    if (count > 0)
        (void)printf("Cookie: %s\n", field.data);
    else
        (void)printf("(no Cookie field)\n");
    buffer_free(&field);
}
/* [/send] */

int main(int argc, char **argv)
{
    struct http_jar_request request;
    struct error error;
    char host[256];
    long later = 0;

    if (argc > 2 && strcmp(argv[1], "--later") == 0) {
        if (!number_parse(argv[2], 0, INT_MAX, &later))
            die("%s: not a number of seconds", argv[2]);
        argc -= 2;
        argv += 2;
    }
    if (argc < 3)
        die_usage("[--later SECONDS] FILE URL [SET-COOKIE]...");
    time_t now = time(NULL) + later;
    const char *file = argv[1];
    struct http_jar *jar = http_jar_new(NULL);
    if (jar == NULL)
        die("out of memory");
    read_url(argv[2], host, &request);
    if (access(file, F_OK) == 0 && http_jar_load(jar, file, HTTP_JAR_SESSION, now, &error) == -1)
        die("%s", error.text);
    for (int i = 3; i < argc; i++)
        take(jar, &request, argv[i], now);
    if (argc == 3)
        send_cookies(jar, &request, now);
    else if (http_jar_save(jar, file, HTTP_JAR_SESSION, now, &error) == -1)
        die("%s", error.text);
    http_jar_free(jar);
    finish(EXIT_SUCCESS);
}
