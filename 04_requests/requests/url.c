/* URLs as they are sent. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "requests/internal.h"

int requests_split(const char *url, struct requests_parts *parts, struct requests_error *error)
{
    struct error problem = {0};

    if (url_split(url, strlen(url), &parts->url, &problem) == -1)
        return requests_error_set(error, REQUESTS_INVALID_URL, "%s", problem.text);
    struct url_part scheme = parts->url.scheme;
    if (scheme.length == 0)
        return requests_error_set(error, REQUESTS_INVALID_URL, "no scheme in \"%.200s\"", url);
    parts->secure = scheme.length == 5 && strncasecmp(scheme.text, "https", 5) == 0;
    if (!parts->secure && (scheme.length != 4 || strncasecmp(scheme.text, "http", 4) != 0)) {
        return requests_error_set(error, REQUESTS_INVALID_URL, "\"%.*s\" is neither http nor https",
                                  URL_PRINT(scheme));
    }
    url_split_netloc(parts->url.netloc, &parts->netloc);
    struct url_part host = parts->netloc.host;
    if (host.length == 0)
        return requests_error_set(error, REQUESTS_INVALID_URL, "no host in \"%.200s\"", url);
    if (*host.text == '*' || *host.text == '.')
        return requests_error_set(error, REQUESTS_INVALID_URL, "\"%.*s\" is no host",
                                  URL_PRINT(host));
    for (size_t i = 0; i < host.length; i++) {
        if ((unsigned char)host.text[i] <= ' ' || strchr("\\\"<>^`{|}\x7f", host.text[i]) != NULL)
            return requests_error_set(error, REQUESTS_INVALID_URL, "a host with a blank or worse");
    }
    parts->port = url_port(&parts->netloc, parts->secure ? 443 : 80);
    if (parts->port < 0)
        return requests_error_set(error, REQUESTS_INVALID_URL, "\"%.*s\" is no port",
                                  URL_PRINT(parts->netloc.port));
    return 0;
}

static bool is_coded(const char *text, size_t left)
{
    return left >= 3 && isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2]);
}

static bool is_plain(unsigned char byte)
{
    return byte < 0x80 && (isalnum(byte) || strchr("-._~", byte) != NULL);
}

/* Appends a path, query or fragment, as requests and urllib3 code them. */
static int requote(struct url_part part, struct buffer *out)
{
    static const char SAFE[] = "!$%&'()*+,/:;=?@~";
    const char *safe = SAFE;

    for (size_t i = 0; i < part.length; i++) {
        if (part.text[i] == '%' && !is_coded(part.text + i, part.length - i))
            safe = "!$&'()*+,/:;=?@~"; /* a "%" that codes nothing: all are meant as they are */
    }
    for (size_t i = 0; i < part.length; i++) {
        if (safe == SAFE && part.text[i] == '%') {
            char digits[3] = {part.text[i + 1], part.text[i + 2], '\0'};
            unsigned char byte = (unsigned char)strtoul(digits, NULL, 16);
            i += 2;
            if (buffer_print(out, is_plain(byte) ? "%c" : "%%%02X", byte) == -1)
                return -1;
        } else if (url_quote(part.text + i, 1, safe, out) == -1) {
            return -1;
        }
    }
    return 0;
}

int requests_quote_url(const char *url, struct buffer *out, struct requests_error *error)
{
    struct requests_parts parts;
    struct buffer path = {0}, query = {0}, fragment = {0}, netloc = {0};
    int result = -1;

    while (isspace((unsigned char)*url))
        url++;
    if (requests_split(url, &parts, error) == -1)
        return -1;
    const char *user_end = parts.url.netloc.text;
    if (parts.netloc.username.text != NULL)
        user_end = parts.netloc.host.text - (parts.netloc.is_literal ? 1 : 0);
    size_t host_length = parts.url.netloc.length - (size_t)(user_end - parts.url.netloc.text);
    if (buffer_add(&netloc, user_end, host_length) == 0 && requote(parts.url.path, &path) == 0 &&
        requote(parts.url.query, &query) == 0 && requote(parts.url.fragment, &fragment) == 0) {
        struct url whole = {
            .scheme = parts.url.scheme,
            .netloc = {netloc.data, netloc.length},
            .path = path.length == 0 ? url_part_of("/") : (struct url_part){path.data, path.length},
        };
        if (query.length > 0)
            whole.query = (struct url_part){query.data, query.length};
        if (fragment.length > 0)
            whole.fragment = (struct url_part){fragment.data, fragment.length};
        result = url_unsplit(&whole, NULL, out);
    }
    buffer_free(&path);
    buffer_free(&query);
    buffer_free(&fragment);
    buffer_free(&netloc);
    return result == 0 ? 0 : requests_error_memory(error);
}

int requests_jar_request(const char *url, struct http_jar_request *request)
{
    struct requests_parts parts;

    if (requests_split(url, &parts, NULL) == -1)
        return -1;
    char *host = strndup(parts.netloc.host.text, parts.netloc.host.length);
    char *path = parts.url.path.length == 0 ? strdup("/")
                                            : strndup(parts.url.path.text, parts.url.path.length);
    if (host == NULL || path == NULL) {
        free(host);
        free(path);
        return -1;
    }
    for (char *at = host; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    *request = (struct http_jar_request){.host = host, .path = path, .secure = parts.secure};
    return 0;
}

void requests_jar_request_free(struct http_jar_request *request)
{
    free((char *)request->host); /* strndup()'s, see above */
    free((char *)request->path);
    *request = (struct http_jar_request){0};
}
