/*
 * A program that evades: its first argument says how. Each way would earn points that are not due,
 * if the harness did not see it.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* NOLINTBEGIN(bugprone-unused-return-value,cert-err33-c,cert-env33-c): it is no example */
static char **arguments; /* all of them */

/* ---- starting itself again, without the wire ---- */

static const char SELF[] = "/proc/self/exe";

static long raw_exec(void)
{
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_execve), "D"(SELF), "S"(arguments), "d"(environ)
                     : "rcx", "r11", "memory");
    return result;
#else /* the same verdict, by a way of its own */
    return execv(SELF, arguments);
#endif
}

static void search_again(void)
{
    char path[1000];
    ssize_t length = readlink(SELF, path, sizeof path - 1);
    char *slash;

    path[length > 0 ? length : 0] = '\0';
    slash = strrchr(path, '/');
    *slash = '\0';
    setenv("PATH", path, 1);
    execlp(slash + 1, arguments[0], arguments[1], arguments[2], (char *)NULL);
}

static void spawn_again(int (*spawn)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                                     const posix_spawnattr_t *, char *const[], char *const[]))
{
    char path[64];
    pid_t child;
    int status;

    snprintf(path, sizeof path, "/proc/%d/exe", getpid());
    if (spawn(&child, path, NULL, NULL, arguments, environ) == 0)
        waitpid(child, &status, 0);
    exit(0);
}

static int start_again(void)
{
    const char *how = arguments[2];
    char command[100];

    if (getenv("AGAIN") != NULL)
        return puts("ran") == EOF;
    setenv("AGAIN", "1", 1);
    setenv("ASAN_OPTIONS", "detect_leaks=0:verify_asan_link_order=0", 1);
    if (strcmp(how, "wired") != 0 && strcmp(how, "system") != 0)
        unsetenv("LD_PRELOAD");
    snprintf(command, sizeof command, "exec env -u LD_PRELOAD /proc/%d/exe again x", getpid());
    if (strcmp(how, "wired") == 0 || strcmp(how, "execv") == 0)
        execv(SELF, arguments);
    else if (strcmp(how, "execl") == 0)
        execl(SELF, arguments[0], arguments[1], arguments[2], (char *)NULL);
    else if (strcmp(how, "execle") == 0)
        execle(SELF, arguments[0], arguments[1], arguments[2], (char *)NULL, environ);
    else if (strcmp(how, "execlp") == 0)
        search_again();
    else if (strcmp(how, "fexecve") == 0)
        fexecve(open(SELF, O_RDONLY), arguments, environ);
    else if (strcmp(how, "execveat") == 0)
        execveat(open("/proc/self", O_RDONLY), "exe", arguments, environ, 0);
    else if (strcmp(how, "syscall") == 0)
        syscall(SYS_execve, SELF, arguments, environ);
    else if (strcmp(how, "raw") == 0)
        raw_exec();
    else if (strcmp(how, "spawn") == 0)
        spawn_again(posix_spawn);
    else if (strcmp(how, "spawnp") == 0)
        spawn_again(posix_spawnp);
    else if (strcmp(how, "system") == 0)
        return system(command);
    return 1;
}

/* ---- what is allowed ---- */

static int start_another(void)
{
    pid_t child;
    int status;
    char *words[] = {"echo", "one", NULL};

    if (posix_spawnp(&child, "echo", NULL, NULL, words, environ) != 0 ||
        waitpid(child, &status, 0) != child)
        return 1;
    return execlp("echo", "echo", "two", arguments[2], (char *)NULL); /* perhaps there is none */
}

/* Neither its folder nor its environment says which case it is in. */
static int look_for_case(void)
{
    char folder[1000];
    const char *where = getcwd(folder, sizeof folder), *faults = getenv("WIRE_FAULTS");

    puts(where == NULL || strstr(where, arguments[2]) != NULL ? where : "a folder without a name");
    return puts(faults != NULL ? faults : "no faults") == EOF;
}

/* ---- limits ---- */

