/*
 * Exercise 4.3  Inventory
 *
 * Another way: no function calls itself, a stack of its own says where in which array one is. The
 * body comes through a memory stream, the report goes out as an upload, and whether a sum fits is
 * asked by comparison.
 */
#define _GNU_SOURCE /* asprintf() */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>
#include <jansson.h>

#include "core/error.h"
#include "core/number.h"

enum { MOST = 4 << 20, DEEPEST = 2048 };

struct state {
    CURL *curl;
    const char *line; /* what is still to be uploaded */
    char *text;       /* what came */
    size_t length;
    FILE *in;
    bool too_much;
    json_int_t items, count, cents;
    json_t *out;
};

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct state *state = context;

    state->too_much = ftell(state->in) + (long)(size * count) > MOST;
    return state->too_much ? 0 : fwrite(bytes, size, count, state->in);
}

static size_t on_read(char *room, size_t size, size_t count, void *context)
{
    struct state *state = context;
    size_t length = strnlen(state->line, size * count);

    memcpy(room, state->line, length);
    state->line += length;
    return length;
}

/* Returns the status of an answer, or -1. */
static long ask(struct state *state, const char *ms, const char *url, const char *line)
{
    struct curl_slist *headers = curl_slist_append(
        NULL, line != NULL ? "Content-Type: application/json" : "Accept: application/json");
    long status = -1, limit = strtol(ms, NULL, 10);

    free(state->text);
    state->text = NULL;
    state->too_much = false;
    state->line = line;
    state->in = open_memstream(&state->text, &state->length);
    if (headers == NULL || state->in == NULL)
        die("out of memory");
    curl_easy_reset(state->curl);
    CURLcode code = curl_easy_setopt(state->curl, CURLOPT_URL, url);
#define SET(option, value) \
    code = code != CURLE_OK ? code : curl_easy_setopt(state->curl, option, value)
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_TIMEOUT_MS, limit);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, state);
    if (line != NULL) {
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_READFUNCTION, on_read);
        SET(CURLOPT_READDATA, state);
        SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)strlen(line));
    }
    if (code == CURLE_OK)
        code = curl_easy_perform(state->curl);
    if (fclose(state->in) == EOF)
        code = CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        code = curl_easy_getinfo(state->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) {
        report("%s: %s", url, curl_easy_strerror(code));
        status = -1;
    }
    curl_slist_free_all(headers);
    return status;
}

static bool take_item(struct state *state, json_t *item)
{
    json_t *name = json_object_get(item, "name"), *counted = json_object_get(item, "count"),
           *priced = json_object_get(item, "cents");
    json_int_t count = json_integer_value(counted), cents = json_integer_value(priced);

    if (!json_is_string(name) || !json_is_integer(counted) || !json_is_integer(priced) ||
        count < 0 || cents < 0)
        return false;
    if (cents > 0 && count > (INT64_MAX - state->cents) / cents)
        return false;
    if (count > INT64_MAX - state->count)
        return false;
    state->items++;
    state->count += count;
    state->cents += count * cents;
    return count > 0 || json_array_append(state->out, name) == 0;
}

static bool take_all(struct state *state, json_t *shelves)
{
    static struct place {
        json_t *array;
        size_t next;
    } stack[DEEPEST];
    size_t depth = 1;

    stack[0] = (struct place){shelves, 0};
    if (!json_is_array(shelves))
        return false;
    while (depth > 0) {
        struct place *top = &stack[depth - 1];
        if (top->next == json_array_size(top->array)) {
            depth--;
            continue;
        }
        json_t *shelf = json_array_get(top->array, top->next++);
        json_t *items = json_object_get(shelf, "items"), *inner = json_object_get(shelf, "shelves");
        if (!json_is_array(items))
            return false;
        for (size_t i = 0; i < json_array_size(items); i++)
            if (!take_item(state, json_array_get(items, i)))
                return false;
        if (inner != NULL && (!json_is_array(inner) || depth == DEEPEST))
            return false;
        if (inner != NULL)
            stack[depth++] = (struct place){inner, 0};
    }
    return true;
}

/* The report on what came, for free(), or NULL: that was no inventory. */
static char *make_report(struct state *state)
{
    const char *type = NULL;
    json_error_t why;
    char *line = NULL;

    state->items = state->count = state->cents = 0;
    (void)json_array_clear(state->out);
    if (curl_easy_getinfo(state->curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || type == NULL)
        return NULL;
    size_t length = strcspn(type, "; \t");
    if ((length != 16 || strncasecmp(type, "application/json", 16) != 0) &&
        (length < 6 || strncasecmp(type + length - 5, "+json", 5) != 0))
        return NULL;
    json_t *root = json_loadb(state->text, state->length, JSON_REJECT_DUPLICATES, &why);
    json_t *version = json_object_get(root, "version");
    if (json_is_integer(version) && take_all(state, json_object_get(root, "shelves"))) {
        char *out = json_dumps(state->out, 0);
        if (out == NULL ||
            asprintf(&line,
                     "{\"out\": %s, \"cents\": %lld, \"count\": %lld, \"items\": "
                     "%lld, \"version\": %lld}\n",
                     out, (long long)state->cents, (long long)state->count, (long long)state->items,
                     (long long)json_integer_value(version)) == -1)
            die("out of memory");
        free(out);
    }
    json_decref(root);
    return line;
}

static int turn(struct state *state, const char *ms, const char *url)
{
    long status = ask(state, ms, url, NULL);

    if (status != 200) {
        report("%s: no answer of 200", url);
        return state->too_much ? 4 : 1;
    }
    char *line = make_report(state);
    if (line == NULL) {
        report("%s: no inventory", url);
        return 4;
    }
    status = ask(state, ms, url, line);
    free(line);
    if (status >= 200 && status < 300)
        return 0;
    report("%s: the report was not taken", url);
    return status == 409 ? 5 : 1;
}

int main(int argc, char **argv)
{
    struct state state = {.out = json_array()};
    int status = 5;
    long ms;

    if (argc != 3 || !number_parse(argv[1], 1, 600000, &ms))
        die_usage("MS URL");
    if (state.out == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (state.curl = curl_easy_init()) == NULL)
        die("it cannot begin");
    for (int i = 0; i < 3 && status == 5; i++)
        status = turn(&state, argv[1], argv[2]);
    if (status == 0)
        printf("%lld items, %lld pieces, %lld cents\n", (long long)state.items,
               (long long)state.count, (long long)state.cents);
    json_decref(state.out);
    free(state.text);
    curl_easy_cleanup(state.curl);
    curl_global_cleanup();
    finish(status);
}
