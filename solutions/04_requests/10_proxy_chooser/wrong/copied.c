/* fails: direct plain tunnel socks-name socks-address socks-tls by-scheme capitals small-first names below not-a-suffix letters blanks star addresses networks ports ipv6 auth-plain auth-tunnel auth-socks wrong-password wrong-socks-password refuses says-no not-there no-server dies dies-chunked drops drops-socks impostor clean silent */
/* Program 4.13 with the rules as its environment: libcurl chooses, and the lines are the program's.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"

enum { MOST = 1 << 20, RULES_MOST = 65536 };

static const char *culprit(CURL *curl, CURLcode code)
{
    static const char NO_WAY[] = "the proxy found no way to the server";
    static const char WOULD_NOT[] = "the proxy would not, or is none";
    CURLcode asked = CURLE_OK;
    long answer = 0, reply = CURLPX_OK;

    easy_get(asked, curl, CURLINFO_HTTP_CONNECTCODE, &answer);
    easy_get(asked, curl, CURLINFO_PROXY_ERROR, &reply);
    if (asked != CURLE_OK)
        return "unknown";
    if (code == CURLE_RECV_ERROR && answer >= 300)
        return answer >= 502 && answer <= 504 ? NO_WAY : WOULD_NOT;
    if (code != CURLE_PROXY)
        return "the server";
    if (reply == CURLPX_RESOLVE_HOST)
        return "the proxy was not asked: the name is unknown here";
    return reply == CURLPX_REPLY_CONNECTION_REFUSED ? NO_WAY : WOULD_NOT;
}

static bool fetch(CURL *curl, const char *url, const char *authorities, long ms)
{
    struct easy_body body = {.limit = MOST};
    char words[CURL_ERROR_SIZE] = "";
    long status = 0, port = 0;
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, ms);
    easy_set(code, curl, CURLOPT_CAINFO, authorities);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, &body);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    if (code == CURLE_OK) {
        easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
        easy_get(code, curl, CURLINFO_PRIMARY_PORT, &port);
        printf("%ld, connected to port %ld\n", status, port);
    } else {
        report("%s: %s", words, culprit(curl, code));
    }
    curl_easy_reset(curl);
    buffer_free(&body.bytes);
    return code == CURLE_OK;
}

int main(int argc, char **argv)
{
    struct buffer rules = {0};
    int status = EXIT_SUCCESS;
    long ms;

    if (argc < 5 || !number_parse(argv[3], 1, 60000, &ms))
        die_usage("RULES AUTHORITIES MS URL...");
    if (buffer_add_file(&rules, argv[1], RULES_MOST) == -1)
        die_errno("%s", argv[1]);
    for (char *line = strtok(rules.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (putenv(line) != 0)
            die_errno("%s", line);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not begin");
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        die("out of memory");
    for (char **url = argv + 4; *url != NULL; url++)
        if (!fetch(curl, *url, argv[2], ms))
            status = EXIT_FAILURE;
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    finish(status); /* the rules are the environment to the end */
}
