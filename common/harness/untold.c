/* What a program has and may not tell. */
#include <string.h>

#include "core/buffer.h"
#include "harness/internal.h"

void expect_untold(struct student *p, const char *secret, const char *what)
{
    struct session *s = p->session;
    const struct buffer *outputs[] = {&p->output, &p->errors};
    static const char *const NAMES[] = {"output", "error"};

    if (s->options->play)
        return;
    student_wait_end(p);
    for (int i = 0; i < 2; i++)
        if (memmem(buffer_text(outputs[i]), outputs[i]->length, secret, strlen(secret)) != NULL)
            session_blame(s, "Your program told %s, \"%s\", on standard %s.", what, secret,
                          NAMES[i]);
}
