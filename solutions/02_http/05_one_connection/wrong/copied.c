/* fails: framings says-close until-close http10 surplus unasked closed-between reset-between at-that-moment post-at-that-moment no-word no-word-reset repeated-once first-not-repeated truncated malformed refused wrong-line usage eintr clean */
/*
 * Lesson 2.06's conversation, spelled out: one connection, made at the start, and requests on it
 * one after another. When the server closes it the program ends.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/tcp.h"
#include "http/message.h"

static void receive(int fd, struct buffer *in)
{
    char block[16384];
    ssize_t n = recv(fd, block, sizeof block, 0);

    if (n == -1)
        die_errno("receiving");
    if (n == 0)
        die("the server closed the connection");
    if (buffer_add(in, block, (size_t)n) == -1)
        die("no memory");
}

static void consume(struct buffer *in, size_t length)
{
    in->length -= length;
    memmove(in->data, in->data + length, in->length);
}

/* Reads one answer. Returns its status. */
static int read_answer(int fd, const char *method, struct buffer *in, uint64_t *length)
{
    struct http_head head;
    struct http_body body;
    enum http_result result;
    const char *piece;
    size_t used, size;

    http_head_response(&head, method, NULL);
    if (in->length == 0)
        receive(fd, in);
    while ((result = http_head_parse(&head, in->data, in->length)) == HTTP_PARTIAL)
        receive(fd, in);
    if (result == HTTP_ERROR)
        die("%s", head.error);
    http_body_begin(&body, &head);
    int status = head.status;
    consume(in, head.length);
    http_head_free(&head);
    *length = 0;
    for (;;) {
        result = http_body_read(&body, in->data, in->length, &used, &piece, &size);
        consume(in, used);
        *length += size;
        if (result == HTTP_COMPLETE)
            break;
        if (result == HTTP_ERROR)
            die("%s", body.error);
        if (in->length == 0)
            receive(fd, in);
    }
    http_body_free(&body);
    return status;
}

int main(int argc, char **argv)
{
    static char line[9000], method[9000], path[9000], request[20000];
    struct buffer in = {0};
    struct error error;
    uint64_t length;

    if (argc != 3)
        die_usage("HOST PORT <requests");
    int fd = tcp_connect(argv[1], argv[2], &error);
    if (fd == -1)
        die("%s", error.text);
    while (fgets(line, sizeof line, stdin) != NULL) {
        int at = 0;
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%8999s %8999s%n", method, path, &at) != 2)
            die("this is no request: %s", line);
        const char *body = line[at] == ' ' ? line + at + 1 : NULL;
        int n = snprintf(request, sizeof request,
                         "%s %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: keep-alive\r\n", method,
                         path, argv[1], argv[2]);
        if (body != NULL)
            n += snprintf(request + n, sizeof request - (size_t)n, "Content-Length: %zu\r\n\r\n%s",
                          strlen(body), body);
        else
            n += snprintf(request + n, sizeof request - (size_t)n, "\r\n");
        if (tcp_send_all(fd, request, (size_t)n) == -1)
            die_errno("sending");
        int status = read_answer(fd, method, &in, &length);
        printf("%d %" PRIu64 " %s %s\n", status, length, method, path);
    }
    (void)close(fd);
    buffer_free(&in);
    finish(EXIT_SUCCESS);
}
