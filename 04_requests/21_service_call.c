/*
 * 4.21  Calling a service
 *
 * Calls a service as another service would: within a deadline, with few retries, with an id in each
 * request, and not at all while it is known to be down.
 *
 * Python:  requests.Session with hooks; breaker and deadline are libraries or one's own there, too
 * Usage:   21_service_call [--budget MS] [--tries N] [--failures N] [--cool MS] [--show] [URL]
 *          Each line of standard input is a path to call behind URL, or "wait MS".
 * See:     RFC 9110 section 9.2.2; Nygard, Release It!, for the circuit breaker
 * Leaves out: POST and its key against doing things twice (4.14), several services and a balance
 *          between them (5.19).
 */
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "requests/requests.h"

static const char USAGE[] = "[--budget MS] [--tries N] [--failures N] [--cool MS] [--show] [URL]";

static uint32_t draw(void)
{
    uint32_t number;

    if (getrandom(&number, sizeof number, 0) != sizeof number)
        die_errno("getrandom");
    return number;
}

/* ---- the breaker ---- */

/* [breaker] */
enum breaker_state { CLOSED, OPEN, HALF_OPEN };

struct breaker {
    enum breaker_state state;
    long most, failures; /* in a row */
    long cool;           /* milliseconds for which it stays open */
    int64_t opened;
};

static void breaker_set(struct breaker *b, enum breaker_state state)
{
    static const char *const NAMES[] = {"closed", "open", "half-open"};

    if (b->state != state)
        printf("  breaker: %s -> %s\n", NAMES[b->state], NAMES[state]);
    b->state = state;
    if (state == OPEN)
        b->opened = now_ms();
}

/* Whether a call may be made. After some time one may, as a trial. */
static bool breaker_allows(struct breaker *b)
{
    if (b->state == OPEN && now_ms() - b->opened >= b->cool)
        breaker_set(b, HALF_OPEN);
    return b->state != OPEN;
}

/* What became of the call that was allowed. */
static void breaker_note(struct breaker *b, bool good)
{
    b->failures = good ? 0 : b->failures + 1;
    if (good)
        breaker_set(b, CLOSED);
    else if (b->state == HALF_OPEN || b->failures >= b->most)
        breaker_set(b, OPEN);
}
/* [/breaker] */

/* ---- a call ---- */

struct service {
    struct requests_session *session;
    struct requests_error error; /* of the last try */
    const char *base;
    struct breaker breaker;
    long budget, tries; /* budget in milliseconds */
    bool show;
    uint32_t run;
    unsigned calls, bad;
};

/* One call: all of its tries have the same id, and one deadline. */
struct job {
    char url[4096], id[32];
    int64_t deadline; /* now_ms() */
};

/* [try] */
/* One try, which lasts no longer than the deadline of its call. */
static struct requests_response *ask(struct service *s, struct job *job)
{
    char left[24];
    int64_t ms = job->deadline - now_ms();

    (void)snprintf(left, sizeof left, "%ld", (long)ms); /* it has room */
    const struct requests_pair *own =
        requests_pairs({"X-Request-Id", job->id}, {"X-Budget-Ms", left});
    s->session->defaults.total_timeout_s = (double)(ms > 0 ? ms : 1) / 1000;
    return requests_session_get(s->session, job->url, .headers = own);
}
/* [/try] */

/* Whether the service is to blame: nothing came, or it says that it cannot. */
static bool is_failure(const struct requests_response *response)
{
    return response == NULL || response->status >= 500 || response->status == 429;
}

/* [call] */
static struct requests_response *call(struct service *s, struct job *job)
{
    static const struct requests_retry POLICY = {.backoff_s = 0.05};
    long tries = s->breaker.state == HALF_OPEN ? 1 : s->tries;

    for (unsigned n = 0;; n++) {
        struct requests_response *response = ask(s, job);
        if (!is_failure(response) || --tries == 0)
            return response;
        double most = requests_backoff_limit(&POLICY, n) * 1000;
        int64_t wait = draw() % ((uint32_t)most + 1);
        if (wait >= job->deadline - now_ms())
            return response;
        requests_response_free(response);
        (void)poll(NULL, 0, (int)wait); /* a signal may end it early */
    }
}
/* [/call] */

static void call_and_tell(struct service *service, const char *path)
{
    struct job job = {.deadline = now_ms() + service->budget};
    int length = snprintf(job.url, sizeof job.url, "%s%s", service->base, path);

    if (length < 0 || (size_t)length >= sizeof job.url)
        die("%.40s...: the path is too long", path);
    (void)snprintf(job.id, sizeof job.id, "%08x-%u", service->run, ++service->calls); /* room */
    printf("%s\n", path);
    if (!breaker_allows(&service->breaker)) {
        printf("  not called\n");
        service->bad++;
        return;
    }
    struct requests_response *response = call(service, &job);
    if (response == NULL)
        printf("  %s\n", requests_failure_name(service->error.failure));
    else
        printf("  %d\n%s", response->status, service->show ? buffer_text(&response->body) : "");
    service->bad += is_failure(response);
    breaker_note(&service->breaker, !is_failure(response));
    requests_response_free(response);
}

static void serve(struct service *service)
{
    char line[2048];
    long ms;

    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "wait ", 5) == 0 && number_parse(line + 5, 0, 60000, &ms))
            (void)poll(NULL, 0, (int)ms);
        else if (line[0] == '/')
            call_and_tell(service, line);
        else
            die("\"%s\": neither a path nor a wait", line);
    }
    if (ferror(stdin))
        die_errno("standard input");
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"budget", required_argument, NULL, 'b'},   {"tries", required_argument, NULL, 't'},
        {"failures", required_argument, NULL, 'f'}, {"cool", required_argument, NULL, 'c'},
        {"show", no_argument, NULL, 's'},           {0}};
    struct service service = {.base = "http://localhost:10000", .budget = 1000, .tries = 3};
    int option;

    service.breaker = (struct breaker){.most = 3, .cool = 5000};
    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 's')
            service.show = true;
        else if (!(option == 'b' && number_parse(optarg, 1, INT_MAX, &service.budget)) &&
                 !(option == 't' && number_parse(optarg, 1, 100, &service.tries)) &&
                 !(option == 'f' && number_parse(optarg, 1, 1000, &service.breaker.most)) &&
                 !(option == 'c' && number_parse(optarg, 1, INT_MAX, &service.breaker.cool)))
            die_usage(USAGE);
    }
    if (argc - optind > 1)
        die_usage(USAGE);
    if (optind < argc)
        service.base = argv[optind];
    service.run = draw();
    service.session = requests_session_new(.limit = 1 << 20, .error = &service.error,
                                           .allow_redirects = REQUESTS_NO);
    if (service.session == NULL)
        die("out of memory");
    serve(&service);
    requests_session_free(service.session);
    finish(service.bad > 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
