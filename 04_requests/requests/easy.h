/*
 * What every program on libcurl needs: options that are checked, a body that is kept within a
 * limit, a list of header lines. Lesson 4.01 explains it step by step; the programs after it use
 * it.
 */
#ifndef REQUESTS_EASY_H
#define REQUESTS_EASY_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"

/*
 * Sets an option of a handle, unless one before it has failed: code, a CURLcode that began as
 * CURLE_OK, keeps the first failure. So a row of options is checked once, behind the last one.
 * Source: curl_easy_setopt(3), RETURN VALUE.
 */
#define easy_set(code, curl, option, value) \
    ((code) = (code) != CURLE_OK ? (code) : curl_easy_setopt((curl), (option), (value)))

/* Reads a value of a handle, in the same way. Source: curl_easy_getinfo(3). */
#define easy_get(code, curl, info, value) \
    ((code) = (code) != CURLE_OK ? (code) : curl_easy_getinfo((curl), (info), (value)))

/* A body that is collected in memory. The caller frees bytes. */
struct easy_body {
    struct buffer bytes;
    size_t limit; /* in bytes: what is beyond it ends the transfer with CURLE_WRITE_ERROR */
    bool full;    /* and that is why it ended: more than limit came */
};

/* For CURLOPT_WRITEFUNCTION, with a struct easy_body as CURLOPT_WRITEDATA. */
size_t easy_collect(char *bytes, size_t size, size_t count, void *body);

/*
 * Appends a header line, "Name: value", to a list that may be NULL; text is copied. Returns 0, or
 * -1 when memory is short or the line holds a CR or LF, with errno ENOMEM or EINVAL and the list as
 * it was: curl_slist_append() alone would lose it. Free the list by curl_slist_free_all(), after
 * the handle that uses it. Source: curl_slist_append(3), CURLOPT_HTTPHEADER(3).
 */
int easy_append(struct curl_slist **list, const char *text);

#endif
