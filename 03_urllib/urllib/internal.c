#include "urllib/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int url_error_memory(struct url_error *error)
{
    return url_error_set(error, URL_NO_MEMORY, 0, "out of memory");
}

struct url_response *url_error_response(struct url_error *error, enum url_failure failure,
                                        struct url_response *response, const char *format, ...)
{
    char text[sizeof error->text];
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    va_end(arguments);
    (void)url_error_set(error, failure, 0, "%s", text); /* returns -1 always */
    error->status = response->status;
    error->response = response;
    return NULL;
}

char *url_part_copy(struct url_part part)
{
    return strndup(part.text != NULL ? part.text : "", part.length);
}

void url_handler_free(struct url_handler *self)
{
    free(self);
}
