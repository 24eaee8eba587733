#include "urllib/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "urllib/request.h"

/* [names] */
const char *url_failure_name(enum url_failure failure)
{
    switch (failure) {
    case URL_OK:
        break;
    case URL_BAD_URL:
        return "ValueError";
    case URL_UNKNOWN_SCHEME:
    case URL_NO_NAME:
    case URL_REFUSED:
    case URL_NO_CONNECTION:
    case URL_TLS:
    case URL_TIMEOUT_CONNECT:
    case URL_NO_FILE:
        return "URLError";
    case URL_TIMEOUT_READ:
        return "TimeoutError";
    case URL_BROKEN:
        return "ConnectionError";
    case URL_BAD_ANSWER:
        return "HTTPException";
    case URL_HTTP:
    case URL_REDIRECT:
        return "HTTPError";
    case URL_TOO_SHORT:
        return "ContentTooShortError";
    case URL_STOPPED:
        return "Exception";
    case URL_TOO_LONG:
    case URL_NO_MEMORY:
        return "MemoryError";
    }
    return "none";
}
/* [/names] */

/* [set] */
int url_error_set(struct url_error *error, enum url_failure failure, int number, const char *format,
                  ...)
{
    char text[sizeof error->text];
    va_list arguments;

    if (error == NULL)
        return -1;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    va_end(arguments);
    url_error_clear(error); /* only now: an argument may be a text of the old response */
    error->failure = failure;
    error->number = number;
    memcpy(error->text, text, sizeof text);
    return -1;
}
/* [/set] */

void url_error_clear(struct url_error *error)
{
    if (error == NULL)
        return;
    url_close(error->response);
    *error = (struct url_error){0};
}
