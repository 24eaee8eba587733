/* fails: same-host domain domain-match address public-suffix suffix-rules path-match default-path odd-path secure max-age odd-age expires both-expiries replace not-the-same removed send-order attributes refused controls wrong-line usage clean */
/*
 * Lesson 2.13's pair of name and value, kept in a list: every cookie goes wherever the host is the
 * one that set it. That is most of what a test page needs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

struct cookie {
    char host[256], pair[4096];
    struct cookie *next;
};

static void read_host(const char *url, char *host)
{
    if (sscanf(url, "%*[a-z]://%255[^:/?]", host) != 1)
        die("%s is no URL", url);
}

int main(int argc, char **argv)
{
    static char line[8300], url[8300], host[256], value[8300];
    struct cookie *first = NULL, **last = &first;

    (void)argv;
    if (argc != 2)
        die_usage("SUFFIXES <events");
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "set %8299s %8299[^;\n]", url, value) == 2) {
            struct cookie *cookie = calloc(1, sizeof *cookie);
            if (cookie == NULL)
                die("no memory");
            read_host(url, cookie->host);
            (void)snprintf(cookie->pair, sizeof cookie->pair, "%s", value);
            *last = cookie;
            last = &cookie->next;
        } else if (sscanf(line, "get %8299s", url) == 1) {
            const char *before = "";
            read_host(url, host);
            printf("%s: ", url);
            for (const struct cookie *c = first; c != NULL; c = c->next)
                if (strcmp(c->host, host) == 0) {
                    printf("%s%s", before, c->pair);
                    before = "; ";
                }
            puts(*before == '\0' ? "-" : "");
        }
    }
    while (first != NULL) {
        struct cookie *next = first->next;
        free(first);
        first = next;
    }
    finish(EXIT_SUCCESS);
}
