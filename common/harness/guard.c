/* Whether a program compares a secret by functions that stop at the first difference. */
#include "harness/harness.h"
#include "harness/internal.h"

void student_guard(struct student *p, const void *secret)
{
    wire_log_guard(&p->log, secret);
}

void student_expect_guarded(struct student *p, const char *what)
{
    for (uint32_t i = 0; i < wire_log_count(&p->log); i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e == NULL || e->call != WIRE_COMPARE)
            continue;
        const char *place = steps_place(p->session, e);
        session_blame(
            p->session,
            "Your program compares %s by %s()%s%s%s, which stops at the first difference: the "
            "time it takes tells how much of a guess was right. CRYPTO_memcmp(), or a "
            "loop that always runs to the end, tells nothing.",
            what, e->name, *place != '\0' ? " (" : "", place, *place != '\0' ? ")" : "");
    }
}
