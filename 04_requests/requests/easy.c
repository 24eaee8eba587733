/* The small things around libcurl's easy interface. */
#include "requests/easy.h"

#include <errno.h>
#include <string.h>

/* [collect] */
size_t easy_collect(char *bytes, size_t size, size_t count, void *body)
{
    struct easy_body *kept = body;
    size_t length = size * count; /* size is always 1 */

    if (length > kept->limit - kept->bytes.length) {
        kept->full = true;
        return 0; /* less than it was given: libcurl ends the transfer */
    }
    return buffer_add(&kept->bytes, bytes, length) == 0 ? length : 0;
}
/* [/collect] */

/* [append] */
int easy_append(struct curl_slist **list, const char *text)
{
    if (strpbrk(text, "\r\n") != NULL) {
        errno = EINVAL; /* the rest would be a header of its own */
        return -1;
    }
    struct curl_slist *longer = curl_slist_append(*list, text);
    if (longer == NULL) {
        errno = ENOMEM;
        return -1;
    }
    *list = longer;
    return 0;
}
/* [/append] */
