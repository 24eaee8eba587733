#include "testbed/service/service.h"

void digest_auth(struct call *call)
{
    send_status(call, HTTP_NOT_IMPLEMENTED);
}
