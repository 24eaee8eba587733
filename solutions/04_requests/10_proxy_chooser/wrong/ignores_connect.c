/* fails: wrong-password refuses clean */
/* 407 is a status like any other, and a CONNECT that failed a broken connection. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"

enum { RULES_MOST = 65536, MS_MOST = 60000, NAME_MOST = 32, HOST_MOST = 512 };

struct chooser {
    const char *rules; /* the text of the file */
    const char *authorities;
    long ms;
};

/* ---- the rules ---- */

/* The value of a setting, copied; NULL when it is not there, or empty. The last line counts. */
static char *setting(const struct chooser *c, const char *name)
{
    size_t name_length = strlen(name), length = 0;
    const char *value = NULL;

    for (const char *at = c->rules; *at != '\0'; at += *at == '\n') {
        size_t line = strcspn(at, "\n");
        if (line > name_length && strncmp(at, name, name_length) == 0 && at[name_length] == '=') {
            value = at + name_length + 1;
            length = line - name_length - 1;
        }
        at += line;
    }
    if (length == 0)
        return NULL;
    char *copy = strndup(value, length);
    if (copy == NULL)
        die("out of memory");
    return copy;
}

/* In small letters or, where that is not to be had, in capitals: but never HTTP_PROXY. */
static char *either(const struct chooser *c, const char *small, const char *capitals)
{
    char *value = setting(c, small);

    return value != NULL || capitals == NULL ? value : setting(c, capitals);
}

static char *proxy_of(const struct chooser *c, bool secure)
{
    char *value = secure ? either(c, "https_proxy", "HTTPS_PROXY") : either(c, "http_proxy", NULL);

    return value != NULL ? value : either(c, "all_proxy", "ALL_PROXY");
}

/* ---- who needs none ---- */

static bool is_in_network(const char *host, char *network, const char *bits_text)
{
    unsigned char a[16], b[16];
    int family = strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
    long bits;

    if (!number_parse(bits_text, 0, family == AF_INET ? 32 : 128, &bits) ||
        inet_pton(family, host, a) != 1 || inet_pton(family, network, b) != 1)
        return false;
    size_t whole = (size_t)bits / 8;
    unsigned rest = (unsigned)bits % 8;
    return memcmp(a, b, whole) == 0 &&
           (rest == 0 || (a[whole] >> (8 - rest)) == (b[whole] >> (8 - rest)));
}

static bool is_same_address(const char *host, const char *name)
{
    unsigned char a[16], b[16];

    return inet_pton(AF_INET6, host, a) == 1 && inet_pton(AF_INET6, name, b) == 1 &&
           memcmp(a, b, sizeof a) == 0;
}

/* Whether an entry, which it may change, is about host and port. */
static bool is_meant(char *entry, const char *host, const char *port)
{
    char *slash = strchr(entry, '/'), *colon = strrchr(entry, ':');

    if (slash != NULL) {
        *slash = '\0';
        return is_in_network(host, entry, slash + 1);
    }
    bool bracket = *entry == '[';
    if (colon != NULL && (bracket ? colon[-1] == ']' : strchr(entry, ':') == colon)) {
        if (strcmp(colon + 1, port) != 0)
            return false;
        *colon = '\0';
    }
    if (bracket) {
        entry++;
        entry[strcspn(entry, "]")] = '\0';
    }
    if (*entry == '.')
        entry++;
    size_t length = strlen(entry), host_length = strlen(host);
    if (length == 0 || length > host_length)
        return strchr(host, ':') != NULL && is_same_address(host, entry);
    const char *tail = host + host_length - length;
    if (strcasecmp(tail, entry) == 0 && (tail == host || tail[-1] == '.'))
        return true;
    return is_same_address(host, entry);
}

static bool needs_none(const struct chooser *c, const char *host, const char *port)
{
    char *list = either(c, "no_proxy", "NO_PROXY"), *rest = list, *entry;
    bool found = false;

    while (!found && rest != NULL && (entry = strtok_r(rest, ", \t", &rest)) != NULL)
        found = strcmp(entry, "*") == 0 || is_meant(entry, host, port);
    free(list);
    return found;
}

/* ---- the way ---- */

enum way { NOWHERE, DIRECT, HTTP, TUNNEL, SOCKS };
static const char *const WAYS[] = {"-", "direct", "http", "tunnel", "socks"};

/* Takes scheme, host without brackets, and port out of a URL. False for what is none. */
static bool take_url(const char *url, bool *secure, char *host, char *port)
{
    CURLU *parts = curl_url();
    char *text[3] = {NULL};
    bool good = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_SCHEME, &text[0], 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_HOST, &text[1], 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_PORT, &text[2], CURLU_DEFAULT_PORT) == CURLUE_OK &&
                (strcmp(text[0], "http") == 0 || strcmp(text[0], "https") == 0) &&
                strlen(text[1]) < HOST_MOST;

    if (good) {
        bool bracket = text[1][0] == '[';
        *secure = strcmp(text[0], "https") == 0;
        (void)snprintf(host, HOST_MOST, "%.*s", (int)strcspn(text[1] + bracket, "]"),
                       text[1] + bracket);
        (void)snprintf(port, 8, "%s", text[2]); /* both have room */
    }
    for (size_t i = 0; i < 3; i++)
        curl_free(text[i]);
    curl_url_cleanup(parts);
    return good;
}

