/*
 * 3.10  libcurl's URLs
 *
 * Takes URLs apart with libcurl and with our own module, and shows on which parts they differ.
 *
 * Python:  urllib.parse does the same; there is no libcurl in the standard library
 * Usage:   10_libcurl_urls <urls
 *          10_libcurl_urls URL [REFERENCE | PART=VALUE | +NAME=VALUE]...
 *          PART is scheme, user, password, host, port, path, query or fragment.
 * See:     curl_url_set(3), curl_url_get(3), CURLU_* there; RFC 3986; the URL standard
 * Leaves out: names in other alphabets (CURLU_PUNYCODE), and fetching (chapter 4).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "core/error.h"
#include "urllib/parse.h"

/* What libcurl calls the parts, and what it says when one is not there. */
enum { SCHEME, USER, PASSWORD, HOST, PORT, PATH, QUERY, FRAGMENT, PARTS };
static const struct part {
    const char *name;
    CURLUPart part;
    CURLUcode missing;
} NAMES[PARTS] = {
    [SCHEME] = {"scheme", CURLUPART_SCHEME, CURLUE_NO_SCHEME},
    [USER] = {"user", CURLUPART_USER, CURLUE_NO_USER},
    [PASSWORD] = {"password", CURLUPART_PASSWORD, CURLUE_NO_PASSWORD},
    [HOST] = {"host", CURLUPART_HOST, CURLUE_NO_HOST},
    [PORT] = {"port", CURLUPART_PORT, CURLUE_NO_PORT},
    [PATH] = {"path", CURLUPART_PATH, CURLUE_OK}, /* always there */
    [QUERY] = {"query", CURLUPART_QUERY, CURLUE_NO_QUERY},
    [FRAGMENT] = {"fragment", CURLUPART_FRAGMENT, CURLUE_NO_FRAGMENT},
};

static CURLU *new_handle(void)
{
    CURLU *handle = curl_url();

    if (handle == NULL)
        die("no memory for a URL");
    return handle;
}

/* [get] A copy of a part, for curl_free(); NULL when it is not there. */
static char *get(CURLU *handle, const struct part *part)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(handle, part->part, &text, 0);

    if (code != CURLUE_OK && code != part->missing)
        die("%s: %s", part->name, curl_url_strerror(code));
    return code == CURLUE_OK ? text : NULL;
}
/* [/get] */

/* The same parts from our module: places in text. Returns 0, or -1 and an error. */
static int split(const char *text, struct url_part parts[PARTS], struct error *error)
{
    struct url url;
    struct url_netloc within;

    if (url_split(text, strlen(text), &url, error) == -1)
        return -1;
    url_split_netloc(url.netloc, &within);
    if (url_port(&within, 0) == -1)
        return error_set(error, "a port is a number up to 65535");
    parts[SCHEME] = url.scheme;
    parts[USER] = within.username;
    parts[PASSWORD] = within.password;
    parts[HOST] = within.host;
    parts[PORT] = within.port;
    parts[PATH] = url.path;
    parts[QUERY] = url.query;
    parts[FRAGMENT] = url.fragment;
    return 0;
}

/* Whether both say the same; in scheme and host the case of letters does not count. */
static bool agree(int i, struct url_part a, struct url_part b)
{
    if ((i == SCHEME || i == HOST) && a.text != NULL && b.text != NULL)
        return a.length == b.length && strncasecmp(a.text, b.text, a.length) == 0;
    return url_part_equal(a, b);
}

static void show(const char *who, struct url_part part)
{
    printf(part.text == NULL ? "  %s: none" : "  %s: [%.*s]", who, URL_PRINT(part));
}

/* Prints a URL, and where the two differ on it. */
static void compare(const char *text)
{
    CURLU *handle = new_handle(); /* in an old one a reference would be resolved */
    struct url_part parts[PARTS] = {{0}};
    struct error error;
    int ours = split(text, parts, &error);
    CURLUcode code = curl_url_set(handle, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);

    printf("%s\n", text);
    if (ours == -1)
        printf("  ours: no URL: %s\n", error.text);
    if (code != CURLUE_OK)
        printf("  libcurl: no URL: %s\n", curl_url_strerror(code));
    for (int i = 0; i < PARTS && ours == 0 && code == CURLUE_OK; i++) {
        char *theirs = get(handle, &NAMES[i]);

        if (!agree(i, parts[i], url_part_of(theirs))) {
            printf("  %-8s", NAMES[i].name);
            show("ours", parts[i]);
            show("libcurl", url_part_of(theirs));
            printf("\n");
        }
        curl_free(theirs);
    }
    curl_url_cleanup(handle);
}

/* Changes a URL: a part, one field more of its query, or all of it by a reference. */
static void change(CURLU *handle, const char *argument)
{
    const char *value = argument;
    CURLUPart part = CURLUPART_URL; /* resolved against what is there */
    unsigned int flags = CURLU_NON_SUPPORT_SCHEME;

    if (*argument == '+') {
        part = CURLUPART_QUERY;
        flags = CURLU_APPENDQUERY | CURLU_URLENCODE;
        value = argument + 1;
    }
    for (int i = 0; i < PARTS; i++) {
        size_t length = strlen(NAMES[i].name);
        if (strncmp(argument, NAMES[i].name, length) == 0 && argument[length] == '=') {
            part = NAMES[i].part;
            if (i != HOST)                /* names are not percent-coded: a bad one is refused */
                flags |= CURLU_URLENCODE; /* what would end the part is coded */
            value = argument + length + 1;
        }
    }
    /* [set] */
    CURLUcode code = curl_url_set(handle, part, value, flags);
    if (code != CURLUE_OK)
        die("%s: %s", argument, curl_url_strerror(code));
    /* [/set] */
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (argc > 1) {
        CURLU *handle = new_handle();

        for (int i = 1; i < argc; i++)
            change(handle, argv[i]);
        char *url = get(handle, &(const struct part){"URL", CURLUPART_URL, CURLUE_OK});
        printf("%s\n", url);
        curl_free(url);
        curl_url_cleanup(handle);
        finish(EXIT_SUCCESS);
    }
    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        compare(line);
    }
    if (ferror(stdin))
        die_errno("standard input");
    free(line);
    finish(EXIT_SUCCESS);
}
