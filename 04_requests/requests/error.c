/* libcurl's codes in requests' families. */
#include "requests/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "http/status.h"

const char *requests_failure_name(enum requests_failure failure)
{
    static const char *const NAMES[] = {
        [REQUESTS_OK] = "OK",
        [REQUESTS_INVALID_URL] = "InvalidURL",
        [REQUESTS_INVALID_HEADER] = "InvalidHeader",
        [REQUESTS_CONNECTION] = "ConnectionError",
        [REQUESTS_PROXY] = "ProxyError",
        [REQUESTS_TLS] = "SSLError",
        [REQUESTS_CONNECT_TIMEOUT] = "ConnectTimeout",
        [REQUESTS_READ_TIMEOUT] = "ReadTimeout",
        [REQUESTS_TOO_MANY_REDIRECTS] = "TooManyRedirects",
        [REQUESTS_CHUNKED] = "ChunkedEncodingError",
        [REQUESTS_CONTENT] = "ContentDecodingError",
        [REQUESTS_JSON] = "JSONDecodeError",
        [REQUESTS_HTTP] = "HTTPError",
        [REQUESTS_RETRY] = "RetryError",
        [REQUESTS_TOO_LARGE] = "TooLarge",
        [REQUESTS_STOPPED] = "Stopped",
        [REQUESTS_FILE] = "OSError",
        [REQUESTS_NO_MEMORY] = "MemoryError",
        [REQUESTS_OTHER] = "RequestException",
    };
    size_t index = (size_t)failure;

    return index < sizeof NAMES / sizeof NAMES[0] ? NAMES[index] : "RequestException";
}

/* Whether the request, or a part of it, may have been sent. */
static bool was_sent(CURL *transfer)
{
    curl_off_t microseconds = 0;

    return transfer != NULL &&
           curl_easy_getinfo(transfer, CURLINFO_PRETRANSFER_TIME_T, &microseconds) == CURLE_OK &&
           microseconds > 0;
}

/* Whether a status line came. */
static bool was_answered(CURL *transfer)
{
    long status = 0;

    return curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status != 0;
}

/* Whether the proxy answered CONNECT, and would not: 7.88.1 has no code of its own for it. */
static bool was_refused_by_proxy(CURL *transfer)
{
    long status = 0;

    return transfer != NULL &&
           curl_easy_getinfo(transfer, CURLINFO_HTTP_CONNECTCODE, &status) == CURLE_OK &&
           status >= 400;
}

/* [families] */
enum requests_failure requests_failure_of(CURLcode code, CURL *transfer)
{
    switch (code) {
    case CURLE_OK:
        return REQUESTS_OK;
    case CURLE_URL_MALFORMAT:
        return REQUESTS_INVALID_URL;
    case CURLE_UNSUPPORTED_PROTOCOL:
        if (was_sent(transfer) && !was_answered(transfer))
            return REQUESTS_CONNECTION; /* what came is no HTTP/1 */
        return REQUESTS_INVALID_URL;
    case CURLE_OPERATION_TIMEDOUT:
        if (was_sent(transfer))
            return REQUESTS_READ_TIMEOUT;
        return REQUESTS_CONNECT_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return REQUESTS_PROXY;
    case CURLE_COULDNT_CONNECT:
    case CURLE_RECV_ERROR:
        if (was_refused_by_proxy(transfer))
            return REQUESTS_PROXY;
        return REQUESTS_CONNECTION;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_WEIRD_SERVER_REPLY:
        return REQUESTS_CONNECTION;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CLIENTCERT:
        return REQUESTS_TLS;
    case CURLE_TOO_MANY_REDIRECTS:
        return REQUESTS_TOO_MANY_REDIRECTS;
    case CURLE_PARTIAL_FILE:
        return REQUESTS_CHUNKED;
    case CURLE_BAD_CONTENT_ENCODING:
        return REQUESTS_CONTENT;
    case CURLE_HTTP_RETURNED_ERROR:
        return REQUESTS_HTTP;
    case CURLE_FILESIZE_EXCEEDED:
        return REQUESTS_TOO_LARGE;
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_WRITE_ERROR:
        return REQUESTS_STOPPED;
    case CURLE_READ_ERROR:
    case CURLE_FILE_COULDNT_READ_FILE:
        return REQUESTS_FILE;
    case CURLE_OUT_OF_MEMORY:
        return REQUESTS_NO_MEMORY;
    default:
        return REQUESTS_OTHER;
    }
}
/* [/families] */

int requests_error_set(struct requests_error *error, enum requests_failure failure,
                       const char *format, ...)
{
    va_list arguments;

    if (error == NULL)
        return -1;
    *error = (struct requests_error){.failure = failure};
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, format, arguments); /* cut where too long */
    va_end(arguments);
    return -1;
}

int requests_error_from(struct requests_error *error, CURLcode code, CURL *transfer,
                        const char *detail)
{
    bool known = detail != NULL && *detail != '\0';

    (void)requests_error_set(error, requests_failure_of(code, transfer), "%s",
                             known ? detail : curl_easy_strerror(code));
    if (error != NULL)
        error->code = code;
    return -1;
}

/* [status] */
int requests_error_status(struct requests_error *error, long status)
{
    const char *name = http_status_phrase((int)status);

    if (status < 400)
        return 0;
    if (name == NULL)
        name = "(not registered)"; /* an error all the same */
    (void)requests_error_set(error, REQUESTS_HTTP, "%ld %s", status, name);
    if (error != NULL)
        error->status = (int)status;
    return -1;
}
/* [/status] */
