/* fails: one several empty nested run-out unicode large-numbers good-type in-pieces overflow wrong-types invalid wrong-type too-large conflict conflicts get-refused put-refused put-unanswered cut-off refused output-full clean clean-failures silent */
/* Program 4.04 with the arguments of this task: it sends an item by POST. */
#include <errno.h>
#include <limits.h>
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

static const char USAGE[] = "MS URL";
enum { BODY_MOST = 1 << 20 };

struct item {
    const char *name; /* in what was read: as long as the JSON lives */
    json_int_t count;
    double price;
};

static char *item_to_json(const struct item *item, struct requests_error *error)
{
    json_error_t why;
    json_t *root = json_pack_ex(&why, 0, "{s:s, s:I, s:f}", "name", item->name, "count",
                                item->count, "price", item->price);
    char *text = NULL;

    if (root != NULL)
        text = json_dumps(root, JSON_COMPACT); /* for free() */
    if (text == NULL)
        (void)requests_error_set(error, REQUESTS_JSON, "%s", root == NULL ? why.text : "no memory");
    json_decref(root);
    return text;
}

/* [type] Whether that is application/json, or ends in +json. */
static bool is_json(const char *type)
{
    size_t length = type != NULL ? strcspn(type, "; \t") : 0;

    if (length == 16 && strncasecmp(type, "application/json", 16) == 0)
        return true;
    return (length > 5 && strncasecmp(type + length - 5, "+json", 5) == 0);
}
/* [/type] */

static void tell_where(struct requests_error *error, const json_error_t *why)
{
    (void)requests_error_set(error, REQUESTS_JSON, "line %d, column %d: %s", why->line, why->column,
                             why->text);
}

/* Returns NULL and an error where the answer is no JSON. */
static json_t *parse(CURL *curl, const struct buffer *body, struct requests_error *error)
{
    json_error_t why;
    char *type = NULL;
    CURLcode code = curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);

    if (code != CURLE_OK || !is_json(type)) {
        (void)requests_error_set(error, REQUESTS_JSON, "the answer is %s",
                                 type != NULL ? type : "of no type");
        return NULL;
    }
    /* [parse] */
    size_t flags = JSON_REJECT_DUPLICATES;
    json_t *root = json_loadb(buffer_text(body), body->length, flags, &why);
    if (root == NULL)
        tell_where(error, &why);
    /* [/parse] */
    return root;
}

/* Returns 0, or -1 and an error: what is missing, or of another type. */
static int item_read(json_t *root, struct item *item, struct requests_error *error)
{
    json_error_t why;

    int result = json_unpack_ex(root, &why, 0, "{s:{s:s, s:I, s:F}}", "json", "name", &item->name,
                                "count", &item->count, "price", &item->price);
    if (result == -1)
        return requests_error_set(error, REQUESTS_JSON, "%s", why.text);
    return 0;
}

static CURLcode post(CURL *curl, const char *url, const char *text, struct curl_slist *headers,
                     struct easy_body *body, char *words)
{
    CURLcode code = CURLE_OK;

    /* [post] */
    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, 10000L);
    easy_set(code, curl, CURLOPT_POSTFIELDSIZE, (long)strlen(text));
    easy_set(code, curl, CURLOPT_POSTFIELDS, text);
    easy_set(code, curl, CURLOPT_HTTPHEADER, headers); /* or it is a form */
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, body);
    return code != CURLE_OK ? code : curl_easy_perform(curl);
    /* [/post] */
}

/* Prints what the answer says. Returns 0, or -1 and an error. */
static int show(CURL *curl, const struct buffer *body, struct requests_error *error)
{
    struct item item;
    long status = 0;

    if (curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
        return requests_error_set(error, REQUESTS_OTHER, "no status");
    if (requests_error_status(error, status) == -1)
        return -1;
    json_t *root = parse(curl, body, error);
    int result = root != NULL ? item_read(root, &item, error) : -1;
    if (result == 0)
        printf("%s: %" JSON_INTEGER_FORMAT " at %g\n", item.name, item.count, item.price);
    json_decref(root);
    return result;
}

/* Sends the item and shows the answer. Returns 0, or -1 and an error. */
static int exchange(const char *url, const struct item *item, struct requests_error *error)
{
    char words[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = NULL;
    struct easy_body body = {.limit = BODY_MOST};
    char *text = item_to_json(item, error);

    if (text == NULL)
        return -1;
    printf("-> %s\n", text);
    CURL *curl = curl_easy_init();
    if (curl == NULL || easy_append(&headers, "Content-Type: application/json") == -1 ||
        easy_append(&headers, "Accept: application/json") == -1)
        die("no memory for a request");
    CURLcode code = post(curl, url, text, headers, &body, words);
    int result = code == CURLE_OK ? show(curl, &body.bytes, error)
                                  : requests_error_from(error, code, curl, words);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    buffer_free(&body.bytes);
    free(text);
    return result;
}

int main(int argc, char **argv)
{
    struct item item = {"pear", 3, 0.5};
    struct requests_error error = {0};
    long ms;

    if (argc != 3 || !number_parse(argv[1], 1, 600000, &ms))
        die_usage(USAGE);
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    int result = exchange(argv[2], &item, &error);
    if (result == -1)
        report("%s: %s", requests_failure_name(error.failure), error.text);
    curl_global_cleanup();
    finish(result == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
