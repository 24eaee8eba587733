/* Sending: hooks, tries, redirects, cookies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/clock.h"
#include "requests/internal.h"

/* What a request goes with, all of it decided. */
struct plan {
    struct requests_session *session;
    struct requests_options options;
    struct requests_retry retry;
    struct requests_error *error; /* never NULL */
};

static void make_plan(struct plan *plan, struct requests_session *session,
                      const struct requests_prepared *request,
                      const struct requests_options *options)
{
    const struct requests_adapter *adapter = requests_get_adapter(session, request->url);
    struct requests_options own = *options;

    if (adapter != NULL) {
        own.timeout_s = own.timeout_s != 0 ? own.timeout_s : adapter->timeout_s;
        own.limit = own.limit != 0 ? own.limit : adapter->limit;
        own.retry = own.retry != NULL ? own.retry : &adapter->retry;
    }
    plan->session = session;
    plan->options = requests_merge(&own, &session->defaults);
    struct requests_options *all = &plan->options;
    if (all->retry != NULL)
        plan->retry = *all->retry; /* a copy: a hook may mount anew */
    all->retry = &plan->retry;
    if (all->timeout_s == 0)
        all->timeout_s = 30;
    if (all->connect_timeout_s == 0)
        all->connect_timeout_s = all->timeout_s;
    if (all->max_redirects == 0)
        all->max_redirects = REQUESTS_MAX_REDIRECTS;
    if (all->limit == 0)
        all->limit = REQUESTS_LIMIT;
    if (all->trust_env == REQUESTS_DEFAULT)
        all->trust_env = REQUESTS_YES;
    if (all->allow_redirects == REQUESTS_DEFAULT)
        all->allow_redirects = strcmp(request->method, "HEAD") == 0 ? REQUESTS_NO : REQUESTS_YES;
}

/* A hook said no: words for it, if it has none. */
static void stopped(struct plan *plan, const char *what)
{
    if (plan->error->failure == REQUESTS_OK)
        (void)requests_error_set(plan->error, REQUESTS_STOPPED, "the %s hook said no", what);
}

/* One try: the hook sees, and may change, a copy of its own. */
static struct requests_response *try_once(struct plan *plan,
                                          const struct requests_prepared *request)
{
    const struct requests_hooks *hooks = &plan->options.hooks;
    struct requests_response *response = NULL;

    *plan->error = (struct requests_error){0};
    if (hooks->request == NULL)
        return requests_transfer(plan->session->transport, request, &plan->options, plan->error);
    struct requests_prepared *own = requests_prepared_copy(request);
    if (own == NULL)
        (void)requests_error_memory(plan->error);
    else if (hooks->request(own, hooks->context, plan->error) == -1)
        stopped(plan, "request");
    else
        response = requests_transfer(plan->session->transport, own, &plan->options, plan->error);
    requests_prepared_free(own);
    return response;
}

/* Whether what came of a try is to be tried again at all. */
static bool wants_more(const struct plan *plan, const struct requests_prepared *request,
                       const struct requests_response *response)
{
    if (plan->retry.total <= 0 || request->upload.read != NULL)
        return false; /* an upload of the caller's cannot be read twice */
    if (response == NULL)
        return requests_is_retry_failure(&plan->retry, request->method, plan->error);
    return requests_is_retry_status(&plan->retry, request->method, response->status);
}

/* No more tries: the last error, or status, is what the caller gets. */
static struct requests_response *give_up(struct plan *plan, struct requests_response *response,
                                         unsigned tries, const char *why)
{
    struct requests_error *error = plan->error;

    if (response == NULL) {
        size_t length = strlen(error->text);
        (void)snprintf(error->text + length, sizeof error->text - length, " (%s%u tries)", why,
                       tries); /* cut off where there is no room */
        return NULL;
    }
    response->tries = tries;
    if (plan->retry.return_last)
        return response;
    (void)requests_error_set(error, REQUESTS_RETRY, "%d %s (%s%u tries)", response->status,
                             response->reason, why, tries);
    error->status = response->status;
    requests_response_free(response);
    return NULL;
}

static struct requests_response *try_often(struct plan *plan,
                                           const struct requests_prepared *request)
{
    double budget_s = plan->retry.budget_s == 0 ? 60 : plan->retry.budget_s;
    int64_t begun = now_ms();

    for (unsigned tries = 1;; tries++) {
        struct requests_response *response = try_once(plan, request);
        if (response != NULL)
            response->tries = tries;
        if (!wants_more(plan, request, response))
            return response;
        if (tries > (unsigned)plan->retry.total)
            return give_up(plan, response, tries, "");
        double wait_s = requests_wait_s(&plan->retry, tries - 1, response);
        if ((double)(now_ms() - begun) / 1000 + wait_s > budget_s)
            return give_up(plan, response, tries, "the budget ends after ");
        requests_response_free(response);
        requests_sleep(wait_s);
    }
}

