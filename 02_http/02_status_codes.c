/*
 * 2.02  Status codes
 *
 * Explains status codes and methods: class, phrase and meaning, and what may be asked twice.
 *
 * Python:  http.HTTPStatus, http.HTTPMethod
 * Usage:   02_status_codes [CODE | METHOD]...   all of them without an argument
 * See:     RFC 9110 sections 9 and 15; iana.org/assignments/http-status-codes
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/number.h"
#include "http/status.h"

/* What the first digit says. */
static const char *const CLASSES[] = {
    "", "informational", "success", "redirection", "client error", "server error"};

/* [known-as] The code by which a client that does not know it goes on. RFC 9110 section 15. */
static int known_as(int code)
{
    int class = http_status_class(code);

    if (http_status_phrase(code) != NULL)
        return code;
    if (class == 0)
        return 500; /* no status at all: as if the server had failed */
    return class * 100;
}
/* [/known-as] */

static void explain_status(int code)
{
    int known = known_as(code);

    if (known != code)
        (void)printf("%d: %s, as %d\n", code,
                     http_status_class(code) == 0 ? "no status" : "not registered", known);
    (void)printf("%d %s: %s%s\n    %s\n", known, http_status_phrase(known),
                 CLASSES[http_status_class(known)],
                 http_status_is_bodyless(known) ? ", never a body" : "",
                 http_status_meaning(known));
}

/* [explain-method] */
static void explain_method(const struct http_method *method)
{
    (void)printf(
        "%s: %s, %s\n    %s\n", method->name, method->safe ? "safe" : "may change something",
        method->idempotent ? "may be repeated" : "must not be repeated unasked", method->meaning);
}
/* [/explain-method] */

/* Explains one argument. False when it is neither a number of three digits nor a method. */
static bool explain(const char *word)
{
    const struct http_method *method = http_method_find(word);
    long code;

    if (method != NULL)
        explain_method(method);
    else if (number_parse(word, 100, 999, &code))
        explain_status((int)code);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;

    for (int i = 1; i < argc; i++) {
        if (!explain(argv[i])) {
            report("%s: neither a code of three digits nor a method", argv[i]);
            status = EXIT_FAILURE;
        }
    }
    if (argc == 1) {
        for (int code = http_status_next(0); code != 0; code = http_status_next(code))
            explain_status(code);
        for (const struct http_method *method = HTTP_METHODS; method->name != NULL; method++)
            explain_method(method);
    }
    finish(status);
}
