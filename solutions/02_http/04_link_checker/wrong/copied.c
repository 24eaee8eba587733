/* fails: several kept-open chunked until-close head no-content interim in-pieces binary surplus truncated broken-off bad-length bad-chunk smuggling malformed endless-head type ipv6 unreachable injected usage eintr large clean silent-then-good silent slow-head slow-content */
/*
 * Lesson 2.01's way, once for each path: send a request, read until the server closes, and look at
 * the text that came. It works with every server that closes, and says only what the fields say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/tcp.h"

/* The value of a field, as it stands in the text up to its end of line; "-" when it is not there.
 */
static const char *field(const char *text, const char *name)
{
    static char value[256];
    const char *line = strstr(text, "\r\n");

    while (line != NULL && line[2] != '\r') {
        line += 2;
        if (strncasecmp(line, name, strlen(name)) == 0 &&
            sscanf(line + strlen(name), ": %255[^;\r]", value) == 1)
            return value;
        line = strstr(line, "\r\n");
    }
    return "-";
}

static int check(const char *method, const char *host, const char *port, const char *path)
{
    struct error error = {""};
    struct buffer answer = {0};
    char request[9000], block[16384];
    ssize_t n;
    int fd = tcp_connect(host, port, &error);

    if (fd == -1)
        die("%s", error.text);
    int length = snprintf(request, sizeof request,
                          "%s %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n", method,
                          path, host, port);
    if (tcp_send_all(fd, request, (size_t)length) == -1)
        die_errno("sending");
    while ((n = recv(fd, block, sizeof block, 0)) > 0)
        if (buffer_add(&answer, block, (size_t)n) == -1)
            die("no memory");
    (void)close(fd);

    int status = (int)strtol(buffer_text(&answer) + 9, NULL, 10);
    printf("%d %s", status, field(answer.data, "Content-Type"));
    printf(" %s %s\n", field(answer.data, "Content-Length"), path);
    buffer_free(&answer);
    return status;
}

int main(int argc, char **argv)
{
    int worst = 0;

    if (argc < 6)
        die_usage("METHOD HOST PORT MS PATH...");
    for (int i = 5; i < argc; i++) {
        int status = check(argv[1], argv[2], argv[3], argv[i]);
        worst = status > worst ? status : worst;
    }
    finish(worst < 400 ? EXIT_SUCCESS : EXIT_FAILURE);
}
