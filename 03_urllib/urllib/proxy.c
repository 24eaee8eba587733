/* Proxies: who is asked in the server's place. RFC 9110 section 7.6, RFC 9112 section 3.2.2. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "urllib/internal.h"

struct proxies {
    struct url_handler handler;
    char *http, *https, *no_proxy; /* NULL for none */
};

/* ---- the environment ------------------------------------------------------------------------ */

/* [environment] */
const char *url_environment_proxy(const char *scheme)
{
    char name[32];
    int length = snprintf(name, sizeof name, "%s_proxy", scheme);

    if (length < 0 || (size_t)length >= sizeof name)
        return NULL;
    const char *value = getenv(name);
    /* A server gives a CGI program the client's field "Proxy:" as HTTP_PROXY: CVE-2016-5385. */
    bool forged = strcmp(scheme, "http") == 0 && getenv("REQUEST_METHOD") != NULL;
    if (value == NULL && !forged) {
        for (char *c = name; *c != '\0'; c++)
            *c = (char)toupper((unsigned char)*c);
        value = getenv(name);
    }
    return value != NULL && value[0] != '\0' ? value : NULL;
}
/* [/environment] */

/* ---- who needs none ------------------------------------------------------------------------- */

/* Whether name is the whole of host, or host ends in "." and name. */
static bool is_below(const char *host, size_t host_length, const char *name, size_t length)
{
    if (length == 0 || length > host_length ||
        !http_same_text(host + host_length - length, length, name, length))
        return false;
    return length == host_length || host[host_length - length - 1] == '.';
}

/* [bypassed] */
bool url_proxy_bypassed(const char *no_proxy, const char *host, int port)
{
    char with_port[320];
    const char *format = strchr(host, ':') != NULL ? "[%s]:%d" : "%s:%d"; /* IPv6 has colons */
    int full = snprintf(with_port, sizeof with_port, format, host, port);
    const char *name;

    if (no_proxy == NULL || full < 0 || (size_t)full >= sizeof with_port)
        return false;
    if (strcmp(no_proxy, "*") == 0)
        return true;
    size_t bare = (size_t)full - strlen(strrchr(with_port, ':'));
    for (const char *at = no_proxy; *at != '\0'; at += *at == ',') {
        at += strspn(at, " \t");
        at += strspn(at, "."); /* ".example.com" means the same */
        size_t length = strcspn(name = at, ",");
        at += length;
        while (length > 0 && (name[length - 1] == ' ' || name[length - 1] == '\t'))
            length--;
        if (is_below(with_port, bare, name, length) ||
            is_below(with_port, (size_t)full, name, length) ||
            is_below(host, strlen(host), name, length))
            return true;
    }
    return false;
}
/* [/bypassed] */

/* ---- the handler ---------------------------------------------------------------------------- */

/* Adds the user and password of a proxy's URL to the request. 0, or -1 when memory is short. */
static int add_credentials(struct url_request *request, const struct url_netloc *proxy)
{
    struct buffer plain = {0}, value = {0};
    int result = -1;

    if (url_unquote_to_bytes(proxy->username.text, proxy->username.length, &plain) == 0 &&
        buffer_add(&plain, ":", 1) == 0 &&
        (proxy->password.text == NULL ||
         url_unquote_to_bytes(proxy->password.text, proxy->password.length, &plain) == 0) &&
        url_basic_value(plain.data, plain.length, &value) == 0)
        result = http_headers_set(&request->once, "Proxy-Authorization", value.data);
    if (plain.data != NULL)
        explicit_bzero(plain.data, plain.capacity);
    buffer_free(&plain);
    buffer_free(&value);
    return result;
}

/* Sends the request by way of the proxy. 0; or -1 and an error. */
static int go_through(struct url_request *request, const char *proxy, struct url_error *error)
{
    struct buffer text = {0}, way = {0};
    struct url_netloc to;
    struct url parts = {0};
    struct error why;
    int result = 0;

    if (buffer_print(&text, "%s%s", strstr(proxy, "://") == NULL ? "http://" : "", proxy) == -1)
        result = url_error_memory(error);
    else if (url_split(text.data, text.length, &parts, &why) == -1)
        result = url_error_set(error, URL_BAD_URL, 0, "the proxy's URL: %s", why.text);
    else if (!http_same_text(parts.scheme.text, parts.scheme.length, "http", 4))
        result = url_error_set(error, URL_BAD_URL, 0, "a proxy is spoken to by http, not by %.*s",
                               URL_PRINT(parts.scheme));
    if (result == 0) {
        url_split_netloc(parts.netloc, &to);
        int port = url_port(&to, 80);
        if (to.host.length == 0 || port < 1)
            result = url_error_set(error, URL_BAD_URL, 0, "the proxy's URL has no host or port");
        else if (buffer_print(&way, to.is_literal ? "http://[%.*s]:%d" : "http://%.*s:%d",
                              URL_PRINT(to.host), port) == -1 ||
                 (to.username.text != NULL && add_credentials(request, &to) == -1))
            result = url_error_memory(error);
    }
    buffer_free(&text);
    if (result == -1) {
        buffer_free(&way);
        return -1;
    }
    request->proxy = way.data; /* it owns it from now on */
    return 0;
}

/* [before] */
static int before_proxy(struct url_handler *self, struct url_request *request,
                        struct url_error *error)
{
    const struct proxies *proxies = (const struct proxies *)self;
    const struct url_part *scheme = &request->url_parts.scheme;
    const char *proxy =
        http_same_text(scheme->text, scheme->length, "http", 4) ? proxies->http : proxies->https;
    char *host = url_part_copy(request->netloc.host);

    if (host == NULL)
        return url_error_memory(error);
    bool bypassed = url_proxy_bypassed(proxies->no_proxy, host, url_request_port(request));
    free(host);
    /* A request that answers a 407 has its way, and better credentials. */
    if (proxy == NULL || bypassed || request->proxy != NULL)
        return 0;
    return go_through(request, proxy, error);
}
/* [/before] */

static void free_proxies(struct url_handler *self)
{
    struct proxies *proxies = (struct proxies *)self;

    free(proxies->http);
    free(proxies->https);
    free(proxies->no_proxy);
    free(proxies);
}

/* Copies text to *copy, NULL for nothing. Returns whether there was memory. */
static bool keep(char **copy, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return true;
    *copy = strdup(text);
    return *copy != NULL;
}

struct url_handler *url_proxy_handler(const char *http, const char *https, const char *no_proxy)
{
    static const char *const schemes[] = {"http", "https", NULL};
    struct proxies *proxies = calloc(1, sizeof *proxies);

    if (proxies == NULL)
        return NULL;
    proxies->handler = (struct url_handler){.name = "proxy",
                                            .order = 100,
                                            .schemes = schemes,
                                            .before = before_proxy,
                                            .free = free_proxies};
    if (keep(&proxies->http, http) && keep(&proxies->https, https) &&
        keep(&proxies->no_proxy, no_proxy))
        return &proxies->handler;
    free_proxies(&proxies->handler);
    return NULL;
}
