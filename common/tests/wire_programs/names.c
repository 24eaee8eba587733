/* names NAME SERVICE [4|6]: the addresses of it, then the name of the first, or the error. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME};
    struct addrinfo *list = NULL;
    char host[NI_MAXHOST], service[NI_MAXSERV];

    if (argc < 3)
        return 2;
    if (argc > 3)
        hints.ai_family = strcmp(argv[3], "4") == 0 ? AF_INET : AF_INET6;
    int error = getaddrinfo(argv[1], argv[2], &hints, &list);
    if (error != 0) {
        puts(error == EAI_NONAME ? "EAI_NONAME" : gai_strerror(error));
        return 1;
    }
    printf("%s\n", list->ai_canonname);
    for (struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        error = getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, service, sizeof service,
                            NI_NUMERICHOST);
        printf("%s %s\n", error == 0 ? host : gai_strerror(error), service);
    }
    error = getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof host, NULL, 0, NI_NAMEREQD);
    puts(error == 0 ? host : "no name");
    freeaddrinfo(list);
    return fflush(stdout) == EOF;
}
