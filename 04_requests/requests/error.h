/*
 * What can go wrong with a request: libcurl's hundred codes in the families that a caller can act
 * on.
 *
 * Python: requests.exceptions. Lesson 4.00 is about it.
 */
#ifndef REQUESTS_ERROR_H
#define REQUESTS_ERROR_H

#include <curl/curl.h>

#include "core/attributes.h"

/* Behind each the exception that requests raises. */
enum requests_failure {
    REQUESTS_OK = 0,
    REQUESTS_INVALID_URL,        /* InvalidURL, MissingSchema, InvalidSchema, InvalidProxyURL */
    REQUESTS_INVALID_HEADER,     /* InvalidHeader: a CR or LF in it, or no colon */
    REQUESTS_CONNECTION,         /* ConnectionError: no name, refused, reset, closed too early */
    REQUESTS_PROXY,              /* ProxyError: the proxy is not there, or would not */
    REQUESTS_TLS,                /* SSLError: certificate or name refused, no common version */
    REQUESTS_CONNECT_TIMEOUT,    /* ConnectTimeout: not connected in time. Safe to try again */
    REQUESTS_READ_TIMEOUT,       /* ReadTimeout: connected, and then nothing in time */
    REQUESTS_TOO_MANY_REDIRECTS, /* TooManyRedirects */
    REQUESTS_CHUNKED,            /* ChunkedEncodingError: the body broke off */
    REQUESTS_CONTENT,            /* ContentDecodingError: the body is no gzip, deflate or br */
    REQUESTS_JSON,               /* JSONDecodeError */
    REQUESTS_HTTP,               /* HTTPError: a status of 400 or more, if it was asked for */
    REQUESTS_RETRY,              /* RetryError: every attempt was spent on a status */
    REQUESTS_TOO_LARGE,          /* more than the caller's limit: requests has no such limit */
    REQUESTS_STOPPED,            /* the caller's own function wanted no more */
    REQUESTS_FILE,               /* a file of the caller's: OSError */
    REQUESTS_NO_MEMORY,          /* MemoryError */
    REQUESTS_OTHER               /* RequestException: what has no family of its own */
};

/* The name of the exception behind it: "ConnectTimeout". Static. */
const char *requests_failure_name(enum requests_failure failure);

/*
 * The family of a code of libcurl's. Two families share CURLE_OPERATION_TIMEDOUT: transfer, which
 * performed the request, knows by its CURLINFO_PRETRANSFER_TIME_T how far it had come; NULL: it had
 * not connected. Source: libcurl-errors(3).
 */
enum requests_failure requests_failure_of(CURLcode code, CURL *transfer);

/* An error, in words and in its family. Start with one that is all zero; it owns nothing. */
struct requests_error {
    enum requests_failure failure;
    CURLcode code;  /* what libcurl said; CURLE_OK where it was not libcurl */
    int status;     /* with REQUESTS_HTTP and REQUESTS_RETRY */
    char text[512]; /* a sentence without the URL: "connection refused" */
};

/* Sets failure and text. NULL allowed. Always returns -1. */
int requests_error_set(struct requests_error *error, enum requests_failure failure,
                       const char *format, ...) PRINTF_LIKE(3, 4);

/*
 * Sets it from a code of libcurl's: detail is what CURLOPT_ERRORBUFFER received, and may be empty
 * or NULL; then the words are curl_easy_strerror()'s. Always returns -1.
 */
int requests_error_from(struct requests_error *error, CURLcode code, CURL *transfer,
                        const char *detail);

/*
 * For who wants a status of 400 or more, as CURLINFO_RESPONSE_CODE gives it, to be an error: sets
 * it to REQUESTS_HTTP, "404 Not Found", and returns -1. Returns 0 for any other status, and leaves
 * error as it is. Source: raise_for_status() of Python's requests; RFC 9110, section 15.
 */
int requests_error_status(struct requests_error *error, long status);

#endif
