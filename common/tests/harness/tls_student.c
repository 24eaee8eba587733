/*
 * What common/tests/harness/tls_cases.c tries the harness with: tls_student HOW HOST PORT. It says
 * hello under TLS, and prints what it is told and how that ended.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "http/stream.h"

enum { PATIENCE_MS = 30000 };

int main(int argc, char **argv)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    struct error error = {""};
    char bytes[100];
    ssize_t got;

    if (argc != 4)
        die_usage("HOW HOST PORT");
    struct http_tls *tls = http_tls_client("authority.pem", &error);
    int fd = http_connect(argv[2], argv[3], deadline, &error);
    struct http_stream *stream =
        tls == NULL || fd == -1
            ? NULL
            : http_stream_open(fd, strcmp(argv[1], "plain") == 0 ? NULL : tls, argv[2], &error);
    if (stream == NULL)
        die("%s", error.text);
    if (http_stream_handshake(stream, deadline) != 1) {
        printf("%s\n", errno_name(errno));
    } else if (strcmp(argv[1], "silent") != 0) {
        (void)http_stream_write(stream, "hello\r\nyou\n", 11, deadline); /* the case will see */
        while ((got = http_stream_read(stream, bytes, sizeof bytes, deadline)) > 0)
            printf("%.*s", (int)got, bytes);
        printf("%s\n", got == 0 ? "end" : errno_name(errno));
    }
    http_stream_close(stream);
    http_tls_free(tls);
    finish(0);
}
