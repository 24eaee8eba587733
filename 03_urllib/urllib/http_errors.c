/* A status that is no success is an error. Python: HTTPErrorProcessor, HTTPDefaultErrorHandler. */
#include <stdlib.h>

#include "http/status.h"
#include "urllib/internal.h"

/* [after] */
static struct url_response *after_all(struct url_handler *self, struct url_request *request,
                                      struct url_response *response, struct url_error *error)
{
    (void)self;
    (void)request;
    if (http_status_class(response->status) == 2)
        return response;
    return url_error_response(error, URL_HTTP, response, "%d %s", response->status,
                              response->reason);
}
/* [/after] */

struct url_handler *url_error_handler(void)
{
    static const char *const schemes[] = {"http", "https", NULL};
    struct url_handler *handler = calloc(1, sizeof *handler);

    if (handler != NULL)
        *handler = (struct url_handler){.name = "errors",
                                        .order = 1000,
                                        .schemes = schemes,
                                        .after = after_all,
                                        .free = url_handler_free};
    return handler;
}
