/*
 * Exercise 4.3  Inventory
 *
 * A turn is a GET, a sum and a PUT; three turns at most. Sums are integers of 64 bits, and whether
 * one fits is asked before it is made.
 *
 * Usage:  inventory MS URL
 * See:    lesson 4.04; jansson's manual; RFC 8259 section 6, RFC 9110 section 15.5.10
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"
#include "requests/error.h"

enum { MS_MOST = 600000, BODY_MOST = 4 << 20, TURNS = 3, BAD = 4, CONFLICT = 5 };

struct report {
    json_int_t version, items, count, cents;
    json_t *out;
};

struct client {
    CURL *curl;
    const char *url;
    long ms;
    struct easy_body body; /* of the last answer */
    long status;
};

/* ---- what is asked ---- */

/* A request; text is what is sent by PUT, or NULL for GET. Returns false with a message. */
static bool ask(struct client *client, const char *text)
{
    char words[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = NULL;
    CURLcode code = CURLE_OK;
    CURL *curl = client->curl;

    curl_easy_reset(curl);
    buffer_free(&client->body.bytes);
    client->body = (struct easy_body){.limit = BODY_MOST};
    if (easy_append(&headers, "Accept: application/json") == -1 ||
        (text != NULL && easy_append(&headers, "Content-Type: application/json") == -1))
        code = CURLE_OUT_OF_MEMORY;
    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, client->url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, client->ms);
    easy_set(code, curl, CURLOPT_HTTPHEADER, headers);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, &client->body);
    if (text != NULL) {
        easy_set(code, curl, CURLOPT_POSTFIELDSIZE, (long)strlen(text));
        easy_set(code, curl, CURLOPT_POSTFIELDS, text);
        easy_set(code, curl, CURLOPT_CUSTOMREQUEST, "PUT");
    }
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &client->status);
    if (code != CURLE_OK) {
        struct requests_error error;
        (void)requests_error_from(&error, code, curl, words);
        report("%s: %s: %s", client->url, requests_failure_name(error.failure), error.text);
    }
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL); /* cannot fail; words end here */
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);  /* and so do they */
    curl_slist_free_all(headers);
    return code == CURLE_OK;
}

/* ---- what is read ---- */

static bool bad(const char *what)
{
    report("no inventory: %s", what);
    return false;
}

static bool add(json_int_t *sum, json_int_t more)
{
    return !__builtin_add_overflow(*sum, more, sum) || bad("a sum is too large");
}

static bool add_item(json_t *item, struct report *all)
{
    json_error_t why;
    json_t *name;
    json_int_t count, cents, product;

    if (json_unpack_ex(item, &why, 0, "{s:o, s:I, s:I}", "name", &name, "count", &count, "cents",
                       &cents) == -1)
        return bad(why.text);
    if (!json_is_string(name) || count < 0 || cents < 0)
        return bad("an item has no name, or less than nothing");
    if (__builtin_mul_overflow(count, cents, &product))
        return bad("a product is too large");
    if (count == 0 && json_array_append(all->out, name) == -1)
        die("out of memory");
    return add(&all->items, 1) && add(&all->count, count) && add(&all->cents, product);
}

/* jansson reads no deeper than 2,048 levels, so this calls itself no deeper than that. */
static bool add_shelves(const json_t *shelves, struct report *all)
{
    if (!json_is_array(shelves))
        return bad("shelves are no array");
    for (size_t i = 0; i < json_array_size(shelves); i++) {
        json_t *shelf = json_array_get(shelves, i);
        json_t *items = json_object_get(shelf, "items"), *inner = json_object_get(shelf, "shelves");
        if (!json_is_array(items))
            return bad("items are no array");
        for (size_t j = 0; j < json_array_size(items); j++)
            if (!add_item(json_array_get(items, j), all))
                return false;
        if (inner != NULL && !add_shelves(inner, all))
            return false;
    }
    return true;
}

static bool is_json(const char *type)
{
    size_t length = type != NULL ? strcspn(type, "; \t") : 0;

    return (length == 16 && strncasecmp(type, "application/json", 16) == 0) ||
           (length > 5 && strncasecmp(type + length - 5, "+json", 5) == 0);
}

/* The answer to the GET as a report. Returns false with a message. */
static bool add_up(struct client *client, struct report *all)
{
    json_error_t why;
    const char *type = NULL;

    if (curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || !is_json(type))
        return bad(type != NULL ? type : "it has no type");
    json_t *root = json_loadb(buffer_text(&client->body.bytes), client->body.bytes.length,
                              JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return bad(why.text);
    json_t *version = json_object_get(root, "version");
    all->version = json_integer_value(version);
    bool good = json_is_integer(version) ? add_shelves(json_object_get(root, "shelves"), all)
                                         : bad("it has no version");
    json_decref(root);
    return good;
}

/* ---- a turn ---- */

/* The report as one line of JSON, for free(). */
static char *to_line(const struct report *all)
{
    json_t *root = json_pack("{s:I, s:I, s:I, s:I, s:O}", "version", all->version, "items",
                             all->items, "count", all->count, "cents", all->cents, "out", all->out);
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    size_t length = text != NULL ? strlen(text) : 0;
    char *line = text != NULL ? realloc(text, length + 2) : NULL;

    if (line == NULL)
        die("out of memory");
    memcpy(line + length, "\n", 2);
    json_decref(root);
    return line;
}

/* Returns the exit status; CONFLICT: once more, perhaps. */
static int take_turn(struct client *client, struct report *all)
{
    if (!ask(client, NULL))
        return client->body.full ? BAD : EXIT_FAILURE;
    if (client->status != 200) {
        report("%s: GET was answered with %ld", client->url, client->status);
        return EXIT_FAILURE;
    }
    if (!add_up(client, all))
        return BAD;
    char *line = to_line(all);
    bool answered = ask(client, line);
    free(line);
    if (!answered)
        return EXIT_FAILURE;
    if (client->status >= 200 && client->status < 300)
        return EXIT_SUCCESS;
    report("%s: PUT was answered with %ld", client->url, client->status);
    return client->status == 409 ? CONFLICT : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct client client = {0};
    int status = CONFLICT;

    if (argc != 3 || !number_parse(argv[1], 1, MS_MOST, &client.ms))
        die_usage("MS URL");
    client.url = argv[2];
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    client.curl = code == CURLE_OK ? curl_easy_init() : NULL;
    if (client.curl == NULL)
        die("libcurl: it cannot begin");
    for (int turn = 0; turn < TURNS && status == CONFLICT; turn++) {
        struct report all = {.out = json_array()};
        if (all.out == NULL)
            die("out of memory");
        status = take_turn(&client, &all);
        if (status == EXIT_SUCCESS)
            printf("%" JSON_INTEGER_FORMAT " items, %" JSON_INTEGER_FORMAT
                   " pieces, %" JSON_INTEGER_FORMAT " cents\n",
                   all.items, all.count, all.cents);
        json_decref(all.out);
    }
    curl_easy_cleanup(client.curl);
    buffer_free(&client.body.bytes);
    curl_global_cleanup();
    finish(status);
}
