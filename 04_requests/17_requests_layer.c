/*
 * 4.17  The layer
 *
 * Does with the layer what thirty lines of Python do: a session, a mount, a prepared request, JSON.
 *
 * Python:  Session, HTTPAdapter, mount(), Request, prepare_request(), Session.send(), trust_env
 * Usage:   17_requests_layer [URL]
 * See:     04_requests/requests/requests.h; curl_multi_perform(3), curl_multi_poll(3); RFC 9110
 * Leaves out: streams and uploads, which the options .stream and .upload are for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "requests/requests.h"

/* [failed] */
static _Noreturn void failed(const struct requests_error *error)
{
    die("%s: %s", requests_failure_name(error->failure), error->text);
}
/* [/failed] */

/* The URL of a path at the service; the caller frees it. */
static char *at(const char *service, const char *path)
{
    struct buffer url = {0};

    if (buffer_print(&url, "%s%s", service, path) == -1)
        die("no memory");
    return url.data;
}

/* [talk] */
static struct requests_session *open_session(const char *service)
{
    static struct requests_error error; /* lives as long as any session */
    struct requests_session *s = requests_session_new(.timeout_s = 10);
    struct requests_adapter adapter = {.retry.total = 2};

    if (s == NULL)
        die("no memory");
    s->defaults.error = &error;
    s->defaults.trust_env = REQUESTS_NO;
    if (http_headers_set(&s->headers, "User-Agent", "shop/1.0") == -1 ||
        requests_mount(s, service, &adapter) == -1)
        die("no memory");
    return s;
}

static void talk(struct requests_session *s, const char *orders)
{
    struct requests_error *error = s->defaults.error;
    const struct requests_pair *desk = requests_pairs({"desk", "4"});
    json_t *order = json_pack("{s:s, s:i}", "tea", "green", "cups", 2);
    struct requests_prepared *p;
    struct requests_response *r;

    p = requests_prepare(s, "POST", orders, .params = desk, .json = order);
    if (p == NULL || http_headers_set(&p->headers, "X-Order", "17") == -1)
        failed(error);
    printf("%s %s\n%s\n", p->method, p->url, p->body.data);

    r = requests_send(s, p, .allow_redirects = REQUESTS_NO);
    if (r == NULL || requests_raise_for_status(r, error) == -1)
        failed(error);
    json_t *echo = requests_json(r, error);
    if (echo == NULL)
        failed(error);
    json_t *json = json_object_get(echo, "json");
    json_t *tea = json_object_get(json, "tea");
    printf("%d %s\n", r->status, json_string_value(tea));
    json_decref(order);
    json_decref(echo);
    requests_prepared_free(p);
    requests_response_free(r);
}
/* [/talk] */

/* [walk] */
static void walk(struct requests_session *s, const char *url)
{
    struct requests_response *r = requests_session_get(s, url);

    if (r == NULL)
        failed(s->defaults.error);
    for (size_t i = 0; i < r->history_count; i++)
        printf("%d to %s\n", r->history[i]->status, requests_header(r->history[i], "Location"));
    printf("%d %s", r->status, requests_text(r, NULL));
    requests_response_free(r);
}
/* [/walk] */

/* [again] */
static void again(const char *url)
{
    struct requests_error error = {0};
    struct requests_retry retry = {.total = 2, .backoff_s = 0.01};
    struct requests_response *r;

    r = requests_get(url, .error = &error, .retry = &retry);
    if (r != NULL)
        printf("%d after %u tries\n", r->status, r->tries);
    else
        printf("%s\n", error.text);
    requests_response_free(r);
}
/* [/again] */

int main(int argc, char **argv)
{
    const char *service = argc > 1 ? argv[1] : "http://localhost:10000";

    if (argc > 2)
        die_usage("[URL]");
    char *orders = at(service, "/post"), *way = at(service, "/cookies/set?seat=4"),
         *busy = at(service, "/status/503");
    struct requests_session *s = open_session(service);
    talk(s, orders);
    walk(s, way);
    requests_session_free(s);
    again(busy);
    free(orders);
    free(way);
    free(busy);
    finish(EXIT_SUCCESS);
}