/* ---- redirects ---- */

/* Whether Authorization goes along. Python: Session.should_strip_auth(). */
static bool keeps_auth(const char *from, const char *to)
{
    struct requests_parts a, b;

    if (requests_split(from, &a, NULL) == -1 || requests_split(to, &b, NULL) == -1)
        return false;
    if (!http_same_text(a.netloc.host.text, a.netloc.host.length, b.netloc.host.text,
                        b.netloc.host.length))
        return false;
    if (!a.secure && b.secure && a.port == 80 && b.port == 443)
        return true; /* the same server, and safer than before */
    return a.secure == b.secure && a.port == b.port;
}

static bool same_host(const char *from, const char *to)
{
    struct requests_parts a, b;

    return requests_split(from, &a, NULL) == 0 && requests_split(to, &b, NULL) == 0 &&
           (b.secure || !a.secure) &&
           http_same_text(a.netloc.host.text, a.netloc.host.length, b.netloc.host.text,
                          b.netloc.host.length);
}

/* What follows of a method. Python: Session.rebuild_method(). RFC 9110 section 15.4. */
static bool becomes_get(int status, const char *method)
{
    if (strcmp(method, "HEAD") == 0 || strcmp(method, "GET") == 0)
        return false;
    return status == 302 || status == 303 || (status == 301 && strcmp(method, "POST") == 0);
}

static void drop_body(struct requests_prepared *request)
{
    buffer_free(&request->body);
    request->has_body = false;
    request->files = NULL;
    request->form = NULL;
    request->upload = (struct requests_upload){0};
    (void)http_headers_remove(&request->headers, "Content-Type"); /* how many does not matter */
    (void)http_headers_remove(&request->headers, "Transfer-Encoding");
}

/* Where a redirect leads; the fragment is kept where it names none. RFC 9110 section 10.2.2. */
static int set_target(struct requests_prepared *request, const char *location,
                      struct requests_error *error)
{
    struct url_part before, fragment, after, own;
    struct buffer target = {0};
    struct error problem = {0};
    int result;

    if (url_join(request->url, strlen(request->url), location, strlen(location), &target,
                 &problem) == -1)
        return requests_error_set(error, REQUESTS_INVALID_URL, "a redirect to no URL: %s",
                                  problem.text);
    url_defrag(request->url, strlen(request->url), &before, &fragment);
    url_defrag(target.data, target.length, &after, &own);
    result = own.text == NULL && fragment.text != NULL
                 ? buffer_print(&target, "#%.*s", URL_PRINT(fragment))
                 : 0;
    result = result == -1 ? requests_error_memory(error)
                          : requests_set_url(request, buffer_text(&target), error);
    buffer_free(&target);
    return result;
}

/* Makes request what a redirect makes of it. */
static int redirect(struct plan *plan, struct requests_prepared *request,
                    const struct requests_response *response)
{
    bool get = becomes_get(response->status, request->method);

    if (!get && request->upload.read != NULL)
        return requests_error_set(plan->error, REQUESTS_OTHER,
                                  "a redirect asks for the body again, which cannot be read twice");
    char *from = strdup(request->url);
    if (from == NULL)
        return requests_error_memory(plan->error);
    int result = set_target(request, requests_header(response, "Location"), plan->error);
    if (result == 0 && get) {
        drop_body(request);
        result = requests_set_method(request, "GET", plan->error);
    }
    if (result == 0 && !keeps_auth(from, request->url)) {
        (void)http_headers_remove(&request->headers, "Authorization"); /* the count: no matter */
        (void)http_headers_remove(&request->headers, "Proxy-Authorization");
        request->auth = (struct requests_auth){0};
    }
    if (result == 0 && !same_host(from, request->url)) {
        free(request->own_cookies);
        request->own_cookies = NULL;
    }
    free(from);
    if (result == 0) {
        (void)http_headers_remove(&request->headers, "Cookie");
        result = requests_set_cookies(request, plan->session->cookies, request->own_cookies,
                                      plan->error);
    }
    return result;
}

/* ---- all of it ---- */

