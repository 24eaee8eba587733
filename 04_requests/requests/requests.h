/*
 * HTTP for humans, in C: one call a request, options by name.
 *
 *     struct requests_error error = {0};
 *     struct requests_response *r =
 *         requests_get("http://localhost:10000/get", .params = requests_pairs({"q", "two words"}),
 *                      .timeout_s = 5, .error = &error);
 *     if (r == NULL)
 *         die("%s: %s", requests_failure_name(error.failure), error.text);
 *     printf("%d %s\n", r->status, requests_text(r, NULL));
 *     requests_response_free(r);
 *
 * An option that is not named is as requests has it, but for time-outs, a limit of the body and the
 * schemes: http and https alone. struct requests_options in requests/models.h lists them all.
 * Nothing is to be initialised. libcurl carries the requests.
 *
 * Python: requests. Lesson 4.17.
 */
#ifndef REQUESTS_REQUESTS_H
#define REQUESTS_REQUESTS_H

#include "http/status.h"
#include "requests/adapters.h"
#include "requests/auth.h"
#include "requests/error.h"
#include "requests/models.h"
#include "requests/sessions.h"

/* Each returns a response to be given to requests_response_free(), or NULL and an error. Each of
 * requests_get() and the like has a connection of its own. */
#define requests_request(method, url, ...) \
    requests_session_request(NULL, (method), (url), requests_options_of(__VA_ARGS__))
#define requests_get(url, ...) requests_request("GET", (url), __VA_ARGS__)
#define requests_head(url, ...) requests_request("HEAD", (url), __VA_ARGS__)
#define requests_options(url, ...) requests_request("OPTIONS", (url), __VA_ARGS__)
#define requests_post(url, ...) requests_request("POST", (url), __VA_ARGS__)
#define requests_put(url, ...) requests_request("PUT", (url), __VA_ARGS__)
#define requests_patch(url, ...) requests_request("PATCH", (url), __VA_ARGS__)
#define requests_delete(url, ...) requests_request("DELETE", (url), __VA_ARGS__)

/* The same with a session. Python: s.get() and the like. */
#define requests_session_call(session, method, url, ...) \
    requests_session_request((session), (method), (url), requests_options_of(__VA_ARGS__))
#define requests_session_get(s, url, ...) requests_session_call(s, "GET", url, __VA_ARGS__)
#define requests_session_head(s, url, ...) requests_session_call(s, "HEAD", url, __VA_ARGS__)
#define requests_session_options(s, url, ...) requests_session_call(s, "OPTIONS", url, __VA_ARGS__)
#define requests_session_post(s, url, ...) requests_session_call(s, "POST", url, __VA_ARGS__)
#define requests_session_put(s, url, ...) requests_session_call(s, "PUT", url, __VA_ARGS__)
#define requests_session_patch(s, url, ...) requests_session_call(s, "PATCH", url, __VA_ARGS__)
#define requests_session_delete(s, url, ...) requests_session_call(s, "DELETE", url, __VA_ARGS__)

/* Python: req = Request("GET", url, …); p = s.prepare_request(req); s.send(p, …). */
#define requests_prepare(session, method, url, ...) \
    requests_session_prepare((session), (method), (url), requests_options_of(__VA_ARGS__))
#define requests_send(session, prepared, ...) \
    requests_session_send((session), (prepared), requests_options_of(__VA_ARGS__))

#endif