/* Chooses. *proxy is the proxy's URL, to be freed, or NULL. */
static enum way choose(const struct chooser *c, const char *url, char **proxy)
{
    char host[HOST_MOST], port[8];
    bool secure;

    *proxy = NULL;
    if (!take_url(url, &secure, host, port))
        return NOWHERE;
    if (!needs_none(c, host, port))
        *proxy = proxy_of(c, secure);
    if (*proxy == NULL)
        return DIRECT;
    if (strncasecmp(*proxy, "socks", 5) == 0)
        return SOCKS;
    return secure ? TUNNEL : HTTP;
}

/* ---- what came of it ---- */

static size_t count(char *bytes, size_t size, size_t length, void *total)
{
    (void)bytes;
    (void)size; /* always 1 */
    *(size_t *)total += length;
    return length;
}

static const char *socks_failure(long reply)
{
    if (reply == CURLPX_RESOLVE_HOST)
        return "no-server";
    if (reply == CURLPX_USER_REJECTED || reply == CURLPX_NO_AUTH)
        return "proxy-auth";
    if (reply >= CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED && reply <= CURLPX_REPLY_UNASSIGNED)
        return "proxy-refused";
    return "cut";
}

static const char *failure(CURLcode code, enum way way, long reply)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "no-proxy";
    case CURLE_COULDNT_CONNECT:
        return way == DIRECT ? "no-server" : "no-proxy";
    case CURLE_COULDNT_RESOLVE_HOST:
        return "no-server";
    case CURLE_PROXY:
        return socks_failure(reply);
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
        return "tls";
    case CURLE_RECV_ERROR:
        return "cut";
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return "cut";
    default:
        return "failed";
    }
}

static CURLcode prepare(CURL *curl, const struct chooser *c, const char *url, const char *proxy,
                        char words[CURL_ERROR_SIZE], size_t *total)
{
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_PROXY, proxy != NULL ? proxy : ""); /* chosen: libcurl must not */
    easy_set(code, curl, CURLOPT_NOPROXY, "");
    easy_set(code, curl, CURLOPT_CAINFO, c->authorities);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, c->ms);
    easy_set(code, curl, CURLOPT_FRESH_CONNECT, 1L);
    easy_set(code, curl, CURLOPT_FORBID_REUSE, 1L);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, count);
    easy_set(code, curl, CURLOPT_WRITEDATA, total);
    return code;
}

/* Fetches a URL and prints its line. Whether there was an answer. */
static bool fetch(CURL *curl, const struct chooser *c, int number, const char *url)
{
    char words[CURL_ERROR_SIZE] = "", *proxy;
    enum way way = choose(c, url, &proxy);
    const char *why = "bad-url";
    size_t total = 0;
    long status = 0, reply = 0;

    if (way != NOWHERE) {
        CURLcode code = prepare(curl, c, url, proxy, words, &total);
        if (code == CURLE_OK)
            code = curl_easy_perform(curl);
        CURLcode asked = CURLE_OK;
        easy_get(asked, curl, CURLINFO_RESPONSE_CODE, &status);
        easy_get(asked, curl, CURLINFO_PROXY_ERROR, &reply);
        why = asked != CURLE_OK ? "failed" : NULL;
        if (why == NULL && code != CURLE_OK)
            why = failure(code, way, reply);
    }
    if (why == NULL)
        printf("%d %s %ld %zu\n", number, WAYS[way], status, total);
    else
        printf("%d %s %s\n", number, WAYS[way], why);
    if (why != NULL)
        report("%d: %s: %s", number, why, words);
    curl_easy_reset(curl);
    free(proxy);
    return why == NULL;
}

int main(int argc, char **argv)
{
    struct buffer rules = {0};
    struct chooser c;
    int status = EXIT_SUCCESS;

    if (argc < 5 || !number_parse(argv[3], 1, MS_MOST, &c.ms))
        die_usage("RULES AUTHORITIES MS URL...");
    if (buffer_add_file(&rules, argv[1], RULES_MOST) == -1)
        die_errno("%s", argv[1]);
    c.rules = buffer_text(&rules);
    c.authorities = argv[2];
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not begin");
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        die("out of memory");
    for (int i = 4; i < argc; i++)
        if (!fetch(curl, &c, i - 3, argv[i]))
            status = EXIT_FAILURE;
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    buffer_free(&rules);
    finish(status);
}
