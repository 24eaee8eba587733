/* So many bytes, whatever they are: for protocols whose messages say how long they are. */
#include <string.h>

#include "harness/internal.h"

static bool has_all(void *what)
{
    const struct link *link = what;

    return link->in.length >= link->want || link->end || link->error != 0;
}

const char *link_bytes(struct link *link, size_t length)
{
    struct session *s = link->session;
    char *bytes = session_alloc(s, length + 1);

    link->want = length;
    (void)pump(s, has_all, link,
               session_print(s, "%zu byte%s from your program", length, length == 1 ? "" : "s"),
               false);
    size_t came = link->in.length;
    if (came < length)
        link_over(link, session_print(s, "after %zu of %zu bytes", came, length),
                  session_print(s, "after %zu of %zu bytes", came, length));
    memcpy(bytes, link->in.data, length); /* no more was received than was wanted */
    bytes[length] = '\0';
    link->want = link->in.length = link->matched = 0;
    play_say_of(link, "received %s", play_show(s, bytes, length));
    return bytes;
}
