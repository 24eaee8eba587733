/*
 * Status codes and methods: what the registries say about each.
 *
 * Python: http.HTTPStatus and http.HTTPMethod. Source: RFC 9110 sections 9 and 15, and the HTTP
 * Status Code Registry of IANA.
 */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

#include <stdbool.h>

/* Every registered status. */
enum http_status {
    HTTP_CONTINUE = 100,
    HTTP_SWITCHING_PROTOCOLS = 101,
    HTTP_PROCESSING = 102,
    HTTP_EARLY_HINTS = 103,
    HTTP_OK = 200,
    HTTP_CREATED = 201,
    HTTP_ACCEPTED = 202,
    HTTP_NON_AUTHORITATIVE_INFORMATION = 203,
    HTTP_NO_CONTENT = 204,
    HTTP_RESET_CONTENT = 205,
    HTTP_PARTIAL_CONTENT = 206,
    HTTP_MULTI_STATUS = 207,
    HTTP_ALREADY_REPORTED = 208,
    HTTP_IM_USED = 226,
    HTTP_MULTIPLE_CHOICES = 300,
    HTTP_MOVED_PERMANENTLY = 301,
    HTTP_FOUND = 302,
    HTTP_SEE_OTHER = 303,
    HTTP_NOT_MODIFIED = 304,
    HTTP_USE_PROXY = 305,
    HTTP_TEMPORARY_REDIRECT = 307,
    HTTP_PERMANENT_REDIRECT = 308,
    HTTP_BAD_REQUEST = 400,
    HTTP_UNAUTHORIZED = 401,
    HTTP_PAYMENT_REQUIRED = 402,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD_NOT_ALLOWED = 405,
    HTTP_NOT_ACCEPTABLE = 406,
    HTTP_PROXY_AUTHENTICATION_REQUIRED = 407,
    HTTP_REQUEST_TIMEOUT = 408,
    HTTP_CONFLICT = 409,
    HTTP_GONE = 410,
    HTTP_LENGTH_REQUIRED = 411,
    HTTP_PRECONDITION_FAILED = 412,
    HTTP_CONTENT_TOO_LARGE = 413,
    HTTP_URI_TOO_LONG = 414,
    HTTP_UNSUPPORTED_MEDIA_TYPE = 415,
    HTTP_RANGE_NOT_SATISFIABLE = 416,
    HTTP_EXPECTATION_FAILED = 417,
    HTTP_MISDIRECTED_REQUEST = 421,
    HTTP_UNPROCESSABLE_CONTENT = 422,
    HTTP_LOCKED = 423,
    HTTP_FAILED_DEPENDENCY = 424,
    HTTP_TOO_EARLY = 425,
    HTTP_UPGRADE_REQUIRED = 426,
    HTTP_PRECONDITION_REQUIRED = 428,
    HTTP_TOO_MANY_REQUESTS = 429,
    HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE = 431,
    HTTP_UNAVAILABLE_FOR_LEGAL_REASONS = 451,
    HTTP_INTERNAL_SERVER_ERROR = 500,
    HTTP_NOT_IMPLEMENTED = 501,
    HTTP_BAD_GATEWAY = 502,
    HTTP_SERVICE_UNAVAILABLE = 503,
    HTTP_GATEWAY_TIMEOUT = 504,
    HTTP_VERSION_NOT_SUPPORTED = 505,
    HTTP_VARIANT_ALSO_NEGOTIATES = 506,
    HTTP_INSUFFICIENT_STORAGE = 507,
    HTTP_LOOP_DETECTED = 508,
    HTTP_NOT_EXTENDED = 510,
    HTTP_NETWORK_AUTHENTICATION_REQUIRED = 511
};

/* The registered phrase, "Not Found"; NULL for a code that is not registered. HTTPStatus.phrase. */
const char *http_status_phrase(int code);

/* What it means, in a sentence of ours; NULL as above. HTTPStatus.description. */
const char *http_status_meaning(int code);

/*
 * The next registered code after code, which need not be one; 0 behind the last. To list them all
 * start with 0. Python: list(HTTPStatus).
 */
int http_status_next(int code);

/*
 * 1 to 5: informational, success, redirection, client error, server error; 0 for what is no status.
 * A client that does not know a code treats it as the x00 of its class. RFC 9110 section 15.
 */
int http_status_class(int code);

/* Whether a response of that status has no body, whatever its fields say: 1xx, 204 and 304. */
bool http_status_is_bodyless(int code);

/* What is promised of a method. RFC 9110 section 9.2. */
struct http_method {
    const char *name;
    bool safe;       /* asks to read only */
    bool idempotent; /* asked twice does as much as asked once: it may be repeated by itself */
    bool cacheable;
    const char *meaning; /* HTTPMethod.description */
};

/* The methods of RFC 9110 and PATCH, up to one with the name NULL. Python: list(HTTPMethod). */
extern const struct http_method HTTP_METHODS[];

/* Looks it up, with regard to case as methods are; NULL when it is not one of those. */
const struct http_method *http_method_find(const char *name);

#endif