static int keep_cookies(struct plan *plan, struct requests_response *response)
{
    struct http_jar_request asked;

    response->cookies = http_jar_new(NULL);
    if (response->cookies == NULL || requests_jar_request(response->url, &asked) == -1)
        return requests_error_memory(plan->error);
    time_t now = time(NULL);
    int result = http_jar_extract(plan->session->cookies, &asked, &response->headers, now) < 0 ||
                         http_jar_extract(response->cookies, &asked, &response->headers, now) < 0
                     ? requests_error_memory(plan->error)
                     : 0;
    requests_jar_request_free(&asked);
    return result;
}

/* What was kept of a body that the caller wanted as a stream: a redirect that leads nowhere, the
 * last of many tries. */
static int deliver(struct plan *plan, struct requests_response *response)
{
    const struct requests_options *options = &plan->options;

    if (options->stream == NULL || response->body.length == 0)
        return 0;
    if (options->stream(options->stream_context, response, response->body.data,
                        response->body.length) != 0)
        return requests_error_set(plan->error, REQUESTS_STOPPED, "the caller wants no more");
    buffer_free(&response->body);
    return 0;
}

/* The way of a request: all answers so far. */
struct way {
    struct requests_response **list;
    size_t count;
};

/* One step: 1 when a redirect is to be followed, 0 at the end, -1 and an error. */
static int step(struct plan *plan, struct requests_prepared *request, struct way *way)
{
    const struct requests_hooks *hooks = &plan->options.hooks;
    size_t size = (way->count + 1) * sizeof(*way->list); /* NOLINT(bugprone-sizeof-expression): a
                                                            list of pointers */
    struct requests_response **longer = realloc(way->list, size);

    if (longer == NULL)
        return requests_error_memory(plan->error);
    way->list = longer;
    struct requests_response *response = try_often(plan, request);
    if (response == NULL)
        return -1;
    way->list[way->count++] = response;
    *plan->error = (struct requests_error){0};
    if (keep_cookies(plan, response) == -1)
        return -1;
    if (hooks->response != NULL && hooks->response(response, hooks->context, plan->error) == -1) {
        stopped(plan, "response");
        return -1;
    }
    if (plan->options.allow_redirects != REQUESTS_YES || !requests_is_redirect(response))
        return deliver(plan, response);
    if (way->count > (size_t)plan->options.max_redirects)
        return requests_error_set(plan->error, REQUESTS_TOO_MANY_REDIRECTS,
                                  "more than %d redirects", plan->options.max_redirects);
    return redirect(plan, request, response) == -1 ? -1 : 1;
}

static struct requests_response *walk(struct plan *plan, struct requests_prepared *request)
{
    struct way way = {0};
    int result = 1;

    while (result == 1)
        result = step(plan, request, &way);
    if (result == 0 && way.count > 0) {
        struct requests_response *last = way.list[--way.count];
        last->history = way.list;
        last->history_count = way.count;
        return last;
    }
    for (size_t i = 0; i < way.count; i++)
        requests_response_free(way.list[i]);
    free(way.list);
    return NULL;
}

struct requests_response *requests_session_send(struct requests_session *session,
                                                const struct requests_prepared *request,
                                                const struct requests_options *options)
{
    static const struct requests_options NONE;
    struct requests_error unwanted = {0};
    struct plan plan = {0};
    struct requests_session *own = NULL;

    if (options == NULL)
        options = &NONE;
    if (session == NULL)
        session = own = requests_session_make(&(struct requests_options){.error = options->error});
    if (session == NULL)
        return NULL;
    make_plan(&plan, session, request, options);
    plan.error = plan.options.error != NULL ? plan.options.error : &unwanted;
    struct requests_prepared *copy = requests_prepared_copy(request);
    struct requests_response *response = NULL;
    if (copy == NULL)
        (void)requests_error_memory(plan.error);
    else
        response = walk(&plan, copy);
    requests_prepared_free(copy);
    requests_session_free(own);
    return response;
}

struct requests_response *requests_session_request(struct requests_session *session,
                                                   const char *method, const char *url,
                                                   const struct requests_options *options)
{
    struct requests_session *own = NULL;
    struct requests_response *response = NULL;

    if (session == NULL) {
        session = own = requests_session_make(
            &(struct requests_options){.error = options == NULL ? NULL : options->error});
    }
    if (session == NULL)
        return NULL;
    struct requests_prepared *request = requests_session_prepare(session, method, url, options);
    if (request != NULL)
        response = requests_session_send(session, request, options);
    requests_prepared_free(request);
    requests_session_free(own);
    return response;
}
