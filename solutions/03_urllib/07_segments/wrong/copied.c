/* fails: four at-once any-order small empty no-ranges weak no-length urls ipv6 resumed cut-twice too-short never-whole never-a-byte all-of-it all-resumed changed changed-part part-without-tag wrong-range wrong-start wrong-total too-long statuses malformed fails-at-once bad-head whole-cut unreachable only-when-whole old-kept disk-full disk-full-whole nowhere part-exists folder-in-the-way stopped usage eintr clean large slow silent */
/*
 * Exercise 3.7  Segments
 *
 * Lesson 3.08's way, by the client of lesson 2.06: one connection, on from where FILE.part ends.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "http/client.h"
#include "urllib/parse.h"

static char piece[65536];

/* Sends the request, from byte begin on. */
static void ask(struct http_client *client, const char *target, uint64_t begin)
{
    struct http_headers fields = {0};

    if (begin > 0 && http_headers_print(&fields, "Range", "bytes=%" PRIu64 "-", begin) == -1)
        die("no memory");
    if (http_client_request(client, "GET", target, &fields, NULL, 0) != HTTP_CLIENT_OK)
        die("%s", http_client_error(client));
    http_headers_free(&fields);
}

static void save(struct http_client *client, const char *target, const char *part)
{
    const struct http_head *head;
    FILE *file = fopen(part, "ae");
    ssize_t n;

    if (file == NULL)
        die_errno("%s", part);
    ask(client, target, (uint64_t)ftell(file));
    if (http_client_get_response(client, &head) != HTTP_CLIENT_OK)
        die("%s", http_client_error(client));
    if (head->status != 200 && head->status != 206)
        die("%d %s", head->status, head->reason);
    if (head->status == 200 && ftruncate(fileno(file), 0) == -1)
        die_errno("%s", part);
    while ((n = http_client_read(client, piece, sizeof piece)) > 0)
        if (fwrite(piece, 1, (size_t)n, file) != (size_t)n)
            die_errno("%s", part);
    if (n < 0)
        die("%s", http_client_error(client));
    if (fflush(file) == EOF || fsync(fileno(file)) == -1 || fclose(file) == EOF)
        die_errno("%s", part);
}

int main(int argc, char **argv)
{
    struct buffer target = {0}, part = {0}, host = {0}, port = {0};
    struct http_client_limits limits = {0};
    struct url_netloc place;
    struct error error;
    struct url url;
    long ms;

    if (argc != 4 || !number_parse(argv[1], 1, 60000, &ms))
        die_usage("MS URL FILE");
    limits.wait_ms = (int)ms;
    if (url_split(argv[2], strlen(argv[2]), &url, &error) == -1)
        die("%s", error.text);
    url_split_netloc(url.netloc, &place);
    if (buffer_print(&target, "%.*s", (int)strcspn(url.path.text, "#"), url.path.text) == -1 ||
        buffer_print(&host, "%.*s", URL_PRINT(place.host)) == -1 ||
        buffer_print(&port, "%d", url_port(&place, 80)) == -1 ||
        buffer_print(&part, "%s.part", argv[3]) == -1)
        die("no memory");
    struct http_client *client =
        http_client_new(buffer_text(&host), buffer_text(&port), NULL, &limits, &error);
    if (client == NULL)
        die("%s", error.text);
    save(client, buffer_text(&target), buffer_text(&part));
    if (rename(buffer_text(&part), argv[3]) == -1)
        die_errno("%s", argv[3]);
    http_client_free(client);
    buffer_free(&target);
    buffer_free(&part);
    buffer_free(&host);
    buffer_free(&port);
    (void)printf("saved as %s\n", argv[3]);
    finish(EXIT_SUCCESS);
}
