/*
 * Sessions: defaults, cookies and connections that outlive a request.
 *
 * Cookies are kept by the workbook's own jar (http/cookiejar.h), not by libcurl's engine: the layer
 * follows redirects itself, to keep a history as requests does, and has to know at each step which
 * cookies came and which go; the jar lists, saves and clears them, and knows public suffixes.
 *
 * Python: requests.Session. Lessons 4.05 and 4.17.
 */
#ifndef REQUESTS_SESSIONS_H
#define REQUESTS_SESSIONS_H

#include "requests/models.h"

/* What the fields of the same names are in Python. May be changed between two requests. */
struct requests_session {
    struct http_headers headers;          /* sent with each request; http_headers_set() */
    struct http_jar *cookies;             /* owned */
    struct requests_options defaults;     /* params, auth, verify, cert, proxies, hooks, trust_env,
                                             max_redirects, time-outs, limit, retry, stream, error; a
                                             request's own go before, its params are added */
    struct requests_transport *transport; /* the layer's own: libcurl's handles */
};

/*
 * Makes a session; of options headers and cookies are copied, the rest is its defaults as it
 * stands. NULL allowed. Returns NULL and options->error. A session is for one thread at a time;
 * several threads may have one each, and call requests_get() and the like at the same time, as long
 * as no thread changes the environment. Python: Session().
 */
struct requests_session *requests_session_make(const struct requests_options *options);
/* The same with options by name: requests_session_new(.auth = requests_basic_auth("u", "p")). */
#define requests_session_new(...) \
    requests_session_make(&(const struct requests_options){__VA_ARGS__})

/* Closes the connections and frees all. NULL is allowed. Python: close(), or the end of with. */
void requests_session_free(struct requests_session *session);

/*
 * Rules for all URLs that begin with prefix, case not counting: "https://api.example.com/". The
 * longest prefix counts. adapter is copied; its list of statuses is not. 0, or -1 when memory is
 * short. Python: mount(prefix, HTTPAdapter(max_retries=…)); requests_get_adapter(): get_adapter(),
 * NULL when none was mounted.
 */
int requests_mount(struct requests_session *session, const char *prefix,
                   const struct requests_adapter *adapter);
const struct requests_adapter *requests_get_adapter(const struct requests_session *session,
                                                    const char *url);

/*
 * Makes a request of method, URL and options, with the session's defaults; session may be NULL.
 * Files, form and upload in options must live until it is sent. The caller frees it. NULL and
 * options->error: REQUESTS_INVALID_URL, REQUESTS_INVALID_HEADER. Python: Session.prepare_request().
 */
struct requests_prepared *requests_session_prepare(struct requests_session *session,
                                                   const char *method, const char *url,
                                                   const struct requests_options *options);

/*
 * Sends it, as often as the caller likes. Of options only what stands under "How" and "What is
 * taken" counts. session may be NULL: one for this alone. Returns the response, whatever its
 * status, which the caller frees; or NULL and options->error (or that of the session's defaults).
 * Python: Session.send().
 */
struct requests_response *requests_session_send(struct requests_session *session,
                                                const struct requests_prepared *request,
                                                const struct requests_options *options);

/* Both together. session may be NULL. Python: Session.request(). */
struct requests_response *requests_session_request(struct requests_session *session,
                                                   const char *method, const char *url,
                                                   const struct requests_options *options);

#define requests_options_of(...) (&(const struct requests_options){__VA_ARGS__})

#endif
