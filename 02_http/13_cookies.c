/*
 * 2.13  Cookies
 *
 * Reads a Cookie field as a server does, and writes a Set-Cookie field with every attribute.
 *
 * Python:  http.cookies.SimpleCookie, Morsel
 * Usage:   13_cookies read FIELD
 *          13_cookies write NAME VALUE [ATTRIBUTE[=VALUE]]...
 *          13_cookies quote NAME TEXT [ATTRIBUTE[=VALUE]]...   any text, as a value
 *          The attributes: Domain, Expires (seconds since 1970), HttpOnly, Max-Age, Path,
 *          SameSite (None, Lax, Strict), Secure.
 * See:     RFC 6265 sections 4.1 and 4.2
 */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "http/cookies.h"

/* [read-field] Prints each cookie of a Cookie field: as it was sent, and what it says. */
static void read_field(const char *field)
{
    struct http_cookies cookies;

    if (http_cookies_parse(&cookies, field) == -1)
        die("out of memory");
    for (size_t i = 0; i < cookies.count; i++)
        (void)printf("%s is %s, sent as %s\n", cookies.list[i].name, cookies.list[i].value,
                     cookies.list[i].coded);
    http_cookies_free(&cookies);
}
/* [/read-field] */

static long number_of(const char *text)
{
    long number;

    if (!number_parse(text, LONG_MIN, LONG_MAX, &number))
        die("%s: not a number", text);
    return number;
}

static enum http_same_site same_site_of(const char *word)
{
    static const char *const WORDS[] = {"", "None", "Lax", "Strict"};
    int i = HTTP_SAME_SITE_STRICT;

    while (i > 0 && strcmp(word, WORDS[i]) != 0)
        i--;
    if (i == 0)
        die("SameSite is None, Lax or Strict");
    return (enum http_same_site)i;
}

/* Sets the attribute that an argument names, "Path=/" or "Secure". The argument is cut in two. */
static void set_attribute(struct http_set_cookie *cookie, char *argument)
{
    char *value = argument + strcspn(argument, "=");

    if (*value == '=')
        *value++ = '\0';
    if (strcmp(argument, "Domain") == 0) {
        cookie->domain = value;
    } else if (strcmp(argument, "Expires") == 0) {
        cookie->has_expires = true;
        cookie->expires = number_of(value);
    } else if (strcmp(argument, "HttpOnly") == 0) {
        cookie->http_only = true;
    } else if (strcmp(argument, "Max-Age") == 0) {
        cookie->has_max_age = true;
        cookie->max_age = number_of(value);
    } else if (strcmp(argument, "Path") == 0) {
        cookie->path = value;
    } else if (strcmp(argument, "SameSite") == 0) {
        cookie->same_site = same_site_of(value);
    } else if (strcmp(argument, "Secure") == 0) {
        cookie->secure = true;
    } else {
        die("%s: no attribute of a cookie", argument);
    }
}

/* [write-field] Prints the Set-Cookie field, or says why there is none. Returns the exit status. */
static int write_field(const char *name, const char *value, char **attributes)
{
    struct http_set_cookie cookie = {.name = name, .value = value};
    struct buffer field = {0};
    struct error error;
    int status = EXIT_SUCCESS;

    for (; *attributes != NULL; attributes++)
        set_attribute(&cookie, *attributes);
    if (http_set_cookie_build(&cookie, &field, &error) == 0) {
        (void)printf("Set-Cookie: %s\n", field.data);
    } else {
        report("refused: %s", error.text);
        status = EXIT_FAILURE;
    }
    buffer_free(&field);
    return status;
}
/* [/write-field] */

int main(int argc, char **argv)
{
    struct buffer quoted = {0};
    int status = EXIT_SUCCESS;

    if (argc == 3 && strcmp(argv[1], "read") == 0) {
        read_field(argv[2]);
    } else if (argc >= 4 && strcmp(argv[1], "write") == 0) {
        status = write_field(argv[2], argv[3], argv + 4);
    } else if (argc >= 4 && strcmp(argv[1], "quote") == 0) {
        if (http_cookie_quote(argv[3], &quoted) == -1)
            die("out of memory");
        status = write_field(argv[2], buffer_text(&quoted), argv + 4);
    } else {
        die_usage("read FIELD | write NAME VALUE [ATTRIBUTE]... | quote NAME TEXT [ATTRIBUTE]...");
    }
    buffer_free(&quoted);
    finish(status);
}