static int connect_to_peer(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_port = htons((in_port_t)strtol(arguments[3], NULL, 10));
    if (inet_pton(AF_INET, arguments[2], &to.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) == -1)
        exit(1);
    return fd;
}

/* Raises its limit when it starts, which it may, or when nothing can be opened any more. */
static int raise_limit(void)
{
    struct rlimit limits = {4096, 4096};
    bool late = strcmp(arguments[4], "late") == 0;
    int fd = connect_to_peer();
    char byte;

    if (!late && setrlimit(RLIMIT_NOFILE, &limits) == -1)
        return 1;
    while (recv(fd, &byte, 1, 0) == 1) {
        if (late && setrlimit(RLIMIT_NOFILE, &limits) == -1)
            return 1;
        byte = dup(0) == -1 ? 'n' : 'y';
        if (send(fd, &byte, 1, 0) != 1)
            return 1;
    }
    return 0;
}

static void use_processor(void)
{
    while (clock() < 4 * CLOCKS_PER_SEC / 10)
        continue;
}

/* Lets a child work and does not wait for it, so that its time is not counted in its own. */
static int work_in_child(void)
{
    int ends[2];
    char byte;

    if (strcmp(arguments[2], "ignored") == 0) {
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        sigaction(SIGCHLD, &ignore, NULL);
    }
    if (pipe(ends) == -1)
        return 1;
    if (fork() == 0) {
        use_processor();
        _exit(0);
    }
    close(ends[1]);
    return read(ends[0], &byte, 1) != 0;
}

/* ---- being seen ---- */

static int hide(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    return pause();
}

/* A second connection with the same two ports, at other addresses: that one has the option. */
static int set_decoy(void)
{
    int fd = connect_to_peer(), on = 1;
    struct sockaddr_in here, there;
    socklen_t length = sizeof here;

    if (getsockname(fd, (struct sockaddr *)&here, &length) == -1 ||
        getpeername(fd, (struct sockaddr *)&there, &length) == -1 || dup2(fd, 200) != 200)
        return 1;
    close(fd);
    inet_pton(AF_INET, "127.0.0.6", &here.sin_addr);
    inet_pton(AF_INET, "127.0.0.5", &there.sin_addr);
    int decoy = socket(AF_INET, SOCK_STREAM, 0), listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(decoy, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&there, sizeof there) == -1 ||
        listen(listener, 1) == -1 || bind(decoy, (struct sockaddr *)&here, sizeof here) == -1 ||
        connect(decoy, (struct sockaddr *)&there, sizeof there) == -1 ||
        setsockopt(decoy, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        return 1;
    return send(decoy, "x", 1, 0) != 1 || send(200, "x", 1, 0) != 1 || pause();
}

/* ---- leaks ---- */

static void *volatile kept;

/* Loses memory, and then ends in a way in which nobody looks. */
static int leak(void)
{
    const char *how = arguments[4];
    int fd, status;

    if (strcmp(how, "child") == 0 && fork() != 0)
        return wait(&status) == -1;
    fd = connect_to_peer();
    kept = malloc(123);
    kept = NULL;
    if (strcmp(how, "full") == 0) {
        struct pollfd one = {.fd = fd};
        for (int i = 0; i < 33000; i++)
            poll(&one, 1, 0);
        _exit(0);
    }
    if (strcmp(how, "syscall") == 0)
        syscall(SYS_exit_group, 0);
    if (strcmp(how, "exec") == 0)
        execl("/bin/true", "true", (char *)NULL);
    _exit(0);
}

static const struct {
    const char *name;
    int (*run)(void);
} ways[] = {{"again", start_again},   {"another", start_another},
            {"where", look_for_case}, {"raise", raise_limit},
            {"work", work_in_child},  {"hide", hide},
            {"decoy", set_decoy},     {"leak", leak}};

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    arguments = argv;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(argv[1], ways[i].name) == 0)
            return ways[i].run();
    return 2;
}
/* NOLINTEND(bugprone-unused-return-value,cert-err33-c,cert-env33-c) */
