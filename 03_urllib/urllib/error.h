/*
 * What can go wrong when a URL is opened: one error for all of it.
 *
 * Python: urllib.error (URLError, HTTPError, ContentTooShortError), and the exceptions that
 * urllib.request lets through. Lesson 3.07 is about it.
 */
#ifndef URLLIB_ERROR_H
#define URLLIB_ERROR_H

#include <stdint.h>

#include "core/attributes.h"

struct url_response;

/* Behind each the exception that Python raises. */
enum url_failure {
    URL_OK = 0,
    URL_BAD_URL,         /* it cannot be opened as it stands: ValueError, http.client.InvalidURL */
    URL_UNKNOWN_SCHEME,  /* no handler opens it: URLError("unknown url type: …") */
    URL_NO_NAME,         /* the host's name is unknown: URLError(socket.gaierror) */
    URL_REFUSED,         /* ECONNREFUSED: URLError(ConnectionRefusedError) */
    URL_NO_CONNECTION,   /* unreachable, or the proxy would not: URLError(OSError) */
    URL_TLS,             /* certificate refused, no common version: URLError(ssl.SSLError) */
    URL_TIMEOUT_CONNECT, /* not connected in time: URLError(TimeoutError) */
    URL_TIMEOUT_READ,    /* nothing came in time: TimeoutError */
    URL_BROKEN,          /* closed or reset in the middle: ConnectionError */
    URL_BAD_ANSWER,      /* what came is no HTTP: HTTPException */
    URL_HTTP,            /* a status that is no success: HTTPError */
    URL_REDIRECT,        /* a loop, too many, or to where it may not go: HTTPError, too */
    URL_TOO_SHORT,       /* less came than was promised: ContentTooShortError, IncompleteRead */
    URL_TOO_LONG,        /* more than the caller's limit */
    URL_NO_FILE,         /* a file: URL, or where to save: URLError(FileNotFoundError), OSError */
    URL_STOPPED,         /* the caller's progress() wanted no more: whatever it would raise */
    URL_NO_MEMORY
};

/* The name of the exception behind it: "HTTPError". */
const char *url_failure_name(enum url_failure failure);

/*
 * An error. Begin with one that is all zero, and give it to url_error_clear() in the end, since it
 * may hold a response.
 */
struct url_error {
    enum url_failure failure;
    int number; /* errno where there was one, else 0: HTTPError.reason has no such thing */
    int status; /* with URL_HTTP and URL_REDIRECT. Python: HTTPError.code */
    uint64_t received, expected; /* with URL_TOO_SHORT, in bytes */

    /*
     * With URL_HTTP and URL_REDIRECT: the response, its fields and body still to be read, owned by
     * the error. Take it by setting this to NULL. Python: HTTPError is a response, too.
     */
    struct url_response *response;
    char text[512]; /* a sentence without the URL: "connection refused". Python: reason */
};

/* Sets failure, number and text, and frees an older response. NULL allowed. Always returns -1. */
int url_error_set(struct url_error *error, enum url_failure failure, int number, const char *format,
                  ...) PRINTF_LIKE(4, 5);

/* Frees what it holds and makes it all zero. NULL allowed. */
void url_error_clear(struct url_error *error);

#endif
