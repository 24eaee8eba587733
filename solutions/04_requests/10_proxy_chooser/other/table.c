/*
 * Exercise 4.10  Proxy chooser, by a table
 *
 * The rules are read once, into a table; a URL is taken apart by chapter 3's module. Each URL has a
 * handle of its own, and the proxy is told piece by piece: kind, host and port, user, password.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"
#include "urllib/parse.h"

enum { HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SETTINGS };

static const char *const SMALL[] = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"};
static char *table[SETTINGS];

struct target {
    bool secure;
    char host[512]; /* in small letters */
    int port;
};

struct result {
    size_t bytes;
    long status, connect, reply;
    CURLcode code;
};

/* ---- the rules ---- */

static void lower(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* Fills the table from the text, which stays: first the capitals, then what goes before them. */
static void read_rules(char *text)
{
    struct buffer copy = {0};
    char *rest = text, *line;

    for (int round = 0; round < 2; round++) {
        copy.length = 0;
        if (buffer_add(&copy, text, strlen(text)) == -1)
            die("out of memory");
        rest = copy.data;
        while ((line = strsep(&rest, "\n")) != NULL) {
            char *value = strchr(line, '=');
            if (value == NULL || value[1] == '\0')
                continue;
            *value = '\0';
            if (round == 0 && isupper((unsigned char)*line) && strcmp(line, "HTTP_PROXY") != 0)
                lower(line);
            for (int i = 0; i < SETTINGS; i++) {
                if (strcmp(line, SMALL[i]) != 0 ||
                    (round == 0 && !isupper((unsigned char)text[line - copy.data])))
                    continue;
                free(table[i]);
                table[i] = strdup(value + 1);
                if (table[i] == NULL)
                    die("out of memory");
            }
        }
    }
    buffer_free(&copy);
}

/* ---- the choice ---- */

/* The bytes of an address: how many, 0 for a name. */
static size_t address_of(const char *text, unsigned char *bytes)
{
    if (inet_pton(AF_INET, text, bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

static bool is_about_network(const char *host, const char *network, const char *length)
{
    unsigned char a[16], b[16];
    size_t size = address_of(host, a);
    long bits;

    if (size == 0 || address_of(network, b) != size ||
        !number_parse(length, 0, (long)size * 8, &bits))
        return false;
    for (long i = 0; i < bits; i++)
        if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0)
            return false;
    return true;
}

/* entry is in small letters, and may be changed. */
static bool is_about(const struct target *target, char *entry)
{
    unsigned char a[16], b[16];
    char *network = strchr(entry, '/'), *end = strchr(entry, ']'), *colon = strchr(entry, ':');
    long port = target->port;

    if (strcmp(entry, "*") == 0)
        return true;
    if (network != NULL) {
        *network = '\0';
        return is_about_network(target->host, entry, network + 1);
    }
    if (*entry == '[' && end != NULL) {
        *end = '\0';
        colon = end[1] == ':' ? end + 1 : NULL;
        entry++;
    } else if (colon != NULL && strchr(colon + 1, ':') != NULL) {
        colon = NULL; /* an IPv6 address without brackets */
    }
    if (colon != NULL) {
        *colon = '\0';
        if (!number_parse(colon + 1, 0, 65535, &port) || port != target->port)
            return false;
    }
    size_t size = address_of(target->host, a);
    if (size != 0)
        return address_of(entry, b) == size && memcmp(a, b, size) == 0;
    entry += *entry == '.';
    for (const char *at = target->host; at != NULL; at = strchr(at, '.')) {
        at += at != target->host; /* past the dot */
        if (strcmp(at, entry) == 0)
            return true;
    }
    return false;
}

/* The proxy's URL, or NULL. */
static const char *choose(const struct target *target)
{
    const char *proxy = table[target->secure ? HTTPS_PROXY : HTTP_PROXY];
    char *list = table[NO_PROXY] != NULL ? strdup(table[NO_PROXY]) : NULL, *rest = list, *entry;
    bool excepted = false;

    if (table[NO_PROXY] != NULL && list == NULL)
        die("out of memory");
    if (list != NULL)
        lower(list);
    while (!excepted && (entry = strsep(&rest, ", \t")) != NULL)
        excepted = *entry != '\0' && is_about(target, entry);
    free(list);
    if (excepted)
        return NULL;
    return proxy != NULL ? proxy : table[ALL_PROXY];
}

static bool take_url(const char *text, struct target *target)
{
    struct url url;
    struct url_netloc netloc;

    if (url_split(text, strlen(text), &url, NULL) == -1)
        return false;
    url_split_netloc(url.netloc, &netloc);
    target->port = url_port(&netloc, url_default_port(url.scheme));
    (void)snprintf(target->host, sizeof target->host, "%.*s", URL_PRINT(url.scheme));
    lower(target->host);
    target->secure = strcmp(target->host, "https") == 0;
    if (!target->secure && strcmp(target->host, "http") != 0)
        return false;
    (void)snprintf(target->host, sizeof target->host, "%.*s", URL_PRINT(netloc.host));
    lower(target->host);
    return target->host[0] != '\0' && target->port > 0;
}

/* ---- the way ---- */

/* Tells libcurl of the proxy, in pieces. Returns the way. */
static const char *set_proxy(CURL *curl, const char *proxy, bool secure, CURLcode *code)
{
    struct url_netloc netloc;
    struct url url = {0};
    struct buffer place = {0}, user = {0}, password = {0};
    long type = CURLPROXY_HTTP;

    easy_set(*code, curl, CURLOPT_NOPROXY, "");
    if (proxy == NULL || url_split(proxy, strlen(proxy), &url, NULL) == -1) {
        easy_set(*code, curl, CURLOPT_PROXY, "");
        return "direct";
    }
    url_split_netloc(url.netloc, &netloc);
    if (strncmp(proxy, "socks5:", 7) == 0)
        type = CURLPROXY_SOCKS5;
    else if (strncmp(proxy, "socks5h:", 8) == 0)
        type = CURLPROXY_SOCKS5_HOSTNAME;
    if (buffer_print(&place, netloc.is_literal ? "[%.*s]" : "%.*s", URL_PRINT(netloc.host)) == -1)
        die("out of memory");
    easy_set(*code, curl, CURLOPT_PROXY, place.data);
    easy_set(*code, curl, CURLOPT_PROXYPORT, (long)url_port(&netloc, 1080));
    easy_set(*code, curl, CURLOPT_PROXYTYPE, type);
    if (netloc.username.text != NULL) {
        if (url_unquote(netloc.username.text, netloc.username.length, &user) == -1 ||
            url_unquote(netloc.password.text, netloc.password.length, &password) == -1)
            die("out of memory");
        easy_set(*code, curl, CURLOPT_PROXYUSERNAME, buffer_text(&user));
        easy_set(*code, curl, CURLOPT_PROXYPASSWORD, buffer_text(&password));
    }
    buffer_free(&place);
    buffer_free(&user);
    buffer_free(&password);
    return type != CURLPROXY_HTTP ? "socks" : secure ? "tunnel" : "http";
}

static const char *judge(const char *way, const struct result *r)
{
    bool tunnel = *way == 't', broken = r->code == CURLE_RECV_ERROR;

    if (r->code == CURLE_OK)
        return *way == 'h' && r->status == 407 ? "proxy-auth" : NULL;
    if (r->code == CURLE_OPERATION_TIMEDOUT)
        return "timeout";
    if (r->code == CURLE_PEER_FAILED_VERIFICATION)
        return "tls";
    if (tunnel && broken && r->connect >= 300)
        return r->connect == 407 ? "proxy-auth" : "proxy-refused";
    if (r->code == CURLE_COULDNT_RESOLVE_HOST || r->reply == CURLPX_RESOLVE_HOST)
        return "no-server";
    if (r->code == CURLE_COULDNT_CONNECT || r->code == CURLE_COULDNT_RESOLVE_PROXY)
        return *way == 'd' ? "no-server" : "no-proxy";
    if (r->reply == CURLPX_USER_REJECTED || r->reply == CURLPX_NO_AUTH)
        return "proxy-auth";
    if (r->reply >= CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED && r->reply <= CURLPX_REPLY_UNASSIGNED)
        return "proxy-refused";
    if (broken || r->code == CURLE_SEND_ERROR || r->code == CURLE_GOT_NOTHING ||
        r->code == CURLE_PARTIAL_FILE || r->code == CURLE_PROXY)
        return "cut";
    return "failed";
}

static size_t on_body(char *bytes, size_t size, size_t count, void *result)
{
    (void)bytes;
    ((struct result *)result)->bytes += size * count;
    return size * count;
}

/* Prints the line of a URL. Whether there was an answer. */
static bool fetch(int number, const char *url, const char *authorities, long ms)
{
    struct target target;
    struct result r = {0};
    CURL *curl = curl_easy_init();

    if (curl == NULL)
        die("out of memory");
    if (!take_url(url, &target)) {
        curl_easy_cleanup(curl);
        report("%d: no URL of http or https", number);
        printf("%d - bad-url\n", number);
        return false;
    }
    const char *way = set_proxy(curl, choose(&target), target.secure, &r.code);
    easy_set(r.code, curl, CURLOPT_URL, url);
    easy_set(r.code, curl, CURLOPT_CAINFO, authorities);
    easy_set(r.code, curl, CURLOPT_TIMEOUT_MS, ms);
    easy_set(r.code, curl, CURLOPT_WRITEFUNCTION, on_body);
    easy_set(r.code, curl, CURLOPT_WRITEDATA, &r);
    if (r.code == CURLE_OK)
        r.code = curl_easy_perform(curl);
    CURLcode asked = CURLE_OK;
    easy_get(asked, curl, CURLINFO_RESPONSE_CODE, &r.status);
    easy_get(asked, curl, CURLINFO_HTTP_CONNECTCODE, &r.connect);
    easy_get(asked, curl, CURLINFO_PROXY_ERROR, &r.reply);
    curl_easy_cleanup(curl); /* and with it the connection */
    const char *why = asked != CURLE_OK ? "failed" : judge(way, &r);
    if (why == NULL)
        printf("%d %s %ld %zu\n", number, way, r.status, r.bytes);
    else
        printf("%d %s %s\n", number, way, why);
    if (why != NULL)
        report("%d: %s: %s", number, why, curl_easy_strerror(r.code));
    return why == NULL;
}

int main(int argc, char **argv)
{
    struct buffer rules = {0};
    bool good = true;
    long ms;

    if (argc < 5 || !number_parse(argv[3], 1, 60000, &ms))
        die_usage("RULES AUTHORITIES MS URL...");
    if (buffer_add_file(&rules, argv[1], 1 << 20) == -1)
        die_errno("%s", argv[1]);
    if (rules.length > 0)
        read_rules(rules.data);
    buffer_free(&rules);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not begin");
    for (int i = 4; i < argc; i++)
        good = fetch(i - 3, argv[i], argv[2], ms) && good;
    curl_global_cleanup();
    for (int i = 0; i < SETTINGS; i++)
        free(table[i]);
    finish(good ? EXIT_SUCCESS : EXIT_FAILURE);
}
